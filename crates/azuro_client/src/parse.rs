//! The venue's words become ours: the one place where they meet.
//!
//! Words of games, conditions and outcomes that are not known are [`Unknown`](GameState::Unknown) and never bettable (`words` has their
//! tables); a word of an order that is not known is an error. Called by `catalog`, `quoting`, `submit` and `follow`.

use crate::amount::{cut_odds_e12, cut_units, parse_units};
use crate::environment::Environment;
use crate::error::Unreadable;
use crate::sign::parse_condition;
use crate::state::{OrderState, Settlement, Taken};
use crate::wire::Text;
use crate::wire::feed::{ConditionRow, Conditions, GameRow, GamesPage, OutcomeRow};
use crate::wire::orders::{Calculation, GasRow, OrderList, OrderRow};
use domain::{Line, MarketId, Odds, Outcome, Wall};
use serde::Deserialize;

pub use crate::words::{ConditionState, GameState, OutcomeState, Selection};

/// An event, as the venue lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    /// The venue's id, a decimal of about 22 digits.
    pub id: u128,
    /// State when read.
    pub state: GameState,
    /// Kick-off.
    pub starts: Wall,
    /// The venue's number of the sport: 33 football, 31 basketball, 45 tennis.
    pub sport: u32,
    /// The sport's short name.
    pub sport_slug: String,
    /// The league's short name; repeats between countries.
    pub league_slug: String,
    /// The league's name.
    pub league: String,
    /// The country's short name.
    pub country_slug: String,
    /// The country's name.
    pub country: String,
    /// Names in order: the first is participant 1.
    pub participants: Vec<String>,
    /// As shown.
    pub title: String,
}

/// One line of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The venue's id.
    pub id: MarketId,
    /// Its game, where the message says so.
    pub game: Option<u128>,
    /// State when read.
    pub state: ConditionState,
    /// A stopped secondary line; can be shown again.
    pub hidden: bool,
    /// Whether bets are taken before the game. Absent is no.
    pub prematch: bool,
    /// Whether bets are taken in play. Absent is no.
    pub live: bool,
    /// The venue's number of the market, where the message says so.
    pub market: Option<u32>,
    /// As shown; names participants, so it identifies nothing.
    pub title: String,
    /// All of them.
    pub outcomes: Vec<OutcomeLine>,
}

/// One outcome of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeLine {
    /// The venue's id.
    pub id: Outcome,
    /// For whom bets now; `None` where the text is no odds above one ("1" occurs).
    pub odds: Option<Odds>,
    /// Its side, where the message says so.
    pub selection: Option<Selection>,
    /// Its line: in a handicap the two sides carry opposite signs.
    pub line: Option<Line>,
    /// State when read.
    pub state: OutcomeState,
    /// Not shown.
    pub hidden: bool,
}

/// Limits of one bet (spec section 6), in raw token units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Smallest stake; nothing where the venue states none.
    pub min: u128,
    /// Largest stake at the shown odds.
    pub max: u128,
}

/// What an answer says about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderWord {
    /// The venue's id, where the answer carries it.
    pub id: Option<String>,
    /// Its state.
    pub state: OrderState,
    /// What was taken on chain, once the answer names the bet.
    pub taken: Option<Taken>,
    /// How it was settled.
    pub result: Option<Settlement>,
    /// Whether the relayer has a transaction for it.
    pub transaction: bool,
    /// Whether its payout was claimed.
    pub redeemed: bool,
    /// The venue's error and its message, joined.
    pub error: Option<String>,
}

fn json<'a, T: Deserialize<'a>>(what: &'static str, body: &'a [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body).map_err(|cause| Unreadable { what, why: cause.to_string() })
}

fn bad(what: &'static str, why: impl Into<String>) -> Unreadable {
    Unreadable { what, why: why.into() }
}

/// A page of games, and how many pages there are; one where the answer does not say.
///
/// # Errors
/// [`Unreadable`].
pub fn games(body: &[u8]) -> Result<(Vec<Game>, u32), Unreadable> {
    let page: GamesPage<'_> = json("the list of games", body)?;
    let games = page.games.into_iter().map(game).collect::<Result<_, _>>()?;
    Ok((games, page.total_pages.or(page.page).unwrap_or(1)))
}

