//! Rows of the wire to what the machine works with. Pure; what cannot be read is `None`, never a guess.
//!
//! State words stay words here: the one table that gives them a meaning is in `state::words`.

use crate::wire::json::{Num, data, list, object, one_or_many};
use crate::wire::rest::{
    BalanceRow, BestPage, BestRow, CancelPage, CancelRow, EntryRow, FeesRow, FillRow, HeartbeatRow, LevelRow, OrderRow, Page,
    PositionRow, SettlementRow, TokenRow, TradeRow, UnderFill, UnderOrder, UnderTrade,
};
use domain::bets::PROBABILITY_E20;
use domain::{MarketId, Rate};
use serde_json::value::RawValue;
use signing::SanitizedValue;

/// One price level, from the resting owner's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The owner's implied probability at 1e-20, between nothing and certainty.
    pub p: u128,
    /// The owner's stake, base units.
    pub size: u64,
}

/// Best levels of a market, one for each outcome where there is any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestOdds {
    /// Which market.
    pub market: MarketId,
    /// Best resting bet on outcome one.
    pub one: Option<Level>,
    /// Best resting bet on outcome two.
    pub two: Option<Level>,
}

/// One element of the answer to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The venue's id of the order, lower case.
    pub order: Option<String>,
    /// `SUBMITTED` or `FAILED`.
    pub status: String,
    /// Why it failed, by whichever name.
    pub reason: Option<String>,
    /// What matching came to: word, matched stake, reason of the cancel.
    pub outcome: Option<(String, Option<u64>, Option<String>)>,
}

/// One view of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSeen {
    /// The venue's id, lower case.
    pub order: String,
    /// Ours, where we gave one.
    pub client_id: Option<String>,
    /// Which market.
    pub market: MarketId,
    /// Which outcome.
    pub outcome_one: bool,
    /// Stake, base units.
    pub total: u64,
    /// Stake not matched, base units.
    pub remaining: u64,
    /// `PENDING`, `ACTIVE`, `INACTIVE`.
    pub status: String,
    /// Why it is inactive.
    pub reason: Option<String>,
}

/// How a fill ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// 0 void, 1, 2.
    pub outcome: u8,
    /// What came back, the stake included, base units.
    pub returned: u64,
    /// Fee taken from it, base units.
    pub fee: u64,
}

/// One view of a fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillSeen {
    /// The venue's id: match, order, market.
    pub id: String,
    /// The order it belongs to, lower case.
    pub order: String,
    /// Which market.
    pub market: MarketId,
    /// Which outcome.
    pub outcome_one: bool,
    /// Stake matched, base units.
    pub stake: u64,
    /// Own implied probability at 1e-20.
    pub p: u128,
    /// What it returns when it wins, base units, where the venue says so.
    pub returns: Option<u64>,
    /// `MATCHED`, `LOCKED`, `SETTLED`, `FAILED`.
    pub status: String,
    /// How it ended.
    pub settlement: Option<Settlement>,
}

/// One bet on the tape or of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeSeen {
    /// The venue's id.
    pub trade: String,
    /// Which market.
    pub market: MarketId,
    /// Which outcome.
    pub outcome_one: bool,
    /// Stake, base units.
    pub stake: u64,
    /// Average implied probability at 1e-20.
    pub p: u128,
    /// State, where it is our own.
    pub status: Option<String>,
    /// How it ended.
    pub settlement: Option<Settlement>,
}

/// What is held in one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionSeen {
    /// Which market.
    pub market: MarketId,
    /// Staked, base units.
    pub stake: u64,
    /// Won at best, base units.
    pub win_max: i64,
    /// Lost at worst, base units, negative.
    pub loss_max: i64,
    /// The outcome of the best case.
    pub outcome_one_wins: bool,
}

/// The account's money in one token, base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceSeen {
    /// Token address as the venue writes it.
    pub token: String,
    /// Escrow address as the venue writes it.
    pub escrow: String,
    /// What can be staked: available and, if negative, what is pending (spec section 15).
    pub spendable: i64,
    /// In escrow.
    pub escrowed: i64,
}

