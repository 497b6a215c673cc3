//! What lies on the disk may be gone or torn: the journal alone gives the same state, and its torn end is cut off.

use crate::world::{SLOW, Venue, World};
use domain::record::Record;
use serde_json::json;
use state_store::{Rounds, StateManager};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Everything that the bot's database says about rounds, as text.
async fn rows(world: &World) -> String {
    let store = StateManager::open_read_only(&world.folder().join("state").join("bot4.db")).await.unwrap();
    let rounds = store.rounds(Rounds::All, 1_000).await.unwrap();
    let mut all = format!("{:#?}\n{rounds:#?}\n", store.open_positions().await.unwrap());
    for plan in crate::journal::plans(&world.journal().all()) {
        let (orders, fills) = (store.orders_of(plan.id).await.unwrap(), store.fills_of(plan.id).await.unwrap());
        assert!(orders.len() >= 2 && fills.len() >= 2, "{orders:?} {fills:?}");
        all += &format!("{orders:#?}\n{fills:#?}\n");
    }
    store.close().await.unwrap();
    all
}

/// One life in which nothing is traded: the position is restored, compared with the venues, and left.
async fn restored(world: &World) {
    let mut bot = world.bot();
    let restored = bot.says("[STATE] Restored").await;
    assert_eq!(restored["message"], "[STATE] Restored 1 positions from database");
    bot.says("Bot runtime started").await;
    let held = world.even(&bot, Duration::from_secs(10)).await;
    assert!(held > 0, "the position is gone");
    bot.stop().await;
}

/// A world in which a position is held and not closed: the bot was killed with it.
async fn killed_while_holding() -> World {
    let world = World::new(SLOW, Venue::Vest);
    let mut settings = world.settings();
    settings["spread_exit"] = json!("0.0001"); // never within a test
    settings["execution"]["reconcile_every_ms"] = json!(600_000);
    world.configure(&settings);
    let bot = world.bot();
    bot.says("[STATE] Position saved").await;
    bot.kill();
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_the_bot_comes_back_with_the_same_state() {
    let world = killed_while_holding().await;
    restored(&world).await;
    let before = rows(&world).await;
    for entry in std::fs::read_dir(world.folder().join("state")).unwrap().map(Result::unwrap) {
        if entry.file_name() != "journal" {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    restored(&world).await;
    assert_eq!(rows(&world).await, before);
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_last_record_is_cut_off_with_a_message_and_the_bot_goes_on() {
    let world = killed_while_holding().await;
    let (journal, last) = (world.journal(), world.journal().last());
    // The last bytes that are not zero are the end of the last record: a write that the power cut left half done.
    let segment = journal.segment().unwrap();
    let bytes = std::fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|b| *b != 0).unwrap() + 1;
    OpenOptions::new().write(true).open(&segment).unwrap().write_all_at(&[0; 7], end as u64 - 7).unwrap();
    let mut bot = world.bot();
    let repaired = bot.says("[STATE] Journal repaired: cut").await;
    assert!(repaired["message"].as_str().unwrap().contains(&format!("after record {}", last - 1)), "{repaired}");
    bot.says("Bot runtime started").await;
    assert!(world.even(&bot, Duration::from_secs(15)).await > 0, "the position is gone");
    bot.stop().await;
    assert!(!world.journal().all().iter().any(|r| matches!(r, Record::Mismatch { .. })), "{}", bot.story());
    world.audit().await;
}
