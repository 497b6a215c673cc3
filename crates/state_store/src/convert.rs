//! Between rows and tables. Writing cannot fail but for a number too large; reading refuses what this build never writes.

use crate::error::Error;
use crate::rows::{FillRow, IncidentRow, LegRow, OrderRow, OrderStatus, PositionState, RoundRow};
use crate::tables::{fills, incidents, orders, positions, rounds};
use domain::names::{Ending, EventType};
use domain::{Fills, OrderType, Price, Rate, RoundId, Side, Size, TimeInForce, Usd, VenueKey, VenueOrderId, Wall};
use std::str::FromStr;

/// Stable words of a small enum, as they stand in a column.
trait Word: Copy + 'static {
    const WORDS: &'static [(Self, &'static str)];
    fn eq(self, other: Self) -> bool;

    fn to_word(self) -> String {
        let found = Self::WORDS.iter().find(|(value, _)| value.eq(self));
        found.map_or_else(String::new, |(_, word)| (*word).to_owned())
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, w)| *w == word).map(|(value, _)| *value)
    }
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl Word for $name {
            const WORDS: &'static [(Self, &'static str)] = &[$((Self::$variant, $word)),+];
            fn eq(self, other: Self) -> bool {
                // A new variant without a word does not compile.
                match self { $(Self::$variant => matches!(other, Self::$variant)),+ }
            }
        }
    };
}
words!(Side { Buy = "buy", Sell = "sell" });
words!(OrderType { Limit = "limit", Market = "market" });
words!(TimeInForce { Ioc = "ioc", Fok = "fok", Gtc = "gtc" });
words!(OrderStatus {
    Sent = "sent",
    Live = "live",
    Unknown = "unknown",
    Filled = "filled",
    Cancelled = "cancelled",
    Refused = "refused",
    NotSent = "not_sent",
    Absent = "absent",
});

/// Reads the columns of one row, naming the one that cannot be read.
struct Columns<'a> {
    table: &'static str,
    key: &'a str,
}

impl Columns<'_> {
    fn need<T>(&self, what: &'static str, value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| Error::Row { table: self.table, key: self.key.to_owned(), what })
    }

    fn parse<T: FromStr>(&self, what: &'static str, text: &str) -> Result<T, Error> {
        self.need(what, text.parse().ok())
    }

    fn word<T: Word>(&self, what: &'static str, text: &str) -> Result<T, Error> {
        self.need(what, T::from_word(text))
    }

    fn size(&self, what: &'static str, e8: i64) -> Result<Size, Error> {
        self.need(what, Size::from_e8(e8))
    }

    fn round(&self, text: &str) -> Result<RoundId, Error> {
        self.need("round", parse_round(text))
    }

    fn fills(&self, size: i64, cost: i64, fee: i64, funding: i64) -> Result<Fills, Error> {
        let size = self.size("size", size)?;
        Ok(Fills { size, cost: Usd::from_e8(cost), fee: Usd::from_e8(fee), funding: Usd::from_e8(funding) })
    }

    fn seq(&self, seq: i64) -> Result<u64, Error> {
        self.need("seq", u64::try_from(seq).ok())
    }

    fn leg(&self, venue: &str, size: i64, price: Option<i64>, orders: &str) -> Result<LegRow, Error> {
        Ok(LegRow {
            venue: self.parse("venue", venue)?,
            size: self.size("size", size)?,
            price: price.map(|p| self.need("price", Price::from_e8(p))).transpose()?,
            venue_orders: self.need("venue_orders", serde_json::from_str::<Vec<VenueOrderId>>(orders).ok())?,
        })
    }
}

/// `<epoch>-<seq>`, as `RoundId` shows itself.
fn parse_round(text: &str) -> Option<RoundId> {
    let (epoch, seq) = text.split_once('-')?;
    Some(RoundId { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? })
}

fn word_of_ending(ending: Ending) -> String {
    ending.word().to_owned()
}

fn orders_json(orders: &[VenueOrderId]) -> String {
    serde_json::to_string(orders).expect("a list of strings is JSON")
}

/// Text as every database takes it: Postgres has no NUL in text, and a venue may say anything.
fn text(said: String) -> String {
    if said.contains('\0') { said.replace('\0', "\u{fffd}") } else { said }
}

/// A record number as a database holds it.
pub(crate) fn number(seq: u64) -> Result<i64, Error> {
    i64::try_from(seq).map_err(|_| Error::Number(seq))
}

impl From<PositionState> for positions::Model {
    fn from(row: PositionState) -> Self {
        let PositionState { round, pair, entry_spread, opened_at, updated_at, closed_at, long, short } = row;
        Self {
            round: round.to_string(),
            pair: pair.to_string(),
            entry_spread_e8: entry_spread.e8(),
            opened_us: opened_at.0,
            updated_us: updated_at.0,
            closed_us: closed_at.map(|at| at.0),
            long_venue: long.venue.to_string(),
            long_size_e8: long.size.e8(),
            long_price_e8: long.price.map(Price::e8),
            long_venue_orders: orders_json(&long.venue_orders),
            short_venue: short.venue.to_string(),
            short_size_e8: short.size.e8(),
            short_price_e8: short.price.map(Price::e8),
            short_venue_orders: orders_json(&short.venue_orders),
        }
    }
}

