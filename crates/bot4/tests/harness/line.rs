//! The line between the bot and a venue: it can be cut at the very order, and it knows what passed.
//!
//! Everything on it is the venue's own; the line adds nothing and changes nothing, it only ends.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// An order request as it came over the line.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) buys: bool,
    /// Something came back for it.
    pub(crate) answered: bool,
}

/// When the line is to break.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// At the next order of this side.
    pub(crate) buys: bool,
    /// Whether the venue still gets it.
    pub(crate) arrives: bool,
    /// How long nothing gets through, ms; `None`: until it is mended.
    pub(crate) away_ms: Option<i64>,
}

/// What the line does and what passed over it.
#[derive(Debug, Default)]
pub(crate) struct Line {
    cut: Option<Cut>,
    /// Until when nothing gets through, in the venue's microseconds.
    dark_until: i64,
    conns: BTreeSet<u64>,
    /// Every order request, in the order of coming.
    pub(crate) requests: Vec<Request>,
    /// Requests without an answer yet, by what the answer will name.
    waiting: BTreeMap<Name, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Http(u64),
    Rpc(String),
}

impl Line {
    /// Cuts the line at the next order that fits.
    pub(crate) fn cut(&mut self, cut: Cut) {
        self.cut = Some(cut);
    }

    /// Ends what is cut.
    pub(crate) fn mend(&mut self) {
        (self.cut, self.dark_until) = (None, 0);
    }

    fn is_dark(&self, now: SimNow) -> bool {
        now.0 < self.dark_until
    }

    fn order(&mut self, name: Name, buys: bool) -> Option<Cut> {
        self.waiting.insert(name, self.requests.len());
        self.requests.push(Request { buys, answered: false });
        self.cut.take_if(|c| c.buys == buys)
    }

    fn answered(&mut self, name: &Name) {
        if let Some(request) = self.waiting.remove(name).and_then(|i| self.requests.get_mut(i)) {
            request.answered = true;
        }
    }

    fn listen(&mut self, out: &[SimAction]) {
        for action in out {
            match action {
                SimAction::Accept { conn } => {
                    self.conns.insert(*conn);
                }
                SimAction::Close { conn, .. } => {
                    self.conns.remove(conn);
                }
                SimAction::Reply { request, .. } => self.answered(&Name::Http(*request)),
                SimAction::Send { message: Message::Text(text), .. } if !self.waiting.is_empty() => {
                    if let Some(id) = rpc_id(text) {
                        self.answered(&Name::Rpc(id));
                    }
                }
                _ => {}
            }
        }
    }
}

/// The id of a JSON-RPC message, as text.
fn rpc_id(text: &str) -> Option<String> {
    let id = serde_json::from_str::<Value>(text).ok()?.get("id")?.clone();
    (!id.is_null()).then(|| id.to_string())
}

/// A line, shared by the venue's shell and the test.
pub(crate) type SharedLine = Arc<Mutex<Line>>;

/// A lock that a failed test leaves usable.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A venue at the end of a line. The machine can be looked at beside the line.
pub(crate) struct OnLine<S> {
    pub(crate) machine: Arc<Mutex<S>>,
    pub(crate) line: SharedLine,
}

impl<S: VenueSim> OnLine<S> {
    /// Breaks every connection at once: what the machine was about to say since `from` is never said.
    fn breaks(&self, away_ms: Option<i64>, from: usize, now: SimNow, out: &mut Vec<SimAction>) {
        out.truncate(from);
        let mut line = lock(&self.line);
        line.dark_until = away_ms.map_or(i64::MAX, |ms| now.0.saturating_add(ms.saturating_mul(1_000)));
        let (mut machine, mut unheard) = (lock(&self.machine), Vec::new());
        for conn in std::mem::take(&mut line.conns) {
            machine.on_disconnect(conn, now, &mut unheard);
            out.push(SimAction::Close { conn, after_us: 0, code: 0 });
        }
    }

    fn through(&self, out: &mut Vec<SimAction>, from: usize, now: SimNow) {
        let mut line = lock(&self.line);
        if line.is_dark(now) {
            out.truncate(from);
        }
        line.listen(&out[from..]);
    }
}

impl<S: VenueSim> VenueSim for OnLine<S> {
    fn name(&self) -> &'static str {
        lock(&self.machine).name()
    }

    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        if lock(&self.line).is_dark(now) {
            return out.push(SimAction::RefuseUpgrade { conn, status: 503 });
        }
        let from = out.len();
        lock(&self.machine).on_connect(conn, target, headers, now, out);
        self.through(out, from, now);
    }

    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        let order = match message {
            Message::Text(text) if text.contains("\"order.create\"") => rpc_id(text).map(|id| (id, buys(text))),
            _ => None,
        };
        let cut = order.and_then(|(id, buys)| lock(&self.line).order(Name::Rpc(id), buys));
        let from = out.len();
        if cut.is_none_or(|c| c.arrives) {
            lock(&self.machine).on_message(conn, message, now, out);
        }
        match cut {
            Some(cut) => self.breaks(cut.away_ms, from, now, out),
            None => self.through(out, from, now),
        }
    }

    fn on_disconnect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>) {
        lock(&self.line).conns.remove(&conn);
        lock(&self.machine).on_disconnect(conn, now, out);
    }

    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        if lock(&self.line).is_dark(now) {
            return out.push(SimAction::Hang { request, after_us: 0 });
        }
        let is_order = http.method == "POST" && http.target.ends_with("/orders");
        let cut = is_order.then(|| buys(&String::from_utf8_lossy(http.body)));
        let cut = cut.and_then(|buys| lock(&self.line).order(Name::Http(request), buys));
        let from = out.len();
        if cut.is_none_or(|c| c.arrives) {
            lock(&self.machine).on_request(request, http, now, out);
        }
        match cut {
            Some(cut) => {
                self.breaks(cut.away_ms, from, now, out);
                out.push(SimAction::Hang { request, after_us: 0 });
            }
            None => self.through(out, from, now),
        }
    }

    fn next_wake(&self) -> Option<SimNow> {
        lock(&self.machine).next_wake()
    }

    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        let from = out.len();
        lock(&self.machine).on_wake(now, out);
        self.through(out, from, now);
    }

    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        lock(&self.machine).set_fault(name, parameters)
    }

    fn clear_fault(&mut self, name: &str) {
        lock(&self.machine).clear_fault(name);
    }
}

/// Whether an order request, of either venue, buys.
fn buys(body: &str) -> bool {
    body.contains("\"isBuy\":true") || body.contains("\"side\":\"BUY\"")
}
