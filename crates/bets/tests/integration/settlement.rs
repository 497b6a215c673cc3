//! Settlement: every market type of SX Bet has its row, and only what both venues settle alike is tradable.

use bets::markets::{complement, mirrored, pair_markets};
use bets::rules::{HAPPENS, Happening, KINDS, Rule, Verdict, reference, settles};
use domain::listing::{Listing, Period, Pick, Question, Sport, Unit};
use domain::{Line, MarketId, Outcome, VenueId, Wall};
use proptest::prelude::*;

/// Spec section 5.2.
const TYPES: [u32; 33] = [
    1, 52, 226, 88, 3, 342, 201, 866, 2, 28, 835, 29, 166, 1536, 165, 17, 274, 202, 203, 204, 205, 53, 63, 77, 64, 65, 66, 21,
    45, 46, 281, 1618, 236,
];

fn listing(sport: Sport, kind: u32, question: Question, period: Period, line: Option<&str>, picks: &[Pick]) -> Listing {
    Listing {
        venue: VenueId::new("sx"),
        market: MarketId([u8::try_from(kind % 200).unwrap_or(0); 32]),
        event: "e".to_owned(),
        sport,
        country: String::new(),
        league: "A league".to_owned(),
        teams: ["Home".to_owned(), "Away".to_owned()],
        starts: Wall(0),
        question,
        period,
        unit: Unit::Score,
        line: line.map(|text| Line::parse(text).expect("a line")),
        picks: picks.iter().enumerate().map(|(n, pick)| (Outcome(n as u64 + 1), *pick)).collect(),
        kind,
        open: true,
    }
}

fn two(question: Question) -> &'static [Pick] {
    match question {
        Question::Total | Question::TeamTotal(_) => &[Pick::Over, Pick::Under],
        Question::BothScore => &[Pick::Yes, Pick::No],
        _ => &[Pick::One, Pick::Two],
    }
}

#[test]
fn every_market_type_of_the_specification_has_one_row() {
    for kind in TYPES {
        assert_eq!(KINDS.iter().filter(|row| row.kind == kind).count(), 1, "{kind}");
    }
    assert_eq!(KINDS.len(), TYPES.len());
}

#[test]
fn every_happening_has_one_row() {
    use Happening::*;
    let all = [Push, QuarterLine, Draw, Overtime, Meaning, Abandoned, Postponed, LateVoid, Retired, TieAfterOvertime];
    assert_eq!(HAPPENS.iter().map(|row| row.what).collect::<Vec<_>>(), all);
    for what in all {
        assert_eq!(what.row().what, what);
        assert_eq!(serde_json::to_value(what).expect("a word"), what.word());
    }
}

