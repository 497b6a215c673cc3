//! The venue's markets in the words that every betting venue is translated into: one row per market type of spec section 5.2.
//!
//! Strict where a guess would cost money: an outcome says what its name says, and a market whose names, sport or type do not fit
//! becomes [`Question::Other`], which is shown and not traded.

use crate::catalog::Market;
use domain::{Listing, Outcome, Period, Pick, Question, Sport, Unit, Wall};

/// What part of the event a type counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    /// The event without overtime.
    Plain,
    /// The event with overtime.
    Overtime,
    /// Always this.
    Only(Period),
}

use Counts::{Only, Overtime, Plain};

/// Every market type of the venue: its number, what is asked, what part counts, what is counted, whether it is about a line.
const KINDS: &[(u32, Question, Counts, Unit, bool)] = &[
    (1, Question::Result, Plain, Unit::Score, false),
    (52, Question::Winner, Plain, Unit::Score, false),
    (226, Question::Winner, Overtime, Unit::Score, false),
    (88, Question::ToQualify, Only(Period::WithOvertime), Unit::Score, false),
    (3, Question::Handicap, Plain, Unit::Score, true),
    (342, Question::Handicap, Overtime, Unit::Score, true),
    (201, Question::Handicap, Only(Period::Whole), Unit::Games, true),
    (866, Question::Handicap, Only(Period::Whole), Unit::Sets, true),
    (2, Question::Total, Plain, Unit::Score, true),
    (28, Question::Total, Overtime, Unit::Score, true),
    (835, Question::Total, Plain, Unit::Score, true),
    (29, Question::Total, Only(Period::Whole), Unit::Rounds, true),
    (166, Question::Total, Only(Period::Whole), Unit::Games, true),
    (1536, Question::Total, Only(Period::Whole), Unit::Maps, true),
    (165, Question::Total, Only(Period::Whole), Unit::Sets, true),
    (17, Question::BothScore, Plain, Unit::Score, false),
    (274, Question::Outright, Only(Period::Whole), Unit::Score, false),
    (202, Question::Winner, Only(Period::Part(1)), Unit::Score, false),
    (203, Question::Winner, Only(Period::Part(2)), Unit::Score, false),
    (204, Question::Winner, Only(Period::Part(3)), Unit::Score, false),
    (205, Question::Winner, Only(Period::Part(4)), Unit::Score, false),
    (53, Question::Handicap, Only(Period::Half(1)), Unit::Score, true),
    (63, Question::Winner, Only(Period::Half(1)), Unit::Score, false),
    (77, Question::Total, Only(Period::Half(1)), Unit::Score, true),
    (64, Question::Handicap, Only(Period::Part(1)), Unit::Score, true),
    (65, Question::Handicap, Only(Period::Part(2)), Unit::Score, true),
    (66, Question::Handicap, Only(Period::Part(3)), Unit::Score, true),
    (21, Question::Total, Only(Period::Part(1)), Unit::Score, true),
    (45, Question::Total, Only(Period::Part(2)), Unit::Score, true),
    (46, Question::Total, Only(Period::Part(3)), Unit::Score, true),
    (281, Question::Handicap, Only(Period::FirstFiveInnings), Unit::Score, true),
    (1618, Question::Winner, Only(Period::FirstFiveInnings), Unit::Score, false),
    (236, Question::Total, Only(Period::FirstFiveInnings), Unit::Score, true),
];

/// The venue's sports by number (spec section 5.3).
const SPORTS: &[(u32, Sport)] = &[
    (1, Sport::Basketball),
    (2, Sport::Hockey),
    (3, Sport::Baseball),
    (5, Sport::Soccer),
    (6, Sport::Tennis),
    (7, Sport::Mma),
    (8, Sport::Football),
    (9, Sport::Esports),
    (11, Sport::RugbyUnion),
    (13, Sport::Boxing),
    (15, Sport::Cricket),
    (20, Sport::RugbyLeague),
];

/// Sports that know no overtime, and count in more than one unit: a line of theirs without a unit of its own is ambiguous.
const fn counts_in_parts(sport: Sport) -> bool {
    matches!(sport, Sport::Tennis | Sport::Mma | Sport::Boxing | Sport::Esports | Sport::Volleyball)
}

