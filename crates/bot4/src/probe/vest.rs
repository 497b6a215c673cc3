//! Vest's account by single reads: what its client would have to write for (leverage, a listen key) is only looked at here,
//! so that a check beside a running bot disturbs nothing.

use super::line::{Answer, Line};
use super::report::Report;
use crate::config::Config;
use crate::keys::VestKeys;
use domain::{AccountSnapshot, Instrument, OpenOrder, Position, Usd, VenueOrderId};
use serde_json::Value;
use signing::SanitizedValue;
use transport::Clock;
use venue_api::Header;
use vest_client::probe::{self, ProbeBase, ProbeReply};

const PLACE: &str = "vest";

/// The account as read, with what else its reads say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VestAccount {
    pub(crate) snapshot: AccountSnapshot,
    /// The venue's clock minus ours, ms.
    pub(crate) offset_ms: Option<i64>,
    /// The wallet.
    pub(crate) address: String,
    /// Leverage by symbol.
    pub(crate) leverages: Vec<(String, i64)>,
    /// Positions in symbols that are not configured.
    pub(crate) strangers: Vec<String>,
}

/// Asks which generation of the API answers, and says what that means. True if v2 takes orders.
pub(crate) async fn generation(config: &Config, v2: &Line, v3: &Line, clock: Clock, report: &mut Report) -> bool {
    let symbol = config.pairs.first().map_or("BTC-PERP", |p| p.vest.as_str());
    let requests = probe::requests(symbol, clock.now().wall.ms());
    let ask = |r: &probe::ProbeRequest| {
        let headers = r.headers.iter().map(|(name, value)| Header { name, value: SanitizedValue::from(*value) }).collect();
        let line = if r.base == ProbeBase::V2 { v2 } else { v3 };
        line.get(r.target.clone(), headers)
    };
    let answers = futures_util::future::join_all(requests.iter().map(ask)).await;
    let replies: Vec<ProbeReply<'_>> = requests.iter().zip(&answers).map(|(r, a)| reply(r, a)).collect();
    let probed = probe::verdict(symbol, &replies);
    let symptoms = !probed.symptoms.is_empty();
    match (probed.takes_orders(), symptoms) {
        (true, false) => report.ok(PLACE, "api", probed.sentence()),
        (true, true) => report.warn(PLACE, "api", probed.sentence(), "orders are possible; expect further changes of the venue"),
        (false, _) => {
            report.fail(PLACE, "api", probed.sentence(), "live trading waits until v2 answers; `mode: paper` may go on");
        }
    }
    probed.takes_orders()
}

fn reply<'a>(request: &probe::ProbeRequest, answer: &'a Answer) -> ProbeReply<'a> {
    let question = request.question;
    match answer {
        Answer::Said { status, body } => ProbeReply { question, status: Some(*status), body },
        Answer::Nothing(_) => ProbeReply { question, status: None, body: &[] },
    }
}

