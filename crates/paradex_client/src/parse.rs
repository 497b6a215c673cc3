//! The venue's words to ours: the one place where they meet. What a word means for an order is in `error`.

use crate::error::DecodeError;
use crate::wire::rest::{FillData, MarketData, OrderData, PositionData};
use crate::wire::sbe_private::{FillEvent, OrderEvent};
use crate::wire::ws::{BboData, BookData, LevelData};
use domain::{Level, Price, Rate, Side, Size, Usd, parse_e8};

/// How far an order is, in order of life: never taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Taken, risk not yet checked.
    New,
    /// Waits for its trigger.
    Untriggered,
    /// In the book.
    Open,
    /// Over.
    Closed,
}

/// An order as any of the venue's channels shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderView<'a> {
    /// The venue's id.
    pub(crate) order_id: &'a str,
    /// Ours, may be empty.
    pub(crate) client_id: &'a str,
    pub(crate) market: &'a str,
    pub(crate) status: Status,
    pub(crate) size: Size,
    pub(crate) remaining: Size,
    /// The venue's cancel reason, empty if none.
    pub(crate) reason: &'a str,
    /// Rises per order within one channel; `None` where not given.
    pub(crate) seq: Option<u64>,
}

/// What made a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FillKind {
    /// Two orders met.
    Trade,
    /// The venue moved our position: liquidation, unwinding, settlement.
    Forced,
    /// Anything else, a block trade for one.
    Other,
}

/// A fill as any of the venue's channels shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FillView<'a> {
    /// The key for counting it once.
    pub(crate) id: &'a str,
    pub(crate) order_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) market: &'a str,
    pub(crate) side: Side,
    pub(crate) size: Size,
    pub(crate) price: Price,
    /// Size times price, of the venue's own numbers.
    pub(crate) cost: Usd,
    pub(crate) fee: Usd,
    pub(crate) funding: Usd,
    pub(crate) kind: FillKind,
    /// The venue's word for the kind.
    pub(crate) word: &'a str,
}

fn size_of(v: i64) -> Result<Size, DecodeError> {
    Size::from_e8(v).ok_or(DecodeError::Field("size"))
}
fn price_of(v: i64) -> Result<Price, DecodeError> {
    Price::from_e8(v).ok_or(DecodeError::Field("price"))
}
fn size(text: &str) -> Result<Size, DecodeError> {
    Size::parse(text.as_bytes()).map_err(|_| DecodeError::Field("size"))
}
fn price(text: &str) -> Result<Price, DecodeError> {
    Price::parse(text.as_bytes()).map_err(|_| DecodeError::Field("price"))
}

/// Dollars whose text may be finer than 1e-8: rounded down, or up for what we pay, so never in our favour. An empty
/// text is nothing.
pub(crate) fn usd(text: &str, up: bool) -> Result<Usd, DecodeError> {
    if text.is_empty() {
        return Ok(Usd::ZERO);
    }
    let bytes = text.as_bytes();
    let end = bytes.iter().position(|&b| b == b'.').map_or(bytes.len(), |dot| dot.saturating_add(9).min(bytes.len()));
    let (kept, cut) = bytes.split_at(end);
    if !cut.iter().all(u8::is_ascii_digit) {
        return Err(DecodeError::Field("an amount"));
    }
    let value = parse_e8(kept).map_err(|_| DecodeError::Field("an amount"))?;
    let inexact = cut.iter().any(|&b| b != b'0');
    Ok(Usd::from_e8(match (inexact, text.starts_with('-'), up) {
        (true, false, true) => value.saturating_add(1),
        (true, true, false) => value.saturating_sub(1),
        _ => value,
    }))
}

/// A venue's `status` word; an unknown one is an error, never a guess.
pub(crate) fn status(word: &str) -> Result<Status, DecodeError> {
    Ok(match word {
        "NEW" => Status::New,
        "UNTRIGGERED" => Status::Untriggered,
        "OPEN" => Status::Open,
        "CLOSED" => Status::Closed,
        _ => return Err(DecodeError::Field("order status")),
    })
}

/// An order's JSON.
pub(crate) fn order<'a>(data: &'a OrderData<'_>) -> Result<OrderView<'a>, DecodeError> {
    checked(OrderView {
        order_id: &data.id,
        client_id: data.client_id.as_deref().unwrap_or(""),
        market: &data.market,
        status: status(&data.status)?,
        size: size(&data.size)?,
        remaining: size(&data.remaining_size)?,
        reason: data.cancel_reason.as_deref().unwrap_or(""),
        seq: data.seq_no,
    })
}

/// An order's SBE event.
pub(crate) fn order_event<'a>(event: &OrderEvent<'a>) -> Result<OrderView<'a>, DecodeError> {
    checked(OrderView {
        order_id: event.order_id,
        client_id: event.client_id,
        market: event.market,
        status: match event.status {
            1 => Status::New,
            2 => Status::Untriggered,
            3 => Status::Open,
            4 => Status::Closed,
            _ => return Err(DecodeError::Field("order status")),
        },
        size: size_of(event.size)?,
        remaining: size_of(event.remaining)?,
        reason: event.cancel_reason,
        seq: Some(event.seq),
    })
}

