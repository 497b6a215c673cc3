//! Every fixture through the production decoders. What belongs to the order book that stopped in August 2026 must be refused by
//! every decoder of today, so that old material can never pass for a book, an order or a fill.

use crate::error::Fault;
use crate::wire::ws::{Message, messages};
use crate::{book, catalog, metadata, parse};
use domain::{MarketId, RefusalKind};
use serde_json::Value;

fn raw(file: &str) -> String {
    let path = format!("{}/testdata/fixtures/{file}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The file with ids that its source shortened (`0x1fec...`) filled up with zeros, on one line.
fn whole(file: &str) -> String {
    let value: Value = serde_json::from_str(&raw(file)).expect("JSON");
    let text = value.to_string();
    let fill = |piece: &str| match piece.split_once("...") {
        Some((head, _)) if piece.starts_with("0x") => format!("{head:0<66}"),
        _ => piece.to_owned(),
    };
    text.split('"').map(fill).collect::<Vec<_>>().join("\"")
}

/// A part of a file that holds several messages.
fn part(file: &str, name: &str) -> String {
    let value: Value = serde_json::from_str(&whole(file)).expect("JSON");
    value[name].to_string()
}

/// The published message of a realtime fixture.
fn published(file: &str) -> String {
    let text = whole(file);
    match messages(&text).next() {
        Some(Message::Published { publication, .. }) => publication.data.to_owned(),
        other => panic!("{file}: {other:?}"),
    }
}

fn shown<T: std::fmt::Debug>(read: Option<T>) -> String {
    read.map_or("refused".to_owned(), |value| format!("{value:?}"))
}

fn check(read: impl std::fmt::Debug, expect: &str) {
    assert_eq!(format!("{read:?}").replace('"', "'"), expect);
}

fn market(head: &str) -> MarketId {
    format!("{head:0<66}").parse().expect("a market")
}

#[test]
fn the_books_and_odds_of_today_read_to_the_unit() {
    let id: MarketId = "0xbb4826699a0c7d80264e31c48ac34f1a5c94cd4f451fa38033af5b5979b6390e".parse().expect("a market");
    let text = whole("v3_orderbook_snapshot");
    let data = crate::wire::json::data(text.as_bytes()).expect("data");
    let mut snapshot = book::Book::default();
    assert_eq!(snapshot.take(id, data), book::Taken::Replaced);
    let ladder = crate::ladder::Ladder::new(125).expect("a ladder");
    let best = |outcome_one| snapshot.best(outcome_one, ladder).map(|b| (b.p, b.size.e6()));
    assert_eq!(best(true), Some((29_125_000_000_000_000_000, 111_046_249)));
    assert_eq!(best(false), Some((68_500_000_000_000_000_000, 139_059_999)));
    let mut live = book::Book::default();
    assert_eq!(live.take(market("0x"), &published("rt_v3_orderbook")), book::Taken::Replaced);
    assert_eq!(live.best(false, ladder).map(|b| b.size.e6()), Some(1_500_000));
    assert_eq!(live.best(true, ladder), None);
    let odds = parse::best_odds(&published("rt_v3_best_odds")).expect("best odds");
    assert_eq!(odds[0].market, market("0xbf06"));
    check((odds[0].one, odds[0].two), "(Some(Level { p: 40000000000000000000, size: 1000000 }), None)");
    let page = format!(r#"{{"data":{{"bestOdds":[{}]}}}}"#, published("rt_v3_best_odds"));
    assert_eq!(parse::best_odds_page(page.as_bytes()), Some(odds));
    let tape = parse::trades(&published("rt_v3_recent_trade")).expect("a trade");
    check((tape[0].stake, tape[0].p, &tape[0].settlement), "(1000000, 40000000000000000000, None)");
    // As the sources shortened them, none of these is a message: a market without an id is nobody's.
    for file in ["rt_v3_orderbook", "rt_v3_best_odds", "rt_v3_recent_trade"] {
        let value: Value = serde_json::from_str(&raw(file)).expect("JSON");
        let data = value["push"]["pub"]["data"].to_string();
        assert_eq!(parse::best_odds(&data), None);
        assert_eq!(parse::trades(&data), None);
    }
}

#[test]
fn the_orders_and_fills_of_today_read_to_the_unit() {
    let entry = |name: &str| {
        let entries = parse::created(part("v3_create_order_responses", name).as_bytes()).expect("entries");
        assert_eq!(entries.len(), 1);
        let one = &entries[0];
        assert_eq!(one.order.as_deref(), Some("0xorder1"));
        format!("{} {:?} {:?}", one.status, one.reason, one.outcome).replace('"', "'")
    };
    assert_eq!(entry("full_fill"), "SUBMITTED None Some(('FULLY_FILLED', Some(1000000), None))");
    assert_eq!(entry("partial_fill"), "SUBMITTED None Some(('PARTIAL_FILL_DONE', Some(500000), None))");
    assert_eq!(entry("nothing_matched"), "SUBMITTED None Some(('CANCELLED', Some(0), Some('NO_LIQUIDITY')))");
    assert_eq!(entry("timed_out_wait"), "SUBMITTED None Some(('TIMEOUT', None, None))");
    assert_eq!(entry("refused"), "FAILED Some('PROXY_NOT_DEPLOYED') None");

    let order = parse::orders(&whole("v3_order_row_active")).expect("an order").remove(0);
    check((order.total, order.remaining, order.outcome_one), "(3000000, 3000000, true)");
    check((&order.status, &order.reason), "('ACTIVE', None)");
    let under = format!(r#"{{"data":{{"order":{}}}}}"#, whole("v3_order_row_active"));
    assert_eq!(parse::order_answer(under.as_bytes()), Some(order.clone()));
    let page = format!(r#"{{"data":{{"orders":[{}],"nextKey":"k"}}}}"#, whole("v3_order_row_active"));
    assert_eq!(parse::orders_page(page.as_bytes()), Some((vec![order], Some("k".to_owned()))));

    let fill = parse::fills(&whole("v3_fill_row_locked")).expect("a fill").remove(0);
    check((fill.stake, fill.p, fill.returns, &fill.status), "(333334, 40000000000000000000, Some(833335), 'LOCKED')");
    assert_eq!(crate::ladder::gross_return(fill.stake, fill.p), fill.returns);
    let page = format!(r#"{{"data":{{"fills":[{}]}}}}"#, whole("v3_fill_row_locked"));
    assert_eq!(parse::fills_page(page.as_bytes()), Some((vec![fill], None)));

    let trade = parse::trades(&whole("v3_trade_settled")).expect("a trade").remove(0);
    check((trade.stake, &trade.status), "(1000000, Some('SETTLED'))");
    check(trade.settlement, "Some(Settlement { outcome: 2, returned: 2500000, fee: 0 })");
    let page = format!(r#"{{"data":{{"trades":[{}]}}}}"#, whole("v3_trade_settled"));
    assert_eq!(parse::trades_page(page.as_bytes()).map(|(trades, _)| trades), Some(vec![trade]));

    let gone = parse::cancelled(part("v3_cancel_responses", "by_id").as_bytes()).expect("a cancel");
    check((gone.cancelled.len(), &gone.refused[0].1, gone.unconfirmed.len(), gone.has_more), "(1, 'NOT_FOUND', 0, false)");
    let gone = parse::cancelled(part("v3_cancel_responses", "all_or_event").as_bytes()).expect("a cancel");
    check((gone.cancelled.len(), gone.submitted.len(), gone.has_more), "(0, 1, false)");
}

#[test]
fn the_account_reads_to_the_unit() {
    let position = parse::positions(&whole("v3_position_row")).expect("a position").remove(0);
    check((position.stake, position.win_max, position.loss_max), "(300000000, 200000000, -100000000)");
    let page = format!(r#"{{"data":{{"positions":[{}]}}}}"#, whole("v3_position_row"));
    assert_eq!(parse::positions_page(page.as_bytes()), Some(vec![position]));
    let balance = parse::balances(whole("v3_balance").as_bytes()).expect("balances").remove(0);
    check((balance.spendable, balance.escrowed), "(0, 0)");
    let fees = parse::fees(part("v3_account", "fees").as_bytes()).expect("fees");
    check((fees.taker, fees.refund), "(2.50%, 1.00%)");
    check(parse::heartbeat(part("v3_account", "heartbeat_on").as_bytes()), "Some(Some('2026-08-26T12:00:00Z'))");
    check(parse::heartbeat(part("v3_account", "heartbeat_off").as_bytes()), "Some(None)");
    // The proxy is an operator's business; what is not asked for is not read as something else.
    let proxy = part("v3_account", "proxy");
    assert_eq!((parse::balances(proxy.as_bytes()), parse::created(proxy.as_bytes())), (None, None));
    let main = metadata::read(whole("v3_metadata_obv3_mainnet").as_bytes(), 4_162, None, 15_000).expect("metadata");
    assert_eq!(hex::encode(main.separator), "b3675a4d701b0ece8dd63527e45f6567e9604c1c8046d4d3713630766e58edf5");
    let test = metadata::read(whole("v3_metadata_obv3_toronto").as_bytes(), 79_479_957, None, 15_000).expect("metadata");
    assert_eq!(hex::encode(test.separator), "042561cc3e15814fdb82b56c6704c941247ea7a029a49ae55224f6da7c24d490");
}

#[test]
fn reference_data_reads_whatever_its_age_and_its_spelling_of_the_event() {
    let one = |file: &str, expect: &str| {
        let text = whole(file);
        let read = catalog::markets_page(text.as_bytes()).map(|(markets, _)| markets).or_else(|| catalog::markets(&text));
        let first = read.expect(file).remove(0);
        let line = first.line.map_or("no line".to_owned(), |line| line.to_string());
        let [team_one, team_two] = &first.teams;
        let shown =
            format!("{} {} {line} {team_one} - {team_two} {:?} {:?}", first.event, first.kind, first.main_line, first.result);
        assert_eq!(shown, expect, "{file}");
    };
    one("v3_market", "L18870109 226 -2.5 Los Angeles Rams - San Francisco 49ers Some(true) None");
    one("market_quarter_line_2026", "L18724593 3 -1.25 Brighton and Hove Albion - Wolverhampton Wanderers None None");
    one("v2_markets_active", "L7032829 226 no line Nikoloz Basilashvili - Carlos Alcaraz None None");
    one("v2_markets_find_settled", "L6247212 2 2.5 Aston Villa - Burnley None Some(2)");
    one("v2_markets_popular", "L6896568 226 no line Ismagulov D. - Rafael da Silva Alves None None");
    one("rt_markets", "L7186379 2 7 Tampa Bay Rays - Cleveland Indians None None");
    check(catalog::main_line(&whole("rt_main_line")).map(|rows| (rows[0].1, rows[0].2.clone())), "Some((3, 'L7178624'))");
    let fixtures = catalog::fixtures(whole("v2_fixture_active").as_bytes()).expect("fixtures");
    check((fixtures.len(), &fixtures[0].event, fixtures[0].status), "(3, 'L6206070', 1)");
    let labels = |file: &str| catalog::labels(whole(file).as_bytes()).map(|rows| rows[0].clone());
    check(labels("v2_sports"), "Some((None, 1, 'Basketball'))");
    check(labels("v2_leagues"), "Some((Some(20), 4, 'The Memorial Tournament_Round 1'))");
    check(labels("v2_leagues_active"), "Some((Some(34), 7, 'UFC'))");
}

#[test]
fn errors_read_in_every_form_and_refuse_only_by_the_venues_own_word() {
    let rows: Value = serde_json::from_str(&raw("errors.json".trim_end_matches(".json"))).expect("JSON");
    let read: Vec<String> = rows
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            let body = if row["body"].is_null() { String::new() } else { row["body"].to_string() };
            let fault = Fault::read(row["http"].as_u64().expect("a status") as u16, body.as_bytes());
            let refusal = fault.refusal().map_or("unknown", RefusalKind::word);
            format!("{} | {refusal} {} {}", fault.sentence(), fault.is_auth(), fault.is_retired())
        })
        .collect();
    let expect = [
        "HTTP 400: OrderBook V2 is no longer supported | other false true",
        "HTTP 401: BAD_AUTH | auth true false",
        "HTTP 401: INVALID_USER | auth true false",
        "HTTP 404: Order not found | other false false",
        "HTTP 400: startDate must be a valid ISO 8601 date string | filter false false",
        "HTTP 400: PERCENTAGEODDS_UNDEFINED_OR_MALFORMED | filter false false",
        "HTTP 400: TOTAL_BET_SIZE_TOO_LOW | filter false false",
        "HTTP 403 without a message | unknown false false",
        "HTTP 400: INVALID_ODDS | filter false false",
        "HTTP 429 without a message | unknown false false",
    ];
    assert_eq!(read, expect);
    assert_eq!(Fault::read(500, br#"{"message":"INVALID_ODDS"}"#).refusal(), None);
    assert_eq!(Fault::read(400, br#"{"message":"ORDERS_ALREADY_EXIST"}"#).refusal(), None);
}

/// Files of the order book that stopped, and of what no decoder here is for.
const NOT_OURS: &[&str] = &[
    "rt_active_orders_v2",
    "rt_best_odds_v2",
    "rt_ce_refunds",
    "rt_live_scores",
    "rt_order_book_captured_2025",
    "rt_order_book_v2",
    "rt_parlay",
    "rt_recent_trade_consolidated_v2",
    "rt_recent_trade_v2",
    "v2_approve_response",
    "v2_best_odds",
    "v2_best_odds_row_2026",
    "v2_cancel_response",
    "v2_cancel_response_2026",
    "v2_constants",
    "v2_fill_v2_response",
    "v2_fixture_status",
    "v2_heartbeat_off",
    "v2_heartbeat_on",
    "v2_live_scores",
    "v2_metadata",
    "v2_order_lifecycle_updates",
    "v2_order_row_toronto_2026",
    "v2_orders",
    "v2_orders_new_response",
    "v2_orders_new_response_2026",
    "v2_portfolio_refunds",
    "v2_teams",
    "v2_trades",
    "v2_trades_2026",
    "v2_trades_by_order",
    "v2_trades_consolidated",
];

#[test]
fn nothing_of_the_order_book_that_stopped_passes_for_a_book_an_order_or_a_fill() {
    for file in NOT_OURS {
        let text = whole(file);
        let inner = crate::wire::json::data(text.as_bytes()).unwrap_or(&text);
        let body = text.as_bytes();
        let mut book = book::Book::default();
        let reads = [
            shown(parse::best_odds(inner)),
            shown(parse::best_odds_page(body)),
            shown(parse::created(body).filter(|entries| !entries.is_empty())),
            shown(parse::orders(inner)),
            shown(parse::orders_page(body)),
            shown(parse::fills(inner)),
            shown(parse::fills_page(body)),
            shown(parse::trades(inner)),
            shown(parse::trades_page(body)),
            shown(parse::cancelled(body)),
            shown(parse::positions_page(body)),
            shown(parse::balances(body)),
            shown(parse::realtime_token(body).map(|_| "a token")),
            shown(metadata::read(body, 416, None, 0).ok()),
            shown((book.take(market("0x"), inner) == book::Taken::Replaced).then_some("a book")),
            shown(catalog::markets_page(body)),
        ];
        assert!(reads.iter().all(|read| read == "refused"), "{file}: {reads:?}");
    }
}

#[test]
fn no_fixture_is_left_out() {
    let folder = format!("{}/testdata/fixtures", env!("CARGO_MANIFEST_DIR"));
    let source = include_str!("captures.rs");
    let sources = include_str!("../testdata/SOURCES.md");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let stem = name.trim_end_matches(".json");
        assert!(source.contains(&format!("\"{stem}\"")) || stem == "errors", "{name} is read nowhere");
        let row = sources.lines().find_map(|line| line.strip_prefix(&format!("| {name} | ")));
        let kind = row.and_then(|row| row.split(" | ").next()).unwrap_or("in no row of SOURCES.md");
        let kinds = ["captured", "documented", "third-party test double", "captured and documented"];
        assert!(kinds.iter().any(|known| kind.starts_with(known)), "{name} is {kind}");
        seen += 1;
    }
    assert_eq!(seen, 58);
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    /// Everything that a venue's text can reach.
    fn all(text: &str) {
        let body = text.as_bytes();
        drop((
            parse::best_odds(text),
            parse::best_odds_page(body),
            parse::created(body),
            parse::orders(text),
            parse::order_answer(body),
        ));
        drop((
            parse::orders_page(body),
            parse::fills(text),
            parse::fills_page(body),
            parse::trades(text),
            parse::trades_page(body),
        ));
        drop((
            parse::positions_page(body),
            parse::balances(body),
            parse::fees(body),
            parse::heartbeat(body),
            parse::cancelled(body),
        ));
        drop((parse::realtime_token(body), catalog::markets(text), catalog::markets_page(body), catalog::main_line(text)));
        drop((
            catalog::fixtures(body),
            catalog::labels(body),
            metadata::read(body, 4_162, None, 0).is_ok(),
            Fault::read(400, body),
        ));
        book::Book::default().take(market("0x"), text);
        messages(text).for_each(drop);
    }

    static FILES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(files);

    fn files() -> Vec<String> {
        let folder = format!("{}/testdata/fixtures", env!("CARGO_MANIFEST_DIR"));
        let names = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> =
            names.map(|n| n.into_string().expect("a name")).filter(|n| n.starts_with("v3") || n.starts_with("rt_v3")).collect();
        names.sort();
        names.iter().map(|name| whole(name.trim_end_matches(".json"))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn a_message_with_a_piece_cut_out_changed_or_repeated_never_panics(file in 0usize..100, from in 0usize..3000, len in 0usize..60, with in "[0-9a-zA-Z\"{}\\[\\],:.\\-]{0,12}") {
            let text = &FILES[file % FILES.len()];
            let from = from.min(text.len());
            let to = (from + len).min(text.len());
            if let (Some(head), Some(tail)) = (text.get(..from), text.get(to..)) {
                all(&format!("{head}{with}{tail}"));
                all(head);
            }
        }
        #[test]
        fn any_text_never_panics(text in "\\PC*") {
            all(&text);
        }
    }

    #[test]
    fn deep_nesting_never_overflows() {
        for depth in [1, 127, 128, 129, 50_000] {
            all(&"[".repeat(depth));
            all(&format!(r#"{{"data":{}"#, r#"{"order":"#.repeat(depth)));
        }
    }
}