/// Fees of the account, as shares. Taken from winning profit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Fees {
    /// Of the profit of a taker's bet.
    pub taker: Rate,
    /// Of a refund when the other outcome is bet.
    pub refund: Rate,
}

/// What a cancel came to. Only `cancelled` is one: the rest is to be asked about.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Cancelled {
    /// Gone from the book.
    pub cancelled: Vec<String>,
    /// Taken on, not yet done.
    pub submitted: Vec<String>,
    /// Not cancelled, with the venue's reason.
    pub refused: Vec<(String, String)>,
    /// The venue does not know.
    pub unconfirmed: Vec<String>,
    /// Ask again: there are more.
    pub has_more: bool,
}

/// A probability between nothing and certainty.
pub(crate) fn probability(text: Num<'_>) -> Option<u128> {
    text.read::<u128>().filter(|p| *p > 0 && *p < PROBABILITY_E20)
}

pub(crate) fn level(row: &LevelRow<'_>) -> Option<Level> {
    Some(Level { p: probability(row.percentage_odds)?, size: row.size.read()? })
}

/// The venue writes ids in lower case; so do we, whatever it writes.
pub(crate) fn order_key(id: &str) -> Option<String> {
    let fits = (3..=100).contains(&id.len()) && id.starts_with("0x") && id.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| id.to_ascii_lowercase())
}

fn best_row(row: &BestRow<'_>) -> Option<BestOdds> {
    // Null is an empty side; a side that is not there at all is no message of this channel.
    let side = |raw: &RawValue| if raw.get() == "null" { Some(None) } else { level(&object(raw.get())?).map(Some) };
    Some(BestOdds { market: row.market_hash.parse().ok()?, one: side(row.outcome_one)?, two: side(row.outcome_two)? })
}

/// `best_odds_v3:global`: one object or an array.
pub fn best_odds(text: &str) -> Option<Vec<BestOdds>> {
    one_or_many::<BestRow<'_>>(text)?.iter().map(best_row).collect()
}
/// The answer to `GET /orders-v3/odds/best`.
pub fn best_odds_page(body: &[u8]) -> Option<Vec<BestOdds>> {
    best_odds(object::<BestPage<'_>>(data(body)?)?.best_odds.get())
}

/// The answer to `POST /orders-v3`.
pub fn created(body: &[u8]) -> Option<Vec<Entry>> {
    let page: Page<'_> = object(data(body)?)?;
    let entry = |row: EntryRow<'_>| {
        let outcome = match row.outcome {
            None => None,
            Some(outcome) => {
                let matched = match outcome.fill_amount {
                    None => None,
                    Some(amount) => Some(amount.read()?),
                };
                Some((outcome.state.into_owned(), matched, outcome.cancel_reason.map(|r| r.into_owned())))
            }
        };
        let reason = row.reason.or(row.error).or(row.message).map(|r| r.into_owned());
        Some(Entry { order: row.order_id.as_deref().and_then(order_key), status: row.status.into_owned(), reason, outcome })
    };
    list::<EntryRow<'_>>(page.orders.get())?.into_iter().map(entry).collect()
}

fn order_seen(row: &OrderRow<'_>) -> Option<OrderSeen> {
    probability(row.percentage_odds)?;
    let (total, remaining) = (row.total_bet_size.read::<u64>()?, row.remaining_size.read::<u64>()?);
    (remaining <= total).then_some(())?;
    Some(OrderSeen {
        order: order_key(&row.id)?,
        client_id: row.client_order_id.as_deref().map(str::to_owned),
        market: row.market_hash.parse().ok()?,
        outcome_one: row.is_betting_outcome_one,
        total,
        remaining,
        status: row.status.as_ref().to_owned(),
        reason: row.inactive_reason.as_deref().map(str::to_owned),
    })
}