fn checked(view: OrderView<'_>) -> Result<OrderView<'_>, DecodeError> {
    if view.remaining > view.size { Err(DecodeError::Field("remaining size")) } else { Ok(view) }
}

/// A fill's JSON.
pub(crate) fn fill<'a>(data: &'a FillData<'_>) -> Result<FillView<'a>, DecodeError> {
    let word = data.fill_type.as_deref().unwrap_or("FILL");
    let (size, price) = (size(&data.size)?, price(&data.price)?);
    Ok(FillView {
        id: &data.id,
        order_id: data.order_id.as_deref().unwrap_or(""),
        client_id: data.client_id.as_deref().unwrap_or(""),
        market: &data.market,
        side: match &*data.side {
            "BUY" => Side::Buy,
            "SELL" => Side::Sell,
            _ => return Err(DecodeError::Field("side")),
        },
        size,
        price,
        cost: size.cost(price),
        fee: usd(data.fee.as_deref().unwrap_or(""), true)?,
        funding: usd(data.realized_funding.as_deref().unwrap_or(""), false)?,
        kind: match word {
            "FILL" | "RPI" => FillKind::Trade,
            // `TRANSFER` was the name of `UNWIND_TRANSFER` until 2026-07-22 (paradex.md 4.3).
            "LIQUIDATION" | "UNWIND_TRANSFER" | "TRANSFER" | "SETTLE_MARKET" => FillKind::Forced,
            _ => FillKind::Other,
        },
        word,
    })
}

/// A fill's SBE event.
pub(crate) fn fill_event<'a>(event: &FillEvent<'a>) -> Result<FillView<'a>, DecodeError> {
    let (kind, word) = match event.fill_type {
        1 => (FillKind::Trade, "FILL"),
        2 => (FillKind::Forced, "LIQUIDATION"),
        3 => (FillKind::Forced, "UNWIND_TRANSFER"),
        4 => (FillKind::Forced, "SETTLE_MARKET"),
        5 => (FillKind::Trade, "RPI"),
        6 => (FillKind::Other, "BLOCK_TRADE"),
        _ => (FillKind::Other, "a fill of unknown kind"),
    };
    let (size, price) = (size_of(event.size)?, price_of(event.price)?);
    Ok(FillView {
        id: event.fill_id,
        order_id: event.order_id,
        client_id: event.client_id,
        market: event.market,
        side: match event.side {
            1 => Side::Buy,
            2 => Side::Sell,
            _ => return Err(DecodeError::Field("side")),
        },
        size,
        price,
        cost: size.cost(price),
        fee: Usd::from_e8(event.fee.unwrap_or(0)),
        funding: Usd::from_e8(event.realized_funding.unwrap_or(0)),
        kind,
        word,
    })
}

/// Signed size of a position at 1e-8, zero when closed. JSON signs it; a positive SHORT is read as short all the same.
pub(crate) fn position(data: &PositionData<'_>) -> Result<i64, DecodeError> {
    if &*data.status == "CLOSED" {
        return Ok(0);
    }
    let v = parse_e8(data.size.as_bytes()).map_err(|_| DecodeError::Field("position size"))?;
    Ok(if &*data.side == "SHORT" { v.saturating_abs().saturating_neg() } else { v })
}

/// What `/markets` says about one market, in our words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) tick: Price,
    pub(crate) lot: Size,
    pub(crate) min_notional: Usd,
    pub(crate) max_size: Option<Size>,
    pub(crate) taker_fee: Option<Rate>,
    pub(crate) band: Option<Rate>,
    pub(crate) initial_margin: Option<Rate>,
}

/// A rate whose text may be finer than 1e-8, rounded up.
pub(crate) fn rate_up(text: &str) -> Result<Rate, DecodeError> {
    if text.is_empty() {
        return Err(DecodeError::Field("a rate"));
    }
    usd(text, true).map(|v| Rate::from_e8(v.e8())).map_err(|_| DecodeError::Field("a rate"))
}

/// Funding per hour out of the rate of a market's own period, or else of that of eight hours; to the nearest 1e-8, for
/// which side of a position it favours is not known here.
pub(crate) fn hourly(rate: Option<i64>, period_hours: i64, rate_8h: Option<i64>) -> Option<Rate> {
    let (rate, hours) = match (rate, rate_8h) {
        (Some(rate), _) if period_hours > 0 => (rate, period_hours),
        (_, Some(rate)) => (rate, 8),
        _ => return None,
    };
    let half = hours / 2;
    let away = if rate < 0 { rate.saturating_sub(half) } else { rate.saturating_add(half) };
    away.checked_div(hours).map(Rate::from_e8)
}