fn same(name: &str, other: &str) -> bool {
    !name.trim().is_empty() && name.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Whether an outcome's name is a team's with a handicap behind it.
fn is_side(name: &str, team: &str) -> bool {
    let (name, team) = (name.trim().to_lowercase(), team.trim().to_lowercase());
    let rest = name.strip_prefix(&team).filter(|_| !team.is_empty()).map(str::trim);
    rest.is_some_and(|rest| rest.starts_with(['+', '-', '0', '(']) || rest.is_empty())
}

fn begins(name: &str, word: &str) -> bool {
    name.trim().to_lowercase().split_whitespace().next() == Some(word)
}

/// What both outcomes say, by their names. `None` when the names do not fit the question.
fn picks(question: Question, market: &Market) -> Option<[Pick; 2]> {
    let [one, two] = &market.outcomes;
    let [home, away] = &market.teams;
    Some(match question {
        // Three markets of one fixture, each a side against not that side.
        Question::Result if same(one, home) => [Pick::One, Pick::NotOne],
        Question::Result if same(one, away) => [Pick::Two, Pick::NotTwo],
        Question::Result if same(one, "Tie") || same(one, "Draw") => [Pick::Draw, Pick::NotDraw],
        Question::Winner | Question::ToQualify if same(one, home) && same(two, away) => [Pick::One, Pick::Two],
        Question::Winner | Question::ToQualify if same(one, away) && same(two, home) => [Pick::Two, Pick::One],
        // The line belongs to team one, and team one is outcome one.
        Question::Handicap if is_side(one, home) && is_side(two, away) => [Pick::One, Pick::Two],
        Question::Total if begins(one, "over") && begins(two, "under") => [Pick::Over, Pick::Under],
        Question::BothScore if same(one, "Yes") && same(two, "No") => [Pick::Yes, Pick::No],
        Question::Outright => [Pick::Other, Pick::Other],
        _ => return None,
    })
}

/// The venue's number of a sport that it lists.
pub fn sport_number(sport: Sport) -> Option<u32> {
    SPORTS.iter().find(|(_, ours)| *ours == sport).map(|(number, _)| *number)
}

/// A market as both venues' words have it. `takes_bets`: what is known of its fixture lets it be bet on.
pub fn listing(market: &Market, takes_bets: bool) -> Listing {
    let sport = SPORTS.iter().find(|(number, _)| *number == market.sport).map_or(Sport::Other, |(_, sport)| *sport);
    let row = KINDS.iter().find(|(kind, ..)| *kind == market.kind);
    let fits = row.and_then(|(_, question, counts, unit, lined)| {
        let ambiguous = *lined && *unit == Unit::Score && counts_in_parts(sport);
        let period = match counts {
            Only(period) => *period,
            Plain | Overtime if counts_in_parts(sport) => Period::Whole,
            Plain => Period::Regulation,
            Overtime => Period::WithOvertime,
        };
        // The venue gives lines with markets that are about none, too.
        let line = market.line.filter(|_| *lined);
        let fits = !ambiguous && line.is_some() == *lined;
        Some((*question, period, *unit, line, picks(*question, market)?)).filter(|_| fits)
    });
    let other = (Question::Other(market.kind), Period::Other, Unit::Score, market.line, [Pick::Other, Pick::Other]);
    let (question, period, unit, line, [one, two]) = fits.unwrap_or(other);
    let teams = if question == Question::Outright { Default::default() } else { market.teams.clone() };
    Listing {
        venue: crate::VENUE,
        market: market.id,
        event: market.event.clone(),
        sport,
        country: String::new(),
        league: market.league_name.clone(),
        teams,
        starts: Wall::from_ms(market.game_time.saturating_mul(1_000)),
        question,
        period,
        unit,
        line,
        picks: vec![(Outcome::ONE, one), (Outcome::TWO, two)],
        kind: market.kind,
        open: market.active && takes_bets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Line, MarketId};

    fn market(kind: u32, sport: u32, outcomes: [&str; 2], line: Option<&str>) -> Market {
        Market {
            id: MarketId([1; 32]),
            active: true,
            kind,
            line: line.map(|text| Line::parse(text).expect("a line")),
            main_line: None,
            event: "L1".to_owned(),
            outcomes: outcomes.map(str::to_owned),
            teams: ["Home FC".to_owned(), "Away".to_owned()],
            game_time: 1_790_000_000,
            live: false,
            sport,
            league: 29,
            league_name: "A league".to_owned(),
            result: None,
        }
    }

    #[test]
    fn a_market_says_the_same_in_words_of_both_venues() {
        let check = |kind: u32, sport: u32, outcomes: [&str; 2], line: Option<&str>, expect: &str| {
            let listed = listing(&market(kind, sport, outcomes, line), true);
            let line = listed.line.map_or("-".to_owned(), |line| line.to_string());
            let picks: Vec<String> = listed.picks.iter().map(|(_, pick)| format!("{pick:?}")).collect();
            let shown = format!("{:?} {:?} {:?} {line} {}", listed.question, listed.period, listed.unit, picks.join("/"));
            assert_eq!(shown, expect, "type {kind} of sport {sport}");
        };
        let (sides, over) = (["Home FC", "Away"], ["Over 2.5", "Under 2.5"]);
        check(1, 5, ["Home FC", "Not Home FC"], None, "Result Regulation Score - One/NotOne");
        check(1, 5, ["Away", "Not Away"], None, "Result Regulation Score - Two/NotTwo");
        check(1, 5, ["Tie", "Not Tie"], None, "Result Regulation Score - Draw/NotDraw");
        check(1, 5, ["Someone", "Not Someone"], None, "Other(1) Other Score - Other/Other");
        check(52, 5, sides, None, "Winner Regulation Score - One/Two");
        check(52, 6, sides, None, "Winner Whole Score - One/Two");
        check(226, 1, sides, Some("-2.5"), "Winner WithOvertime Score - One/Two");
        check(226, 7, ["away", "home fc"], None, "Winner Whole Score - Two/One");
        check(226, 1, ["Home", "Away"], None, "Other(226) Other Score - Other/Other");
        check(88, 5, sides, None, "ToQualify WithOvertime Score - One/Two");
        check(3, 5, ["Home FC -1.25", "Away +1.25"], Some("-1.25"), "Handicap Regulation Score -1.25 One/Two");
        check(3, 5, ["Away +1.25", "Home FC -1.25"], Some("1.25"), "Other(3) Other Score 1.25 Other/Other");
        check(3, 5, ["Home FC -1.25", "Away +1.25"], None, "Other(3) Other Score - Other/Other");
        check(3, 6, ["Home FC +1.5", "Away -1.5"], Some("1.5"), "Other(3) Other Score 1.5 Other/Other");
        check(342, 1, ["Home FC +4", "Away -4"], Some("4"), "Handicap WithOvertime Score 4 One/Two");
        check(201, 6, ["Home FC +4.5", "Away -4.5"], Some("4.5"), "Handicap Whole Games 4.5 One/Two");
        check(866, 6, ["Home FC +1.5", "Away -1.5"], Some("1.5"), "Handicap Whole Sets 1.5 One/Two");
        check(2, 5, over, Some("2.5"), "Total Regulation Score 2.5 Over/Under");
        check(2, 5, ["Under 2.5", "Over 2.5"], Some("2.5"), "Other(2) Other Score 2.5 Other/Other");
        check(2, 6, over, Some("36.5"), "Other(2) Other Score 36.5 Other/Other");
        check(28, 2, over, Some("5.5"), "Total WithOvertime Score 5.5 Over/Under");
        check(835, 5, over, Some("2.75"), "Total Regulation Score 2.75 Over/Under");
        check(29, 7, over, Some("2.5"), "Total Whole Rounds 2.5 Over/Under");
        check(166, 6, over, Some("22.5"), "Total Whole Games 22.5 Over/Under");
        check(1536, 9, over, Some("2.5"), "Total Whole Maps 2.5 Over/Under");
        check(165, 6, over, Some("2.5"), "Total Whole Sets 2.5 Over/Under");
        check(17, 5, ["Yes", "No"], None, "BothScore Regulation Score - Yes/No");
        check(274, 4, ["Someone", "The field"], None, "Outright Whole Score - Other/Other");
        for (kind, part) in [(202, 1), (203, 2), (204, 3), (205, 4)] {
            check(kind, 6, sides, None, &format!("Winner Part({part}) Score - One/Two"));
        }
        check(53, 1, ["Home FC -3", "Away +3"], Some("-3"), "Handicap Half(1) Score -3 One/Two");
        check(63, 1, sides, None, "Winner Half(1) Score - One/Two");
        check(77, 1, over, Some("110.5"), "Total Half(1) Score 110.5 Over/Under");
        for (kind, part) in [(64, 1), (65, 2), (66, 3)] {
            let expect = format!("Handicap Part({part}) Score -0.5 One/Two");
            check(kind, 2, ["Home FC -0.5", "Away +0.5"], Some("-0.5"), &expect);
        }
        for (kind, part) in [(21, 1), (45, 2), (46, 3)] {
            check(kind, 2, over, Some("1.5"), &format!("Total Part({part}) Score 1.5 Over/Under"));
        }
        check(281, 3, ["Home FC -0.5", "Away +0.5"], Some("-0.5"), "Handicap FirstFiveInnings Score -0.5 One/Two");
        check(1618, 3, sides, None, "Winner FirstFiveInnings Score - One/Two");
        check(236, 3, over, Some("4.5"), "Total FirstFiveInnings Score 4.5 Over/Under");
        check(99_999, 5, sides, None, "Other(99999) Other Score - Other/Other");
    }

    #[test]
    fn every_market_type_of_the_specification_has_one_row() {
        let named = [
            1, 52, 226, 88, 3, 342, 201, 866, 2, 28, 835, 29, 166, 1536, 165, 17, 274, 202, 203, 204, 205, 53, 63, 77, 64, 65,
            66, 21, 45, 46, 281, 1618, 236,
        ];
        for kind in named {
            assert_eq!(KINDS.iter().filter(|(one, ..)| *one == kind).count(), 1, "{kind}");
        }
        assert_eq!(KINDS.len(), named.len());
    }

    #[test]
    fn what_is_not_active_or_off_is_not_open() {
        let whole = market(2, 5, ["Over 2.5", "Under 2.5"], Some("2.5"));
        assert!(listing(&whole, true).open && !listing(&whole, false).open);
        assert!(!listing(&Market { active: false, ..whole.clone() }, true).open);
        assert_eq!(listing(&whole, true).starts, Wall::from_ms(1_790_000_000_000));
        assert_eq!(listing(&Market { sport: 12, ..whole }, true).sport, Sport::Other);
    }
}
