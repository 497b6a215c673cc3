//! Which generation of the venue's API answers: the requests to make and the verdict from their answers.
//!
//! Pure, and no part of a client: called by the check before a start, which owns the connections. Source: spec
//! sections 2, 15 and 18 ("the first live step must be a probe"). Read only; no key is sent.

use crate::error::Fault;
use crate::wire::rest::{SymbolRow, object, rows};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fmt;

/// Which base URL a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeBase {
    /// REST base of v2, `/v2` included.
    V2,
    /// REST base of v3, without a version.
    V3,
}

/// What a request asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeQuestion {
    /// The instruments of v2.
    Info,
    /// The tickers of v2.
    Ticker,
    /// The account without a key: a living venue refuses it, a gone one does not know the path.
    Account,
    /// The candles of v2, first to degrade in 2026.
    Klines,
    /// The instruments of v3.
    InfoV3,
}

/// One request to make: `GET`, no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeRequest {
    /// What it asks about.
    pub question: ProbeQuestion,
    /// Which base.
    pub base: ProbeBase,
    /// Path and query below the base.
    pub target: String,
    /// Headers to send.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub struct ProbeReply<'a> {
    /// Which.
    pub question: ProbeQuestion,
    /// HTTP status; `None` when nothing answered.
    pub status: Option<u16>,
    /// Body as received.
    pub body: &'a [u8],
}

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// v2, as documented.
    V2,
    /// v2, with symptoms.
    V2Degraded,
    /// v3 alone: market data, no orders.
    V3Only,
    /// Neither.
    Nothing,
}

/// What is wrong with v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// The instruments are not listed: no order can be put on a grid.
    InfoGone,
    /// The symbol that was asked for is not among the instruments.
    SymbolUnlisted,
    /// The tickers do not answer.
    TickerGone,
    /// The account's path does not answer as one that wants a key.
    AccountGone,
    /// The candles do not answer.
    KlinesGone,
    /// The candles ignore the span that was asked for, seen since autumn 2026.
    KlinesIgnoreSpan,
}

impl Symptom {
    /// Whether no order may be sent while it lasts. This client trades without candles and REST tickers.
    pub const fn forbids_orders(self) -> bool {
        matches!(self, Self::InfoGone | Self::SymbolUnlisted | Self::AccountGone)
    }
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InfoGone => "exchangeInfo does not answer",
            Self::SymbolUnlisted => "the symbol is not listed",
            Self::TickerGone => "ticker/latest does not answer",
            Self::AccountGone => "account does not ask for a key",
            Self::KlinesGone => "klines do not answer",
            Self::KlinesIgnoreSpan => "klines ignore the span asked for",
        })
    }
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What answers.
    pub answering: Answering,
    /// What is wrong with v2.
    pub symptoms: Vec<Symptom>,
    /// Whether v3's public data answers too.
    pub v3_data: bool,
}

impl Probed {
    /// Whether orders may be sent: v2 answers and nothing it lacks is needed for them. That it still *accepts* any is
    /// known only after the first one (spec section 18).
    pub fn takes_orders(&self) -> bool {
        matches!(self.answering, Answering::V2 | Answering::V2Degraded) && !self.symptoms.iter().any(|s| s.forbids_orders())
    }

    /// One sentence for an operator.
    pub fn sentence(&self) -> String {
        let symptoms = self.symptoms.iter().map(Symptom::to_string).collect::<Vec<_>>().join(", ");
        match self.answering {
            Answering::V2 => "v2 answers as documented".to_owned(),
            Answering::V2Degraded if self.takes_orders() => format!("v2 answers, degraded: {symptoms}"),
            Answering::V2Degraded => format!("v2 is degraded and no order may be sent: {symptoms}"),
            Answering::V3Only => {
                "v3 alone answers: it has market data, and no login for machines is known, so no order can be sent".to_owned()
            }
            Answering::Nothing => "neither v2 nor v3 answers: check the base URLs and the network".to_owned(),
        }
    }
}

/// Bars the candles are asked for.
const BARS: usize = 3;

