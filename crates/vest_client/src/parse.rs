//! Venue words to ours: the one table of statuses, numbers with their rounding, rows to what `trading` and `account`
//! work with. Pure; never panics on what a venue can send.

use crate::config::VestInstrument;
use crate::units::Units;
use crate::wire::rest::{Num, OrderRow, PositionRow, SymbolRow};
use domain::{
    Fills, Instrument, InstrumentId, Lifecycle, Position, Price, Rate, SCALE, Side, Size, Usd, VenueId, parse_e8, write_e8,
};

/// The venue's name in our words.
pub(crate) const VENUE: VenueId = VenueId::new("vest");

/// Order status; strict, because what an unknown one means decides about money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    New,
    PartiallyFilled,
    Filled,
    Cancelled,
    Rejected,
}

impl Status {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "NEW" => Self::New,
            "PARTIALLY_FILLED" => Self::PartiallyFilled,
            "FILLED" => Self::Filled,
            // Two spellings of one word: the documents have it with two L.
            "CANCELLED" | "CANCELED" => Self::Cancelled,
            "REJECTED" => Self::Rejected,
            _ => return None,
        })
    }
}

/// One view of an order, from the stream or from REST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) nonce: Option<u64>,
    pub(crate) symbol: Option<String>,
    pub(crate) status: Status,
    pub(crate) code: Option<i64>,
    /// True for the venue's own liquidation orders.
    pub(crate) liquidation: bool,
    /// Which way it trades, where the view says so.
    pub(crate) side: Option<Side>,
    pub(crate) size: Option<Size>,
    pub(crate) last_size: Option<Size>,
    pub(crate) last_price: Option<i64>,
    pub(crate) last_time: Option<i64>,
    /// Average price text at 1e-8, rounded up and down: the side decides which is against us.
    pub(crate) average: Option<(i64, i64)>,
    pub(crate) fee: Option<Usd>,
    pub(crate) funding: Option<Usd>,
}

/// Reads a row. `None`: the status is not one we know or a number does not read, so nothing may be concluded.
pub(crate) fn order(row: &OrderRow<'_>) -> Option<Seen> {
    let number = |n: Option<Num<'_>>, round| n.map(|n| e8(n.text(), round));
    // A missing field is normal, an unreadable one is not.
    let fine = |v: Option<Option<i64>>| -> Option<Option<i64>> {
        match v {
            Some(None) => None,
            Some(some) => Some(some),
            None => Some(None),
        }
    };
    let size = |n| fine(number(n, Round::Exact)).map(|v| v.and_then(Size::from_e8));
    let average = match row.avg_filled_price {
        Some(n) => Some((e8(n.text(), Round::Up)?, e8(n.text(), Round::Down)?)),
        None => None,
    };
    Some(Seen {
        id: row.id.text().to_owned(),
        nonce: row.nonce.and_then(Num::uint),
        symbol: row.symbol.as_deref().map(str::to_owned),
        status: Status::parse(row.status.text())?,
        code: row.code.and_then(Num::int),
        liquidation: row.order_type.is_some_and(|t| t.text() == "LIQUIDATION"),
        side: row.is_buy.map(|buy| if buy { Side::Buy } else { Side::Sell }),
        size: size(row.size)?,
        last_size: size(row.last_filled_size)?,
        last_price: fine(number(row.last_filled_price, Round::Up))?,
        last_time: row.last_filled_time.and_then(Num::int),
        average,
        // Fees and funding are booked against us where the venue is finer than we count.
        fee: fine(number(row.fees, Round::Up))?.map(Usd::from_e8),
        // `settledFunding` is positive when received (spec section 9). What the stream calls `cumFunding` is the running
        // total of the symbol by the tickers' use of the word, or the order's own by the one documented example: as
        // long as nobody knows, it is nobody's money, and REST is asked.
        funding: fine(number(row.settled_funding, Round::Down))?.map(Usd::from_e8),
    })
}

impl Seen {
    /// The fills of an order that the venue calls FILLED: all of it at the average price. `None` when no price
    /// stands in the view. A fee that is not told (one client types it nullable) is taken at the listed rate: a fill is
    /// not held back for it, and zero would be wrong for certain.
    pub(crate) fn whole(&self, ordered: Size, side: Side, taker_fee: Rate) -> Option<Fills> {
        let size = self.size.unwrap_or(ordered);
        let price = match (self.average, self.last_price, self.last_size) {
            (Some((up, down)), ..) => match side {
                Side::Buy => up,
                Side::Sell => down,
            },
            (None, Some(last), Some(part)) if part == size => last,
            _ => return None,
        };
        let cost = size.cost(Price::from_e8(price)?);
        let fee = self.fee.unwrap_or_else(|| cost.share_up(taker_fee));
        Some(Fills { size, cost, fee, funding: self.funding.unwrap_or_default() })
    }
}

impl Seen {
    /// The last fill alone, as far as the view names it.
    pub(crate) fn part(&self) -> Option<Fills> {
        let (size, price) = (self.last_size?, Price::from_e8(self.last_price?)?);
        let (fee, funding) = (self.fee.unwrap_or_default(), self.funding.unwrap_or_default());
        Some(Fills { size, cost: size.cost(price), fee, funding })
    }
}

/// A number at 1e-8 as text.
pub(crate) fn plain(e8: i64) -> String {
    let mut text = String::new();
    write_e8(e8, 0, &mut text);
    text
}

/// Which way a number finer than 1e-8 goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Not at all: refused.
    Exact,
    /// Towards plus infinity.
    Up,
    /// Towards minus infinity.
    Down,
}

