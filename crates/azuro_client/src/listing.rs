//! A condition in the words that both betting venues share.
//!
//! Source: spec section 3. The dictionary names an outcome's market, side and line; the side and the line that the API sends beside it
//! must say the same. Whatever has no word, or is named differently by the two, becomes [`Question::Other`]: shown, never traded.
//! Called by `catalog` for what is listed; owns no request.

use crate::client::AzuroClient;
use crate::dictionary::{self, Entry, MarketKey, Side};
use crate::parse::{Condition, ConditionState, Game, GameState, OutcomeLine, OutcomeState, Selection};
use domain::{Line, Listing, Period, Pick, Question, Sport, Unit};

/// Venue numbers of whole events: a period that ends with regulation time where the sport knows overtime.
const WHOLE_GAME: u32 = 1;
/// The first half.
const FIRST_HALF: u32 = 50;
/// The whole event with overtime, extra innings, shoot-outs.
const WITH_OVERTIME: u32 = 76;

/// A disagreement between the venue's dictionary and its API about one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement(pub String);

/// The sport by the venue's number (spec section 3).
pub const fn sport(number: u32) -> Sport {
    match number {
        33 => Sport::Soccer,
        31 => Sport::Basketball,
        45 => Sport::Tennis,
        32 => Sport::Hockey,
        28 => Sport::Baseball,
        44 => Sport::Football,
        26 => Sport::Volleyball,
        36 => Sport::Mma,
        1000 | 1002 | 1045 | 1061 => Sport::Esports,
        _ => Sport::Other,
    }
}

/// What is asked, what part counts, what is counted, and the line.
struct Asked {
    question: Question,
    period: Period,
    unit: Unit,
    line: Option<Line>,
    picks: Vec<Pick>,
}

/// A condition as a listing. The second value says where the dictionary and the API disagree about it, if they do.
pub fn listing(game: &Game, condition: &Condition) -> (Listing, Option<Disagreement>) {
    let kind = condition.market.unwrap_or(0);
    let sport = sport(game.sport);
    let (asked, disagreement) = match asked(sport, game.participants.len(), condition) {
        Ok(asked) => (asked, None),
        Err(disagreement) => (None, disagreement),
    };
    let asked = asked.unwrap_or_else(|| Asked {
        question: Question::Other(kind),
        period: Period::Other,
        unit: Unit::Score,
        line: condition.outcomes.first().and_then(|outcome| outcome.line),
        picks: vec![Pick::Other; condition.outcomes.len()],
    });
    let outcomes = &condition.outcomes;
    let open = game.state == GameState::Prematch
        && condition.state == ConditionState::Active
        && condition.prematch
        && !condition.hidden
        && outcomes.iter().all(|outcome| outcome.state == OutcomeState::Active && !outcome.hidden);
    let teams = match game.participants.as_slice() {
        [first, second] => [first.clone(), second.clone()],
        _ => Default::default(),
    };
    let listing = Listing {
        venue: AzuroClient::VENUE,
        market: condition.id,
        event: game.id.to_string(),
        sport,
        country: game.country.clone(),
        league: game.league.clone(),
        teams,
        starts: game.starts,
        question: asked.question,
        period: asked.period,
        unit: asked.unit,
        line: asked.line,
        picks: outcomes.iter().map(|outcome| outcome.id).zip(asked.picks).collect(),
        kind,
        open,
    };
    (listing, disagreement)
}

/// `Ok(None)` where there is no word for it.
fn asked(sport: Sport, participants: usize, condition: &Condition) -> Result<Option<Asked>, Option<Disagreement>> {
    let mut entries = Vec::with_capacity(condition.outcomes.len());
    for outcome in &condition.outcomes {
        let Some(entry) = dictionary::entry(outcome.id) else { return Ok(None) };
        agree(condition, outcome, entry).map_err(Some)?;
        entries.push(*entry);
    }
    let Some(key) = entries.first().map(|entry| entry.key) else { return Ok(None) };
    if entries.iter().any(|entry| entry.key != key) {
        return Err(Some(Disagreement("its outcomes belong to different markets of the dictionary".to_owned())));
    }
    if participants != 2 {
        return Ok(None);
    }
    let Some((question, period, unit)) = words(sport, key) else { return Ok(None) };
    let picks: Vec<Pick> = entries.iter().map(|entry| pick(entry.side)).collect();
    if !lines_fit(question, &entries) || !complete(question, &picks) {
        return Ok(None);
    }
    let line = entries.first().and_then(seen_from_the_first_side);
    Ok(Some(Asked { question, period, unit, line, picks }))
}

/// The API's word on an outcome against the dictionary's.
fn agree(condition: &Condition, outcome: &OutcomeLine, entry: &Entry) -> Result<(), Disagreement> {
    let number = outcome.id.0;
    if let Some(market) = condition.market.filter(|market| *market != entry.key.market) {
        let known = entry.key.market;
        return Err(Disagreement(format!("outcome {number} is of market {known} by the dictionary, of {market} by the API")));
    }
    let side = outcome.selection.map(|selection| (selection, sides(selection)));
    if let Some((selection, _)) = side.filter(|(_, sides)| !sides.contains(&entry.side)) {
        return Err(Disagreement(format!("outcome {number} is {:?} by the dictionary, {selection:?} by the API", entry.side)));
    }
    if outcome.line != entry.line {
        return Err(Disagreement(format!(
            "outcome {number} has the line {:?} by the dictionary, {:?} by the API",
            entry.line.map(|line| line.to_string()),
            outcome.line.map(|line| line.to_string())
        )));
    }
    Ok(())
}

