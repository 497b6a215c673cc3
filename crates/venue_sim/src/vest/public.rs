//! Public REST data: instruments, tickers, history and depth, all drawn from the simulated market (section 8).

use super::answer::{Answer, INVALID_PARAMETER, Refused};
use super::book::Level;
use super::num;
use super::wire::Target;
use super::{Print, VestSim};
use crate::{SimAction, SimNow};
use serde_json::{Value, json};

/// Longest list of `symbols` that was seen to work (section 8).
const SYMBOLS_MAX: usize = 100;
/// Most rows of any history (section 8).
const ROWS_MAX: usize = 1_000;
/// Bars the degraded endpoint gives, whatever it is asked (section 2).
const BARS_CAPPED: usize = 501;
/// The market trades with itself this often, ms; gives `/trades` a past.
const PRINT_EVERY_MS: i64 = 5_000;
const DAY_MS: i64 = 86_400_000;

/// Interval words and their lengths, ms (section 5); a month counts thirty days.
const INTERVALS: &[(&str, i64)] = &[
    ("1m", 60_000),
    ("3m", 180_000),
    ("5m", 300_000),
    ("15m", 900_000),
    ("30m", 1_800_000),
    ("1h", 3_600_000),
    ("2h", 7_200_000),
    ("4h", 14_400_000),
    ("6h", 21_600_000),
    ("8h", 28_800_000),
    ("12h", 43_200_000),
    ("1d", DAY_MS),
    ("3d", 3 * DAY_MS),
    ("1w", 7 * DAY_MS),
    ("1M", 30 * DAY_MS),
];

/// Length of an interval, ms.
pub(super) fn interval_ms(word: &str) -> Option<i64> {
    INTERVALS.iter().find(|(w, _)| *w == word).map(|(_, ms)| *ms)
}

impl VestSim {
    /// The symbols of a `symbols=` list, or all.
    pub(super) fn listed(&self, target: &Target<'_>) -> Result<Vec<usize>, Refused> {
        let Some(list) = target.get("symbols").filter(|l| !l.is_empty()) else {
            return Ok((0..self.cfg.symbols.len()).filter(|&s| !self.delisted[s]).collect());
        };
        if list.split(',').count() > SYMBOLS_MAX {
            return Err(Refused(INVALID_PARAMETER));
        }
        list.split(',').map(|name| self.symbol(name)).collect()
    }

    pub(super) fn one(&self, target: &Target<'_>) -> Result<usize, Refused> {
        self.symbol(target.get("symbol").ok_or(Refused(INVALID_PARAMETER))?)
    }