#[test]
fn only_what_both_settle_alike_is_tradable() {
    use Period::{FirstFiveInnings, Half, Part, Regulation, Whole, WithOvertime};
    use Question::{BothScore, Handicap, Outright, ToQualify, Total, Winner};
    let check = |kind, sport, question, period, line, expect: Result<&[Happening], Happening>| {
        let of = |kind| listing(sport, kind, question, period, line, two(question));
        let found = settles(&of(kind), &of(19));
        let found = match &found {
            Verdict::Tradable { risks } => Ok(risks.as_slice()),
            Verdict::Refused(refusal) => Err(refusal.on),
        };
        assert_eq!(found, expect, "type {kind} {sport:?} {question:?} {period:?} {line:?}");
    };
    let common: &[Happening] = &[Happening::Abandoned, Happening::Postponed, Happening::LateVoid];
    let seldom: &[Happening] = &[Happening::Abandoned, Happening::Postponed, Happening::LateVoid, Happening::TieAfterOvertime];
    let player: &[Happening] = &[Happening::Abandoned, Happening::Postponed, Happening::LateVoid, Happening::Retired];
    // Winners.
    check(226, Sport::Basketball, Winner, WithOvertime, None, Ok(common));
    check(226, Sport::Hockey, Winner, WithOvertime, None, Ok(common));
    check(226, Sport::Football, Winner, WithOvertime, None, Ok(seldom));
    check(226, Sport::Baseball, Winner, WithOvertime, None, Ok(seldom));
    check(52, Sport::Tennis, Winner, Whole, None, Ok(player));
    check(226, Sport::Tennis, Winner, Whole, None, Ok(player));
    check(52, Sport::Volleyball, Winner, Whole, None, Ok(common));
    check(52, Sport::Esports, Winner, Whole, None, Ok(seldom));
    check(202, Sport::Tennis, Winner, Part(1), None, Ok(player));
    check(52, Sport::Soccer, Winner, Regulation, None, Err(Happening::Draw));
    check(52, Sport::Hockey, Winner, Regulation, None, Err(Happening::Draw));
    check(63, Sport::Basketball, Winner, Half(1), None, Err(Happening::Draw));
    check(202, Sport::Basketball, Winner, Part(1), None, Err(Happening::Draw));
    check(205, Sport::Football, Winner, Part(4), None, Err(Happening::Draw));
    check(1618, Sport::Baseball, Winner, FirstFiveInnings, None, Err(Happening::Draw));
    check(226, Sport::Boxing, Winner, Whole, None, Err(Happening::Draw));
    check(226, Sport::Cricket, Winner, WithOvertime, None, Err(Happening::Draw));
    // Lines.
    check(3, Sport::Soccer, Handicap, Regulation, Some("-1.5"), Ok(common));
    check(3, Sport::Soccer, Handicap, Regulation, Some("-1"), Err(Happening::Push));
    check(3, Sport::Soccer, Handicap, Regulation, Some("0"), Err(Happening::Push));
    check(3, Sport::Soccer, Handicap, Regulation, Some("-1.25"), Err(Happening::QuarterLine));
    check(342, Sport::Basketball, Handicap, WithOvertime, Some("6.5"), Ok(common));
    check(2, Sport::Soccer, Total, Regulation, Some("2.5"), Ok(common));
    check(835, Sport::Soccer, Total, Regulation, Some("2.5"), Ok(common));
    check(835, Sport::Soccer, Total, Regulation, Some("2.75"), Err(Happening::QuarterLine));
    check(28, Sport::Basketball, Total, WithOvertime, Some("210"), Err(Happening::Push));
    check(28, Sport::Basketball, Total, WithOvertime, Some("210.1"), Err(Happening::Meaning));
    check(28, Sport::Basketball, Total, WithOvertime, None, Err(Happening::Meaning));
    check(201, Sport::Tennis, Handicap, Whole, Some("3.5"), Ok(player));
    check(77, Sport::Soccer, Total, Half(1), Some("1.5"), Ok(common));
    check(53, Sport::Soccer, Handicap, Half(1), Some("-0.5"), Ok(common));
    // Never.
    check(88, Sport::Soccer, ToQualify, WithOvertime, None, Err(Happening::Meaning));
    check(17, Sport::Soccer, BothScore, Regulation, None, Err(Happening::Meaning));
    check(274, Sport::Soccer, Outright, Whole, None, Err(Happening::Meaning));
    check(29, Sport::Mma, Total, Whole, Some("2.5"), Err(Happening::Meaning));
    // A type that the table does not know, and one whose question is not that of its row.
    check(9_999, Sport::Soccer, Winner, Whole, None, Err(Happening::Meaning));
    check(226, Sport::Soccer, Total, Regulation, Some("2.5"), Err(Happening::Meaning));
    check(226, Sport::Soccer, Question::Other(226), Regulation, None, Err(Happening::Meaning));
}

#[test]
fn what_counts_overtime_on_one_side_alone_is_shown_and_refused() {
    let sx = listing(Sport::Basketball, 28, Question::Total, Period::WithOvertime, Some("210.5"), two(Question::Total));
    let azuro = Listing { period: Period::Regulation, ..sx.clone() };
    let found = pair_markets(&[&sx], &[&azuro], false);
    let [pair] = found.as_slice() else { panic!("{found:?}") };
    let refusal = pair.verdict.refusal().expect("refused");
    assert_eq!(refusal.to_string(), "overtime: SX Bet: counts overtime too; Azuro: counts regulation time");
}

#[test]
fn a_risk_that_the_operator_refuses_refuses_the_pair() {
    let of = || listing(Sport::Tennis, 52, Question::Winner, Period::Whole, None, two(Question::Winner));
    let verdict = settles(&of(), &of());
    assert_eq!(verdict.clone().without(&[Happening::TieAfterOvertime]), verdict);
    let refused = verdict.without(&[Happening::Retired]);
    assert_eq!(refused.refusal().map(|refusal| refusal.on), Some(Happening::Retired));
    assert_eq!(
        refused.refusal().map(ToString::to_string).as_deref(),
        Some(
            "a player retires or does not start (`retired` is in refuse_risks): SX Bet: rules by sport, not known (spec 18); Azuro: not known"
        )
    );
    assert_eq!(refused.clone().without(&[]), refused);
}