/// Orders as a channel brings them: bare, under `order`, or an array.
pub fn orders(text: &str) -> Option<Vec<OrderSeen>> {
    let bare = object::<UnderOrder<'_>>(text).map_or(text, |under| under.order.get());
    one_or_many::<OrderRow<'_>>(bare)?.iter().map(order_seen).collect()
}
/// The answer to `GET /orders-v3/{id}`: in `data.order` or `data`.
pub fn order_answer(body: &[u8]) -> Option<OrderSeen> {
    let mut seen = orders(data(body)?)?;
    if seen.len() == 1 { seen.pop() } else { None }
}
/// One page of `GET /orders-v3`, and the key of the next.
pub fn orders_page(body: &[u8]) -> Option<(Vec<OrderSeen>, Option<String>)> {
    let page: Page<'_> = object(data(body)?)?;
    Some((orders(page.orders.get())?, page.next_key.map(|k| k.into_owned())))
}

fn settlement(row: &SettlementRow<'_>) -> Option<Settlement> {
    let fee = match row.settle_fee_amount {
        None => 0,
        Some(fee) => fee.read()?,
    };
    let outcome = row.outcome.read::<u8>().filter(|o| *o <= 2)?;
    Some(Settlement { outcome, returned: row.settle_return_amount.read()?, fee })
}

/// Not settled yet is fine; settled in a way that cannot be read is not.
fn settled(row: Option<&SettlementRow<'_>>) -> Result<Option<Settlement>, ()> {
    row.map_or(Ok(None), |row| settlement(row).map(Some).ok_or(()))
}

fn fill_seen(row: &FillRow<'_>) -> Option<FillSeen> {
    let returns = match row.return_amount {
        None => None,
        Some(amount) => Some(amount.read()?),
    };
    Some(FillSeen {
        id: row.id.as_ref().to_owned(),
        order: order_key(&row.order_id)?,
        market: row.market_hash.parse().ok()?,
        outcome_one: row.is_betting_outcome_one,
        stake: row.fill_amount.read()?,
        p: probability(row.fill_odds)?,
        returns,
        status: row.status.as_ref().to_owned(),
        settlement: settled(row.settlement.as_ref()).ok()?,
    })
}

/// Fills as a channel brings them: bare, under `fill`, or an array.
pub fn fills(text: &str) -> Option<Vec<FillSeen>> {
    let bare = object::<UnderFill<'_>>(text).map_or(text, |under| under.fill.get());
    one_or_many::<FillRow<'_>>(bare)?.iter().map(fill_seen).collect()
}
/// One page of `GET /fills-v3`, and the key of the next.
pub fn fills_page(body: &[u8]) -> Option<(Vec<FillSeen>, Option<String>)> {
    let page: Page<'_> = object(data(body)?)?;
    Some((fills(page.orders.get())?, page.next_key.map(|k| k.into_owned())))
}

/// Trades: bare, under `trade` (the tape), or an array.
pub fn trades(text: &str) -> Option<Vec<TradeSeen>> {
    let bare = object::<UnderTrade<'_>>(text).map_or(text, |under| under.trade.get());
    let seen = |row: &TradeRow<'_>| {
        Some(TradeSeen {
            trade: row.trade_id.as_ref().to_owned(),
            market: row.market_hash.parse().ok()?,
            outcome_one: row.is_betting_outcome_one,
            stake: row.total_stake.read()?,
            p: probability(row.weighted_average_odds)?,
            status: row.status.as_deref().map(str::to_owned),
            settlement: settled(row.settlement.as_ref()).ok()?,
        })
    };
    one_or_many::<TradeRow<'_>>(bare)?.iter().map(seen).collect()
}

/// One page of `GET /trades-v3`, and the key of the next.
pub fn trades_page(body: &[u8]) -> Option<(Vec<TradeSeen>, Option<String>)> {
    let page: Page<'_> = object(data(body)?)?;
    Some((trades(page.orders.get())?, page.next_key.map(|k| k.into_owned())))
}

