//! Ctrl+C while an order is on its way.

use crate::journal;
use crate::world::{BRISK, SLOW, Venue, World};
use crate::{LIMIT, until};
use Venue::{Paradex, Vest};
use serde_json::json;

/// The order of `silent` is taken and matched, but nothing is heard of it.
async fn check_interrupted(silent: Venue, fault: &str) {
    let world = World::new(BRISK, silent.other());
    world.fault(silent, fault, json!({ "count": 1 }));
    let mut bot = world.bot();
    // The other leg is over, by its venue's final word: one order is pending.
    let over = async || journal::done_on(&world.journal().all(), silent.other().word()).then_some(());
    until(LIMIT, over, || format!("a final word; the bot:\n{}", bot.story())).await;
    bot.interrupt();
    let status = bot.ended().await;
    let said: Vec<String> = bot.said().iter().map(|l| crate::bot::text(l).to_owned()).collect();
    let place = |what: &str| said.iter().position(|t| t == what).unwrap_or_else(|| panic!("{what}:\n{}", bot.story()));
    let (begun, cancelled) = (place("[SHUTDOWN] Graceful shutdown initiated"), place("[SHUTDOWN] Cancelled 1 pending orders"));
    assert!(begun < cancelled && cancelled < place("[SHUTDOWN] Clean exit, no pending orders"));
    assert_eq!(status.code(), Some(0), "{}", bot.story());
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_with_an_order_that_vest_has_not_answered_ends_even_and_with_nothing_open() {
    check_interrupted(Vest, "hold_order_answer").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_with_an_order_that_paradex_has_not_answered_ends_even_and_with_nothing_open() {
    check_interrupted(Paradex, "hold_order_answer").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_with_an_order_that_never_arrived_waits_until_it_cannot_fill_any_more() {
    check_interrupted(Vest, "drop_order").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisors_signal_closes_what_is_open_where_that_was_asked_for() {
    let world = World::new(SLOW, Vest);
    let mut settings = world.settings();
    settings["on_stop"] = json!("flatten");
    settings["spread_exit"] = json!("0.0001"); // never within a test
    world.configure(&settings);
    let mut bot = world.bot();
    bot.says("[STATE] Position saved").await;
    assert!(world.even(&bot, LIMIT).await > 0, "nothing is held");
    bot.terminate();
    assert_eq!(bot.ended().await.code(), Some(0), "{}", bot.story());
    assert_eq!(bot.count("[SHUTDOWN] Clean exit, no pending orders"), 1, "{}", bot.story());
    assert_eq!(world.positions().await, [0, 0]);
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_ctrl_c_leaves_at_once_and_names_what_is_left() {
    let world = World::new(BRISK, Paradex);
    let mut settings = world.settings();
    settings["venues"]["vest"]["recv_window_ms"] = json!(6_000); // so long it may still fill, and stays pending
    world.configure(&settings);
    world.fault(Vest, "drop_order", json!({}));
    let mut bot = world.bot();
    bot.says("Order filled").await;
    bot.interrupt();
    bot.says("[SHUTDOWN] Graceful shutdown initiated").await;
    // A person's second Ctrl+C comes later than the same one passed on twice.
    bot.says("Order outcome unknown, asking the venue").await;
    bot.interrupt();
    let status = bot.ended().await;
    assert_eq!(status.code(), Some(3), "{}", bot.story());
    let left = bot.says("[SHUTDOWN] Left behind: round").await;
    assert!(left["message"].as_str().unwrap().contains("1 pending orders"), "{left}");
    assert_eq!(bot.count("[SHUTDOWN] Clean exit"), 0);
    // The next start brings it to its end.
    world.server(Vest).clear("drop_order");
    let mut bot = world.bot();
    world.even(&bot, LIMIT).await;
    bot.stop().await;
    world.audit().await;
}
