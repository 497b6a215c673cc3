//! The machine behind its lock, and what it wants done: at once, or when its time has come.
//!
//! Every call goes through one lock, so the machine is called from one place in order of time. What it leaves is
//! sorted by due time, then by the order in which it was left; on one connection nothing overtakes.

use super::clock;
use crate::{HttpRequest, Message, SimAction, SimNow, VenueSim};
use serde_json::{Map, Value};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc, oneshot};

/// Frames that may wait for a client that does not read; beyond it the connection is dropped, as venues do.
const OUTBOX: usize = 8_192;

/// For a WebSocket's own task.
#[derive(Debug)]
pub(super) enum Outgoing {
    Message(Message),
    /// 0 drops the TCP connection.
    Close(u16),
}

/// For the task that holds an HTTP request.
#[derive(Debug)]
pub(super) enum Answer {
    Reply { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    Hang,
}

/// An upgrade that was asked for: the machine's verdict, and where its messages will arrive.
pub(super) struct Asked {
    pub(super) conn: u64,
    pub(super) verdict: oneshot::Receiver<Result<(), u16>>,
    pub(super) outbox: mpsc::Receiver<Outgoing>,
}

pub(super) struct Desk {
    inner: Mutex<Inner>,
    changed: Notify,
}

struct Inner {
    machine: Box<dyn VenueSim + Send>,
    out: Vec<SimAction>,
    conns: HashMap<u64, Conn>,
    requests: HashMap<u64, oneshot::Sender<Answer>>,
    due: BinaryHeap<Reverse<Due>>,
    faults: BTreeMap<String, Value>,
    last_id: u64,
    last_now: SimNow,
    seq: u64,
}

struct Conn {
    outbox: mpsc::Sender<Outgoing>,
    verdict: Option<oneshot::Sender<Result<(), u16>>>,
    last_due: SimNow,
}

/// One action and when to perform it; equal times keep the order of `seq`.
struct Due {
    at: SimNow,
    seq: u64,
    action: SimAction,
}
impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

impl Desk {
    pub(super) fn new(machine: Box<dyn VenueSim + Send>) -> Self {
        let inner = Inner {
            machine,
            out: Vec::new(),
            conns: HashMap::new(),
            requests: HashMap::new(),
            due: BinaryHeap::new(),
            faults: BTreeMap::new(),
            last_id: 0,
            last_now: SimNow(i64::MIN),
            seq: 0,
        };
        Self { inner: Mutex::new(inner), changed: Notify::new() }
    }

    /// Calls the machine with the present, then performs what is due.
    fn enter<R>(&self, now: SimNow, call: impl FnOnce(&mut Inner, SimNow) -> R) -> R {
        let mut inner = self.lock();
        let now = now.max(inner.last_now);
        inner.last_now = now;
        let result = call(&mut inner, now);
        inner.schedule(now);
        inner.perform(now);
        drop(inner);
        self.changed.notify_one();
        result
    }

    /// A client asks to upgrade.
    pub(super) fn connect(&self, target: &str, headers: &[(String, String)]) -> Asked {
        self.enter(clock::now(), |inner, now| {
            let conn = inner.fresh_id();
            let (outbox, receiver) = mpsc::channel(OUTBOX);
            let (verdict, told) = oneshot::channel();
            inner.conns.insert(conn, Conn { outbox, verdict: Some(verdict), last_due: now });
            inner.machine.on_connect(conn, target, headers, now, &mut inner.out);
            Asked { conn, verdict: told, outbox: receiver }
        })
    }

    /// A message arrived.
    pub(super) fn message(&self, conn: u64, message: &Message) {
        self.enter(clock::now(), |inner, now| {
            if inner.conns.contains_key(&conn) {
                inner.machine.on_message(conn, message, now, &mut inner.out);
            }
        });
    }

    /// An accepted connection is gone. Tells the machine once.
    pub(super) fn gone(&self, conn: u64) {
        self.enter(clock::now(), |inner, now| {
            if inner.conns.remove(&conn).is_some() {
                inner.machine.on_disconnect(conn, now, &mut inner.out);
            }
        });
    }

    /// A request arrived; its answer comes when the machine gives one.
    pub(super) fn request(&self, http: HttpRequest<'_>) -> oneshot::Receiver<Answer> {
        self.enter(clock::now(), |inner, now| {
            let request = inner.fresh_id();
            let (answer, told) = oneshot::channel();
            inner.requests.insert(request, answer);
            inner.machine.on_request(request, http, now, &mut inner.out);
            told
        })
    }

