//! How long the way from an opportunity to both venues' answers is when the venues are as far away as real ones.

use crate::world::{BRISK, Venue, World};
use std::time::Duration;

/// Round trip to both venues, ms: about what a server in another region sees.
const ROUND_TRIP_MS: u64 = 100;
/// From the frame to both orders handed to their sockets, at most.
const SENT_US_MAX: u64 = 500_000;
/// From the frame to both answers, at most: what it took to send included.
const ANSWERED_US_MAX: u64 = 250_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_round_trips_of_100_ms_both_orders_leave_at_once_and_are_answered_within_250_ms() {
    let world = World::far_away(BRISK, Venue::Vest, ROUND_TRIP_MS);
    let mut bot = world.bot();
    bot.says_nth(2, "[TRADE] Entry executed", Duration::from_secs(30)).await;
    world.even(&bot, crate::LIMIT).await;
    bot.stop().await;
    let number = |line: &serde_json::Value, name: &str| line[name].as_u64().unwrap();
    let sent = number(&bot.says("Summary").await, "detect_to_sent_p99_us");
    assert!(sent < SENT_US_MAX, "sent after {sent} us");
    for venue in ["Paradex WS", "Vest REST"] {
        let said = bot.said();
        let orders = said.iter().filter(|l| crate::bot::text(l).starts_with(&format!("[ORDER] {venue} order: latency=")));
        let mut took: Vec<u64> = orders.map(|l| number(l, "total_us")).collect();
        took.sort_unstable();
        assert!(took.len() >= 2, "{}", bot.story());
        assert!(took[0] >= ROUND_TRIP_MS * 1_000, "{venue} answered before its round trip: {took:?}");
        // The middle one: a machine that is busy with other tests may hold up one of them.
        assert!(sent + took[took.len() / 2] < ANSWERED_US_MAX, "{venue}: {took:?} us after {sent} us");
    }
    world.audit().await;
}
