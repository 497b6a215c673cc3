//! Starts that are refused: places without TLS, a folder in use, a journal of somebody else.

use crate::bot::{Bot, text};
use crate::world::{BRISK, Venue, World};
use serde_json::{Value, json};

/// Starts with these settings and gives the exit code and the error lines.
async fn start(world: &World, settings: &Value) -> (Option<i32>, String) {
    world.configure(settings);
    let mut bot = world.bot();
    let status = bot.ended().await;
    let errors = bot.said().iter().filter(|l| l["level"] == "ERROR").map(|l| text(l).to_owned()).collect::<Vec<_>>();
    (status.code(), errors.join("\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_without_tls_is_refused_by_name_before_anything_is_connected() {
    let world = World::new(BRISK, Venue::Vest);
    for (venue, field, scheme) in
        [("vest", "ws", "ws"), ("vest", "rest", "http"), ("paradex", "ws", "ws"), ("paradex", "rest", "http")]
    {
        let mut settings = world.settings();
        let plain = format!("{scheme}://127.0.0.1:9/v1");
        settings["venues"][venue][field] = json!(plain);
        let (code, errors) = start(&world, &settings).await;
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains(&format!("venues.{venue}.{field}")), "{errors}");
        assert!(errors.contains(&format!("{scheme}s://")), "{errors}");
    }
    assert!(!world.folder().join("state").exists(), "a refused start leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_folder_is_refused_and_the_first_one_goes_on() {
    let world = World::new(BRISK, Venue::Vest);
    let mut first = world.bot();
    first.says("Bot runtime started").await;
    let mut second = world.bot();
    assert_eq!(second.ended().await.code(), Some(1));
    assert_eq!(second.count("the journal cannot be used"), 1, "{}", second.story());
    first.says("[TRADE] Entry executed").await;
    first.stop().await;
    world.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_of_another_account_is_refused_and_left_as_it_was() {
    let world = World::new(BRISK, Venue::Vest);
    let mut bot = world.bot();
    bot.says("Bot runtime started").await;
    bot.stop().await;
    let before = world.journal().all().len();
    let env = world.folder().join(".env");
    let own = std::fs::read_to_string(&env).unwrap();
    std::fs::write(&env, own.replace("5a5a5a5a", "6b6b6b6b")).unwrap();
    let mut stranger = Bot::start(world.folder(), &[]);
    assert_eq!(stranger.ended().await.code(), Some(1));
    assert_eq!(stranger.count("the journal cannot be used"), 1, "{}", stranger.story());
    assert!(stranger.count("account") > 0, "{}", stranger.story());
    assert_eq!(world.journal().all().len(), before);
    std::fs::write(&env, own).unwrap();
    let mut bot = world.bot();
    bot.says("Bot runtime started").await;
    bot.stop().await;
}