/// A game's id.
pub fn game_id(text: &str) -> Option<u128> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn game(row: GameRow<'_>) -> Result<Game, Unreadable> {
    let what = "a game";
    let starts: i64 = row.starts_at.parse().map_err(|_| bad(what, format!("it starts at {:?}", &*row.starts_at)))?;
    Ok(Game {
        id: game_id(&row.game_id).ok_or_else(|| bad(what, format!("its id is {:?}", row.game_id)))?,
        state: GameState::parse(&row.state),
        starts: Wall::from_ms(starts.saturating_mul(1_000)),
        sport: row.sport.sport_id.parse().map_err(|_| bad(what, format!("its sport is {:?}", &*row.sport.sport_id)))?,
        sport_slug: row.sport.slug,
        league_slug: row.league.slug,
        league: row.league.name,
        country_slug: row.country.slug,
        country: row.country.name,
        participants: row.participants.into_iter().map(|p| p.name).collect(),
        title: row.title.unwrap_or_default(),
    })
}

/// The conditions of an answer of `conditions-by-game-ids` or `condition-batch`, all of which must read.
///
/// # Errors
/// [`Unreadable`].
pub fn conditions(body: &[u8]) -> Result<Vec<Condition>, Unreadable> {
    condition_rows(body)?.into_iter().collect()
}

/// The same, one by one.
///
/// # Errors
/// [`Unreadable`] when the answer as a whole is none.
pub fn condition_rows(body: &[u8]) -> Result<Vec<Result<Condition, Unreadable>>, Unreadable> {
    let list: Conditions<'_> = json("the list of conditions", body)?;
    Ok(list.conditions.into_iter().map(condition).collect())
}

pub(crate) fn condition(row: ConditionRow<'_>) -> Result<Condition, Unreadable> {
    let what = "a condition";
    let id = row.condition_id.or(row.id).ok_or_else(|| bad(what, "it has no id"))?;
    let game = row.game.map(|g| g.game_id).or(row.game_id);
    let state = ConditionState::parse(&row.state);
    Ok(Condition {
        id: parse_condition(&id).ok_or_else(|| bad(what, format!("its id is {:?}", &*id)))?,
        game: game.as_deref().and_then(game_id),
        state,
        hidden: row.hidden.unwrap_or(false),
        prematch: row.is_prematch_enabled.unwrap_or(false),
        live: row.is_live_enabled.unwrap_or(false),
        market: row.market_id.and_then(|m| m.parse().ok()),
        title: row.title.map(Text::into_owned).unwrap_or_default(),
        outcomes: row.outcomes.into_iter().map(|row| outcome(row, state)).collect::<Result<_, _>>()?,
    })
}

fn outcome(row: OutcomeRow<'_>, condition: ConditionState) -> Result<OutcomeLine, Unreadable> {
    let id = row.outcome_id;
    // A message of 2025 gives outcomes no state of their own: the condition's.
    let inherited = if condition == ConditionState::Active { OutcomeState::Active } else { OutcomeState::Stopped };
    Ok(OutcomeLine {
        id: id.parse().map(Outcome).map_err(|_| bad("an outcome", format!("its id is {:?}", &*id)))?,
        odds: row.odds.and_then(|text| cut_odds_e12(&text).ok()).and_then(Odds::from_decimal_e12),
        selection: row.sort.as_deref().map(Selection::parse),
        line: row.point.and_then(|point| Line::parse(&point)),
        state: row.state.as_deref().map_or(inherited, OutcomeState::parse),
        hidden: row.hidden.unwrap_or(false),
    })
}

/// Limits of a bet. An `error` inside an answer of status 200 is an error.
///
/// # Errors
/// [`Unreadable`].
pub fn limits(body: &[u8], environment: &Environment) -> Result<Limits, Unreadable> {
    let what = "the calculation";
    let row: Calculation<'_> = json("the calculation", body)?;
    if let Some(error) = row.response.error {
        return Err(bad(what, format!("the venue says {error:?}")));
    }
    let units = |text: &str| parse_units(text, environment.decimals).map_err(|cause| bad(what, format!("{text:?}: {cause}")));
    let max = row.response.max_bet.ok_or_else(|| bad(what, "it has no maxBet"))?;
    let min = row.response.min_bet.map_or(Ok(0), |min| units(&min))?;
    Ok(Limits { min, max: units(&max)? })
}