impl TryFrom<positions::Model> for PositionState {
    type Error = Error;
    fn try_from(m: positions::Model) -> Result<Self, Error> {
        let c = Columns { table: "positions", key: &m.round };
        Ok(Self {
            round: c.round(&m.round)?,
            pair: c.parse("pair", &m.pair)?,
            entry_spread: Rate::from_e8(m.entry_spread_e8),
            opened_at: Wall(m.opened_us),
            updated_at: Wall(m.updated_us),
            closed_at: m.closed_us.map(Wall),
            long: c.leg(&m.long_venue, m.long_size_e8, m.long_price_e8, &m.long_venue_orders)?,
            short: c.leg(&m.short_venue, m.short_size_e8, m.short_price_e8, &m.short_venue_orders)?,
        })
    }
}

impl From<RoundRow> for rounds::Model {
    fn from(row: RoundRow) -> Self {
        Self {
            round: row.round.to_string(),
            pair: row.pair.to_string(),
            long_venue: row.long.to_string(),
            short_venue: row.short.to_string(),
            size_e8: row.size.e8(),
            entry_spread_e8: row.entry_spread.e8(),
            threshold_e8: row.threshold.e8(),
            edge_e8: row.edge.e8(),
            config: row.config,
            opened_us: row.opened_at.0,
            exit_spread_e8: row.exit_spread.map(Rate::e8),
            exit_reason: row.exit_reason,
            ended_us: row.ended_at.map(|at| at.0),
            ending: row.ending.map(word_of_ending),
            price_result_e8: row.price_result.e8(),
            fees_e8: row.fees.e8(),
            funding_e8: row.funding.e8(),
            net_e8: row.net.e8(),
            uncovered_ms: row.uncovered_ms,
        }
    }
}

impl TryFrom<rounds::Model> for RoundRow {
    type Error = Error;
    fn try_from(m: rounds::Model) -> Result<Self, Error> {
        let c = Columns { table: "rounds", key: &m.round };
        let ending = |word: &String| Ending::ALL.iter().copied().find(|e| e.word() == word);
        Ok(Self {
            round: c.round(&m.round)?,
            pair: c.parse("pair", &m.pair)?,
            long: c.parse("long_venue", &m.long_venue)?,
            short: c.parse("short_venue", &m.short_venue)?,
            size: c.size("size_e8", m.size_e8)?,
            entry_spread: Rate::from_e8(m.entry_spread_e8),
            threshold: Rate::from_e8(m.threshold_e8),
            edge: Rate::from_e8(m.edge_e8),
            opened_at: Wall(m.opened_us),
            exit_spread: m.exit_spread_e8.map(Rate::from_e8),
            ended_at: m.ended_us.map(Wall),
            ending: m.ending.as_ref().map(|w| c.need("ending", ending(w))).transpose()?,
            price_result: Usd::from_e8(m.price_result_e8),
            fees: Usd::from_e8(m.fees_e8),
            funding: Usd::from_e8(m.funding_e8),
            net: Usd::from_e8(m.net_e8),
            uncovered_ms: m.uncovered_ms,
            config: m.config,
            exit_reason: m.exit_reason,
        })
    }
}

impl From<OrderRow> for orders::Model {
    fn from(row: OrderRow) -> Self {
        let VenueKey { key, hash, dead_after } = row.key;
        Self {
            id: row.id.to_string(),
            round: row.id.round.to_string(),
            pair: row.pair.to_string(),
            venue: row.venue.to_string(),
            side: row.side.to_word(),
            size_e8: row.size.e8(),
            limit_e8: row.limit.e8(),
            kind: row.kind.to_word(),
            tif: row.tif.to_word(),
            reduce_only: row.reduce_only,
            venue_key: key,
            venue_hash: hash,
            dead_after_us: dead_after.0,
            venue_order: row.venue_order.map(|o| text(o.0)),
            status: row.status.to_word(),
            filled_e8: row.fills.size.e8(),
            cost_e8: row.fills.cost.e8(),
            fee_e8: row.fills.fee.e8(),
            funding_e8: row.fills.funding.e8(),
            reason: row.reason.map(text),
            sent_us: row.sent_at.0,
            updated_us: row.updated_at.0,
        }
    }
}

impl TryFrom<orders::Model> for OrderRow {
    type Error = Error;
    fn try_from(m: orders::Model) -> Result<Self, Error> {
        let c = Columns { table: "orders", key: &m.id };
        Ok(Self {
            id: c.parse("id", &m.id)?,
            pair: c.parse("pair", &m.pair)?,
            venue: c.parse("venue", &m.venue)?,
            side: c.word("side", &m.side)?,
            size: c.size("size_e8", m.size_e8)?,
            limit: c.need("limit_e8", Price::from_e8(m.limit_e8))?,
            kind: c.word("kind", &m.kind)?,
            tif: c.word("tif", &m.tif)?,
            reduce_only: m.reduce_only,
            status: c.word("status", &m.status)?,
            fills: c.fills(m.filled_e8, m.cost_e8, m.fee_e8, m.funding_e8)?,
            sent_at: Wall(m.sent_us),
            updated_at: Wall(m.updated_us),
            key: VenueKey { key: m.venue_key, hash: m.venue_hash, dead_after: Wall(m.dead_after_us) },
            venue_order: m.venue_order.map(VenueOrderId),
            reason: m.reason,
        })
    }
}

