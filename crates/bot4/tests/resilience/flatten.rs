//! `bot4 flatten`: shown first, refused beside a running bot, and flat by the venues' own word.

use crate::LIMIT;
use crate::bot::{Bot, text};
use crate::world::{SLOW, Venue, World};
use serde_json::{Value, json};

async fn run(world: &World, words: &[&str], code: i32) -> Vec<Value> {
    let mut command = Bot::command(world.folder(), &[&["flatten"], words].concat());
    assert_eq!(command.ended().await.code(), Some(code), "{}", command.story());
    command.said()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stopped_bot_left_open_is_shown_and_then_closed_by_the_venues_own_word() {
    let world = World::new(SLOW, Venue::Vest);
    let mut settings = world.settings();
    settings["spread_exit"] = json!("0.0001"); // never within a test
    world.configure(&settings);
    let mut bot = world.bot();
    bot.says("[STATE] Position saved").await;
    assert!(world.even(&bot, LIMIT).await > 0, "nothing is held");
    // Beside a running bot: its process is named, and how it is done instead.
    let refused = run(&world, &["--yes"], 1).await;
    let why = refused.iter().map(text).find(|t| t.contains("the bot is running (process ")).unwrap();
    assert!(why.contains("on_stop: flatten"), "{why}");
    bot.stop().await;
    let held = world.positions().await;
    assert!(held[0] > 0 && held[0] == -held[1], "{held:?}");
    let shown = run(&world, &[], 0).await;
    assert_eq!((&shown[0]["closing"], &shown[0]["open"][0]["pair"]), (&json!(false), &json!("ETH-USD")), "{shown:?}");
    assert_eq!(shown[0]["open"][0]["state"], "open and even");
    assert_eq!(world.positions().await, held, "only shown");
    run(&world, &["--pair", "BTC-USD", "--yes"], 2).await;
    assert_eq!(world.positions().await, held, "another pair");
    let done = run(&world, &["--pair", "eth-usd", "--yes"], 0).await;
    assert!(done.iter().any(|l| text(l).starts_with("Flat: nothing is open any more")), "{done:?}");
    assert_eq!(world.positions().await, [0, 0]);
    world.audit().await;
    assert_eq!(run(&world, &["--yes"], 0).await[0]["open"], json!([]), "nothing is left to do");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_closed_in_time_is_named_and_the_exit_code_says_so() {
    let world = World::new(SLOW, Venue::Paradex);
    let mut settings = world.settings();
    settings["spread_exit"] = json!("0.0001");
    settings["watchdog"] = json!({ "limit_s": 4 });
    world.configure(&settings);
    let mut bot = world.bot();
    bot.says("[STATE] Position saved").await;
    world.even(&bot, LIMIT).await;
    bot.stop().await;
    world.fault(Venue::Vest, "drop_order", json!({}));
    let left = run(&world, &["--yes"], 3).await;
    assert!(left.iter().any(|l| text(l).starts_with("Not flat within 4 s: ETH-USD: ")), "{left:?}");
    world.server(Venue::Vest).clear("drop_order");
    run(&world, &["--yes"], 0).await;
    assert_eq!(world.positions().await, [0, 0]);
    world.audit().await;
}
