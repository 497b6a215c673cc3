//! Sockets that break under the bot.

use crate::world::{BRISK, Venue, World};
use Venue::{Paradex, Vest};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_both_venues_drop_all_sockets_the_bot_trades_again_within_ten_seconds() {
    let world = World::new(BRISK, Vest);
    let mut bot = world.bot();
    bot.says("[TRADE] Auto-closed").await;
    let (entered, connected) = (bot.count("[TRADE] Entry executed"), bot.count("WebSocket connected"));
    for venue in [Vest, Paradex] {
        world.fault(venue, "drop_sockets", json!({ "count": 1 }));
    }
    bot.says("[RECONNECT] Attempting reconnection to Vest...").await;
    bot.says("[RECONNECT] Attempting reconnection to Paradex...").await;
    bot.says_nth(entered + 1, "[TRADE] Entry executed", Duration::from_secs(10)).await;
    assert!(bot.count("WebSocket connected") >= connected + 4, "{}", bot.story());
    bot.stop().await;
    world.audit().await;
}
