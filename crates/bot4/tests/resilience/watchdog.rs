//! A bot that is gone for good, one that hangs, and one that lives.

use crate::bot::Bot;
use crate::journal::{Tail, intended};
use crate::world::{BRISK, Venue, World};
use crate::{LIMIT, until};
use Venue::{Paradex, Vest};
use domain::Purpose;
use domain::record::Record;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::time::Duration;

/// What the watchdog is given for evening out, from its first word to the venues' own.
const EVEN_WITHIN: Duration = Duration::from_secs(20);

/// A world whose watchdog takes over after a second and a half.
fn world(long: Venue) -> World {
    let world = World::new(BRISK, long);
    let mut settings = world.settings();
    settings["watchdog"] = json!({ "heartbeat_ms": 200, "takeover_ms": 1_500, "limit_s": 20 });
    world.configure(&settings);
    world
}

async fn watchdog(world: &World) -> Bot {
    let watchdog = Bot::command(world.folder(), &["watchdog", "--state", "state"]);
    watchdog.says("[WATCHDOG] Watching").await;
    watchdog
}

fn heartbeat(world: &World) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(world.folder().join("state").join("heartbeat")).ok()?).ok()
}

/// Everything after `seq` reduces: no round is opened, no entry is tried again.
fn only_reduces(world: &World, seq: u64) {
    let records = Tail::after(world.journal(), seq).more();
    assert!(!records.iter().any(|r| matches!(r, Record::Opened { .. })), "a round was opened");
    let orders = intended(&records);
    assert!(orders.values().all(|o| o.spec.id.purpose != Purpose::Entry), "an entry was tried: {orders:?}");
}

/// One leg fills, the other one's order never arrives; then `gone` happens to the bot.
async fn check_evened_behind(missing: Venue, gone: impl FnOnce(Bot, u32) -> Option<Bot>) -> (World, Bot, Option<Bot>) {
    let world = world(missing);
    world.fault(missing, "drop_order", json!({ "count": 1 }));
    let bot = world.bot();
    bot.says("Bot runtime started").await;
    let pid = u32::try_from(heartbeat(&world).unwrap()["pid"].as_u64().unwrap()).unwrap();
    bot.says_of(missing.other(), "Order filled").await;
    let left = gone(bot, pid);
    world.naked().await;
    let seq = world.journal().last();
    let watchdog = watchdog(&world).await;
    let acted = watchdog.says("[WATCHDOG] Taking over, to cancel and reduce alone").await;
    assert_eq!(acted["event_type"], "WATCHDOG_ACTED");
    watchdog.says("[WATCHDOG] Everything is even again").await;
    world.even(&watchdog, EVEN_WITHIN).await;
    only_reduces(&world, seq);
    world.audit().await;
    (world, watchdog, left)
}

async fn check_trades_on(world: &World) {
    // The journal is free: the next start trades, and the watchdog that still watches lets it.
    let seq = world.journal().last();
    let mut bot = world.bot();
    world.trades_again(&bot, seq).await;
    bot.stop().await;
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_killed_for_good_with_one_leg_filled_is_evened_by_the_watchdog_and_the_next_start_trades_on() {
    for missing in [Vest, Paradex] {
        let kill = |bot: Bot, _| {
            bot.kill();
            None
        };
        let (world, mut watchdog, _) = check_evened_behind(missing, kill).await;
        check_trades_on(&world).await;
        assert_eq!(watchdog.count("Taking over"), 1, "{}", watchdog.story());
        watchdog.interrupt();
        assert_eq!(watchdog.ended().await.code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_hangs_with_one_leg_filled_is_ended_first_and_then_evened() {
    let stop = |bot: Bot, pid: u32| {
        kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::STOP).unwrap();
        Some(bot)
    };
    let (_world, watchdog, bot) = check_evened_behind(Vest, stop).await;
    assert_eq!(watchdog.count("lives but is silent: ending it"), 1, "{}", watchdog.story());
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(bot.unwrap().ended().await.signal(), Some(9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_lives_is_never_disturbed_even_while_a_leg_is_naked() {
    let world = world(Vest);
    let mut bot = world.bot();
    bot.says("Bot runtime started").await;
    let mut watchdog = watchdog(&world).await;
    world.fault(Vest, "drop_order", json!({ "count": 1 }));
    bot.says("[SAFETY] Auto-closing successful leg to avoid exposure").await;
    let seq = world.journal().last();
    world.trades_again(&bot, seq).await;
    // It beats while it trades, and says that it may.
    let allowed = async || heartbeat(&world).filter(|h| h["entries_allowed"] == true && h["beat"].as_u64() > Some(10));
    until(LIMIT, allowed, || format!("{:?}", heartbeat(&world))).await;
    bot.stop().await;
    // Stopped with everything even: there is nothing to take over either.
    watchdog.says("nothing is uncovered, so everything stays as it is").await;
    watchdog.interrupt();
    assert_eq!(watchdog.ended().await.code(), Some(0));
    assert!(!watchdog.any(|l| l["event_type"] == "WATCHDOG_ACTED"), "{}", watchdog.story());
    let lives = world.journal().all().iter().filter(|r| matches!(r, Record::Started { .. })).count();
    assert_eq!(lives, 1, "the journal was never taken");
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_look_says_by_its_exit_code_what_it_found() {
    let world = world(Paradex);
    let look = async |code: i32, said: &str| {
        let mut watchdog = Bot::command(world.folder(), &["watchdog", "--once"]);
        assert_eq!(watchdog.ended().await.code(), Some(code), "{}", watchdog.story());
        assert_eq!(watchdog.count(said), 1, "{}", watchdog.story());
        watchdog.any(|l| l["event_type"] == "WATCHDOG_ACTED")
    };
    world.fault(Paradex, "drop_order", json!({ "count": 1 }));
    let bot = world.bot();
    bot.says_of(Vest, "Order filled").await;
    bot.kill();
    world.naked().await;
    // Nothing that would even it out arrives: in three seconds that cannot be done.
    world.fault(Vest, "drop_order", json!({}));
    let mut settings = world.settings();
    settings["watchdog"] = json!({ "heartbeat_ms": 200, "takeover_ms": 1_500, "limit_s": 3 });
    world.configure(&settings);
    assert!(look(3, "a person has to look now").await);
    world.server(Vest).clear("drop_order");
    settings["watchdog"]["limit_s"] = json!(20);
    world.configure(&settings);
    assert!(look(0, "[WATCHDOG] Everything is even again").await);
    assert_eq!(world.positions().await, [0, 0]);
    assert!(!look(0, "nothing is uncovered, so everything stays as it is").await);
    let mut bot = world.bot();
    bot.says("Bot runtime started").await;
    assert!(!look(0, "[WATCHDOG] Watching").await, "it lives");
    bot.stop().await;
    world.audit().await;
}
