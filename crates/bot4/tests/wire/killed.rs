//! SIGKILL in mid-round, and a restart from nothing but the journal and the venues.

use crate::journal::Tail;
use crate::world::{BRISK, Venue, World};
use crate::{LIMIT, until};
use Venue::{Paradex, Vest};
use domain::record::Record;
use serde_json::json;
use std::time::Duration;

/// How soon a restarted bot must be even. Longer than any fence (1.5 s and margins), and than one leg may stay naked.
const EVEN_WITHIN: Duration = Duration::from_secs(15);

/// `held`: whose answer the bot never hears. `long`: where the round buys.
async fn check_killed_while_an_answer_is_held(held: Venue, long: Venue) {
    let world = World::new(BRISK, long);
    world.fault(held, "hold_order_answer", json!({ "count": 1 }));
    let bot = world.bot();
    bot.says_of(held.other(), "Order filled").await;
    world.filled_on(held).await; // by the venue's own word, which the bot has not heard
    let first = bot.kill();
    assert!(!first.iter().any(|l| l["event_type"] == "ORDER_FILLED" && l["exchange"] == held.word()), "{held:?} spoke");
    let seq = world.journal().last();
    let mut bot = world.bot();
    world.even(&bot, EVEN_WITHIN).await;
    world.server(held).clear("hold_order_answer");
    world.trades_again(&bot, seq).await;
    bot.stop().await;
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_vest_holds_the_long_legs_answer_it_ends_even_and_doubles_nothing() {
    check_killed_while_an_answer_is_held(Vest, Vest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_vest_holds_the_short_legs_answer_it_ends_even_and_doubles_nothing() {
    check_killed_while_an_answer_is_held(Vest, Paradex).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_paradex_holds_the_long_legs_answer_it_ends_even_and_doubles_nothing() {
    check_killed_while_an_answer_is_held(Paradex, Paradex).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_paradex_holds_the_short_legs_answer_it_ends_even_and_doubles_nothing() {
    check_killed_while_an_answer_is_held(Paradex, Vest).await;
}

/// The order of `missing` never arrives, so that the bot dies with one naked leg.
async fn check_killed_with_a_naked_leg(missing: Venue) {
    let world = World::new(BRISK, missing);
    world.fault(missing, "drop_order", json!({ "count": 1 }));
    let bot = world.bot();
    bot.says_of(missing.other(), "Order filled").await;
    bot.kill();
    world.naked().await;
    let seq = world.journal().last();
    let mut bot = world.bot();
    world.even(&bot, EVEN_WITHIN).await;
    // More than one where the price ran away from the first; never for more than the leg, which the audit sees to.
    assert!(bot.count("[SAFETY] Auto-closing successful leg to avoid exposure") > 0, "{}", bot.story());
    world.trades_again(&bot, seq).await;
    bot.stop().await;
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_a_naked_leg_it_closes_that_leg_and_trades_on() {
    check_killed_with_a_naked_leg(Vest).await;
    check_killed_with_a_naked_leg(Paradex).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_opened_keeps_no_leg_naked() {
    let world = World::new(BRISK, Vest);
    // A folder where the file should be: no repair helps.
    let database = world.folder().join("state").join("bot4.db");
    std::fs::create_dir_all(&database).unwrap();
    world.fault(Vest, "drop_order", json!({ "count": 1 }));
    let bot = world.bot();
    bot.says("Order filled").await;
    bot.kill();
    world.naked().await;
    let mut bot = world.bot();
    bot.says("the database cannot be used").await;
    world.even(&bot, EVEN_WITHIN).await;
    // Once it can be, it is made from the journal.
    std::fs::remove_dir(&database).unwrap();
    let closed = async || world.rounds_in_database().await.filter(|n| *n > 0);
    until(LIMIT, closed, || format!("rows; the bot:\n{}", bot.story())).await;
    bot.stop().await;
    world.audit().await;
}

/// Kills as soon as a record of each kind is in the journal, one life after the other.
async fn check_killed_at(kinds: &[&str], long: Venue) {
    let world = World::new(BRISK, long);
    let number = |word: &str| match word {
        "started" => 16,
        "opened" => 17,
        "intended" => 18,
        "news" => 19,
        "decided" => 20,
        "ended" => 21,
        other => panic!("no kind {other}"),
    };
    let mut bot = world.bot();
    for kind in kinds {
        // A start is the first record of a life; the others are waited for in the life that is under way.
        let from = if *kind == "started" { 0 } else { world.journal().last() };
        let mut tail = Tail::after(world.journal(), from);
        let look = async || tail.more().iter().any(|r| r.kind() == number(kind)).then_some(());
        until(LIMIT, look, || format!("a record {kind}; the bot:\n{}", bot.story())).await;
        bot.kill();
        let seq = world.journal().last();
        bot = world.bot();
        bot.says("Bot runtime started").await;
        world.even(&bot, EVEN_WITHIN).await;
        world.trades_again(&bot, seq).await;
    }
    bot.stop().await;
    world.audit().await;
    let lives = world.journal().all().iter().filter(|r| matches!(r, Record::Started { .. })).count();
    assert!(lives > kinds.len(), "{lives} lives");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_start_an_opening_or_an_intention_it_ends_even_and_trades_on() {
    check_killed_at(&["started", "opened", "intended"], Vest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_news_at_a_decision_or_at_an_end_it_ends_even_and_trades_on() {
    check_killed_at(&["news", "decided", "ended"], Paradex).await;
}
