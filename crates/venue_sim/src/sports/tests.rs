//! The world against its own promises: the schedule, chances and scores that agree, and where the two venues drift apart.

use super::*;
use std::collections::BTreeSet;

const START_MS: i64 = 1_763_712_000_000;

fn at(minutes: i64) -> SimNow {
    SimNow((START_MS + minutes * MINUTE_MS) * 1_000)
}

#[test]
fn the_schedule_always_has_a_dozen_events_ahead_from_minutes_to_days() {
    for seed in 0..10 {
        let world = Sports::new(seed, SportsShape::default());
        for hour in 0..48 {
            let now = at(hour * 60);
            let ahead: Vec<_> = world.events(now).into_iter().filter(|e| e.phase == Phase::Scheduled).collect();
            assert!(ahead.len() >= 12, "seed {seed} hour {hour}: {}", ahead.len());
            let soonest = ahead.iter().map(|e| e.starts_ms - now.ms()).min().unwrap();
            let latest = ahead.iter().map(|e| e.starts_ms - now.ms()).max().unwrap();
            assert!(soonest < 120 * MINUTE_MS && latest > 20 * 60 * MINUTE_MS, "{soonest} {latest}");
            let sports: BTreeSet<_> = ahead.iter().map(|e| e.sport).collect();
            assert_eq!(sports.len(), 3);
        }
    }
}