/// A market's grid and limits (paradex.md 5).
pub(crate) fn grid(data: &MarketData<'_>) -> Result<Grid, DecodeError> {
    let lot = size(&data.order_size_increment)?;
    if lot.is_zero() {
        return Err(DecodeError::Field("order_size_increment"));
    }
    let given = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().filter(|t| !t.is_empty()).map(str::to_owned);
    // The share grows beyond `imf_base` for positions beyond `imf_shift` where `imf_factor` is not zero; the documents give
    // no formula for it, and the venue refuses what its own gives.
    let margin = data.delta1_cross_margin_params.as_ref().filter(|m| !m.imf_base.is_empty());
    let fee = data.fee_config.as_ref().and_then(|c| c.api_fee.as_ref()).and_then(|p| p.taker_fee.as_ref());
    Ok(Grid {
        tick: price(&data.price_tick_size)?,
        lot,
        min_notional: given(&data.min_notional).map_or(Ok(Usd::ZERO), |t| usd(&t, true))?,
        max_size: given(&data.max_order_size).map(|t| size(&t)).transpose()?.filter(|s| !s.is_zero()),
        taker_fee: fee.map(|f| rate_up(&f.fee)).transpose()?,
        band: given(&data.price_bands_width).map(|t| rate_up(&t)).transpose()?,
        initial_margin: margin.map(|m| rate_up(&m.imf_base)).transpose()?,
    })
}

/// Appends one side of a JSON book to `out`: in a snapshot the inserts, best first; otherwise every change, a
/// deleted level with size zero.
pub(crate) fn json_levels(book: &BookData<'_>, bids: bool, out: &mut Vec<Level>) -> Result<std::ops::Range<u32>, DecodeError> {
    let word = if bids { "BUY" } else { "SELL" };
    let from = out.len();
    let snapshot = &*book.update_type == "s";
    let mut push = |levels: &[LevelData<'_>], gone: bool| -> Result<(), DecodeError> {
        for l in levels {
            if !matches!(&*l.side, "BUY" | "SELL") {
                return Err(DecodeError::Field("side"));
            }
            if l.side == word {
                let level = Level { price: price(&l.price)?.e8(), size: if gone { 0 } else { size(&l.size)?.e8() } };
                if !(snapshot && level.size == 0) {
                    out.push(level);
                }
            }
        }
        Ok(())
    };
    // Deletes first: where a price stands in both, it was removed and set again.
    push(&book.deletes, true)?;
    push(&book.updates, false)?;
    push(&book.inserts, false)?;
    if snapshot {
        crate::wire::sbe::sort_best_first(out.get_mut(from..).unwrap_or_default(), bids);
    }
    Ok(from as u32..out.len() as u32)
}

/// Both sides of a JSON BBO.
pub(crate) fn json_top(bbo: &BboData<'_>) -> Result<(Option<Level>, Option<Level>), DecodeError> {
    let side = |p: Option<&str>, s: Option<&str>| -> Result<Option<Level>, DecodeError> {
        let read = |t: &str| parse_e8(t.as_bytes()).map_err(|_| DecodeError::Field("best bid or offer"));
        let (Some(p), Some(s)) = (p.filter(|t| !t.is_empty()), s.filter(|t| !t.is_empty())) else { return Ok(None) };
        match (read(p)?, read(s)?) {
            (0, _) | (_, 0) => Ok(None),
            (price @ 1.., size @ 1..) => Ok(Some(Level { price, size })),
            _ => Err(DecodeError::Field("best bid or offer")),
        }
    };
    Ok((side(bbo.bid.as_deref(), bbo.bid_size.as_deref())?, side(bbo.ask.as_deref(), bbo.ask_size.as_deref())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_finer_than_ours_are_never_rounded_in_our_favour() {
        fn check(text: &str, up: bool, expect: Option<i64>) {
            assert_eq!(usd(text, up).ok().map(Usd::e8), expect, "{text}");
        }
        check("7.56", true, Some(756_000_000));
        check("", true, Some(0));
        check("0.123456781", true, Some(12_345_679));
        check("0.123456781", false, Some(12_345_678));
        check("-0.123456781", true, Some(-12_345_678));
        check("-0.123456781", false, Some(-12_345_679));
        check("0.1234567800", true, Some(12_345_678));
        check("0.12345678x", true, None);
        check("1e3", true, None);
    }

    #[test]
    fn funding_is_brought_to_an_hour_whatever_its_period() {
        fn check(rate: Option<i64>, hours: i64, rate_8h: Option<i64>, expect: Option<i64>) {
            assert_eq!(hourly(rate, hours, rate_8h).map(Rate::e8), expect, "{rate:?} {hours} {rate_8h:?}");
        }
        check(Some(8_000), 8, None, Some(1_000));
        check(Some(8_000), 1, Some(64_000), Some(8_000));
        check(Some(-14_969), 8, Some(-14_969), Some(-1_871));
        check(Some(3), 8, None, Some(0));
        check(Some(4), 8, None, Some(1));
        check(Some(-4), 8, None, Some(-1));
        check(Some(8_000), 0, Some(16_000), Some(2_000));
        check(None, 8, Some(16_000), Some(2_000));
        check(Some(8_000), -8, None, None);
        check(None, 8, None, None);
        check(Some(i64::MAX), 1, None, Some(i64::MAX));
    }

    #[test]
    fn an_unknown_status_is_never_guessed() {
        assert_eq!(status("CLOSED"), Ok(Status::Closed));
        assert_eq!(status("EXPIRED"), Err(DecodeError::Field("order status")));
    }
}
