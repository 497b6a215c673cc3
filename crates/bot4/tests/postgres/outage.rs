//! The database dies in the middle of a round: trading does not notice, and afterwards nothing is missing.

use crate::server::{PASSWORD, Server};
use crate::support::{Bot, Ended};
use crate::{MIRROR, OPPORTUNITY, SOON, folder, migrate, the_same, until_sql, venues};

fn shows_no_secret(ended: &Ended) {
    assert!(!ended.stdout.contains(PASSWORD) && !ended.stderr.contains(PASSWORD), "the database's password is nowhere");
}

#[test]
fn a_database_killed_in_mid_round_stops_nothing_and_has_every_row_once_it_is_back() {
    let server = Server::start();
    let url = server.database(MIRROR);
    let venues = venues(11);
    let folder = folder(&venues, &url, "on_stop: flatten\n");
    migrate(folder.path());
    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);
    let entered = bot.until("[TRADE] Entry executed: spread=", OPPORTUNITY);
    // Within a second, when it answers.
    until_sql(&server, "SELECT count(*) FROM positions WHERE closed_us IS NULL", "1");
    server.kill();
    let round = entered["round"].as_str().unwrap().to_owned();
    let closed = bot.until_that("[TRADE] Auto-closed: spread=", OPPORTUNITY, |l| l["round"] == round.as_str());
    assert_eq!(closed["reason"], "completed");
    bot.until("[TRADE] Entry executed: spread=", OPPORTUNITY);
    // It is said, before or after the next round: nobody waits for a database to be missed.
    if !bot.text.contains("[STATE] The mirror is not reached, trading goes on") {
        bot.until("[STATE] The mirror is not reached, trading goes on", SOON);
    }
    server.start_again();
    bot.until("[STATE] The mirror is up to date", SOON);
    bot.interrupt();
    let ended = bot.finish(SOON);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(venues.positions_e8(), (0, 0));
    shows_no_secret(&ended);
    the_same(&venues, &server, folder.path(), &url);
}

#[test]
fn a_bot_that_starts_without_its_database_trades_from_its_journal_and_catches_up() {
    let server = Server::start();
    let url = server.database(MIRROR);
    let venues = venues(12);
    let folder = folder(&venues, &url, "on_stop: flatten\n");
    migrate(folder.path());
    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);
    bot.until("Bot runtime started", SOON);
    bot.interrupt();
    assert_eq!(bot.finish(SOON).code, Some(0));
    server.kill();
    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);
    bot.until("[STATE] The mirror does not answer, trading goes on with the local journal", SOON);
    bot.until("[TRADE] Entry executed: spread=", OPPORTUNITY);
    server.start_again();
    bot.until("[STATE] The mirror is up to date", SOON);
    bot.interrupt();
    let ended = bot.finish(SOON);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    shows_no_secret(&ended);
    the_same(&venues, &server, folder.path(), &url);
}