/// Reads a plain decimal with any number of decimals into 1e-8.
pub(crate) fn e8(text: &str, round: Round) -> Option<i64> {
    let bytes = text.as_bytes();
    let point = bytes.iter().position(|b| *b == b'.');
    let cut = point.map_or(bytes.len(), |p| (p + 9).min(bytes.len()));
    let (head, tail) = bytes.split_at(cut);
    if tail.iter().any(|b| !b.is_ascii_digit()) {
        return None;
    }
    let value = parse_e8(head).ok()?;
    if tail.iter().all(|b| *b == b'0') {
        return Some(value);
    }
    let negative = text.starts_with('-');
    match round {
        Round::Exact => None,
        Round::Up if negative => Some(value),
        Round::Up => value.checked_add(1),
        Round::Down if negative => value.checked_sub(1),
        Round::Down => Some(value),
    }
}

/// Decimals of size and price as the venue counts them, at most 8 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Decimals {
    pub(crate) size: u32,
    pub(crate) price: u32,
}

/// Reads a row of `exchangeInfo`. Price and size step are ten to the minus decimals; the smallest size is one step
/// (spec section 4). v3 may name the price step itself. The taker fee carries the allowance for what the venue adds to it; the
/// margin is the larger of the listed one and what the configured leverage means.
pub(crate) fn instrument(
    row: &SymbolRow<'_>,
    configured: &VestInstrument,
    units: Units,
    allowance: Rate,
) -> Option<(Instrument, Decimals)> {
    let decimals = |n: Option<Num<'_>>| n.and_then(Num::int).and_then(|d| u32::try_from(d).ok()).filter(|d| *d <= 8);
    let step = |d: u32| 10i64.checked_pow(8u32.saturating_sub(d));
    let size_decimals = decimals(row.size_decimals)?;
    let (tick, price_decimals) = match (decimals(row.price_decimals), row.min_tick_size) {
        (Some(d), _) => (step(d)?, d),
        (None, Some(tick)) => {
            let tick = parse_e8(tick.text().as_bytes()).ok()?;
            (tick, (0..=8).find(|d| step(*d).is_some_and(|s| tick.checked_rem(s) == Some(0)))?)
        }
        (None, None) => return None,
    };
    let lot = units.size_in(step(size_decimals)?).and_then(Size::from_e8)?;
    let by_leverage = Rate::from_e8(
        SCALE.checked_add(i64::from(configured.leverage))?.checked_sub(1)?.checked_div(i64::from(configured.leverage))?,
    );
    let listed_margin = match row.init_margin_ratio {
        Some(ratio) => Rate::from_e8(e8(ratio.text(), Round::Up)?),
        None => Rate::ZERO,
    };
    let one = Instrument {
        id: configured.id,
        venue: VENUE,
        pair: configured.pair,
        symbol: row.symbol.as_ref().to_owned(),
        tick: Price::from_e8(units.tick_in(tick))?,
        lot,
        min_size: lot,
        min_notional: Usd::ZERO,
        max_size: None,
        taker_fee: Rate::from_e8(e8(row.taker_fee?.text(), Round::Up)?).plus(allowance),
        quote: row.quote.as_deref().unwrap_or("USDC").to_owned(),
        lifecycle: row.trading_status.map_or(Lifecycle::Trading, |s| lifecycle(s.text())),
        multiplier: units.multiplier(),
        initial_margin: Some(by_leverage.max(listed_margin)),
        price_band: None,
    };
    Some((one, Decimals { size: size_decimals, price: price_decimals }))
}

/// A status that is not known to be TRADING takes no entries.
pub(crate) fn lifecycle(status: &str) -> Lifecycle {
    if status == "TRADING" { Lifecycle::Trading } else { Lifecycle::Halted }
}

/// Reads a position and keeps it, unless it is flat: the venue may list those (spec section 9). `None`: unreadable.
pub(crate) fn position(row: &PositionRow<'_>, instrument: InstrumentId, units: Units, into: &mut Vec<Position>) -> Option<()> {
    let size = parse_e8(row.size.text().as_bytes()).ok().filter(|s| *s >= 0)?;
    if size > 0 {
        let size = units.size_in(size)?;
        let entry = row.entry_price.and_then(|n| e8(n.text(), Round::Down));
        let entry = entry.map(|e| units.price_in(e, false)).and_then(Price::from_e8);
        into.push(Position { instrument, size_e8: if row.is_long { size } else { size.checked_neg()? }, entry });
    }
    Some(())
}

/// A token that may stand in a URL or a JSON text as it is.
pub(crate) fn is_plain_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_finer_than_we_count_is_rounded_the_way_that_was_asked() {
        fn check(text: &str, round: Round, expect: Option<i64>) {
            assert_eq!(e8(text, round), expect, "{text} {round:?}");
        }
        check("1.230000000000", Round::Exact, Some(123_000_000));
        check("517.530179178544399700", Round::Exact, None);
        check("517.530179178544399700", Round::Down, Some(51_753_017_917));
        check("517.530179178544399700", Round::Up, Some(51_753_017_918));
        check("-0.000000001", Round::Up, Some(0));
        check("-0.000000001", Round::Down, Some(-1));
        check("1.5", Round::Up, Some(150_000_000));
        check("1.000000000x", Round::Up, None);
        check("", Round::Up, None);
        check("1e3", Round::Up, None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_up_is_at_most_one_above_down(text in "[-+.0-9eE]{0,30}|\\PC{0,12}") {
            let (up, down) = (e8(&text, Round::Up), e8(&text, Round::Down));
            if let (Some(up), Some(down)) = (up, down) {
                prop_assert!(up == down || up == down + 1);
                if let Some(exact) = e8(&text, Round::Exact) { prop_assert!(exact == up && exact == down); }
            }
        }
    }
}