impl TryFrom<FillRow> for fills::Model {
    type Error = Error;
    fn try_from(row: FillRow) -> Result<Self, Error> {
        let FillRow { order, seq, pair, venue, side, added, at } = row;
        Ok(Self {
            order_id: order.to_string(),
            seq: number(seq)?,
            round: order.round.to_string(),
            pair: pair.to_string(),
            venue: venue.to_string(),
            side: side.to_word(),
            size_e8: added.size.e8(),
            cost_e8: added.cost.e8(),
            fee_e8: added.fee.e8(),
            funding_e8: added.funding.e8(),
            at_us: at.0,
        })
    }
}

impl TryFrom<fills::Model> for FillRow {
    type Error = Error;
    fn try_from(m: fills::Model) -> Result<Self, Error> {
        let c = Columns { table: "fills", key: &m.order_id };
        Ok(Self {
            order: c.parse("order_id", &m.order_id)?,
            seq: c.seq(m.seq)?,
            pair: c.parse("pair", &m.pair)?,
            venue: c.parse("venue", &m.venue)?,
            side: c.word("side", &m.side)?,
            added: c.fills(m.size_e8, m.cost_e8, m.fee_e8, m.funding_e8)?,
            at: Wall(m.at_us),
        })
    }
}

impl TryFrom<IncidentRow> for incidents::Model {
    type Error = Error;
    fn try_from(row: IncidentRow) -> Result<Self, Error> {
        let IncidentRow { seq, event, round, pair, text: said, at } = row;
        Ok(Self {
            seq: number(seq)?,
            event: event.word().to_owned(),
            round: round.map(|r| r.to_string()),
            pair: pair.map(|p| p.to_string()),
            text: text(said),
            at_us: at.0,
        })
    }
}

impl TryFrom<incidents::Model> for IncidentRow {
    type Error = Error;
    fn try_from(m: incidents::Model) -> Result<Self, Error> {
        let key = m.seq.to_string();
        let c = Columns { table: "incidents", key: &key };
        Ok(Self {
            seq: c.seq(m.seq)?,
            event: c.need("event", EventType::ALL.iter().copied().find(|e| e.word() == m.event))?,
            round: m.round.map(|r| c.round(&r)).transpose()?,
            pair: m.pair.map(|p| c.parse("pair", &p)).transpose()?,
            text: m.text,
            at: Wall(m.at_us),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill() -> fills::Model {
        fills::Model {
            order_id: "b4-3-1-ae1".into(),
            seq: 7,
            round: "3-1".into(),
            pair: "ETH-USD".into(),
            venue: "vest".into(),
            side: "buy".into(),
            size_e8: 1,
            cost_e8: 2,
            fee_e8: 3,
            funding_e8: -4,
            at_us: 5,
        }
    }

    #[test]
    fn a_row_that_this_build_never_writes_is_refused_with_its_place() {
        fn check(change: impl FnOnce(&mut fills::Model), expect: Result<(), &str>) {
            let mut model = fill();
            change(&mut model);
            let read = FillRow::try_from(model).map(|_| ()).map_err(|e| e.to_string());
            assert_eq!(read, expect.map_err(|what| format!("{what} is not readable; rebuild the projections")));
        }
        check(|_| {}, Ok(()));
        check(|m| m.side = "long".into(), Err("row b4-3-1-ae1 of table fills: side"));
        check(|m| m.size_e8 = -1, Err("row b4-3-1-ae1 of table fills: size"));
        check(|m| m.seq = -1, Err("row b4-3-1-ae1 of table fills: seq"));
        check(|m| m.venue = String::new(), Err("row b4-3-1-ae1 of table fills: venue"));
        check(|m| m.order_id = "42".into(), Err("row 42 of table fills: order_id"));
    }

    #[test]
    fn every_word_reads_back_to_what_it_stands_for() {
        fn check<T: Word + std::fmt::Debug>() {
            for (value, word) in T::WORDS {
                assert_eq!(value.to_word(), *word);
                assert!(T::from_word(word).is_some_and(|back| back.eq(*value)), "{word}");
            }
            assert!(T::from_word("").is_none());
        }
        check::<Side>();
        check::<OrderType>();
        check::<TimeInForce>();
        check::<OrderStatus>();
    }

    #[test]
    fn a_round_reads_back_from_its_text() {
        fn check(text: &str, expect: Option<(u32, u32)>) {
            assert_eq!(parse_round(text), expect.map(|(epoch, seq)| RoundId { epoch, seq }), "{text}");
        }
        check("3-17", Some((3, 17)));
        check("4294967295-0", Some((u32::MAX, 0)));
        check("3", None);
        check("3--1", None);
        check("3-17-1", None);
    }
}