#[test]
fn chances_sum_to_one_and_stand_on_the_winner_when_it_is_over() {
    let world = Sports::new(3, SportsShape { trouble_permille: 0, ..SportsShape::default() });
    for event in world.events(at(0)) {
        for venue in [Venue::Sx, Venue::Azuro] {
            for question in event.questions(venue) {
                for ms in [event.starts_ms - 3_600_000, event.starts_ms + 1_000_000, event.ends_ms] {
                    let fair = world.fair_e6(&event, question, venue, SimNow(ms * 1_000));
                    assert_eq!(fair.len(), question.outcomes());
                    assert_eq!(fair.iter().sum::<i64>(), 1_000_000, "{question:?} {fair:?}");
                    assert!(fair.iter().all(|p| *p >= 2_000), "{question:?} {fair:?}");
                }
                let over = world.event(event.number, SimNow(event.ends_ms * 1_000)).unwrap();
                let Some(Ending::Played(score)) = world.ending(&over, SimNow(over.ends_ms * 1_000)) else { panic!("not played") };
                let score = over.score_for(venue, score);
                let fair = world.fair_e6(&over, question, venue, SimNow((over.ends_ms + 600_000) * 1_000));
                for (i, p) in fair.iter().enumerate() {
                    if Sports::share(question, i, score).won_e2 == 100 {
                        assert!(*p > 900_000, "{question:?} {score:?} {fair:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_line_settles_whole_half_or_not_at_all() {
    let total = |line_e2| Question::Total { line_e2 };
    let handicap = |line_e2| Question::Handicap { line_e2 };
    let cases = [
        (total(250), (2, 1), [(100, 0), (0, 0)]),
        (total(300), (2, 1), [(0, 100), (0, 100)]),
        (total(225), (1, 1), [(0, 50), (50, 50)]),
        (total(275), (2, 1), [(50, 50), (0, 50)]),
        (handicap(-125), (2, 1), [(0, 50), (50, 50)]),
        (handicap(-75), (2, 1), [(50, 50), (0, 50)]),
        (handicap(150), (0, 1), [(100, 0), (0, 0)]),
        (handicap(0), (1, 1), [(0, 100), (0, 100)]),
        (Question::BothScore, (1, 0), [(0, 0), (100, 0)]),
        (Question::Winner, (99, 98), [(100, 0), (0, 0)]),
    ];
    for (question, (one, two), expect) in cases {
        let got = [0, 1].map(|i| Sports::share(question, i, Score { one, two })).map(|s| (s.won_e2, s.back_e2));
        assert_eq!(got, expect, "{question:?} {one}:{two}");
    }
}

#[test]
fn the_venues_drift_apart_somewhere_about_every_half_minute_and_agree_otherwise() {
    let world = Sports::new(5, SportsShape::default());
    let (mut apart, mut calm) = (0, 0);
    for second in 0..600 {
        let now = SimNow(at(0).0 + second * 1_000_000);
        let mut any = false;
        for event in world.events(now).into_iter().filter(|e| e.phase == Phase::Scheduled && !e.swapped_on_azuro) {
            let question = event.questions(Venue::Sx)[0];
            let [sx, azuro] = [Venue::Sx, Venue::Azuro].map(|v| world.fair_e6(&event, question, v, now)[0]);
            any |= (sx - azuro).abs() > 25_000;
            calm += i32::from(sx == azuro);
        }
        apart += i32::from(any);
    }
    assert!(apart > 60 && apart < 500, "apart in {apart} of 600 seconds");
    assert!(calm > 5_000, "{calm}");
}

#[test]
fn neutral_ground_turns_names_lines_and_scores_together() {
    let world = Sports::new(1, SportsShape { pulse_every_ms: 0, ..SportsShape::default() });
    let event = (0..200).flat_map(|h| world.events(at(h * 60))).find(|e| e.swapped_on_azuro).expect("some are swapped");
    assert_eq!(event.names(Venue::Sx)[0], event.teams[0].sx);
    assert_eq!(event.names(Venue::Azuro)[0], event.teams[1].azuro);
    let now = SimNow((event.starts_ms - 1_000) * 1_000);
    let fair = |q, v| world.fair_e6(&event, q, v, now);
    let (mine, theirs) = (Question::Handicap { line_e2: -50 }, Question::Handicap { line_e2: 50 });
    assert_eq!(fair(mine, Venue::Sx)[0], fair(theirs, Venue::Azuro)[1]);
    assert_eq!(fair(Question::Result, Venue::Sx)[0], fair(Question::Result, Venue::Azuro)[2]);
    assert_eq!(event.score_for(Venue::Azuro, Score { one: 3, two: 1 }), Score { one: 1, two: 3 });
}

#[test]
fn trouble_strikes_some_and_every_event_ends_some_day() {
    let world = Sports::new(2, SportsShape { trouble_permille: 400, ..SportsShape::default() });
    let mut seen = BTreeSet::new();
    for hour in 0..200 {
        for event in world.events(at(hour * 60)) {
            seen.insert(event.phase);
            let much_later = SimNow((event.ends_ms + 2 * POSTPONED_MS) * 1_000);
            let then = world.event(event.number, much_later).unwrap();
            assert!(world.ending(&then, much_later).is_some(), "{then:?}");
        }
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

#[test]
fn numbers_from_nowhere_are_no_events() {
    let world = Sports::new(2, SportsShape::default());
    for number in [u64::MAX, PER_SERIES * 100, PER_SERIES * SERIES.len() as u64] {
        assert_eq!(world.event(number, at(0)), None);
    }
    let last = world.event(PER_SERIES - 1, at(0));
    assert!(last.is_some_and(|e| e.phase == Phase::Scheduled));
}

#[test]
fn the_average_score_agrees_with_the_chances() {
    let world =
        Sports::new(9, SportsShape { trouble_permille: 0, noise_permille: 0, pulse_every_ms: 0, ..SportsShape::default() });
    for series in 0..SERIES.len() as u64 {
        let (mut promised, mut came) = (0i64, 0i64);
        for k in 0..400 {
            let event = world.event(series * PER_SERIES + 100_000 + k, SimNow(0)).unwrap();
            let before = SimNow((event.starts_ms - 1_000) * 1_000);
            let after = SimNow(event.ends_ms * 1_000);
            let question = event.questions(Venue::Sx)[0];
            promised += world.fair_e6(&event, question, Venue::Sx, before)[0];
            came += Sports::share(question, 0, world.score(&event, after)).won_e2 * 10_000;
        }
        let off = (promised - came).abs() / 400;
        assert!(off < 75_000, "{}: off by {off}", SERIES[series as usize].name);
    }
}
