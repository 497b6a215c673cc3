//! Which markets of a pair of events ask the same, and which of their outcomes cover everything between them.
//!
//! Called by [`crate::linking`]. Judges no settlement: that is [`crate::rules`].

use crate::board::Cover;
use crate::rules::{Verdict, settles};
use domain::listing::{Listing, Period, Pick, Question};

/// Two markets that ask the same question of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketPair {
    /// SX Bet's and Azuro's.
    pub listings: [Listing; 2],
    /// Every way to cover the question with one bet at either venue.
    pub covers: Vec<Cover>,
    /// Whether both settle alike.
    pub verdict: Verdict,
}

/// What a pick says when the sides are named the other way round.
pub const fn mirrored(pick: Pick) -> Pick {
    match pick {
        Pick::One => Pick::Two,
        Pick::Two => Pick::One,
        Pick::NotOne => Pick::NotTwo,
        Pick::NotTwo => Pick::NotOne,
        same => same,
    }
}

/// The pick that comes true exactly when this one does not; `None` where the question has more than one such.
pub const fn complement(question: Question, pick: Pick) -> Option<Pick> {
    let of_two = matches!(question, Question::Winner | Question::ToQualify | Question::Handicap);
    let of_three = matches!(question, Question::Result | Question::DoubleChance);
    Some(match pick {
        Pick::One if of_two => Pick::Two,
        Pick::Two if of_two => Pick::One,
        Pick::One if of_three => Pick::NotOne,
        Pick::NotOne if of_three => Pick::One,
        Pick::Two if of_three => Pick::NotTwo,
        Pick::NotTwo if of_three => Pick::Two,
        Pick::Draw if of_three => Pick::NotDraw,
        Pick::NotDraw if of_three => Pick::Draw,
        Pick::Over => Pick::Under,
        Pick::Under => Pick::Over,
        Pick::Yes => Pick::No,
        Pick::No => Pick::Yes,
        Pick::Odd => Pick::Even,
        Pick::Even => Pick::Odd,
        _ => return None,
    })
}

/// The question as the first venue would ask it.
const fn turned(question: Question, swapped: bool) -> Question {
    match question {
        Question::TeamTotal(1) if swapped => Question::TeamTotal(2),
        Question::TeamTotal(2) if swapped => Question::TeamTotal(1),
        same => same,
    }
}

/// Whether both ask the same; periods that differ in overtime alone are let through, so that the rules can say why not.
fn ask_the_same(a: &Listing, b: &Listing, swapped: bool) -> bool {
    let (x, y) = (a.question, turned(b.question, swapped));
    let words = match (x, y) {
        (Question::Other(_), _) | (_, Question::Other(_)) => false,
        (Question::Result, Question::DoubleChance) | (Question::DoubleChance, Question::Result) => true,
        (x, y) => x == y,
    };
    let counts = matches!(x, Question::Handicap | Question::Total | Question::TeamTotal(_) | Question::OddEven);
    let line = if swapped && x == Question::Handicap { b.line.map(domain::Line::mirrored) } else { b.line };
    let periods = a.period == b.period
        || matches!(
            (a.period, b.period),
            (Period::Regulation, Period::WithOvertime) | (Period::WithOvertime, Period::Regulation)
        );
    words && periods && a.period != Period::Other && a.line == line && (!counts || a.unit == b.unit)
}

/// Every way to cover a question with an outcome of either market.
fn covers(a: &Listing, b: &Listing, swapped: bool) -> Vec<Cover> {
    let mut out = Vec::new();
    for (first, says) in &a.picks {
        let Some(rest) = complement(a.question, *says) else { continue };
        for (second, pick) in &b.picks {
            let turned = if swapped { mirrored(*pick) } else { *pick };
            if turned == rest {
                out.push(Cover { outcomes: [*first, *second], picks: [*says, *pick] });
            }
        }
    }
    out
}

/// The pairs of markets of one pair of events, in the order of SX Bet's market ids. `swapped`: Azuro names the sides the other
/// way round, so that sides map crosswise and the lines of handicaps are mirrored.
pub fn pair_markets(sx: &[&Listing], azuro: &[&Listing], swapped: bool) -> Vec<MarketPair> {
    let mut out = Vec::new();
    for a in sx {
        for b in azuro.iter().filter(|b| ask_the_same(a, b, swapped)) {
            let covers = covers(a, b, swapped);
            if !covers.is_empty() {
                out.push(MarketPair { listings: [(*a).clone(), (*b).clone()], covers, verdict: settles(a, b) });
            }
        }
    }
    out.sort_by_key(|pair| pair.listings.each_ref().map(|listing| listing.market));
    out
}
