//! The machine's state is gone: the mirror has it.

use crate::server::Server;
use crate::support::Bot;
use crate::{MIRROR, OPPORTUNITY, SOON, folder, migrate, the_same, until_sql, venues};

#[test]
fn journal_and_database_deleted_the_open_position_comes_back_from_the_mirror_and_is_closed() {
    let server = Server::start();
    let url = server.database(MIRROR);
    let venues = venues(13);
    let folder = folder(&venues, &url, "on_stop: flatten\n");
    migrate(folder.path());
    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);
    let entered = bot.until("[TRADE] Entry executed: spread=", OPPORTUNITY);
    let round = entered["round"].as_str().unwrap().to_owned();
    until_sql(&server, "SELECT count(*) FROM positions WHERE closed_us IS NULL AND long_size_e8 = short_size_e8", "1");
    // Wait for the record that ends the entry too, then die with the position open.
    until_sql(&server, "SELECT count(*) FROM journal WHERE convert_from(body, 'UTF8') LIKE '%entered%' AND kind > 1", "1");
    drop(bot);
    std::fs::remove_dir_all(folder.path().join("state")).unwrap();
    let held = venues.positions_e8();
    assert!(held.0 != 0 && held.0 + held.1 == 0, "still open: {held:?}");

    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);
    bot.until("[STATE] The local journal was gone: ", SOON);
    bot.until("[STATE] Restored 1 positions from database", SOON);
    let closed = bot.until_that("[TRADE] Auto-closed: spread=", OPPORTUNITY, |l| l["round"] == round.as_str());
    assert_eq!(closed["reason"], "completed");
    // What comes after has ids that the lost journal cannot have used.
    let next = bot.until("[TRADE] Entry executed: spread=", OPPORTUNITY);
    let epoch = |round: &str| round.split('-').next().unwrap().parse::<u64>().unwrap();
    assert!(epoch(next["round"].as_str().unwrap()) > 1_700_000_000, "{next}");
    bot.interrupt();
    let ended = bot.finish(SOON);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(venues.positions_e8(), (0, 0));
    the_same(&venues, &server, folder.path(), &url);
}

#[test]
fn a_start_that_cannot_know_what_is_open_is_refused() {
    let server = Server::start();
    let url = server.database(MIRROR);
    let venues = venues(14);
    let folder = folder(&venues, &url, "on_stop: flatten\n");
    migrate(folder.path());
    server.kill();
    let bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);
    let ended = bot.finish(SOON);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    ended.line("the mirror that could restore it does not answer: bring the database back");
    assert!(!folder.path().join("state/journal").exists(), "no journal was begun");
}