/// The requests of the probe. `symbol` is one that is configured; `now_ms` dates the candles.
pub fn requests(symbol: &str, now_ms: i64) -> Vec<ProbeRequest> {
    let end = now_ms.saturating_sub(86_400_000).max(0);
    let start = end.saturating_sub(BARS as i64 * 60_000).max(0);
    let one = |question, base, target| ProbeRequest {
        question,
        base,
        target,
        headers: vec![("xrestservermm", "restserver0"), ("User-Agent", "bot4/0.1")],
    };
    vec![
        one(ProbeQuestion::Info, ProbeBase::V2, format!("/exchangeInfo?symbols={symbol}")),
        one(ProbeQuestion::Ticker, ProbeBase::V2, format!("/ticker/latest?symbols={symbol}")),
        one(ProbeQuestion::Account, ProbeBase::V2, format!("/account?time={now_ms}")),
        one(
            ProbeQuestion::Klines,
            ProbeBase::V2,
            format!("/klines?symbol={symbol}&interval=1m&startTime={start}&endTime={end}&limit={BARS}"),
        ),
        one(ProbeQuestion::InfoV3, ProbeBase::V3, format!("/v3/exchangeInfo?symbols={symbol}")),
    ]
}

/// The verdict; a question without a reply counts as unanswered.
pub fn verdict(symbol: &str, replies: &[ProbeReply<'_>]) -> Probed {
    let reply = |question| {
        let found = replies.iter().find(|r| r.question == question)?;
        Some((found.status?, found.body))
    };
    let v3 = reply(ProbeQuestion::InfoV3).map_or(Info::Gone, |(status, body)| info(status, body, symbol));
    let v2 = reply(ProbeQuestion::Info).map_or(Info::Gone, |(status, body)| info(status, body, symbol));
    let account = reply(ProbeQuestion::Account).is_some_and(|(status, body)| wants_key(status, body));
    let ticker = reply(ProbeQuestion::Ticker).is_some_and(|(status, body)| {
        (200..=299).contains(&status) && object::<Tickers>(body).is_some_and(|t| t.tickers.is_some())
    });
    let klines = reply(ProbeQuestion::Klines).map_or(Some(Symptom::KlinesGone), |(status, body)| candles(status, body));
    let symptoms: Vec<Symptom> = [
        match v2 {
            Info::Listed => None,
            Info::Unlisted => Some(Symptom::SymbolUnlisted),
            Info::Gone => Some(Symptom::InfoGone),
        },
        (!ticker).then_some(Symptom::TickerGone),
        (!account).then_some(Symptom::AccountGone),
        klines,
    ]
    .into_iter()
    .flatten()
    .collect();
    let v3_data = v3 != Info::Gone;
    let some_v2 = v2 != Info::Gone || account || ticker || klines != Some(Symptom::KlinesGone);
    let answering = match (some_v2, symptoms.is_empty(), v3_data) {
        (true, true, _) => Answering::V2,
        (true, false, _) => Answering::V2Degraded,
        (false, _, true) => Answering::V3Only,
        (false, _, false) => Answering::Nothing,
    };
    Probed { answering, symptoms, v3_data }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Info {
    Listed,
    Unlisted,
    Gone,
}

/// 1121 is the application's own word that it lives and does not know the symbol; v3 says it with HTTP 200.
fn info(status: u16, body: &[u8], symbol: &str) -> Info {
    if Fault::parse(body).code == Some(1121) {
        return Info::Unlisted;
    }
    match rows::<SymbolRow<'_>>(body) {
        Some(listed) if (200..=299).contains(&status) => {
            if listed.iter().any(|row| row.symbol == symbol) {
                Info::Listed
            } else {
                Info::Unlisted
            }
        }
        _ => Info::Gone,
    }
}

/// A private read without a key: refused by the application, not by a proxy and not as an unknown path.
fn wants_key(status: u16, body: &[u8]) -> bool {
    let fault = Fault::parse(body);
    match fault.code {
        Some(code) => matches!(code, 1002 | 1099 | 1146),
        None => matches!(status, 401 | 403) && fault.json,
    }
}

#[derive(Deserialize)]
struct Tickers {
    tickers: Option<Vec<IgnoredAny>>,
}

/// Bare or wrapped, both are documented by now; more bars than were asked for is the degraded form.
fn candles(status: u16, body: &[u8]) -> Option<Symptom> {
    match rows::<IgnoredAny>(body) {
        Some(bars) if (200..=299).contains(&status) => (bars.len() > BARS).then_some(Symptom::KlinesIgnoreSpan),
        _ => Some(Symptom::KlinesGone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = include_str!("../testdata/vest/v2_rest_exchangeInfo.json");
    const TICKER: &str = include_str!("../testdata/vest/v2_rest_ticker_latest.json");
    const KLINES: &str = include_str!("../testdata/vest/v2_rest_klines.json");
    const WRAPPED: &str = include_str!("../testdata/vest/v2_rest_klines_wrapped.json");
    const UNKNOWN_V3: &str = include_str!("../testdata/vest/v3_error_unknown_symbol.json");
    const REFUSED: &str = r#"{"detail":{"code":1002,"msg":"Unauthorized"}}"#;
    const NO_PATH: &str = r#"{"detail":"Not Found"}"#;

    /// Info, ticker, account, klines, v3.
    fn probe(replies: [(u16, &str); 5]) -> Probed {
        use ProbeQuestion::{Account, Info, InfoV3, Klines, Ticker};
        let questions = [Info, Ticker, Account, Klines, InfoV3];
        let replies: Vec<ProbeReply<'_>> = questions
            .into_iter()
            .zip(replies)
            .map(|(question, (status, body))| ProbeReply {
                question,
                status: (status > 0).then_some(status),
                body: body.as_bytes(),
            })
            .collect();
        verdict("BTC-PERP", &replies)
    }

    #[test]
    fn the_verdict_follows_from_what_answers() {
        fn check(replies: [(u16, &str); 5], answering: Answering, orders: bool, word: &str) {
            let probed = probe(replies);
            assert_eq!((probed.answering, probed.takes_orders()), (answering, orders), "{replies:?}");
            assert!(probed.sentence().contains(word), "{}", probed.sentence());
        }
        let many = format!("[{}]", vec!["[1]"; 501].join(","));
        let html = (403, "<html>denied</html>");
        let gone = (404, NO_PATH);
        use Answering::{Nothing, V2, V2Degraded, V3Only};
        check([(200, INFO), (200, TICKER), (403, REFUSED), (200, KLINES), (0, "")], V2, true, "as documented");
        check([(200, INFO), (200, TICKER), (401, "{}"), (200, WRAPPED), (200, INFO)], V2, true, "as documented");
        check(
            [(200, INFO), (200, TICKER), (403, REFUSED), (200, &many), (200, INFO)],
            V2Degraded,
            true,
            "klines ignore the span",
        );
        check([(200, INFO), (200, TICKER), (403, REFUSED), gone, gone], V2Degraded, true, "klines do not answer");
        check([gone, (200, TICKER), (403, REFUSED), (200, KLINES), (200, INFO)], V2Degraded, false, "exchangeInfo does not");
        check([(200, INFO), (200, TICKER), gone, (200, KLINES), (200, INFO)], V2Degraded, false, "does not ask for a key");
        check([(200, INFO), (200, TICKER), html, (200, KLINES), (200, INFO)], V2Degraded, false, "does not ask for a key");
        check([(400, UNKNOWN_V3), (200, TICKER), (403, REFUSED), (200, KLINES), gone], V2Degraded, false, "not listed");
        check([gone, gone, gone, gone, (200, INFO)], V3Only, false, "no login for machines");
        check([(410, ""), html, (530, ""), (0, ""), (200, UNKNOWN_V3)], V3Only, false, "no login for machines");
        check([gone, gone, gone, gone, gone], Nothing, false, "neither");
        check([html, html, html, html, html], Nothing, false, "neither");
        check([(0, ""), (0, ""), (0, ""), (0, ""), (0, "")], Nothing, false, "neither");
    }

    #[test]
    fn every_question_is_asked_once_and_without_a_key() {
        let asked = requests("BTC-PERP", 1_763_712_000_000);
        for question in [ProbeQuestion::Info, ProbeQuestion::Ticker, ProbeQuestion::Account, ProbeQuestion::Klines] {
            let found: Vec<&ProbeRequest> = asked.iter().filter(|r| r.question == question).collect();
            assert!(found.len() == 1 && found[0].base == ProbeBase::V2, "{question:?}");
        }
        assert!(asked.iter().any(|r| r.base == ProbeBase::V3 && r.target == "/v3/exchangeInfo?symbols=BTC-PERP"));
        assert!(asked.iter().all(|r| r.headers.iter().all(|(name, _)| !name.eq_ignore_ascii_case("x-api-key"))));
        assert!(asked.iter().any(|r| r.target.contains("endTime=1763625600000&limit=3")));
    }
}
