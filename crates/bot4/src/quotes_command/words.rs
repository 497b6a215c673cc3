//! A pair in the words of a table: the event, and what is bet on it.

use bets::board::{Cover, Link};
use bets::markets::complement;
use domain::{Listing, Period, Pick, Question, Unit};

/// `Arsenal - Chelsea`, as the first venue writes it.
pub(super) fn event(link: &Link) -> String {
    let [one, two] = &link.listings[0].teams;
    if two.is_empty() { one.clone() } else { format!("{one} - {two}") }
}

/// What an outcome says, without the line.
pub(crate) const fn pick(pick: Pick) -> &'static str {
    match pick {
        Pick::One => "1",
        Pick::Two => "2",
        Pick::Draw => "draw",
        Pick::NotOne => "not 1",
        Pick::NotTwo => "not 2",
        Pick::NotDraw => "no draw",
        Pick::Over => "over",
        Pick::Under => "under",
        Pick::Yes => "yes",
        Pick::No => "no",
        Pick::Odd => "odd",
        Pick::Even => "even",
        Pick::Other => "other",
    }
}

/// The question as one word for programs.
pub(super) fn question(question: Question) -> String {
    match question {
        Question::TeamTotal(side) => format!("team_total_{side}"),
        Question::Other(kind) => format!("other_{kind}"),
        Question::Result => "result".to_owned(),
        Question::Winner => "winner".to_owned(),
        Question::ToQualify => "to_qualify".to_owned(),
        Question::Handicap => "handicap".to_owned(),
        Question::Total => "total".to_owned(),
        Question::BothScore => "both_score".to_owned(),
        Question::OddEven => "odd_even".to_owned(),
        Question::DoubleChance => "double_chance".to_owned(),
        Question::Outright => "outright".to_owned(),
    }
}

fn part(period: Period) -> String {
    match period {
        Period::Half(n) => format!(" H{n}"),
        Period::Part(n) => format!(" P{n}"),
        Period::FirstFiveInnings => " F5".to_owned(),
        Period::Regulation | Period::WithOvertime | Period::Whole | Period::Other => String::new(),
    }
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Score => "",
        Unit::Games => " games",
        Unit::Sets => " sets",
        Unit::Rounds => " rounds",
        Unit::Maps => " maps",
    }
}

/// `over/under 2.5`: the pick at the first venue, the pick at the second and the line, all in the first venue's words.
pub(super) fn bet(link: &Link, cover: Option<Cover>) -> String {
    let listing: &Listing = &link.listings[0];
    let picks = cover.map_or_else(
        || question(listing.question),
        |cover| {
            // The second venue may name the sides the other way round: here both speak as the first does.
            let [first, second] = cover.picks;
            format!("{}/{}", pick(first), pick(complement(listing.question, first).unwrap_or(second)))
        },
    );
    let line = listing.line.map_or_else(String::new, |line| {
        let sign = if listing.question == Question::Handicap && line.0 > 0 { "+" } else { "" };
        format!(" {sign}{line}")
    });
    let about = if listing.question == Question::BothScore { " score" } else { "" };
    format!("{picks}{line}{about}{}{}", unit(listing.unit), part(listing.period))
}
