//! The labelled set: no wrong pair at the confirming score, and how many right ones reach it.

use crate::set::{Label, Row, rows};
use bets::{CONFIRMING, Event, EventPair, NoHints, PROPOSING, pair_events};
use std::collections::BTreeMap;

fn told(row: &Row, pair: &EventPair) -> String {
    let score = pair.score.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("[{}] {} | {}: {} ({score})", row.trap, row.first.title(), row.second.title(), pair.value())
}

#[test]
fn the_set_has_three_hundred_pairs_and_every_trap() {
    let rows = rows();
    assert!(rows.len() >= 300, "{}", rows.len());
    let traps = [
        "women",
        "reserve",
        "youth",
        "same-day repeat",
        "swapped home",
        "renamed",
        "abbreviated",
        "shifted",
        "near-identical",
        "same city",
        "initials",
        "virtual",
    ];
    for trap in traps {
        let n = rows.iter().filter(|row| row.trap == trap).count();
        assert!(n >= 3, "{trap}: {n}");
    }
}

#[test]
fn no_wrong_pair_reaches_the_confirming_score_and_most_right_ones_do() {
    let (mut right, mut sure, mut shown, mut missed, mut wrong) = (0, 0, 0, Vec::new(), Vec::new());
    let mut by_trap: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for row in &rows() {
        let found = pair_events(std::slice::from_ref(&row.first), std::slice::from_ref(&row.second), &NoHints);
        let pair = found.pairs.first();
        let value = pair.map_or(0, EventPair::value);
        if row.label == Label::Different {
            wrong.extend(pair.filter(|pair| pair.value() >= CONFIRMING).map(|pair| told(row, pair)));
            continue;
        }
        right += 1;
        shown += usize::from(value >= PROPOSING);
        sure += usize::from(value >= CONFIRMING);
        let tally = by_trap.entry(row.trap.clone()).or_default();
        tally.0 += usize::from(value >= CONFIRMING);
        tally.1 += 1;
        match pair {
            Some(pair) if pair.swapped != (row.label == Label::Swapped) => wrong.push(told(row, pair)),
            Some(pair) if value < CONFIRMING => missed.push(told(row, pair)),
            None => missed.push(format!("[{}] {} | {}: no pair", row.trap, row.first.title(), row.second.title())),
            Some(_) => {}
        }
    }
    println!("recall at the confirming score {sure} of {right}, at the proposing score {shown} of {right}; by trap: {by_trap:?}");
    println!("below the confirming score:\n{}", missed.join("\n"));
    assert!(wrong.is_empty(), "wrong:\n{}", wrong.join("\n"));
    let stated = format!("{sure} of the {right} right ones reach it, {shown} are proposed");
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/matching.md")).expect("docs/matching.md");
    assert!(text.contains(&stated), "docs/matching.md should say: {stated}");
    assert!(sure * 100 >= right * 90, "recall at the confirming score: {sure} of {right}");
    assert!(shown * 100 >= right * 97, "recall at the proposing score: {shown} of {right}");
}

#[test]
fn no_wrong_pair_reaches_the_confirming_score_when_all_stand_in_one_list() {
    let rows = rows();
    let first: Vec<_> = rows.iter().map(|row| row.first.clone()).collect();
    let second: Vec<_> = rows.iter().map(|row| row.second.clone()).collect();
    let found = pair_events(&first, &second, &NoHints);
    let row = |id: &str| rows.get(id.parse::<usize>().expect("a row's number")).expect("a row");
    let mut right = 0;
    for pair in found.pairs.iter().filter(|pair| pair.value() >= CONFIRMING) {
        let (a, b) = (row(&pair.first.id), row(&pair.second.id));
        let labelled =
            pair.first.id == pair.second.id && a.label != Label::Different && pair.swapped == (a.label == Label::Swapped);
        assert!(labelled, "{} is paired with {} of another row", told(a, pair), b.second.title());
        right += 1;
    }
    assert!(right >= 150, "{right}");
}

#[test]
fn of_two_matches_of_one_day_the_nearest_start_counts_and_between_them_none() {
    let row = rows()
        .into_iter()
        .find(|row| row.trap == "same-day repeat" && row.first.title().contains("Mets"))
        .expect("a double-header");
    let check = |first: &[i64], second: &[i64], expect: &[(i64, i64)], unclear: usize| {
        let at = |event: &Event, starts: &[i64]| -> Vec<Event> {
            let at = |min: &i64| Event { id: min.to_string(), starts: row.first.starts.plus_ms(min * 60_000), ..event.clone() };
            starts.iter().map(at).collect()
        };
        let found = pair_events(&at(&row.first, first), &at(&row.second, second), &NoHints);
        let sure = found.pairs.iter().filter(|pair| pair.value() >= CONFIRMING);
        let mut pairs: Vec<(i64, i64)> =
            sure.map(|pair| (pair.first.id.parse().expect("min"), pair.second.id.parse().expect("min"))).collect();
        pairs.sort_unstable();
        assert_eq!((pairs.as_slice(), found.unclear.len()), (expect, unclear), "{first:?} {second:?}");
    };
    check(&[0, 210], &[5, 215], &[(0, 5), (210, 215)], 0);
    check(&[0], &[5, 215], &[(0, 5)], 0);
    check(&[215], &[5, 215], &[(215, 215)], 0);
    check(&[0, 210], &[5], &[(0, 5)], 0);
    // The other venue lists the other match alone, or one that could be either.
    check(&[0], &[210], &[], 0);
    check(&[105], &[0, 210], &[], 1);
    check(&[0, 210], &[105], &[], 1);
    check(&[0], &[0, 0], &[], 1);
}