/// The relayer's fee in raw token units: one object, or a list of one (spec section 6).
///
/// # Errors
/// [`Unreadable`], also when the token has other decimals than the environment.
pub fn relayer_fee(body: &[u8], environment: &Environment) -> Result<u128, Unreadable> {
    let what = "gas-info";
    let rows: Vec<GasRow<'_>> =
        if body.trim_ascii_start().first() == Some(&b'[') { json("gas-info", body)? } else { vec![json("gas-info", body)?] };
    let [row] = rows.as_slice() else { return Err(bad(what, format!("{} rows where one was due", rows.len()))) };
    if row.decimals != environment.decimals {
        return Err(bad(
            what,
            format!("the token has {} decimals, {} has {}", row.decimals, environment.name, environment.decimals),
        ));
    }
    row.relayer_fee_amount.parse().map_err(|_| bad(what, format!("the fee is {:?}", &*row.relayer_fee_amount)))
}

/// One order, of a POST or a GET.
///
/// # Errors
/// [`Unreadable`], also for a state that is not known: the fate of money is not guessed.
pub fn order(body: &[u8], environment: &Environment) -> Result<OrderWord, Unreadable> {
    order_word(json("the order", body)?, environment)
}

/// A bettor's orders, all of which must read.
///
/// # Errors
/// [`Unreadable`].
pub fn orders(body: &[u8], environment: &Environment) -> Result<Vec<OrderWord>, Unreadable> {
    order_rows(body, environment)?.into_iter().collect()
}

/// The same, one by one: what another program placed for this bettor may not read.
///
/// # Errors
/// [`Unreadable`] when the answer as a whole is none.
pub fn order_rows(body: &[u8], environment: &Environment) -> Result<Vec<Result<OrderWord, Unreadable>>, Unreadable> {
    let list: OrderList<'_> = json("the list of orders", body)?;
    Ok(list.orders.into_iter().map(|row| order_word(row, environment)).collect())
}

fn order_word(row: OrderRow<'_>, environment: &Environment) -> Result<OrderWord, Unreadable> {
    let what = "the order";
    let state = row.state.ok_or_else(|| bad(what, "it has no state"))?;
    let state = OrderState::parse(&state).ok_or_else(|| bad(what, format!("its state {state:?} is not known")))?;
    let result = match row.result.as_deref() {
        None => None,
        Some(word) => Some(Settlement::parse(word).ok_or_else(|| bad(what, format!("its result {word:?} is not known")))?),
    };
    let taken = match &row.bet_id {
        None => None,
        Some(bet) => {
            let meta = row.meta.as_ref();
            // The exact integers where the indexer has them, else the decimals.
            let odds = match meta.and_then(|m| m.raw_odds.as_ref()) {
                Some(raw) => raw.parse().ok(),
                None => row.odds.as_ref().and_then(|odds| cut_odds_e12(odds).ok()),
            };
            let amount = match meta.and_then(|m| m.raw_amount.as_ref()) {
                Some(raw) => raw.parse().ok(),
                None => row.amount.as_ref().and_then(|amount| cut_units(amount, environment.decimals).ok()),
            };
            let bet: u128 = bet.parse().map_err(|_| bad(what, format!("its bet is {:?}", &**bet)))?;
            let (odds_e12, amount) = odds.zip(amount).ok_or_else(|| bad(what, "a bet without odds or amount"))?;
            Some(Taken { on_chain: false, bet, odds_e12, amount })
        }
    };
    let error = match (row.error, row.error_message) {
        (Some(error), Some(message)) => Some(format!("{error}: {message}")),
        (error, message) => error.or(message),
    };
    Ok(OrderWord {
        id: row.id,
        state,
        taken,
        result,
        transaction: row.tx_hash.is_some(),
        redeemed: row.redeemed_at.is_some(),
        error,
    })
}

/// An error body of status 4xx: its code and message, joined; `None` where it holds neither.
pub fn refusal(body: &[u8]) -> Option<String> {
    let row: OrderRow<'_> = serde_json::from_slice(body).ok()?;
    match (row.error, row.error_message) {
        (Some(error), Some(message)) => Some(format!("{error}: {message}")),
        (error, message) => error.or(message),
    }
}