#[test]
fn outcomes_of_both_venues_cover_everything() {
    use Pick::{Draw, NotDraw, NotOne, NotTwo, One, Over, Two, Under};
    let check = |a: (Question, Option<&str>, &[Pick]), b: (Question, Option<&str>, &[Pick]), swapped, expect: &[(Pick, Pick)]| {
        let sx = listing(Sport::Soccer, 1, a.0, Period::Regulation, a.1, a.2);
        let azuro = listing(Sport::Soccer, 1, b.0, Period::Regulation, b.1, b.2);
        let found = pair_markets(&[&sx], &[&azuro], swapped);
        let covers = found.first().map_or(&[][..], |pair| &pair.covers);
        let picks: Vec<(Pick, Pick)> = covers.iter().map(|cover| (cover.picks[0], cover.picks[1])).collect();
        assert_eq!(picks, expect, "{a:?} {b:?} {swapped}");
        for cover in covers {
            let says = |listing: &Listing, outcome| listing.picks.iter().find(|(o, _)| *o == outcome).map(|(_, pick)| *pick);
            assert_eq!(says(&sx, cover.outcomes[0]), Some(cover.picks[0]));
            assert_eq!(says(&azuro, cover.outcomes[1]), Some(cover.picks[1]));
        }
    };
    let (result, double, winner) = (Question::Result, Question::DoubleChance, Question::Winner);
    let (three, chances): (&[Pick], &[Pick]) = (&[One, Draw, Two], &[NotTwo, NotDraw, NotOne]);
    check((winner, None, &[One, Two]), (winner, None, &[One, Two]), false, &[(One, Two), (Two, One)]);
    check((winner, None, &[One, Two]), (winner, None, &[One, Two]), true, &[(One, One), (Two, Two)]);
    // One of SX Bet's three yes/no markets against Azuro's three results: the "no" alone has a counterpart.
    check((result, None, &[One, NotOne]), (result, None, three), false, &[(NotOne, One)]);
    check((result, None, &[One, NotOne]), (result, None, three), true, &[(NotOne, Two)]);
    check((result, None, &[Draw, NotDraw]), (result, None, three), false, &[(NotDraw, Draw)]);
    check((result, None, &[Two, NotTwo]), (result, None, three), true, &[(NotTwo, One)]);
    check((result, None, &[One, NotOne]), (double, None, chances), false, &[(One, NotOne)]);
    check((result, None, &[One, NotOne]), (double, None, chances), true, &[(One, NotTwo)]);
    check((result, None, &[Draw, NotDraw]), (double, None, chances), false, &[(Draw, NotDraw)]);
    // A side of three results is not covered by the other side.
    check((result, None, &[One, Two]), (result, None, &[One, Two]), false, &[]);
    let (total, handicap) = (Question::Total, Question::Handicap);
    check((total, Some("2.5"), &[Over, Under]), (total, Some("2.5"), &[Under, Over]), true, &[(Over, Under), (Under, Over)]);
    check((total, Some("2.5"), &[Over, Under]), (total, Some("3.5"), &[Over, Under]), false, &[]);
    check((handicap, Some("-1.5"), &[One, Two]), (handicap, Some("-1.5"), &[One, Two]), false, &[(One, Two), (Two, One)]);
    check((handicap, Some("-1.5"), &[One, Two]), (handicap, Some("1.5"), &[One, Two]), false, &[]);
    check((handicap, Some("-1.5"), &[One, Two]), (handicap, Some("1.5"), &[One, Two]), true, &[(One, One), (Two, Two)]);
    check((handicap, Some("-1.5"), &[One, Two]), (handicap, Some("-1.5"), &[One, Two]), true, &[]);
    let team = |n| Question::TeamTotal(n);
    check((team(1), Some("0.5"), &[Over, Under]), (team(1), Some("0.5"), &[Over, Under]), false, &[(Over, Under), (Under, Over)]);
    check((team(1), Some("0.5"), &[Over, Under]), (team(2), Some("0.5"), &[Over, Under]), true, &[(Over, Under), (Under, Over)]);
    check((team(1), Some("0.5"), &[Over, Under]), (team(1), Some("0.5"), &[Over, Under]), true, &[]);
    check((Question::Other(7), None, &[One, Two]), (Question::Other(7), None, &[One, Two]), false, &[]);
    // Units and parts have to be the same.
    let games = listing(Sport::Tennis, 166, total, Period::Whole, Some("22.5"), &[Over, Under]);
    let sets = Listing { unit: Unit::Sets, ..games.clone() };
    assert!(pair_markets(&[&games], &[&sets], false).is_empty());
    let half = Listing { period: Period::Half(1), ..games.clone() };
    assert!(pair_markets(&[&games], &[&half], false).is_empty());
}