/// Reads the account with the API key; the row about the credentials is written here.
pub(crate) async fn account(
    instruments: &[Instrument],
    keys: &VestKeys,
    line: &Line,
    clock: Clock,
    report: &mut Report,
) -> Option<VestAccount> {
    let Some(api_key) = &keys.api_key else {
        let advice = "run `bot4 register vest` and put what it prints into .env";
        report.fail(PLACE, "credentials", "there is no VEST_API_KEY: the signing key is not registered", advice);
        return None;
    };
    let headers = || {
        let group = format!("restserver{}", keys.group);
        vec![
            Header { name: "xrestservermm", value: SanitizedValue::new(group) },
            Header { name: "User-Agent", value: SanitizedValue::from("bot4/0.1") },
            Header { name: "X-API-KEY", value: api_key.clone() },
        ]
    };
    let asked = clock.now();
    let time = asked.wall.ms();
    let body = match line.get(format!("/account?time={time}"), headers()).await {
        Answer::Said { status: 200..=299, body } => body,
        Answer::Said { status: status @ (401 | 403), .. } => {
            let advice =
                "the key may have ended (registrations do): run `bot4 register vest` again, and check VEST_ACCOUNT_GROUP";
            report.fail(PLACE, "credentials", format!("the API key is refused (HTTP {status})"), advice);
            return None;
        }
        Answer::Said { status, .. } => {
            report.fail(
                PLACE,
                "credentials",
                format!("the account does not answer (HTTP {status})"),
                "try again; check VEST_ACCOUNT_GROUP",
            );
            return None;
        }
        Answer::Nothing(why) => {
            report.fail(PLACE, "credentials", format!("the account cannot be read: {why}"), "try again");
            return None;
        }
    };
    let (sent, back) = (asked.wall.ms(), clock.now().wall.ms());
    let Some(mut account) = read_account(&body, instruments, sent, back) else {
        report.fail(PLACE, "credentials", "the account's answer does not read", "the venue's API has changed: update the bot");
        return None;
    };
    let found = format!("the API key opens the account of {}; only an order proves the signing key", account.address);
    report.ok(PLACE, "credentials", found);
    match line.get(format!("/orders?status=NEW&limit=500&time={time}"), headers()).await {
        Answer::Said { status: 200..=299, body } => match read_orders(&body, instruments) {
            Some(orders) => account.snapshot.open_orders = orders,
            None => report.warn(PLACE, "open orders", "the answer does not read", "look at them in the venue's web application"),
        },
        _ => report.warn(PLACE, "open orders", "could not be read", "try again"),
    }
    Some(account)
}

/// `GET /account` (venues/vest.md section 9); `None` if it is not one.
fn read_account(body: &[u8], instruments: &[Instrument], sent_ms: i64, back_ms: i64) -> Option<VestAccount> {
    let row: Value = serde_json::from_slice(body).ok()?;
    let usd = |v: &Value| Usd::parse(v.as_str()?.as_bytes()).ok();
    let mut account =
        VestAccount { address: row["address"].as_str().unwrap_or("?").chars().take(64).collect(), ..VestAccount::default() };
    account.snapshot.balance = usd(&row["collateral"])?;
    account.snapshot.free = usd(&row["withdrawable"])?;
    account.offset_ms =
        row["time"].as_i64().map(|venue| venue.saturating_sub(sent_ms.saturating_add(back_ms.saturating_sub(sent_ms) / 2)));
    for p in row["positions"].as_array()? {
        let symbol = p["symbol"].as_str()?;
        let size = usd(&p["size"])?.e8().saturating_abs();
        if size == 0 {
            continue;
        }
        let signed = if p["isLong"].as_bool()? { size } else { size.saturating_neg() };
        match place(instruments, symbol) {
            Some(i) => account.snapshot.positions.push(Position {
                instrument: i.id,
                size_e8: signed.saturating_mul(i64::from(i.multiplier)),
                entry: None,
            }),
            None => account.strangers.push(symbol.chars().take(32).collect()),
        }
    }
    for l in row["leverages"].as_array().into_iter().flatten() {
        if let (Some(symbol), Some(value)) = (l["symbol"].as_str(), l["value"].as_i64()) {
            account.leverages.push((symbol.to_owned(), value));
        }
    }
    Some(account)
}

/// Ours by the venue's symbol. Base units stand in the account as many contracts as the instrument says.
fn place<'a>(instruments: &'a [Instrument], symbol: &str) -> Option<&'a Instrument> {
    instruments.iter().find(|i| i.symbol == symbol)
}

/// `GET /orders` (venues/vest.md section 9).
fn read_orders(body: &[u8], instruments: &[Instrument]) -> Option<Vec<OpenOrder>> {
    let rows: Value = serde_json::from_slice(body).ok()?;
    let one = |row: &Value| OpenOrder {
        instrument: row["symbol"].as_str().and_then(|s| place(instruments, s)).map(|i| i.id),
        key: row["nonce"].as_u64().map_or_else(String::new, |n| n.to_string()),
        venue_order: VenueOrderId(row["id"].as_str().unwrap_or("?").chars().take(80).collect()),
    };
    Some(rows.as_array()?.iter().map(one).collect())
}

