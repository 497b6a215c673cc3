//! Runs a venue's own client until it has shown what is to be known, and writes that down: the way that trading takes,
//! without an order at its end.
//!
//! Owns no verdict. Called by the probe; what it sees is judged in `verdict`.

use domain::{AccountSnapshot, Instrument, InstrumentId, Level, MarketEvent, Now, Price, Rate};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use transport::{Clock, Link, LinkConfig, LinkError, LinkEvent};
use venue_api::{Out, Reply, SessionNews, VenueClient, VenueNews};

/// How long the venues' word about funding is waited for: it comes with the next ticker.
const FUNDING: Duration = Duration::from_secs(3);

/// What a venue has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// A request was answered.
    pub(crate) rest: bool,
    /// A WebSocket came up.
    pub(crate) ws: bool,
    /// The session is complete.
    pub(crate) ready: bool,
    /// Why it cannot work without a person.
    pub(crate) fatal: Option<String>,
    /// The last thing that went wrong, in a sentence.
    pub(crate) trouble: Option<String>,
    /// The venue's clock minus ours, ms.
    pub(crate) offset_ms: Option<i64>,
    /// The instruments with their rules as read.
    pub(crate) instruments: Vec<Instrument>,
    /// Best bid and ask of the first book.
    pub(crate) tops: BTreeMap<InstrumentId, (Option<Level>, Option<Level>)>,
    /// Marks.
    pub(crate) marks: BTreeMap<InstrumentId, Price>,
    /// What holding costs per hour.
    pub(crate) funding: BTreeMap<InstrumentId, Rate>,
    /// The account, where one was asked for.
    pub(crate) account: Option<AccountSnapshot>,
    /// What no order of ours explains.
    pub(crate) foreign: Vec<String>,
}

impl Seen {
    /// Any price of an instrument: middle of its book, else its mark.
    pub(crate) fn price(&self, id: InstrumentId) -> Option<Price> {
        let middle = self.tops.get(&id).and_then(|(bid, ask)| match (bid, ask) {
            (Some(b), Some(a)) => Price::from_e8(b.price / 2 + a.price / 2),
            (Some(one), None) | (None, Some(one)) => Price::from_e8(one.price),
            (None, None) => None,
        });
        middle.or_else(|| self.marks.get(&id).copied())
    }

    fn complete(&self, account: bool) -> bool {
        let known = |i: &Instrument| self.tops.contains_key(&i.id);
        self.ready && self.instruments.iter().all(known) && (!account || self.account.is_some())
    }

    fn market(&mut self, out: &Out) {
        for event in &out.market {
            match event {
                MarketEvent::Book { instrument, bids, asks, .. } => {
                    let first = |range: &std::ops::Range<u32>| {
                        out.levels.get(range.start as usize..range.end as usize).and_then(|l| l.first().copied())
                    };
                    self.tops.entry(*instrument).or_insert((first(bids), first(asks)));
                }
                MarketEvent::Mark { instrument, mark } => {
                    self.marks.insert(*instrument, *mark);
                }
                MarketEvent::Funding { instrument, hourly, .. } => {
                    self.funding.insert(*instrument, *hourly);
                }
                _ => {}
            }
        }
    }
}

struct State {
    client: Box<dyn VenueClient>,
    seen: Seen,
    asked: bool,
}

struct Core {
    link: OnceCell<Link>,
    state: RefCell<State>,
    account: bool,
    moved: Notify,
}

impl Core {
    fn step(&self, now: Now, act: impl FnOnce(&mut dyn VenueClient, &mut Out)) {
        let mut out = Out::default();
        {
            let mut state = self.state.borrow_mut();
            act(state.client.as_mut(), &mut out);
            self.learn(&mut state, now, &mut out);
        }
        if let Some(link) = self.link.get() {
            link.perform_all(out.actions);
        }
        self.moved.notify_one();
    }

