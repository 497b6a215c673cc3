//! A link whose events are written down as lines.

use crate::venue::Venue;
use domain::Now;
use signing::SanitizedValue;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::LocalSet;
use transport::{Clock, Link, LinkConfig, LinkEvent};
use venue_api::{Action, ConnId, Frame, Header, Lane, Method, Payload, Reply, RequestId};

/// Runs a test on one thread, as a shard does, and ends it if it takes too long.
pub(crate) fn local(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(Duration::from_secs(30), test).await.expect("the test should have ended");
    });
}

pub(crate) struct Rig {
    pub(crate) link: Rc<Link>,
    pub(crate) clock: Clock,
    lines: Rc<RefCell<Vec<String>>>,
    news: Rc<Notify>,
}

pub(crate) fn config(venue: &Venue) -> LinkConfig {
    let rest = format!("https://{}/v1", venue.rest);
    let ws = format!("wss://{}/ws", venue.ws);
    LinkConfig { extra_roots: vec![venue.ca_pem.clone()], ..LinkConfig::new("Test", rest, ws) }
}

impl Rig {
    pub(crate) fn new(config: LinkConfig) -> Self {
        Self::reacting(config, |_| Vec::new())
    }

    /// `react` is asked after every event, like a client, and its actions are performed from within the callback.
    pub(crate) fn reacting(config: LinkConfig, react: impl Fn(&str) -> Vec<Action> + 'static) -> Self {
        let (lines, news) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Notify::new()));
        let clock = Clock::start();
        let link = Rc::new_cyclic(|weak: &std::rc::Weak<Link>| {
            let (lines, news, weak) = (Rc::clone(&lines), Rc::clone(&news), weak.clone());
            let on_event = move |event: LinkEvent<'_>, now: Now| {
                assert!(now.mono <= clock.mono());
                let line = line(event);
                let actions = react(&line);
                lines.borrow_mut().push(line);
                weak.upgrade().unwrap().perform_all(actions);
                news.notify_one();
            };
            Link::new(config, clock, on_event).unwrap()
        });
        Self { link, clock, lines, news }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }

    /// Waits until so many lines are there.
    pub(crate) async fn until(&self, count: usize) -> Vec<String> {
        while self.lines.borrow().len() < count {
            let waited = tokio::time::timeout(Duration::from_secs(10), self.news.notified()).await;
            assert!(waited.is_ok(), "expected {count} events, got {:#?}", self.lines());
        }
        self.lines()
    }

    pub(crate) async fn open(&self, conn: u8) {
        let before = self.lines().len();
        self.link.perform(connect(conn, ""));
        assert_eq!(self.until(before + 1).await[before], format!("open {conn}"));
    }
}

fn line(event: LinkEvent<'_>) -> String {
    match event {
        LinkEvent::Open { conn } => format!("open {}", conn.0),
        LinkEvent::Closed { conn, code, why } => format!("closed {} {code:?} {why}", conn.0),
        LinkEvent::Frame { conn, frame: Frame::Text(t) } => format!("text {} {t}", conn.0),
        LinkEvent::Frame { conn, frame: Frame::Binary(b) } => format!("binary {} {}", conn.0, b.len()),
        LinkEvent::Reply { id, reply: Reply::Answer { status, retry_after_ms, body } } => {
            format!("reply {} {status} {retry_after_ms:?} {}", id.0, String::from_utf8_lossy(body))
        }
        LinkEvent::Reply { id, reply: Reply::NotSent(why) } => format!("reply {} not sent: {why}", id.0),
        LinkEvent::Reply { id, reply: Reply::Unknown(why) } => format!("reply {} unknown: {why}", id.0),
        LinkEvent::Timer { id } => format!("timer {}", id.0),
        LinkEvent::Reconnecting { conn, attempt, wait_ms } => format!("reconnecting {} {attempt} {wait_ms}", conn.0),
    }
}

pub(crate) fn connect(conn: u8, target: &str) -> Action {
    let headers = vec![Header { name: "x-key", value: SanitizedValue::new("k1") }];
    Action::Connect { conn: ConnId(conn), target: SanitizedValue::new(target), headers }
}

pub(crate) fn say(conn: u8, text: &str) -> Action {
    Action::Send { conn: ConnId(conn), payload: Payload::Text(text.to_owned()) }
}

pub(crate) fn get(id: u64, lane: Lane, target: &str) -> Action {
    request(id, lane, Method::Get, target, "", 5_000)
}

pub(crate) fn request(id: u64, lane: Lane, method: Method, target: &str, body: &str, timeout_ms: u64) -> Action {
    let headers = vec![Header { name: "authorization", value: SanitizedValue::new("Bearer abc") }];
    let (id, target, body) = (RequestId(id), target.to_owned(), Payload::Text(body.to_owned()));
    Action::Request { id, lane, method, target, headers, body, timeout_ms }
}
