//! Whatever the lists hold: matching is symmetric, deterministic, independent of order and one to one.

use crate::set::rows;
use bets::{Event, NoHints, pair_events};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Events of one venue made of the words of the set, so that they come near one another.
fn some_events(venue: usize) -> impl Strategy<Value = Vec<Event>> {
    let rows = rows();
    let count = rows.len();
    let pick = (0..count, 0..count, any::<[bool; 3]>(), -200i64..200);
    proptest::collection::vec(pick, 0..25).prop_map(move |picks| {
        let event = |(n, (row, other, [second, mix, swap], min)): (usize, (usize, usize, [bool; 3], i64))| {
            let (row, other) = (rows.get(row)?, rows.get(other)?);
            let own = if second { &row.second } else { &row.first };
            let mut event =
                Event { venue: rows.first().map(|r| if venue == 0 { r.first.venue } else { r.second.venue })?, ..own.clone() };
            event.id = format!("{n}");
            if mix && other.first.sport == event.sport {
                event.teams = [event.teams.first()?.clone(), other.first.teams.first()?.clone()];
            }
            if swap {
                event.teams.reverse();
            }
            event.starts = event.starts.plus_ms(min * 60_000);
            Some(event)
        };
        picks.into_iter().enumerate().filter_map(event).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_does_not_matter_which_venue_comes_first(a in some_events(0), b in some_events(1)) {
        let (ab, ba) = (pair_events(&a, &b, &NoHints), pair_events(&b, &a, &NoHints));
        let pairs = |m: &bets::Matching, flip: bool| -> BTreeSet<(String, String, bool, u16)> {
            m.pairs.iter().map(|p| {
                let (x, y) = if flip { (&p.second, &p.first) } else { (&p.first, &p.second) };
                (x.id.clone(), y.id.clone(), p.swapped, p.value())
            }).collect()
        };
        prop_assert_eq!(pairs(&ab, false), pairs(&ba, true));
        prop_assert_eq!(ab.unclear.len(), ba.unclear.len());
    }

    #[test]
    fn the_order_of_the_lists_does_not_matter(a in some_events(0), b in some_events(1), seed: u64) {
        let shuffled = |events: &[Event], seed: u64| -> Vec<Event> {
            let mut keyed: Vec<(u64, Event)> = events.iter().enumerate()
                .map(|(n, e)| ((n as u64 + 1).wrapping_mul(seed | 1).rotate_left(17), e.clone())).collect();
            keyed.sort_by_key(|(key, _)| *key);
            keyed.into_iter().map(|(_, e)| e).collect()
        };
        let plain = pair_events(&a, &b, &NoHints);
        prop_assert_eq!(&plain, &pair_events(&a, &b, &NoHints));
        prop_assert_eq!(&plain, &pair_events(&shuffled(&a, seed), &shuffled(&b, !seed), &NoHints));
    }

    #[test]
    fn every_event_has_at_most_one_partner(a in some_events(0), b in some_events(1)) {
        let found = pair_events(&a, &b, &NoHints);
        let left: BTreeSet<_> = found.pairs.iter().map(|p| &p.first.id).collect();
        let right: BTreeSet<_> = found.pairs.iter().map(|p| &p.second.id).collect();
        prop_assert_eq!(left.len(), found.pairs.len());
        prop_assert_eq!(right.len(), found.pairs.len());
    }

    #[test]
    fn no_name_makes_it_fail(one in "\\PC{0,60}", two in "\\PC{0,60}", league in "\\PC{0,40}", sport in 0usize..400) {
        let rows = rows();
        let base = &rows.get(sport.min(rows.len().saturating_sub(1))).expect("a row").first;
        let event = Event { teams: [one, two], league, ..base.clone() };
        let found = pair_events(std::slice::from_ref(&event), std::slice::from_ref(&event), &NoHints);
        prop_assert!(found.pairs.len() <= 1);
    }
}