    pub(super) fn status_word(&self, symbol: usize) -> &'static str {
        if self.halted(symbol) { "HALT" } else { "TRADING" }
    }

    /// `GET /exchangeInfo`.
    pub(super) fn exchange_info(&self, target: &Target<'_>) -> Answer {
        let symbol = |i: usize| {
            let spec = &self.cfg.symbols[i];
            json!({
                "symbol": spec.symbol,
                "displayName": spec.symbol,
                "base": spec.base,
                "quote": "USDC",
                "sizeDecimals": spec.size_decimals,
                "priceDecimals": spec.price_decimals,
                "initMarginRatio": num::text(i128::from(spec.init_margin_bps), 4, 4),
                "maintMarginRatio": num::text(i128::from(spec.init_margin_bps) * 5, 5, 5),
                "takerFee": num::text(i128::from(self.fees_e8[i]), 8, 6),
                "isolated": false,
                "asset": spec.asset,
                "tradingStatus": self.status_word(i),
            })
        };
        let symbols: Vec<Value> = self.listed(target)?.into_iter().map(symbol).collect();
        let exchange = json!({ "lp": "100000.000000", "insurance": "10000000000.000000", "collateralDecimals": 6 });
        Ok(json!({ "symbols": symbols, "exchange": exchange }))
    }

    /// `GET /ticker/latest`.
    pub(super) fn ticker_latest(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let tickers: Vec<Value> = self.listed(target)?.into_iter().map(|s| self.ticker(s, now)).collect();
        Ok(json!({ "tickers": tickers }))
    }

    pub(super) fn ticker(&self, symbol: usize, now: SimNow) -> Value {
        let spec = &self.cfg.symbols[symbol];
        let (long, short) = self.open_interest(symbol);
        json!({
            "symbol": spec.symbol,
            "markPrice": num::e8(self.mark_e8(symbol, now), spec.price_decimals),
            "indexPrice": num::e8(self.index_e8(symbol, now), spec.price_decimals),
            "imbalance": num::text(long - short, 8, spec.size_decimals),
            "oneHrFundingRate": num::text(i128::from(self.funding[symbol].rate_e8), 8, 8),
            "cumFunding": num::text(self.cum_funding_e12(symbol, now), 12, 12),
            "status": self.status_word(symbol),
        })
    }

    /// Data of the `tickers` channel: the latest ticker and the change of a day (section 10.3).
    pub(super) fn stream_tickers(&self, now: SimNow) -> Value {
        let listed = (0..self.cfg.symbols.len()).filter(|&s| !self.delisted[s]);
        let tickers = listed.map(|symbol| {
            let mut ticker = self.ticker(symbol, now);
            let (change, percent) = self.day_change(symbol, now);
            ticker["priceChange"] = json!(change);
            ticker["priceChangePercent"] = json!(percent);
            ticker
        });
        tickers.collect()
    }

    pub(super) fn day_change(&self, symbol: usize, now: SimNow) -> (String, String) {
        let (open, close) = (self.mark_e8(symbol, SimNow(now.0 - DAY_MS * 1_000)), self.mark_e8(symbol, now));
        let change = i128::from(close) - i128::from(open);
        (num::text(change, 8, 6), num::text(change * 10_000 / i128::from(open.max(1)), 2, 2))
    }

    /// `GET /ticker/24hr`.
    pub(super) fn ticker_24hr(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let ticker = |symbol: usize| {
            let spec = &self.cfg.symbols[symbol];
            let open_ms = now.ms() - DAY_MS;
            let bar = self.bar(symbol, open_ms, now.ms(), now);
            let (change, percent) = self.day_change(symbol, now);
            json!({
                "symbol": spec.symbol,
                "openPrice": bar.price(0), "closePrice": bar.price(3),
                "highPrice": bar.price(1), "lowPrice": bar.price(2),
                "quoteVolume": bar.quote_volume(), "volume": bar.volume(),
                "priceChange": change, "priceChangePercent": percent,
                "openTime": open_ms, "closeTime": now.ms(),
            })
        };
        let tickers: Vec<Value> = self.listed(target)?.into_iter().map(ticker).collect();
        Ok(json!({ "tickers": tickers }))
    }

    /// `GET /funding/history`: minutes (or hours) back from `endTime`, oldest first.
    pub(super) fn funding_history(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let symbol = self.one(target)?;
        let every = interval_ms(target.get("interval").unwrap_or("1m")).ok_or(Refused(INVALID_PARAMETER))?;
        let limit = target.limit(ROWS_MAX, ROWS_MAX)?;
        let (from, to) = span(target, every, limit, now)?;
        let rate = num::text(i128::from(self.funding[symbol].rate_e8), 8, 8);
        let row = |ms: i64| json!({ "symbol": self.cfg.symbols[symbol].symbol, "time": ms, "oneHrFundingRate": rate });
        Ok(steps(from, to, every, limit).map(row).collect())
    }

    /// `GET /klines`, both shapes by switch.
    pub(super) fn klines(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let symbol = self.one(target)?;
        let every = target.get("interval").and_then(interval_ms).ok_or(Refused(INVALID_PARAMETER))?;
        let mut limit = target.limit(500, ROWS_MAX)?;
        let (mut from, mut to) = span(target, every, limit, now)?;
        if self.cfg.switches.klines_capped || self.faults.on("v2_degraded").is_some() {
            limit = BARS_CAPPED;
            to = now.ms().div_euclid(every) * every;
            from = to.saturating_sub(every.saturating_mul(BARS_CAPPED as i64 - 1));
        }
        let rows: Vec<Value> =
            steps(from, to, every, limit).map(|open| self.bar(symbol, open, open + every - 1, now).row(false)).collect();
        Ok(if self.cfg.switches.klines_wrapped { json!({ "data": rows }) } else { json!(rows) })
    }

    /// Data of a kline channel: the bar that is open now.
    pub(super) fn stream_kline(&self, symbol: usize, every: i64, now: SimNow) -> Value {
        let open = now.ms().div_euclid(every) * every;
        self.bar(symbol, open, open + every - 1, now).row(true)
    }

    fn bar(&self, symbol: usize, open_ms: i64, close_ms: i64, now: SimNow) -> Bar {
        let spec = &self.cfg.symbols[symbol];
        let last = close_ms.min(now.ms());
        let at = |eighth: i64| self.mark_e8(symbol, SimNow((open_ms + (last - open_ms) * eighth / 8) * 1_000));
        let (open, close) = (at(0), at(8));
        let (mut high, mut low) = (open.max(close), open.min(close));
        for price in (1..8).map(at) {
            high = high.max(price);
            low = low.min(price);
        }
        let drawn = self.cfg.market.draw(&spec.symbol, open_ms as u64);
        let lots = 1_000 + (drawn % 9_000) as i64;
        Bar {
            open_ms,
            close_ms,
            prices: [open, high, low, close],
            size_e8: i128::from(lots) * i128::from(num::step(spec.size_decimals)),
            trades: 1 + (drawn >> 20) % 60,
            decimals: (spec.size_decimals, spec.price_decimals),
        }
    }

    /// `GET /trades`, newest first: fills, and the market's trades with itself.
    pub(super) fn trades(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let symbol = self.one(target)?;
        let limit = target.limit(ROWS_MAX, ROWS_MAX)?;
        let (from, to) = span(target, PRINT_EVERY_MS, limit, now)?;
        let mut prints: Vec<Print> = steps(from, to, PRINT_EVERY_MS, limit).map(|ms| self.own_print(symbol, ms)).collect();
        let start = target.number("startTime")?.unwrap_or(i64::MIN);
        let end = target.number("endTime")?.unwrap_or(i64::MAX);
        prints.extend(self.prints.iter().filter(|p| p.symbol == symbol && (start..=end).contains(&p.time_ms)));
        prints.sort_by_key(|p| std::cmp::Reverse(p.time_ms));
        let rows = prints.iter().take(limit).map(|p| {
            let mut row = self.print_row(p);
            row["id"] = json!(p.time_ms); // a number here, a string on the stream
            row
        });
        Ok(rows.collect())
    }

    /// What the market traded with itself at a time.
    pub(super) fn own_print(&self, symbol: usize, ms: i64) -> Print {
        let spec = &self.cfg.symbols[symbol];
        let drawn = self.cfg.market.draw(&spec.symbol, ms as u64);
        let tick = num::step(spec.price_decimals);
        let price_e8 = self.mark_e8(symbol, SimNow(ms.saturating_mul(1_000))) / tick * tick;
        Print {
            symbol,
            price_e8,
            size_e8: num::step(spec.size_decimals) * (1 + (drawn % 500) as i64),
            time_ms: ms,
            is_buy: drawn & (1 << 40) != 0,
        }
    }

    /// The market's trade with itself that falls between two ticks of the stream.
    pub(super) fn own_print_since(&self, symbol: usize, since: SimNow, now: SimNow) -> Option<Print> {
        let ms = now.ms().div_euclid(PRINT_EVERY_MS) * PRINT_EVERY_MS;
        (ms > since.ms()).then(|| self.own_print(symbol, ms))
    }

    pub(super) fn print_row(&self, print: &Print) -> Value {
        let spec = &self.cfg.symbols[print.symbol];
        let quote = i128::from(print.size_e8) * i128::from(print.price_e8) / 10_000_000_000;
        json!({
            "price": num::e8(print.price_e8, spec.price_decimals),
            "qty": num::e8(print.size_e8, spec.size_decimals),
            "quoteQty": num::usdc(quote),
            "time": print.time_ms,
        })
    }

    /// Data of a trades channel.
    pub(super) fn stream_print(&self, print: &Print) -> Value {
        let mut row = self.print_row(print);
        row["id"] = json!(format!("0x{:x}", print.time_ms));
        row
    }

    /// A fill becomes a public trade.
    pub(super) fn publish_print(&mut self, print: Print, out: &mut Vec<SimAction>) {
        if self.prints.len() >= super::PRINTS {
            self.prints.pop_front();
        }
        self.prints.push_back(print);
        self.send_print(&print, out);
    }

    /// `GET /depth`.
    pub(super) fn depth(&mut self, target: &Target<'_>, now: SimNow) -> Answer {
        let symbol = self.one(target)?;
        let limit = target.limit(20, 100)?;
        self.refresh(symbol, now);
        let text = self.depth_text(symbol, limit);
        serde_json::from_str(&text).map_err(|_| Refused(INVALID_PARAMETER))
    }

    /// The published book as JSON, with the faults that make it crossed or one-sided.
    pub(super) fn depth_text(&self, symbol: usize, limit: usize) -> String {
        let spec = &self.cfg.symbols[symbol];
        let book = &self.books[symbol];
        let crossed = self.faults.on_symbol("crossed_book", &spec.symbol).is_some();
        let empty = self.faults.on_symbol("empty_side", &spec.symbol).map(|f| f.book_side.as_deref().unwrap_or("asks"));
        // Crossed: bids lie as far above the best ask as they usually lie below the best bid.
        let lift = match (crossed, book.bids.first(), book.asks.first()) {
            (true, Some(bid), Some(ask)) => 2 * (ask.0 - bid.0),
            _ => 0,
        };
        let mut out = String::with_capacity(64 + 40 * limit.min(40));
        for (side, levels, lift) in [("bids", &book.bids, lift), ("asks", &book.asks, 0)] {
            out.push_str(if side == "bids" { "{\"bids\":[" } else { "],\"asks\":[" });
            let shown: &[Level] = if empty == Some(side) { &[] } else { &levels[..levels.len().min(limit)] };
            for (i, &(price, size)) in shown.iter().enumerate() {
                out.push_str(if i == 0 { "[\"" } else { ",[\"" });
                num::push(&mut out, i128::from(price + lift), 8, spec.price_decimals);
                out.push_str("\",\"");
                num::push(&mut out, i128::from(size), 8, spec.size_decimals);
                out.push_str("\"]");
            }
        }
        out.push_str("]}");
        out
    }

    /// `GET /oi`: undocumented, read by one client (section 8).
    pub(super) fn oi(&self) -> Value {
        let row = |(i, spec): (usize, &super::SymbolSpec)| {
            let (long, short) = self.open_interest(i);
            let text = |size: i128| num::text(size, 8, spec.size_decimals);
            json!({ "symbol": spec.symbol, "longOi": text(long), "shortOi": text(short) })
        };
        json!({ "ois": self.cfg.symbols.iter().enumerate().map(row).collect::<Vec<_>>() })
    }
}