/// The rows that only this venue has: leverage, permissions.
pub(crate) fn extras(config: &Config, account: &VestAccount, report: &mut Report) {
    let wanted = i64::from(config.file.venues.vest.leverage);
    let of = |symbol: &str| account.leverages.iter().find(|(s, _)| s == symbol).map(|(_, v)| *v);
    let differ: Vec<String> = config
        .pairs
        .iter()
        .filter(|p| of(&p.vest) != Some(wanted))
        .map(|p| format!("{} has {}", p.vest, of(&p.vest).map_or_else(|| "none".to_owned(), |v| v.to_string())))
        .collect();
    if differ.is_empty() {
        report.ok(PLACE, "leverage", format!("{wanted} for every pair"));
    } else {
        let found = format!("{wanted} is configured; {}", differ.join(", "));
        report.warn(PLACE, "leverage", found, "the bot sets it when it starts, and does not trade if the venue refuses");
    }
    if !account.strangers.is_empty() {
        let found = format!("positions in what is not configured: {}", account.strangers.join(", "));
        report.fail(PLACE, "activity", found, "give the bot an account of its own");
    }
}

/// What the credentials allow beyond trading.
pub(crate) fn permissions(keys: &VestKeys, report: &mut Report) {
    if keys.primary.is_some() {
        let advice = "register once with `bot4 register vest`, then remove VEST_PRIMARY_KEY from this machine";
        report.fail(PLACE, "permissions", "VEST_PRIMARY_KEY is set: it can withdraw everything", advice);
    } else {
        report.ok(PLACE, "permissions", "a signing key: it trades and cannot withdraw");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{InstrumentId, Pair, VenueId};

    fn instruments() -> [Instrument; 2] {
        let one = |id, pair, symbol| Instrument::unknown(InstrumentId(id), VenueId::new(PLACE), Pair::new(pair), symbol);
        [one(0, "ETH-USD", "ETH-PERP"), Instrument { multiplier: 1_000, ..one(2, "BONK-USD", "kBONK-PERP") }]
    }

    #[test]
    fn an_account_reads_with_its_clock_at_the_middle_of_the_request_and_strangers_apart() {
        let body = br#"{"address":"0xab","collateral":"100.5","withdrawable":"80","time":1000120,"positions":[
            {"symbol":"ETH-PERP","isLong":false,"size":"0.5"},{"symbol":"kBONK-PERP","isLong":true,"size":"2"},
            {"symbol":"SOL-PERP","isLong":true,"size":"1"}],"leverages":[{"symbol":"ETH-PERP","value":5}]}"#;
        let account = read_account(body, &instruments(), 1_000_000, 1_000_040).expect("reads");
        assert_eq!(account.offset_ms, Some(100));
        let sizes: Vec<i64> = account.snapshot.positions.iter().map(|p| p.size_e8).collect();
        assert_eq!(sizes, [-50_000_000, 200_000_000_000], "in base units, short is negative");
        assert_eq!((account.snapshot.balance.to_string(), account.strangers), ("100.5".to_owned(), vec!["SOL-PERP".to_owned()]));
        for bad in [&b""[..], b"[]", b"{}", br#"{"collateral":"x","withdrawable":"1","positions":[]}"#, b"\xff"] {
            assert_eq!(read_account(bad, &instruments(), 0, 0), None);
        }
    }

    #[test]
    fn an_open_order_keeps_its_nonce_as_its_key() {
        let orders = read_orders(br#"[{"id":"0x1","nonce":17,"symbol":"ETH-PERP"},{"id":"0x2","symbol":"X"}]"#, &instruments());
        let orders = orders.expect("reads");
        assert_eq!((orders[0].key.as_str(), orders[0].instrument, orders[1].instrument), ("17", Some(InstrumentId(0)), None));
        assert_eq!(read_orders(b"{}", &instruments()), None);
    }
}
