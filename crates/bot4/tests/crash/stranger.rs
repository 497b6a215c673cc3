//! Killed at the record of a difference: somebody else has ordered on the account, and the pair is stopped. And at the
//! record by which a person lets it trade again, which a command of its own writes.

use crate::harness::bot::Bot;
use crate::harness::journal::{Fold, Tail};
use crate::harness::world::{Plan, Venue, World};
use crate::harness::{LIMIT, until};
use crate::life;
use crate::tally::Tally;
use domain::record::Record;
use serde_json::json;
use venue_sim::market::MarketShape;

const OFTEN: MarketShape = MarketShape { pulse_every_ms: 2_000, pulse_ms: 1_300, pulse_bps: 52, noise_bps: 4 };

/// Strikes as often as is wanted, a world each.
pub(crate) async fn run(tally: &Tally) {
    let mut turn = 0;
    while tally.lacks("mismatch") + tally.lacks("resumed") > 0 {
        once(tally, if turn % 2 == 0 { Venue::Vest } else { Venue::Paradex }).await;
        turn += 1;
        assert!(turn < 200, "a stranger was not noticed often enough");
    }
}

async fn once(tally: &Tally, venue: Venue) {
    let world = World::of(Plan { shape: OFTEN, long: venue, latency_ms: 0, windows: 4 });
    let mut settings = world.settings();
    settings["on_stop"] = json!("flatten");
    settings["execution"] =
        json!({ "reconcile_every_ms": 300, "price_bound_percent": "0.20", "answer_ms": 600, "cooldown_ms": 100 });
    world.configure(&settings);
    let bot = world.bot();
    bot.says("Bot runtime started").await;
    world.stranger(venue);
    let mut tail = Tail::after(world.journal(), 0);
    let mut records = Vec::new();
    let look = async || {
        records.extend(tail.more());
        records.iter().any(|r| matches!(r, Record::Mismatch { .. })).then_some(())
    };
    until(LIMIT, look, || format!("a difference; the bot:\n{}", bot.story())).await;
    bot.kill();
    let fold = life::struck(&world, tally);
    let opened = fold.rounds.len();
    let (bot, _) = life::whole(&world, LIMIT).await;
    assert_eq!(Fold::of(world.journal().all()).rounds.len(), opened, "a stopped pair opened a round\n{}", bot.story());
    resume(&world, tally).await;
    life::whole(&world, LIMIT).await;
}

/// Kills `bot4 resume` as soon as its record can be read.
async fn resume(world: &World, tally: &Tally) {
    let mut tail = Tail::after(world.journal(), world.journal().last());
    let bot = Bot::command(world.folder(), &["resume", "--all", "--yes", "--state", "state"]);
    let look = async || tail.more().iter().any(|r| matches!(r, Record::Resumed { .. })).then_some(());
    until(LIMIT, look, || format!("a record of it; the command:\n{}", bot.story())).await;
    bot.kill();
    life::struck(world, tally);
}
