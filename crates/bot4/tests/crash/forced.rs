//! Killed at the record of a forced change: a venue has taken a leg away by itself, and the other one stands alone.

use crate::harness::journal::{Fold, Tail};
use crate::harness::world::{Plan, Venue, World};
use crate::harness::{LIMIT, until};
use crate::tally::Tally;
use crate::{life, state};
use domain::record::Record;
use serde_json::json;
use venue_sim::market::MarketShape;

/// The venues stay apart, so that a position is held.
const APART: MarketShape = MarketShape { pulse_every_ms: 12_000, pulse_ms: 11_000, pulse_bps: 52, noise_bps: 4 };

/// Strikes as often as is wanted, a world each.
pub(crate) async fn run(tally: &Tally) {
    let mut turn = 0;
    while tally.lacks("forced") > 0 {
        once(tally, if turn % 2 == 0 { Venue::Vest } else { Venue::Paradex }).await;
        turn += 1;
        assert!(turn < 200, "a leg was not taken away often enough");
    }
}

async fn once(tally: &Tally, venue: Venue) {
    let world = World::of(Plan { shape: APART, long: venue, latency_ms: 0, windows: 4 });
    let mut settings = world.settings();
    settings["on_stop"] = json!("flatten");
    settings["spread_exit"] = json!("0.0001"); // not by the spread within this world
    settings["execution"] =
        json!({ "reconcile_every_ms": 300, "price_bound_percent": "0.20", "answer_ms": 600, "cooldown_ms": 60_000 });
    world.configure(&settings);
    let bot = world.bot();
    let mut tail = Tail::after(world.journal(), 0);
    let mut fold = Fold::default();
    let held = async || {
        fold.take(tail.more());
        (state::word(&fold) == "hold, even, quiet").then_some(())
    };
    until(LIMIT, held, || format!("a position; the bot:\n{}", bot.story())).await;
    // The other venue is away, so that the close has to wait and the kill meets the leg alone.
    world.fault(venue.other(), "down", json!({}));
    let name = if venue == Venue::Vest { "Paradex" } else { "Vest" };
    bot.says(&format!("[RECONNECT] Attempting reconnection to {name}")).await;
    world.fault(venue, "liquidate", json!({}));
    let forced = async || tail.more().iter().any(|r| matches!(r, Record::Forced { .. })).then_some(());
    until(LIMIT, forced, || format!("a forced change on {venue:?}; the bot:\n{}", bot.story())).await;
    bot.kill();
    world.server(venue.other()).clear("down");
    life::struck(&world, tally);
    life::whole(&world, LIMIT).await;
}
