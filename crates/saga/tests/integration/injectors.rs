//! Three injectors over every step of a round: each step fails, each step is done twice, each close fails first.

use crate::stage::{Around, FENCE_MS, Stage, fills};
use domain::record::{ExitReason, Record};
use domain::{OrderEnd, OrderId, OrderNews, Purpose, RefusalKind};
use saga::{Fate, Goal};
use std::collections::BTreeMap;

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lot {
    Fills,
    FillsHalf,
    Refused,
    /// Filled, and nobody says so until it is asked about.
    AnswerLost,
    /// It never arrives.
    Dropped,
    /// Acknowledged, and fills long after.
    Late,
}
const LOTS: [Lot; 6] = [Lot::Fills, Lot::FillsHalf, Lot::Refused, Lot::AnswerLost, Lot::Dropped, Lot::Late];

/// A venue that gives each order its lot.
#[derive(Default)]
struct Venue {
    lots: BTreeMap<OrderId, (Lot, i64)>,
    due: BTreeMap<(i64, OrderId), Vec<OrderNews>>,
}

impl Venue {
    fn take(&mut self, id: OrderId, of: i64, lot: Lot, now: i64) {
        self.lots.insert(id, (lot, of));
        let done = |n, end| OrderNews::Done { fills: fills(n), end };
        let news = match lot {
            Lot::Fills => vec![done(of, OrderEnd::Filled)],
            Lot::FillsHalf => vec![done(of / 2, OrderEnd::Cancelled("rest".into()))],
            Lot::Refused => vec![done(0, Stage::refusal(RefusalKind::Price))],
            Lot::AnswerLost | Lot::Dropped => return,
            Lot::Late => {
                self.due.insert((now + 2_400, id), vec![done(of, OrderEnd::Filled)]);
                vec![OrderNews::Acked { venue_order: Stage::venue_order() }]
            }
        };
        self.due.insert((now + 10, id), news);
    }

    fn ask(&self, id: OrderId, now: i64) -> Option<OrderNews> {
        match self.lots.get(&id)? {
            (Lot::AnswerLost, of) => Some(OrderNews::Done { fills: fills(*of), end: OrderEnd::Filled }),
            (Lot::Dropped, _) => Some(OrderNews::Absent { as_of: domain::Wall::from_ms(now) }),
            _ => None,
        }
    }
}

/// Plays a round to its end: `lot` says what becomes of the n-th order (from 0). `twice` does everything twice.
fn play(lot: impl Fn(usize, OrderId) -> Lot, twice: bool) -> Stage {
    let mut stage = Stage::open(100, Around { cancel: false, ..Around::default() });
    let (mut venue, mut sent) = (Venue::default(), 0usize);
    let mut exit_at = None;
    for _ in 0..400 {
        for n in sent..stage.round.orders.len() {
            let (id, of) = (stage.round.orders[n].spec.id, stage.round.orders[n].spec.size.e8());
            venue.take(id, of, lot(n, id), stage.now);
            if twice {
                // The same record again must change nothing.
                let (before, at) = (stage.round.clone(), stage.at());
                let again = stage.records.iter().rev().find(|r| matches!(r, Record::Intended { .. })).cloned();
                if let Some(again) = again {
                    assert!(stage.round.clone().apply(&again).is_err(), "an order may not be intended twice");
                }
                assert_eq!((stage.round.clone(), stage.at()), (before, at));
            }
        }
        sent = stage.round.orders.len();
        if stage.round.outcome.is_some() && venue.due.is_empty() {
            return stage;
        }
        if stage.round.goal == Goal::Hold && stage.round.outcome.is_none() {
            exit_at.get_or_insert(stage.now + 1_000);
        }
        let next_news = venue.due.keys().next().map(|(at, _)| *at);
        let next_exit = exit_at.filter(|_| stage.round.goal == Goal::Hold);
        let next = [next_news, next_exit, stage.wake.filter(|_| stage.round.outcome.is_none())].into_iter().flatten().min();
        let Some(next) = next else { panic!("nothing will ever happen: {:?}", stage.round) };
        stage.now = next.max(stage.now);
        while let Some((&(at, id), _)) = venue.due.iter().next()
            && at <= stage.now
        {
            for news in venue.due.remove(&(at, id)).unwrap_or_default() {
                for _ in 0..if twice { 2 } else { 1 } {
                    stage.news(id, news.clone()).expect("the venue's own word");
                }
            }
        }
        if next_exit.is_some_and(|at| at <= stage.now) && stage.round.goal == Goal::Hold {
            stage.begin_exit(ExitReason::MaxHolding).expect("open and even");
        }
        let done = stage.act();
        for asked in done.iter().filter_map(|d| d.strip_prefix("ask ")) {
            let id = stage.round.orders.iter().map(|o| o.spec.id).find(|id| id.to_string().ends_with(asked)).expect("ours");
            if let Some(news) = venue.ask(id, stage.now) {
                for _ in 0..if twice { 2 } else { 1 } {
                    stage.news(id, news.clone()).expect("the venue's own word");
                }
            }
        }
        stage.act();
    }
    panic!("no end: {:?}", stage.round);
}

