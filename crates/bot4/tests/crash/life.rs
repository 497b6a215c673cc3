//! What every strike does alike: it notes where the kill has met the bot, and sees a later life through to its end.

use crate::harness::bot::Bot;
use crate::harness::journal::Fold;
use crate::harness::world::World;
use crate::state;
use crate::tally::Tally;
use domain::record::Record;
use std::time::{Duration, Instant};

/// Notes after which record and in which state the kill has met the bot, and gives the journal as it left it.
pub(crate) fn struck(world: &World, tally: &Tally) -> Fold {
    let fold = Fold::of(world.journal().all());
    tally.struck(&state::word(&fold), fold.records.last().map_or("started", Record::word));
    fold
}

/// A life from its start to the end that was asked for: it evens out what it finds in time, and neither venue holds anything of it
/// afterwards. Gives the bot, for its story, and how long it took to be even.
pub(crate) async fn whole(world: &World, even_within: Duration) -> (Bot, Duration) {
    let mut bot = world.bot();
    bot.says("Bot runtime started").await;
    let from = Instant::now();
    world.even(&bot, even_within).await;
    let even_after = from.elapsed();
    bot.terminate();
    assert_eq!(bot.ended().await.code(), Some(0), "{}", bot.story());
    world.judge(false).await;
    assert_eq!(world.positions().await, [0, 0], "{}", bot.story());
    (bot, even_after)
}
