//! Parts that die beside the trading: a venue's line, its maintenance, the local database. Entries may stop; the process, open
//! rounds and what was filled meanwhile are never lost.

use crate::bot::{Bot, text};
use crate::harness::line::Cut;
use crate::world::{BRISK, SLOW, Venue, World};
use crate::{LIMIT, journal, until};
use Venue::{Paradex, Vest};
use domain::names::Ending;
use domain::record::Record;
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use serde_json::json;
use std::time::Duration;

/// How soon a venue is up again once it can be reached.
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// All of a venue's connections, the private stream with them, break at the very order, which arrives and fills unheard.
async fn check_filled_while_away(venue: Venue, long: Venue) {
    let world = World::new(SLOW, long);
    let bot = world.bot();
    bot.says("Bot runtime started").await;
    let ready =
        |bot: &Bot| bot.said().iter().filter(|l| text(l).ends_with("ready to trade") && l["exchange"] == venue.word()).count();
    let before = ready(&bot);
    world.line(venue, |line| line.cut(Cut { buys: venue == long, arrives: true, away_ms: None }));
    // Looked at beside the line: nobody could tell the bot.
    let fill = async || world.orders_inside(venue).into_iter().find(|o| o.filled_e8 > 0).map(|o| o.key);
    let filled = until(LIMIT, fill, || format!("a fill on {venue:?}")).await;
    bot.says_of(venue, "session down").await;
    let told = |records: &[Record]| {
        let orders = journal::intended(records);
        let id = orders.get(&filled).map(|o| o.spec.id);
        records.iter().any(|r| matches!(r, Record::News { order, news: domain::OrderNews::Done { fills, .. }, .. } if Some(*order) == id && !fills.size.is_zero()))
    };
    assert!(!told(&world.journal().all()), "heard over a line that is cut");
    world.line(venue, |line| line.mend());
    let back = async || (ready(&bot) > before).then_some(());
    until(BACK_WITHIN, back, || format!("{venue:?} ready again; the bot:\n{}", bot.story())).await;
    let found = async || told(&world.journal().all()).then_some(());
    until(LIMIT, found, || format!("the fill of {filled}; the bot:\n{}", bot.story())).await;
    let mut bot = bot;
    world.even(&bot, LIMIT).await;
    bot.stop().await;
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_filled_while_a_venue_was_away_is_found_and_the_venue_is_back_within_five_seconds() {
    check_filled_while_away(Vest, Vest).await;
    check_filled_while_away(Paradex, Vest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_paradex_is_in_maintenance_nothing_is_opened_and_afterwards_it_trades_again() {
    let world = World::new(BRISK, Vest);
    let mut bot = Bot::start(world.folder(), &["--log", "bot4=debug"]); // what is passed over is told there
    bot.says("[TRADE] Auto-closed").await;
    world.fault(Paradex, "maintenance", json!({}));
    // One entry may find out; from then on the reason has its name.
    let stopped = async || bot.any(|l| l["reason"] == "not_trading").then_some(());
    until(LIMIT, stopped, || format!("a reason; the bot:\n{}", bot.story())).await;
    let opened = |w: &World| journal::plans(&w.journal().all()).len();
    let before = opened(&world);
    world.even(&bot, LIMIT).await;
    let skipped = bot.count("Spread opportunity detected");
    bot.says_nth(skipped + 2, "Spread opportunity detected", LIMIT).await;
    assert_eq!(opened(&world), before, "two chances were passed over; {}", bot.story());
    let seq = world.journal().last();
    world.server(Paradex).clear("maintenance");
    world.trades_again(&bot, seq).await;
    bot.stop().await;
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_somebody_locks_holds_up_no_round_and_has_every_row_afterwards() {
    let world = World::new(BRISK, Paradex);
    let mut bot = world.bot();
    bot.says("[TRADE] Auto-closed").await;
    let there = async || world.rounds_in_database().await.filter(|n| *n > 0);
    let rows = until(LIMIT, there, || "rows".to_owned()).await;
    let file = world.folder().join("state").join("bot4.db");
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rw", file.display()));
    options.max_connections(1);
    let somebody = Database::connect(options).await.unwrap();
    somebody.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let seq = world.journal().last();
    world.trades_again(&bot, seq).await;
    let ended = || {
        world
            .journal()
            .all()
            .iter()
            .filter(|r| matches!(r, Record::Ended { outcome, .. } if outcome.ending == Ending::Completed))
            .count()
    };
    let now = ended();
    assert!(world.rounds_in_database().await.is_some_and(|n| n <= rows + 1) && now > 1, "the lock holds");
    somebody.execute_unprepared("ROLLBACK").await.unwrap();
    let all = async || world.rounds_in_database().await.filter(|n| *n >= now);
    until(LIMIT, all, || format!("{now} rounds; the bot:\n{}", bot.story())).await;
    bot.stop().await;
    world.audit().await;
}
