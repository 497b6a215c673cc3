//! `bot4 db`: what it says, and the exit code of each answer.

use crate::server::Server;
use crate::support::Bot;
use crate::{MIRROR, SOON, db, folder, migrate, name_database, until_sql, venues};
use serde_json::Value;

/// A busy machine must not let a start go on before the database has answered.
const STRICT: [&str; 5] = ["--venues", "external", "--json", "--set", "database.required=true"];

#[test]
fn the_database_commands_say_what_is_there_and_what_to_do() {
    let server = Server::start();
    let url = server.database(MIRROR);
    let venues = venues(16);
    let folder = folder(&venues, &url, "on_stop: flatten\n");
    let path = folder.path();
    // Nothing is there: a start refuses with the command that helps, and so does the status.
    let ended = Bot::start(path, &STRICT).finish(SOON);
    assert_eq!(ended.code, Some(1));
    ended.line("run `bot4 db migrate`");
    let status = db(path, &["status"]);
    assert_eq!(status.code, Some(1), "{}", status.stdout);
    assert!(status.stdout.contains("3 of 3 steps are missing: run `bot4 db migrate`"), "{}", status.stdout);

    let made = db(path, &["migrate"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(made.stdout.contains("3 steps were made; row level security is on"), "{}", made.stdout);
    let again = db(path, &["migrate", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&again.stdout).unwrap()["steps"], 0);

    let mut bot = Bot::start(path, &["--venues", "external", "--json"]);
    bot.until("Bot runtime started", SOON);
    // A stop waits for the rest of what is being sent, not for a database that has not been reached yet.
    until_sql(&server, "SELECT count(*) > 0 FROM journal", "t");
    bot.interrupt();
    assert_eq!(bot.finish(SOON).code, Some(0));
    let status = db(path, &["status"]);
    assert_eq!(status.code, Some(0), "{}{}", status.stdout, status.stderr);
    for expect in [
        "version 3, up to date",
        "demo, paradex 0x",
        "the mirror is its beginning",
        "0 records",
        "journal           row level security on",
        "All is well.",
    ] {
        assert!(status.stdout.contains(expect), "{expect}: {}", status.stdout);
    }
    let json: Value = serde_json::from_str(&db(path, &["status", "--json"]).stdout).unwrap();
    assert_eq!((&json["good"], &json["lag"], &json["journal"]["same"]), (&true.into(), &0.into(), &true.into()), "{json}");
    assert_eq!(json["cursor"], json["journal"]["last"]);
    assert_eq!(json["tables"]["fills"]["row_level_security"], true);

    server.sql(MIRROR, "ALTER TABLE fills DISABLE ROW LEVEL SECURITY");
    let status = db(path, &["status"]);
    assert_eq!(status.code, Some(1));
    assert!(status.stdout.contains("ROW LEVEL SECURITY IS OFF"), "{}", status.stdout);
    migrate(path);

    // Another bot's database, and a journal that was exchanged: both are refused, with what differs.
    server.sql(MIRROR, "UPDATE identity SET mode = 'live'");
    let ended = Bot::start(path, &STRICT).finish(SOON);
    assert_eq!(ended.code, Some(1));
    ended.line("the journal was written for mode live, but the bot was started for mode demo");
    server.sql(MIRROR, "UPDATE identity SET mode = 'demo'; UPDATE cursor SET chain = repeat('0', 32)");
    let ended = Bot::start(path, &STRICT).finish(SOON);
    assert_eq!(ended.code, Some(1));
    ended.line("the mirror is not the beginning of the local journal");
    let status = db(path, &["status"]);
    assert!(status.code == Some(1) && status.stdout.contains("THE MIRROR IS NOT ITS BEGINNING"), "{}", status.stdout);

    // What the operator wrote is at fault.
    for (url, expect) in [
        ("", "there is no DATABASE_URL"),
        ("postgres://u:tr1al-s3cret@db.example.com/d?sslmode=require", "`database.allow_unverified_tls: true`"),
        ("mysql://u:tr1al-s3cret@localhost/d", "is no PostgreSQL address"),
    ] {
        name_database(path, url);
        let ended = db(path, &["status"]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(expect), "{}", ended.stderr);
    }
    server.kill();
    name_database(path, &url);
    let ended = db(path, &["status"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
}