fn ends_well(stage: &Stage, what: &str) {
    let round = &stage.round;
    assert!(round.outcome.is_some(), "{what}");
    assert_eq!((round.held(domain::LegId::A), round.held(domain::LegId::B)), (0, 0), "{what}");
    assert!(round.orders.iter().all(|o| o.fate != Fate::Live), "{what}");
    let bound = round.plan.policy.max_uncovered_ms + 3 * FENCE_MS;
    assert!(round.uncovered_ms <= bound, "{what}: uncovered for {} ms", round.uncovered_ms);
    // Folding what was recorded gives the same state.
    let mut records = stage.records.iter();
    let Some(Record::Opened { plan, orders, at }) = records.next() else { panic!("a round begins by being opened") };
    let mut folded = saga::Round::open((**plan).clone(), orders.clone(), *at).expect("legal");
    records.for_each(|r| folded.apply(r).expect("legal"));
    assert_eq!(&folded, round, "{what}");
}

/// Both legs, first and second orders: each of them anything, 6^4 rounds, entered and exited.
#[test]
fn whatever_becomes_of_the_first_four_orders_no_leg_stays_open() {
    for a in LOTS {
        for b in LOTS {
            for c in LOTS {
                for d in LOTS {
                    let lots = [a, b, c, d];
                    let stage = play(|n, _| lots.get(n).copied().unwrap_or(Lot::Fills), false);
                    ends_well(&stage, &format!("{lots:?}"));
                }
            }
        }
    }
}

#[test]
fn any_step_may_fail_and_no_leg_stays_open() {
    for step in 0..8 {
        for lot in LOTS {
            for first in [Lot::Fills, Lot::FillsHalf] {
                let stage = play(
                    |n, _| {
                        if n == step {
                            lot
                        } else if n == 0 {
                            first
                        } else {
                            Lot::Fills
                        }
                    },
                    false,
                );
                ends_well(&stage, &format!("step {step} {lot:?}, first {first:?}"));
            }
        }
    }
}

#[test]
fn every_step_done_twice_ends_as_well() {
    for a in LOTS {
        for b in LOTS {
            let lots = [a, b];
            let once = play(|n, _| lots.get(n).copied().unwrap_or(Lot::Fills), false);
            let twice = play(|n, _| lots.get(n).copied().unwrap_or(Lot::Fills), true);
            ends_well(&twice, &format!("{lots:?} twice"));
            assert_eq!(once.round.result(), twice.round.result(), "{lots:?}");
        }
    }
}

#[test]
fn every_close_failing_first_still_ends_with_no_leg_open() {
    for lot in [Lot::Refused, Lot::FillsHalf, Lot::AnswerLost, Lot::Dropped, Lot::Late] {
        for a in [Lot::Fills, Lot::FillsHalf] {
            for b in [Lot::Refused, Lot::Dropped, Lot::Late, Lot::FillsHalf] {
                let stage = play(
                    |n, id| match (n, id.purpose) {
                        (0, _) => a,
                        (1, _) => b,
                        (_, Purpose::Close) if id.attempt % 2 == 1 => lot,
                        (_, Purpose::Entry) => Lot::Refused,
                        _ => Lot::Fills,
                    },
                    false,
                );
                ends_well(&stage, &format!("closes {lot:?}, legs {a:?} {b:?}"));
            }
        }
    }
}
