//! The public side of v3 (vest.md section 15): routes below `/v3`, and the bodies that its streams share with them.
//!
//! Undocumented by the venue, so only what live clients agree on is here. Nobody can log in: no login for machines is
//! known, and whoever asks for the account is refused.

use super::answer::{Answer, Refused, UNAUTHORIZED};
use super::wire::Target;
use super::{Print, VestSim, num};
use crate::{SimAction, SimNow};
use serde_json::{Value, json};

impl VestSim {
    pub(super) fn request_v3(&mut self, request: u64, method: &str, target: &Target<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        let us = self.cfg.latencies.read_us.max(0) as u64;
        let answer: Answer = match (method, target.path) {
            ("GET", "/v3/exchangeInfo") => self.exchange_info_v3(target),
            ("GET", "/v3/ticker/latest") => self.tickers_v3(target, now),
            ("GET", "/v3/ticker/24hr") => self.ticker_24hr(target, now),
            ("GET", "/v3/trades") => self.trades_v3(target, now),
            (_, path) if PRIVATE.iter().any(|p| path.starts_with(p)) => Err(Refused(UNAUTHORIZED)),
            _ => return self.no_route(request, 404, "Not Found", out),
        };
        let (status, body) = match answer {
            Ok(body) => (200, body),
            Err(Refused(UNAUTHORIZED)) => (401, json!({ "code": UNAUTHORIZED, "msg": "Unauthorized" })),
            // HTTP 200 with an error in it has been seen (section 15).
            Err(Refused(code)) => (200, json!({ "code": code, "msg": "unknown symbol" })),
        };
        self.reply(request, us, status, Vec::new(), body.to_string().into_bytes(), out);
    }

    fn exchange_info_v3(&self, target: &Target<'_>) -> Answer {
        let mut info = self.exchange_info(target)?;
        let rows = info["symbols"].as_array_mut().into_iter().flatten();
        for (row, symbol) in rows.zip(self.listed(target)?) {
            let spec = &self.cfg.symbols[symbol];
            let tick = trimmed(num::e8(num::step(spec.price_decimals), spec.price_decimals));
            row["displaySymbol"] = json!(spec.symbol);
            row["tickSizes"] = json!([tick]);
            row["minTickSize"] = json!(tick);
            row["defaultTickSize"] = json!(tick);
            row["makerFee"] = json!("0");
            row["takerFee"] = json!(trimmed(num::text(i128::from(self.fees_e8[symbol]), 8, 8)));
            row["capitalInitMarginRatio"] = row["initMarginRatio"].clone();
        }
        info["system"] = json!({ "status": "normal" });
        Ok(info)
    }

    fn tickers_v3(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let tickers: Vec<Value> = self.listed(target)?.into_iter().map(|s| self.ticker_v3(s, now)).collect();
        Ok(json!({ "tickers": tickers }))
    }

    /// Body of a ticker: v2's with what the newer application shows beside it.
    pub(super) fn ticker_v3(&self, symbol: usize, now: SimNow) -> Value {
        let mut ticker = self.ticker(symbol, now);
        let (change, percent) = self.day_change(symbol, now);
        ticker["marginMarkPrice"] = ticker["markPrice"].clone();
        ticker["priceChange"] = json!(change);
        ticker["priceChangePercent"] = json!(percent);
        ticker["capitalStatus"] = ticker["status"].clone();
        ticker
    }

    fn trades_v3(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let symbol = self.one(target)?;
        let mut rows = self.trades(target, now)?;
        for row in rows.as_array_mut().into_iter().flatten() {
            let at = row["time"].as_i64().unwrap_or_default();
            let known = self.prints.iter().find(|p| p.symbol == symbol && p.time_ms == at);
            let print = known.copied().unwrap_or_else(|| self.own_print(symbol, at));
            *row = self.print_v3(&print);
        }
        Ok(rows)
    }

    /// A trade with its side; the id ends in sequence and index, and is the same on both ways.
    pub(super) fn print_v3(&self, print: &Print) -> Value {
        let mut row = self.print_row(print);
        row["id"] = json!(format!("{:08x}:{}:0", print.symbol, print.time_ms));
        row["side"] = json!(if print.is_buy { "buy" } else { "sell" });
        row
    }
}

/// What wants a login.
const PRIVATE: &[&str] =
    &["/v3/positions", "/v3/auth", "/v3/accounts", "/v3/capital", "/v3/user-state", "/v3/executions", "/v3/orders"];

/// Without trailing zeros, as the newer generation writes numbers (section 15).
fn trimmed(text: String) -> String {
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::trimmed;

    #[test]
    fn trailing_zeros_go_and_nothing_else() {
        for (text, expect) in [("0.00010000", "0.0001"), ("1.00", "1"), ("100", "100"), ("0.5", "0.5")] {
            assert_eq!(trimmed(text.to_owned()), expect);
        }
    }
}