    fn learn(&self, state: &mut State, now: Now, out: &mut Out) {
        state.seen.market(out);
        for news in std::mem::take(&mut out.news) {
            match news {
                VenueNews::Session(SessionNews::Ready) => state.seen.ready = true,
                VenueNews::Session(SessionNews::Fatal { why }) => state.seen.fatal = Some(why),
                VenueNews::Session(SessionNews::Down { why }) => (state.seen.ready, state.seen.trouble) = (false, Some(why)),
                VenueNews::Session(SessionNews::ClockOffset { offset_ms }) => state.seen.offset_ms = Some(offset_ms),
                VenueNews::Session(SessionNews::Connected { .. }) => state.seen.ws = true,
                VenueNews::Account(account) => state.seen.account = Some(account),
                VenueNews::AccountFailed { why } => (state.asked, state.seen.trouble) = (false, Some(why)),
                VenueNews::Foreign { evidence } => state.seen.foreign.push(evidence),
                _ => {}
            }
        }
        if state.client.ready() && self.account && !std::mem::replace(&mut state.asked, true) {
            state.client.read_account(now, out);
        }
        state.seen.instruments = state.client.instruments().to_vec();
    }

    fn on_event(&self, event: LinkEvent<'_>, now: Now) {
        match event {
            LinkEvent::Open { conn } => self.step(now, |c, out| c.on_open(conn, now, out)),
            LinkEvent::Closed { conn, code, why } => {
                self.state.borrow_mut().seen.trouble = Some(why.to_owned());
                self.step(now, |c, out| c.on_closed(conn, code, why, now, out));
            }
            LinkEvent::Frame { conn, frame } => self.step(now, |c, out| c.on_frame(conn, frame, now, out)),
            LinkEvent::Reply { id, reply } => {
                match reply {
                    Reply::Answer { status, .. } => {
                        let seen = &mut self.state.borrow_mut().seen;
                        seen.rest = true;
                        if status >= 400 {
                            seen.trouble = Some(format!("a request was answered with HTTP {status}"));
                        }
                    }
                    Reply::NotSent(why) | Reply::Unknown(why) => {
                        self.state.borrow_mut().seen.trouble = Some(why.to_owned());
                    }
                }
                self.step(now, |c, out| c.on_reply(id, reply, now, out));
            }
            LinkEvent::Timer { id } => self.step(now, |c, out| c.on_timer(id, now, out)),
            LinkEvent::Reconnecting { .. } => {}
        }
    }

    /// Whether there is nothing more to wait for; `late` does without what venues say in their own time.
    fn over(&self, late: bool) -> bool {
        let seen = &self.state.borrow().seen;
        let told = late || seen.instruments.iter().all(|i| seen.funding.contains_key(&i.id));
        seen.fatal.is_some() || (seen.complete(self.account) && told)
    }
}

/// Runs `client` over sockets of its own until it has shown everything, cannot, or the time is up. With `account` the
/// account is read too.
///
/// # Errors
/// [`LinkError`]: the places are wrong; nothing was connected.
pub(crate) async fn watch(
    client: Box<dyn VenueClient>,
    link: LinkConfig,
    clock: Clock,
    account: bool,
    within: Duration,
) -> Result<Seen, LinkError> {
    let state = RefCell::new(State { client, seen: Seen::default(), asked: false });
    let core = Rc::new(Core { link: OnceCell::new(), state, account, moved: Notify::new() });
    let weak: Weak<Core> = Rc::downgrade(&core);
    let link = Link::new(link, clock, move |event, now| {
        if let Some(core) = weak.upgrade() {
            core.on_event(event, now);
        }
    })?;
    let _ = core.link.set(link); // set once: this is the only place
    let now = clock.now();
    core.step(now, |c, out| c.start(now, out));
    let until = tokio::time::Instant::now() + within;
    let late = tokio::time::Instant::now() + FUNDING.min(within);
    while !core.over(tokio::time::Instant::now() >= late) {
        let next = if tokio::time::Instant::now() < late { late } else { until };
        tokio::select! {
            () = core.moved.notified() => {}
            () = tokio::time::sleep_until(next) => {
                if next == until {
                    break;
                }
            }
        }
    }
    let seen = core.state.borrow().seen.clone();
    let now = clock.now();
    core.step(now, |c, out| c.stop(now, out));
    if let Some(link) = core.link.get() {
        link.stop().await;
    }
    Ok(seen)
}