    /// Time has come for something.
    pub(super) fn turn(&self, now: SimNow) {
        let mut inner = self.lock();
        let now = now.max(inner.last_now);
        inner.last_now = now;
        if inner.machine.next_wake().is_some_and(|at| at <= now) {
            let Inner { machine, out, .. } = &mut *inner;
            machine.on_wake(now, out);
        }
        inner.schedule(now);
        inner.perform(now);
    }

    /// When [`Desk::turn`] is next needed.
    pub(super) fn next_due(&self) -> Option<SimNow> {
        let inner = self.lock();
        let action = inner.due.peek().map(|Reverse(due)| due.at);
        action.into_iter().chain(inner.machine.next_wake()).min()
    }

    /// Waits until something was done to the machine, so that [`Desk::next_due`] may have moved.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn with<R>(&self, look: impl FnOnce(&mut (dyn VenueSim + Send)) -> R) -> R {
        let result = look(&mut *self.lock().machine);
        self.changed.notify_one();
        result
    }

    pub(super) fn set_fault(&self, name: &str, parameters: &Value) -> Result<(), String> {
        let mut inner = self.lock();
        inner.machine.set_fault(name, parameters)?;
        inner.faults.insert(name.to_owned(), parameters.clone());
        drop(inner);
        self.changed.notify_one();
        Ok(())
    }

    pub(super) fn clear_fault(&self, name: &str) {
        let mut inner = self.lock();
        inner.machine.clear_fault(name);
        inner.faults.remove(name);
        drop(inner);
        self.changed.notify_one();
    }

    /// Faults that are on, with their parameters.
    pub(super) fn faults(&self) -> Value {
        let inner = self.lock();
        Value::Object(inner.faults.iter().map(|(name, p)| (name.clone(), p.clone())).collect::<Map<_, _>>())
    }

    /// A machine that panicked in one test's closure must not take the others with it.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn fresh_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Gives every action its time. On one connection a later action is never due before an earlier one.
    fn schedule(&mut self, now: SimNow) {
        for action in self.out.drain(..) {
            let (conn, after_us) = match &action {
                SimAction::Accept { conn } | SimAction::RefuseUpgrade { conn, .. } => (Some(*conn), 0),
                SimAction::Send { conn, after_us, .. } | SimAction::Close { conn, after_us, .. } => (Some(*conn), *after_us),
                SimAction::Reply { after_us, .. } | SimAction::Hang { after_us, .. } => (None, *after_us),
            };
            let mut at = SimNow(now.0.saturating_add(i64::try_from(after_us).unwrap_or(i64::MAX)));
            if let Some(conn) = conn.and_then(|c| self.conns.get_mut(&c)) {
                at = at.max(conn.last_due);
                conn.last_due = at;
            }
            self.seq += 1;
            self.due.push(Reverse(Due { at, seq: self.seq, action }));
        }
    }

    fn perform(&mut self, now: SimNow) {
        while self.due.peek().is_some_and(|Reverse(due)| due.at <= now) {
            let Some(Reverse(due)) = self.due.pop() else { return };
            match due.action {
                SimAction::Accept { conn } => self.answer_upgrade(conn, Ok(())),
                SimAction::RefuseUpgrade { conn, status } => {
                    self.answer_upgrade(conn, Err(status));
                    self.conns.remove(&conn); // never was one, so the machine hears no disconnect
                }
                SimAction::Send { conn, message, .. } => self.post(conn, Outgoing::Message(message), now),
                SimAction::Close { conn, code, .. } => self.post(conn, Outgoing::Close(code), now),
                SimAction::Reply { request, status, headers, body, .. } => {
                    self.answer(request, Answer::Reply { status, headers, body });
                }
                SimAction::Hang { request, .. } => self.answer(request, Answer::Hang),
            }
        }
    }

    fn answer_upgrade(&mut self, conn: u64, verdict: Result<(), u16>) {
        if let Some(waiting) = self.conns.get_mut(&conn).and_then(|c| c.verdict.take()) {
            waiting.send(verdict).ok(); // the client may have left meanwhile
        }
    }

    fn answer(&mut self, request: u64, answer: Answer) {
        if let Some(waiting) = self.requests.remove(&request) {
            waiting.send(answer).ok(); // the client may have left meanwhile
        }
    }

    /// Hands a frame to the connection's task. A client that reads nothing loses its connection: its outbox is
    /// dropped, which ends the task, and the machine is told.
    fn post(&mut self, conn: u64, outgoing: Outgoing, now: SimNow) {
        let Some(entry) = self.conns.get(&conn) else { return };
        if entry.outbox.try_send(outgoing).is_err() {
            self.conns.remove(&conn);
            self.machine.on_disconnect(conn, now, &mut self.out);
            self.schedule(now);
        }
    }
}