const PICKS: [Pick; 13] = [
    Pick::One,
    Pick::Two,
    Pick::Draw,
    Pick::NotOne,
    Pick::NotTwo,
    Pick::NotDraw,
    Pick::Over,
    Pick::Under,
    Pick::Yes,
    Pick::No,
    Pick::Odd,
    Pick::Even,
    Pick::Other,
];

/// Whether a pick comes true when the first side's score and the second's are these, the line being a half.
fn comes_true(pick: Pick, line: i32, one: i32, two: i32) -> bool {
    match pick {
        Pick::One => 2 * one + line > 2 * two,
        Pick::Two => 2 * one + line < 2 * two,
        Pick::Draw => one == two,
        Pick::NotOne => one <= two,
        Pick::NotTwo => one >= two,
        Pick::NotDraw => one != two,
        Pick::Over => 2 * (one + two) > line,
        Pick::Under => 2 * (one + two) < line,
        Pick::Yes => one > 0 && two > 0,
        Pick::No => one == 0 || two == 0,
        Pick::Odd => (one + two) % 2 == 1,
        Pick::Even => (one + two) % 2 == 0,
        Pick::Other => false,
    }
}

proptest! {
    #[test]
    fn swapped_twice_is_as_it_was_and_a_complement_of_a_complement_too(n in 0usize..13, question in 0usize..4) {
        let pick = *PICKS.get(n).expect("a pick");
        prop_assert_eq!(mirrored(mirrored(pick)), pick);
        let question = [Question::Winner, Question::Handicap, Question::Result, Question::Total][question];
        if let Some(rest) = complement(question, pick) {
            prop_assert_eq!(complement(question, rest), Some(pick));
            prop_assert_eq!(complement(question, mirrored(pick)), Some(mirrored(rest)));
        }
    }

    #[test]
    fn exactly_one_of_two_covering_outcomes_comes_true(
        which in 0usize..4, half in -5i32..6, one in 0i32..8, two in 0i32..8, swapped: bool,
    ) {
        let (question, picks, other): (Question, &[Pick], &[Pick]) = [
            (Question::Handicap, &[Pick::One, Pick::Two][..], &[Pick::One, Pick::Two][..]),
            (Question::Total, &[Pick::Over, Pick::Under], &[Pick::Over, Pick::Under]),
            (Question::Result, &[Pick::One, Pick::NotOne], &[Pick::One, Pick::Draw, Pick::Two]),
            (Question::Result, &[Pick::Draw, Pick::NotDraw], &[Pick::One, Pick::Draw, Pick::Two]),
        ][which];
        // A handicap's or total's line in halves; three results have none.
        let line = if which < 2 { 2 * half + 1 } else { 0 };
        let text = |line: i32| (which < 2).then(|| Line(line * 50).to_string());
        let theirs = if swapped && question == Question::Handicap { -line } else { line };
        let sx = listing(Sport::Soccer, 3, question, Period::Regulation, text(line).as_deref(), picks);
        let azuro = listing(Sport::Soccer, 3, question, Period::Regulation, text(theirs).as_deref(), other);
        let found = pair_markets(&[&sx], &[&azuro], swapped);
        prop_assert_eq!(found.len(), 1);
        for cover in found.iter().flat_map(|pair| &pair.covers) {
            let here = comes_true(cover.picks[0], line, one, two);
            // The other venue names the sides the other way round: its first side's score is our second's.
            let (first, second) = if swapped { (two, one) } else { (one, two) };
            let there = comes_true(cover.picks[1], theirs, first, second);
            prop_assert!(here != there, "{:?} {}:{}", cover, one, two);
        }
    }
}

#[test]
fn the_documentation_has_the_tables_as_they_are() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/matching.md");
    let text = std::fs::read_to_string(&file).expect("docs/matching.md");
    let (before, rest) = text.split_once("<!-- rules -->\n").expect("<!-- rules -->");
    let (_, after) = rest.split_once("<!-- /rules -->").expect("<!-- /rules -->");
    // UPDATE_EXPECT=1 writes it anew.
    expect_test::expect_file![file].assert_eq(&format!("{before}<!-- rules -->\n{}<!-- /rules -->{after}", reference()));
    assert!(KINDS.iter().any(|row| matches!(row.rule, Rule::Never(..))));
}