/// First and last time of a history on the grid of `every`, in the market's time.
fn span(target: &Target<'_>, every: i64, limit: usize, now: SimNow) -> Result<(i64, i64), Refused> {
    let end = target.number("endTime")?.unwrap_or(i64::MAX).clamp(0, now.ms().max(0));
    let last = end.div_euclid(every) * every;
    let first = last.saturating_sub(every.saturating_mul(limit as i64 - 1));
    let start = target.number("startTime")?.unwrap_or(0).clamp(0, i64::MAX - every);
    Ok((first.max(num::div_up(i128::from(start), i128::from(every)) as i64 * every), last))
}

/// Times from first to last, at most `limit`.
fn steps(from: i64, to: i64, every: i64, limit: usize) -> impl Iterator<Item = i64> {
    let count = if to < from { 0 } else { ((to - from) / every) as usize + 1 };
    (0..count.min(limit)).map(move |i| from + every * i as i64)
}

/// One bar.
struct Bar {
    open_ms: i64,
    close_ms: i64,
    /// Open, high, low, close at 1e-8.
    prices: [i64; 4],
    size_e8: i128,
    trades: u64,
    decimals: (u32, u32),
}

impl Bar {
    fn price(&self, which: usize) -> String {
        num::e8(self.prices[which.min(3)], self.decimals.1)
    }
    fn volume(&self) -> String {
        num::text(self.size_e8, 8, self.decimals.0)
    }
    fn quote_volume(&self) -> String {
        num::usdc(self.size_e8 * i128::from(self.prices[3]) / 10_000_000_000)
    }
    /// As a row; the count of trades is a string on the stream (section 10.3).
    fn row(&self, stream: bool) -> Value {
        let trades = if stream { json!(self.trades.to_string()) } else { json!(self.trades) };
        let [open, high, low, close] = [0, 1, 2, 3].map(|i| self.price(i));
        json!([self.open_ms, open, high, low, close, self.close_ms, self.volume(), self.quote_volume(), trades])
    }
}
