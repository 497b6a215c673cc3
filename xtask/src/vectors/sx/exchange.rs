//! The sections that are not signed: requests, frames and the arithmetic of odds.

use super::sent;
use crate::vectors::compare::{self, text};
use crate::vectors::elements;
use crate::vectors::report::Row;
use anyhow::{Context, bail, ensure};
use domain::Odds;
use serde_json::{Map, Value, json};
use sx_client::call;
use sx_client::ladder::{self, Ladder};
use sx_client::wire::ws::{self, Message};

pub(super) fn check(document: &Map<String, Value>) -> Vec<Row> {
    let rows = |section: &str, rebuild: fn(&str, &Value) -> anyhow::Result<Value>, given: &[&str], detail: &str| -> Vec<Row> {
        elements(document, section)
            .into_iter()
            .map(|(id, entry)| Row::new(section, &id, compare::outcome(entry, rebuild(&id, entry), given, detail)))
            .collect()
    };
    let mut all = rows("http", http, &["id", "what", "legacy"], "method, path, headers and body; the key is the file's own");
    all.extend(rows(
        "realtime_frames",
        frame,
        &["id", "dir", "meaning"],
        "client: the text; server: what it means to the client",
    ));
    all.extend(rows("arithmetic", arithmetic, GIVEN_ARITHMETIC, "recomputed in integers"));
    all
}

const GIVEN_ARITHMETIC: &[&str] =
    &["id", "rule", "percentageOdds", "decimal", "maker", "size", "stake", "odds", "checked_against"];

fn http(id: &str, entry: &Value) -> anyhow::Result<Value> {
    let call = match id {
        "http-01" => call::balance(),
        "http-02" => call::realtime_token(),
        "http-03" => call::heartbeat(60),
        "http-04" => call::heartbeat(0),
        "http-05" => call::cancel(&["0x2e5f7d81d2bc12d9c019ff8d070d23aaef22031534266f5279b20bb96c3506c8"]),
        "http-06" => call::cancel_event("L18870109"),
        "http-07" => call::cancel_all(),
        "http-08" | "http-09" => return legacy(id, entry),
        other => bail!("the request {other} is not known here"),
    };
    let mut rebuilt = sent(&call, entry)?;
    rebuilt["signed"] = false.into();
    if let Some(shapes) = entry.get("response_shapes_seen") {
        for shape in shapes.as_array().context("a list of shapes")? {
            let token = sx_client::parse::realtime_token(shape.to_string().as_bytes());
            ensure!(token.is_some_and(|t| t.expose_secret() == "<jwt>"), "the client does not read the token of {shape}");
        }
        rebuilt["response_shapes_seen"] = json!([{ "token": "<jwt>" }, { "status": "success", "data": { "token": "<jwt>" } }]);
    }
    Ok(rebuilt)
}

/// Two requests of the interface that is gone: written down, because nothing sends them any more.
fn legacy(id: &str, entry: &Value) -> anyhow::Result<Value> {
    let headers = &entry["headers"];
    Ok(if id == "http-08" {
        let key = headers.get("X-Api-Key").context("the request carries no key")?;
        json!({
            "method": "POST",
            "path": "/heartbeat",
            "headers": { "X-Api-Key": key, "Content-Type": "application/json" },
            "body": r#"{"requestor":"0x6F75bA6c90E3da79b7ACAfc0fb9cf3968aa4ee39","timeoutSeconds":10}"#,
            "signed": false,
        })
    } else {
        let key = headers.get("x-api-key").context("the request carries no key")?;
        json!({
            "method": "GET",
            "path": "/user/realtime-token/api-key",
            "headers": { "x-api-key": key },
            "body": null,
            "signed": false,
        })
    })
}

