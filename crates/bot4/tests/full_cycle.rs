//! WH-2: one life of the bot from its configuration to the venues' last word, over TLS, as an operator runs it.
//!
//! configuration and credentials - connections - spread - execution - persistence - automatic close - final state
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

#[path = "../../state_store/tests/postgres/dump.rs"]
mod dump;
#[path = "../../state_store/tests/postgres/server.rs"]
mod server;
mod support;

use domain::Side;
use domain::names::Ending;
use domain::record::{Decision, ExitReason, Record};
use serde_json::Value;
use server::Server;
use state_store::{PositionState, Rounds, StateManager};
use std::path::Path;
use std::time::Duration;
use support::{Bot, Ended, Venues, e8, keys, run_to_end, working_folder, write};
use venue_sim::market::{Market, MarketShape};

const START: i64 = 100_000 * 100_000_000;
/// Everything is quick, and the machine may be busy.
const SOON: Duration = Duration::from_secs(20);
/// An opportunity comes every ten seconds.
const OPPORTUNITY: Duration = Duration::from_secs(30);

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or_else(|| panic!("no {field} in {line}"))
}

#[test]
fn a_round_goes_from_configuration_to_flat_venues_and_every_record_of_it_agrees() {
    // The venues stay apart for seconds: the database follows the journal within two, and is to be seen with the position
    // open.
    let apart = MarketShape { pulse_every_ms: 10_000, pulse_ms: 7_000, pulse_bps: 60, noise_bps: 12 };
    let venues = Venues::start_in(7, Market::new(7, apart));
    let folder = working_folder(&venues, "spread_entry: 0.30\nspread_exit: 0.10\non_stop: flatten\nmax_holding_s: 60\n");
    let server = Server::start();
    let mirror = server.database("mirror");
    write(folder.path(), ".env", &format!("{}DATABASE_URL={mirror}\n", keys::dotenv()));
    let made = run_to_end(folder.path(), &["db", "migrate"], &[]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);

    // Configuration and credentials.
    let loaded = bot.until("[CONFIG] Loaded pairs: [ETH-USD]", SOON);
    assert_eq!(text(&loaded, "config_hash").len(), 64);
    bot.until("[CONFIG] Thresholds: entry=0.30%, exit=0.10%", SOON);

    // Connections.
    bot.until("Bot runtime started", SOON);
    for venue in ["Vest", "Paradex"] {
        let connected = format!("{venue} WebSocket connected");
        assert!(bot.log.iter().any(|l| l["message"] == connected.as_str()), "{connected}");
    }
    assert_eq!(venues.cash_e8(), (START, START), "both venues funded an account each for the credentials of .env");

    // Spread.
    let seen = bot.until("Spread opportunity detected: spread=", OPPORTUNITY);
    assert!(e8(text(&seen, "spread")) >= e8(text(&seen, "threshold")));
    assert_eq!((&seen["pair"], text(&seen, "threshold")), (&"ETH-USD".into(), "0.30"));

    // Execution: both legs, opposite sides, one on each venue, the same size.
    let orders = [bot.until("Order placed: side=", SOON), bot.until("Order placed: side=", SOON)];
    let sides = ["long", "short"].map(|side| orders.iter().find(|o| o["side"] == side).unwrap());
    assert_eq!((&sides[0]["exchange"], &sides[1]["exchange"]), (&seen["long"], &seen["short"]));
    assert_eq!(orders[0]["size"], orders[1]["size"]);
    let size = e8(text(&orders[0], "size"));
    let entered = bot.until("[TRADE] Entry executed: spread=", SOON);
    let round = text(&entered, "round").to_owned();
    let held = venues.positions_e8();
    assert_eq!(held.0 + held.1, 0, "the venues hold opposite sizes: {held:?}");
    assert_eq!(held.0.abs(), size, "and what was ordered");
    assert_eq!(held.0 > 0, entered["long"] == "vest", "the long leg is where the log says");

    // Persistence, while the position is open.
    let saved = bot.until("[STATE] Position saved: pair=ETH-USD, entry_spread=", SOON);
    assert_eq!(saved["spread"], entered["spread"]);
    let written = records(folder.path());
    assert!(
        written
            .iter()
            .any(|r| matches!(r, Record::Opened { plan, orders, .. } if plan.id.to_string() == round && orders.len() == 2))
    );
    assert!(
        written
            .iter()
            .any(|r| matches!(r, Record::Decided { round: r, decision: Decision::Entered, .. } if r.to_string() == round))
    );

    let held = venues.block_on(until_projected(folder.path(), &round));
    assert_eq!((held.pair.as_str(), held.closed_at), ("ETH-USD", None));
    assert_eq!((held.long.size.e8(), held.entry_spread.to_string().as_str()), (size, text(&saved, "spread")));
    let mirrored = "SELECT long_size_e8 || ' ' || short_size_e8 FROM positions WHERE closed_us IS NULL AND round = ";
    let whole = format!("{size} {size}");
    venues.block_on(async {
        let look = async {
            while server.sql("mirror", &format!("{mirrored}'{round}'")) != whole {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, look).await.expect("the position reaches the mirror");
    });
    assert!(!held.long.venue_orders.is_empty() && !held.short.venue_orders.is_empty(), "the venues' own order ids: {held:?}");

    // Automatic close, by the spread and not by us.
    bot.until("[TRADE] Auto-executed: spread=", SOON);
    let closed = bot.until_that("[TRADE] Auto-closed: spread=", OPPORTUNITY, |l| l["round"] == round.as_str());
    assert!(e8(text(&closed, "spread")) <= e8("0.30"), "closed on the way back: {closed}");
    assert_eq!(closed["reason"], "completed");

    // The end, and the final state by the venues' own word.
    bot.interrupt();
    let ended = bot.finish(SOON);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.line("[SHUTDOWN] Clean exit, no pending orders");
    assert_eq!(venues.positions_e8(), (0, 0));
    assert_eq!(venues.get(&venues.paradex, "/orders")["results"].as_array().map(Vec::len), Some(0), "nothing rests");
    let living = ["NEW", "PARTIALLY_FILLED"].map(|s| venues.get(&venues.vest, &format!("/orders?status={s}")));
    assert!(living.iter().all(|list| list.as_array().is_some_and(Vec::is_empty)), "{living:?}");
    money_agrees(&venues, &ended);
    journal_agrees(folder.path(), &round, &closed, size);
    venues.block_on(database_agrees(folder.path(), &round, &closed, size));
    let (local, mirrored) = venues
        .block_on(async { (dump::dump_sqlite(&folder.path().join("state/bot4.db")).await, dump::dump_postgres(&mirror).await) });
    assert_eq!(local, mirrored, "the mirror holds the same rows");
    let status = run_to_end(folder.path(), &["db", "status", "--json"], &[]);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!((&status["good"], &status["lag"]), (&true.into(), &0.into()), "{status}");
}

/// The open position, once the database has it: it follows the journal, and nothing waits for it.
async fn until_projected(folder: &Path, round: &str) -> PositionState {
    let look = async {
        loop {
            // Opened beside the trading, so it may not be there yet; and a row stands from the first leg's fill on.
            if let Ok(database) = StateManager::open_read_only(&folder.join("state/bot4.db")).await {
                let open = database.open_positions().await.unwrap();
                let whole = open.into_iter().find(|p| p.round.to_string() == round && p.long.size == p.short.size);
                if let Some(held) = whole {
                    return held;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, look).await.expect("the position reaches the database")
}

/// The database tells what the journal tells, in rows.
async fn database_agrees(folder: &Path, round: &str, closed: &Value, size: i64) {
    let database = StateManager::open_read_only(&folder.join("state/bot4.db")).await.unwrap();
    assert_eq!(database.open_positions().await.unwrap(), [], "nothing is open");
    let row = database.rounds(Rounds::Ended, 100).await.unwrap().into_iter().find(|r| r.round.to_string() == round).unwrap();
    assert_eq!((row.ending, row.net.to_string().as_str()), (Some(Ending::Completed), text(closed, "net")));
    assert_eq!(row.price_result.e8() - row.fees.e8() + row.funding.e8(), row.net.e8());
    let position = database.position(row.round).await.unwrap().unwrap();
    assert!(position.closed_at.is_some_and(|at| at > position.opened_at), "{position:?}");
    let orders = database.orders_of(row.round).await.unwrap();
    assert!(orders.len() >= 4, "two in, two out: {orders:?}");
    let fills = database.fills_of(row.round).await.unwrap();
    for venue in ["vest", "paradex"] {
        let filled =
            |side| fills.iter().filter(|f| f.venue.as_str() == venue && f.side == side).map(|f| f.added.size.e8()).sum::<i64>();
        assert_eq!((filled(Side::Buy), filled(Side::Sell)), (size, size), "{venue} bought and sold the same: {fills:?}");
    }
}

/// The bot's own ledger and both venues' cash tell the same story, to the last digit.
fn money_agrees(venues: &Venues, ended: &Ended) {
    let summary = ended.line("Summary");
    let cash = venues.cash_e8();
    let change = cash.0 + cash.1 - 2 * START;
    assert_eq!(e8(text(summary, "net")), change, "venues: {cash:?}, {summary}");
    assert_eq!(text(summary, "net"), text(summary, "balance_change"));
    let by_round: i64 = ended.log.iter().filter(|l| l["event_type"] == "ROUND_ENDED").map(|l| e8(text(l, "net"))).sum();
    assert_eq!(by_round, change, "the rounds sum to it");
}

/// The journal explains the round alone: what was planned, sent, filled, decided, and what it came to.
fn journal_agrees(folder: &Path, round: &str, closed: &Value, size: i64) {
    let of_round: Vec<Record> =
        records(folder).into_iter().filter(|r| r.round().is_some_and(|r| r.to_string() == round)).collect();
    let words: Vec<&str> = of_round.iter().map(Record::word).collect();
    assert_eq!((words.first(), words.last()), (Some(&"opened"), Some(&"ended")), "{words:?}");
    let Some(Record::Opened { plan, orders, .. }) = of_round.first() else { panic!("{words:?}") };
    assert!(plan.spread >= plan.threshold);
    assert_eq!(plan.size.e8(), size);
    let sides: Vec<Side> = orders.iter().map(|o| o.spec.side).collect();
    assert_eq!(sides, [Side::Buy, Side::Sell], "long first");
    let exit = of_round.iter().find_map(|r| match r {
        Record::Decided { decision: Decision::ExitBegun { reason, spread }, .. } => Some((*reason, *spread)),
        _ => None,
    });
    assert!(matches!(exit, Some((ExitReason::Spread, Some(spread))) if spread <= domain::Rate::from_bps(10)), "{exit:?}");
    let Some(Record::Ended { outcome, .. }) = of_round.last() else { panic!("{words:?}") };
    assert_eq!(outcome.ending, Ending::Completed);
    assert_eq!(outcome.net.to_string(), text(closed, "net"));
}

/// The journal's records, as anybody may read them beside the bot; a snapshot is left out, the records after it are not.
fn records(folder: &Path) -> Vec<Record> {
    let history = journal::History::open(&folder.join("state/journal"), 1).unwrap();
    let own = history.map(Result::unwrap).filter(|r| r.kind >= 16);
    own.map(|r| serde_json::from_slice(&r.body).unwrap()).collect()
}
