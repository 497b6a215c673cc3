//! Venues that refuse, fall silent, fill by half or go away, one leg at a time: every run ends even.

use crate::bot::Bot;
use crate::world::{SLOW, Venue, World};
use Venue::{Paradex, Vest};
use domain::names::Ending;
use domain::record::Record;
use serde_json::{Value, json};
use std::time::Duration;

const RETRY: &str = "[RETRY] Order failed, attempt 2/3...";
const RETRY_LAST: &str = "[RETRY] Order failed, attempt 3/3...";
const SAFETY: &str = "[SAFETY] Auto-closing successful leg to avoid exposure";
const OVER: &str = "[SAFETY] Round over, no exposure left";

fn begin(long: Venue, faulty: Venue, faults: &[(&str, Value)]) -> (World, Bot) {
    let world = World::new(SLOW, long);
    for (name, parameters) in faults {
        world.fault(faulty, name, parameters.clone());
    }
    let bot = world.bot();
    (world, bot)
}

async fn end(world: &World, bot: &mut Bot) -> Vec<Ending> {
    world.even(bot, Duration::from_secs(20)).await;
    bot.stop().await;
    world.audit().await;
    let ending = |r: &Record| if let Record::Ended { outcome, .. } = r { Some(outcome.ending) } else { None };
    world.journal().all().iter().filter_map(ending).collect()
}

/// Both venues, with a refusal that a further attempt may change.
async fn check_refused_for_good(faulty: Venue, refusal: Value) {
    let (world, mut bot) = begin(faulty.other(), faulty, &[("refuse_order", refusal)]);
    // An edge that fades between two attempts ends a round after fewer of them, and rightly so: the round that is looked
    // at is the first one whose edge lasted. Every round before it ends by a safety close as well.
    bot.says(RETRY_LAST).await;
    let at = |said: &[String], what: &str, from: usize| said.iter().skip(from).position(|t| t.contains(what)).map(|i| i + from);
    let said = || -> Vec<String> { bot.said().iter().map(|l| crate::bot::text(l).to_owned()).collect() };
    let last = at(&said(), RETRY_LAST, 0).unwrap_or_else(|| panic!("{RETRY_LAST}:\n{}", bot.story()));
    let over = |said: &[String]| at(said, OVER, last);
    let end_of_it =
        crate::until(crate::LIMIT, async || over(&said()), || format!("{OVER} after {RETRY_LAST}:\n{}", bot.story())).await;
    let said = said();
    let retries: Vec<usize> = (0..last).filter(|&i| said[i].contains(RETRY)).collect();
    let safety = at(&said, SAFETY, last);
    assert!(!retries.is_empty() && safety.is_some_and(|s| s < end_of_it), "{}", bot.story());
    let retried = bot.says(RETRY).await;
    assert_eq!((retried["exchange"].as_str(), retried["attempt"].as_u64()), (Some(faulty.word()), Some(2)));
    assert_eq!(bot.says(SAFETY).await["exchange"], faulty.other().word());
    world.server(faulty).clear("refuse_order");
    assert_eq!(end(&world, &mut bot).await.first(), Some(&Ending::AutoClosed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_vest_refuses_for_good_is_tried_three_times_and_the_other_one_closed() {
    check_refused_for_good(Vest, json!({ "side": "sell", "code": 3001 })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_paradex_refuses_for_good_is_tried_three_times_and_the_other_one_closed() {
    check_refused_for_good(Paradex, json!({ "side": "sell", "code": "MARKET_NOT_OPEN" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_whose_answer_is_lost_but_which_filled_is_found_and_kept() {
    // On Vest the request stays open for longer than the bot waits; on Paradex's socket nothing comes back at all.
    for (faulty, lost) in [(Vest, json!({ "count": 1, "after_ms": 5_000 })), (Paradex, json!({ "count": 1 }))] {
        let faults = [("lose_order_answer", lost), ("silent_private", json!({}))];
        let (world, mut bot) = begin(faulty.other(), faulty, &faults);
        let unknown = bot.says("Order outcome unknown, asking the venue").await;
        assert_eq!(unknown["exchange"], faulty.word());
        bot.says("[TRADE] Entry executed").await;
        assert_eq!((bot.count(SAFETY), bot.count("[RETRY]")), (0, 0), "{}", bot.story());
        world.server(faulty).clear("silent_private");
        end(&world, &mut bot).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_vest_never_got_is_proven_dead_before_anything_else_is_sent() {
    let (world, mut bot) = begin(Paradex, Vest, &[("drop_order", json!({ "count": 1 }))]);
    assert_eq!(bot.says("Order outcome unknown, asking the venue").await["exchange"], "vest");
    assert_eq!(bot.says(SAFETY).await["exchange"], "paradex");
    bot.says(OVER).await;
    assert_eq!(end(&world, &mut bot).await.first(), Some(&Ending::AutoClosed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_fills_by_half_is_completed_or_evened_out() {
    for faulty in [Vest, Paradex] {
        let (world, mut bot) = begin(faulty.other(), faulty, &[("partial_fill", json!({ "count": 1, "share_bps": 5_000 }))]);
        let retried = bot.says(RETRY).await;
        assert_eq!(retried["exchange"], faulty.word());
        bot.says("[TRADE] Entry executed").await;
        end(&world, &mut bot).await;
    }
}

async fn check_gone_after_the_first_ack(faulty: Venue) {
    // The silence keeps what follows the ack from slipping out before the end.
    let faults = [("down", json!({ "after_acks": 1 })), ("silent_private", json!({}))];
    let (world, mut bot) = begin(faulty.other(), faulty, &faults);
    // It filled there too, or did not: the bot cannot know, and closes what it knows of.
    assert_eq!(bot.says(SAFETY).await["exchange"], faulty.other().word());
    world.server(faulty).clear("silent_private");
    world.server(faulty).clear("down");
    bot.says(OVER).await;
    end(&world, &mut bot).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vest_gone_after_its_first_ack_costs_a_safety_close_and_nothing_stays_open() {
    check_gone_after_the_first_ack(Vest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paradex_gone_after_its_first_ack_costs_a_safety_close_and_nothing_stays_open() {
    check_gone_after_the_first_ack(Paradex).await;
}