/// What the dictionary may call a side that the API numbers so.
const fn sides(selection: Selection) -> &'static [Side] {
    match selection {
        Selection::One | Selection::Winner1 => &[Side::One],
        Selection::Draw => &[Side::Draw],
        Selection::Two | Selection::Winner2 => &[Side::Two],
        Selection::Handicap1 => &[Side::Handicap1],
        Selection::Handicap2 => &[Side::Handicap2],
        Selection::Over | Selection::TeamOver => &[Side::Over],
        Selection::Under | Selection::TeamUnder => &[Side::Under],
        Selection::Yes => &[Side::Yes],
        Selection::No => &[Side::No],
        Selection::Even => &[Side::Even],
        Selection::Odd => &[Side::Odd],
        // The numbers of a double chance are not published: any of its three.
        Selection::Unknown => &[Side::OneOrDraw, Side::OneOrTwo, Side::TwoOrDraw],
    }
}

fn words(sport: Sport, key: MarketKey) -> Option<(Question, Period, Unit)> {
    let question = match (key.market, key.team) {
        (1, None) => Question::Result,
        (2, None) => Question::DoubleChance,
        (3, None) => Question::Handicap,
        (4, None) => Question::Total,
        (7, Some(team @ (1 | 2))) => Question::TeamTotal(u8::try_from(team).ok()?),
        (9, None) => Question::BothScore,
        (14, None) => Question::OddEven,
        (19, None) => Question::Winner,
        _ => return None,
    };
    // Sets and games end by themselves: these sports know no overtime.
    let no_overtime = matches!(sport, Sport::Tennis | Sport::Volleyball | Sport::Mma | Sport::Boxing | Sport::Esports);
    let period = match (key.period, no_overtime) {
        (WHOLE_GAME, true) => Period::Whole,
        (WHOLE_GAME, false) => Period::Regulation,
        (FIRST_HALF, false) => Period::Half(1),
        (WITH_OVERTIME, false) => Period::WithOvertime,
        _ => return None,
    };
    // A draw that counts overtime contradicts itself in these sports: the name says less than a bet needs.
    if question == Question::Result && period == Period::WithOvertime {
        return None;
    }
    let counted = match key.unit {
        // Goals, points, runs.
        1 | 76 | 83 => Unit::Score,
        54 => Unit::Games,
        87 => Unit::Sets,
        69 => Unit::Maps,
        _ => return None,
    };
    // Who wins the event is asked of the event, whatever it is counted in.
    let unit = if matches!(question, Question::Winner | Question::Result) { Unit::Score } else { counted };
    Some((question, period, unit))
}

const fn pick(side: Side) -> Pick {
    match side {
        Side::One | Side::Handicap1 => Pick::One,
        Side::Two | Side::Handicap2 => Pick::Two,
        Side::Draw => Pick::Draw,
        Side::OneOrDraw => Pick::NotTwo,
        Side::OneOrTwo => Pick::NotDraw,
        Side::TwoOrDraw => Pick::NotOne,
        Side::Over => Pick::Over,
        Side::Under => Pick::Under,
        Side::Yes => Pick::Yes,
        Side::No => Pick::No,
        Side::Even => Pick::Even,
        Side::Odd => Pick::Odd,
    }
}

/// An outcome's line as the market's: of a handicap the first side's.
fn seen_from_the_first_side(entry: &Entry) -> Option<Line> {
    entry.line.map(|line| if entry.side == Side::Handicap2 { line.mirrored() } else { line })
}

/// Whether all outcomes are about one line, or about none where the question has none.
fn lines_fit(question: Question, entries: &[Entry]) -> bool {
    let lined = matches!(question, Question::Handicap | Question::Total | Question::TeamTotal(_));
    let first = entries.first().and_then(seen_from_the_first_side);
    first.is_some() == lined && entries.iter().all(|entry| seen_from_the_first_side(entry) == first)
}

/// Whether the picks are exactly those that the question has.
fn complete(question: Question, picks: &[Pick]) -> bool {
    let expect: &[Pick] = match question {
        Question::Result => &[Pick::One, Pick::Two, Pick::Draw],
        Question::Winner | Question::Handicap => &[Pick::One, Pick::Two],
        Question::Total | Question::TeamTotal(_) => &[Pick::Over, Pick::Under],
        Question::BothScore => &[Pick::Yes, Pick::No],
        Question::OddEven => &[Pick::Odd, Pick::Even],
        Question::DoubleChance => &[Pick::NotTwo, Pick::NotDraw, Pick::NotOne],
        Question::ToQualify | Question::Outright | Question::Other(_) => return false,
    };
    picks.len() == expect.len() && expect.iter().all(|pick| picks.contains(pick))
}
