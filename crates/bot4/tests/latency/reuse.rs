//! EX-7 by the bot's own connections: what keeping one saves on a line of real length.

use crate::far::Far;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::LocalSet;
use transport::{Clock, HttpStats, Link, LinkConfig, LinkEvent};
use venue_api::{Action, Lane, Method, Payload, Reply, RequestId};

/// Requests one after the other.
const REQUESTS: u64 = 6;
/// What a kept connection saves at least (seed 004, story 7.2: "Latence Vest réduite de ~50ms minimum").
const SAVES: Duration = Duration::from_millis(50);

/// The median of some requests to Vest over the line, and what the connections did.
fn median(far: &Far, pool_idle_timeout: Duration) -> (Duration, HttpStats) {
    let (rest, ca) = far.vest_rest();
    let config = LinkConfig { extra_roots: vec![ca], pool_idle_timeout, ..LinkConfig::new("Vest", rest, far.vest_ws()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (answered, news) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Notify::new()));
        let (heard, tell) = (Rc::clone(&answered), Rc::clone(&news));
        let link = Link::new(config, Clock::start(), move |event, _| {
            if let LinkEvent::Reply { reply: Reply::Answer { status, .. }, .. } = event {
                heard.borrow_mut().push(status);
                tell.notify_one();
            }
        });
        let link = link.unwrap();
        // Warm before the first order, as the bot does it.
        link.warm(Lane::Orders, 1).await.unwrap();
        let mut took = Vec::new();
        for n in 0..REQUESTS {
            let began = Instant::now();
            link.perform(Action::Request {
                id: RequestId(n),
                lane: Lane::Orders,
                method: Method::Get,
                target: "/exchangeInfo?symbols=ETH-PERP".to_owned(),
                headers: Vec::new(),
                body: Payload::Text(String::new()),
                timeout_ms: 20_000,
            });
            tokio::time::timeout(Duration::from_secs(20), news.notified()).await.expect("an answer");
            took.push(began.elapsed());
            tokio::task::yield_now().await; // lets the connection settle
        }
        assert!(answered.borrow().iter().all(|status| *status == 200), "{answered:?}");
        let stats = link.http_stats();
        link.stop().await;
        took.sort();
        (took[took.len() / 2], stats)
    })
}

#[test]
fn a_kept_connection_saves_more_than_50_ms_against_a_new_one_where_a_round_trip_takes_100_ms() {
    let far = Far::new(100);
    let (kept, stats) = median(&far, Duration::from_secs(90));
    assert_eq!((stats.handshakes, stats.reused), (1, REQUESTS), "one connection, warm before the first request");
    let (fresh, stats) = median(&far, Duration::ZERO);
    assert_eq!((stats.handshakes, stats.reused), (REQUESTS, 0), "a connection for every request, none ahead of need");
    println!("a request over a kept connection: {kept:?}, over a new one: {fresh:?}");
    assert!(fresh.saturating_sub(kept) >= SAVES, "kept {kept:?}, new {fresh:?}");
}
