//! When a person is called, and only then: a venue that stays away, or that refuses every close.

use crate::faults::ANSWER_MS;
use crate::harness::bot::Bot;
use crate::harness::journal::Fold;
use crate::harness::line::Cut;
use crate::harness::world::{Plan, Venue, World};
use crate::harness::{LIMIT, side_by_side};
use domain::record::{Decision, Record};
use serde_json::json;
use venue_sim::market::MarketShape;

const APART: MarketShape = MarketShape { pulse_every_ms: 4_000, pulse_ms: 3_400, pulse_bps: 52, noise_bps: 4 };

/// Why nothing can be closed.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    StaysAway,
    RefusesEveryClose,
}

/// One leg fills on `venue`, the other one does not, and the venue lets nobody out.
async fn play((venue, trouble): (Venue, Trouble)) -> i64 {
    let world = World::of(Plan { shape: APART, long: venue, latency_ms: 0, windows: 8 });
    let mut settings = world.settings();
    settings["on_stop"] = json!("flatten");
    settings["execution"] = json!({
        "cooldown_ms": 60_000, "price_bound_percent": "0.20", "answer_ms": ANSWER_MS, "retry_delay_ms": 50,
        "query_every_ms": 100, "close_retry_ms": 100, "max_uncovered_ms": 800, "stuck_after_ms": 3_000,
    });
    world.configure(&settings);
    // The other leg is refused for good, so that this one has to be closed.
    let refusal = |venue| if venue == Venue::Vest { "3001" } else { "MARKET_NOT_OPEN" };
    world.fault(venue.other(), "refuse_order", json!({ "side": "sell", "code": refusal(venue.other()) }));
    match trouble {
        Trouble::RefusesEveryClose => world.fault(venue, "refuse_order", json!({ "side": "sell", "code": refusal(venue) })),
        // It takes the first close, and nothing is heard of it any more.
        Trouble::StaysAway => world.line(venue, |line| line.cut(Cut { buys: false, arrives: false, away_ms: None })),
    }
    let mut bot = world.bot();
    says(&bot, "NEEDS_OPERATOR").await;
    world.server(venue).clear("refuse_order");
    world.server(venue.other()).clear("refuse_order");
    world.line(venue, |line| line.mend());
    bot.says("operator no longer needed").await;
    world.even(&bot, LIMIT).await;
    bot.terminate();
    assert_eq!(bot.ended().await.code(), Some(0), "{}", bot.story());
    world.audit().await;
    assert_eq!(world.positions().await, [0, 0]);
    let fold = Fold::of(world.journal().all());
    assert!(fold.records.iter().any(|r| matches!(r, Record::Decided { decision: Decision::Stuck { .. }, .. })));
    fold.rounds.values().map(|r| r.uncovered_ms).max().unwrap_or(0)
}

async fn says(bot: &Bot, event: &str) {
    let look = async || bot.any(|l| l["event_type"] == event).then_some(());
    crate::harness::until(LIMIT, look, || format!("{event}; the bot:\n{}", bot.story())).await;
}

#[test]
fn a_person_is_called_where_a_venue_stays_away_or_refuses_every_close_and_is_no_longer_needed_after() {
    let all = [Venue::Vest, Venue::Paradex]
        .into_iter()
        .flat_map(|venue| [Trouble::StaysAway, Trouble::RefusesEveryClose].map(|trouble| (venue, trouble)));
    for ((venue, trouble), played) in side_by_side(4, all.collect(), play) {
        let ms = played.unwrap_or_else(|why| panic!("{venue:?} {trouble:?}: {why}"));
        println!("{venue:?} {trouble:?}: a person was called; uncovered for {ms} ms, until the venue was back");
    }
}