/// A client's frame is written again; a server's is read, and must mean what this table says.
fn frame(id: &str, entry: &Value) -> anyhow::Result<Value> {
    let channel = format!("orderbook_v3:0x{}", "2".repeat(64));
    let given = text(entry, "frame")?;
    let meant = |expect: &[&str]| {
        let read: Vec<String> = ws::messages(given).map(|message| meaning(&message)).collect();
        ensure!(read == expect, "the client reads {read:?}");
        Ok(given.to_owned())
    };
    let frame = match id {
        "ws-01" => ws::connect(1, "JWT", "rust"),
        "ws-02" => meant(&["connected 1, ping every Some(30) s, answered: true"])?,
        "ws-03" => ws::subscribe(2, &channel, None),
        "ws-04" => meant(&["subscribed 2 at Qx7b 41"])?,
        "ws-05" => {
            let book = r#"{"marketHash":"MARKET","version":"00100000000000010015000","outcomeOne":[{"percentageOdds":"40000000000000000000","size":"1000000"}],"outcomeTwo":[]}"#;
            let book = book.replace("MARKET", &format!("0x{}", "2".repeat(64)));
            meant(&[&format!("{channel} Some(42) {book}")])?
        }
        "ws-06" => meant(&["ping"])?,
        "ws-07" => ws::PONG.to_owned(),
        "ws-08" => ws::subscribe(2, &channel, Some(("Qx7b", 42))),
        "ws-09" => meant(&["subscribed 2 at Qx7b 44, recovered Some(43) {}, Some(44) {}"])?,
        "ws-10" => meant(&["subscribed 2 at ZZZZ 3, not recovered"])?,
        "ws-11" => meant(&["failed 2 with 103 permission denied, temporary: false"])?,
        "ws-12" => {
            let best = r#"{"marketHash":"MARKET","outcomeOne":{"percentageOdds":"40000000000000000000","size":"1000000"},"outcomeTwo":null}"#;
            let best = best.replace("MARKET", &format!("0x{}", "2".repeat(64)));
            meant(&["subscribed 3 at  0", &format!("best_odds_v3:global None {best}")])?
        }
        other => bail!("the frame {other} is not known here"),
    };
    Ok(json!({ "frame": frame }))
}

fn meaning(message: &Message<'_>) -> String {
    match message {
        Message::Ping => "ping".to_owned(),
        Message::Connected { id, ping_s, pong } => format!("connected {id}, ping every {ping_s:?} s, answered: {pong}"),
        Message::Subscribed { id, epoch, offset, was_recovering, recovered, publications } => {
            let missed: Vec<String> = publications.iter().map(|p| format!("{:?} {}", p.offset, p.data)).collect();
            let gap = match (was_recovering, recovered) {
                (true, true) => format!(", recovered {}", missed.join(", ")),
                (true, false) => ", not recovered".to_owned(),
                _ => String::new(),
            };
            format!("subscribed {id} at {epoch} {offset}{gap}")
        }
        Message::Failed { id, code, text, temporary } => format!("failed {id} with {code} {text}, temporary: {temporary}"),
        Message::Published { channel, publication } => format!("{channel} {:?} {}", publication.offset, publication.data),
        other => format!("{other:?}"),
    }
}

fn arithmetic(id: &str, entry: &Value) -> anyhow::Result<Value> {
    let ladder = Ladder::new(125).context("the ladder of the vectors")?;
    let number = |field: &str| text(entry, field)?.parse::<u128>().with_context(|| format!("{field} is no number"));
    let small = |field: &str| text(entry, field)?.parse::<u64>().with_context(|| format!("{field} is no number"));
    let expect: Value = match id.rsplit_once('-').map(|(kind, _)| kind) {
        Some("ladder") => ladder.contains(number("percentageOdds")?).into(),
        Some("floor") => {
            let (gets, stake) = text(entry, "decimal")?.split_once('/').context("a fraction")?;
            let odds = Odds::from_ratio(gets.parse()?, stake.parse()?).context("no odds")?;
            ladder.worst(odds).context("no rung")?.to_string().into()
        }
        Some("taker-odds") => ladder::taker_probability(number("maker")?).context("no probability")?.to_string().into(),
        Some("capacity") => ladder::capacity(small("size")?, number("maker")?).context("too large")?.to_string().into(),
        Some("return") => ladder::gross_return(small("stake")?, number("odds")?).context("too large")?.to_string().into(),
        Some("netreturn") => net_return(small("stake")?, number("odds")?)?.into(),
        _ => bail!("the rule {} is not known here", entry["rule"]),
    };
    Ok(json!({ "expect": expect }))
}

/// The text of the trades of the interface that is gone: six decimals, rounded half up, no zeros at the end.
fn net_return(stake: u64, p: u128) -> anyhow::Result<String> {
    let doubled = u128::from(stake).checked_mul(2 * domain::bets::PROBABILITY_E20).context("too large")?;
    let units = (doubled + p).checked_div(2 * p).context("no probability")?;
    let text = format!("{}.{:06}", units / 1_000_000, units % 1_000_000);
    Ok(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}