/// Rows of `GET /positions-v3`.
pub fn positions(text: &str) -> Option<Vec<PositionSeen>> {
    let seen = |row: &PositionRow<'_>| {
        Some(PositionSeen {
            market: row.market_hash.parse().ok()?,
            stake: row.total_stake.read()?,
            win_max: row.max_win.text().parse().ok()?,
            loss_max: row.max_loss.text().parse().ok()?,
            outcome_one_wins: row.is_outcome_one_max_win,
        })
    };
    one_or_many::<PositionRow<'_>>(text)?.iter().map(seen).collect()
}
/// The answer to `GET /positions-v3`.
pub fn positions_page(body: &[u8]) -> Option<Vec<PositionSeen>> {
    positions(object::<Page<'_>>(data(body)?)?.orders.get())
}

/// The answer to `GET /user/balance-v3`.
pub fn balances(body: &[u8]) -> Option<Vec<BalanceSeen>> {
    let page: Page<'_> = object(data(body)?)?;
    let seen = |row: &BalanceRow<'_>| {
        let number = |text: Num<'_>| text.text().parse::<i64>().ok();
        let pending = number(row.pending_available_amount)?.min(0);
        Some(BalanceSeen {
            token: row.token_address.as_ref().to_owned(),
            escrow: row.escrow_address.as_ref().to_owned(),
            spendable: number(row.available_amount)?.saturating_add(pending),
            escrowed: number(row.escrowed_amount)?,
        })
    };
    list::<BalanceRow<'_>>(page.orders.get())?.iter().map(seen).collect()
}

/// The answer to `GET /user/fees-v3`; null is no fee. Rounded up at 1e-8.
pub fn fees(body: &[u8]) -> Option<Fees> {
    let row: FeesRow<'_> = object(data(body)?)?;
    let rate = |text: Option<Num<'_>>| {
        text.filter(|t| t.text() != "null").map_or(Some(Rate::ZERO), |t| {
            let rate = Rate::parse(t.text().as_bytes()).ok()?;
            (rate >= Rate::ZERO && rate < Rate::from_bps(10_000)).then_some(rate)
        })
    };
    Some(Fees { taker: rate(row.taker_payout_fee)?, refund: rate(row.refund_fee)? })
}

/// The answer to a heartbeat: until when it is armed, in the venue's words; `None` inside when it is off.
pub fn heartbeat(body: &[u8]) -> Option<Option<String>> {
    Some(object::<HeartbeatRow<'_>>(data(body)?)?.expires_at.map(|t| t.into_owned()))
}

/// The answer to a cancel.
pub fn cancelled(body: &[u8]) -> Option<Cancelled> {
    let page: CancelPage<'_> = object(data(body)?)?;
    if page.cancelled.is_none() && page.cancelled_submitted.is_none() {
        return None;
    }
    let rows = |raw: Option<&RawValue>| -> Option<Vec<(String, String)>> {
        let Some(raw) = raw else { return Some(Vec::new()) };
        let one = |row: CancelRow<'_>| Some((order_key(&row.order_id)?, row.reason.map(|r| r.into_owned()).unwrap_or_default()));
        list::<CancelRow<'_>>(raw.get())?.into_iter().map(one).collect()
    };
    let ids = |raw| Some(rows(raw)?.into_iter().map(|(id, _)| id).collect());
    Some(Cancelled {
        cancelled: ids(page.cancelled)?,
        submitted: ids(page.cancelled_submitted)?,
        refused: rows(page.not_cancelled)?,
        unconfirmed: ids(page.unconfirmed)?,
        has_more: page.has_more,
    })
}

/// The token of the realtime connection: `{"token":..}` or the same under `data` (spec section 11).
pub fn realtime_token(body: &[u8]) -> Option<SanitizedValue> {
    let text = data(body).or_else(|| std::str::from_utf8(body).ok())?;
    let token = object::<TokenRow<'_>>(text)?.token;
    (!token.is_empty() && token.len() < 10_000).then(|| SanitizedValue::new(token.into_owned()))
}
