//! Of any history whatever:
//! 1. A wish is always legal: what the round wishes for never meets a refusal of its own fold.
//! 2. No leg ever has two live orders for one purpose.
//! 3. What a leg holds is what its orders filled, opened less closed and less what its venue took; uncovered is the difference of the legs.
//! 4. A close never asks for more than the leg holds, and only against what it holds.
//! 5. Asking twice without a change wishes for nothing new.

use crate::stage::{Around, Stage, fills};
use domain::record::{Evening, ExitReason, Policy};
use domain::{LegId, OrderEnd, OrderNews, Purpose, RefusalKind};
use proptest::prelude::*;
use saga::{Goal, Round};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Event {
    /// Which order by index, which news, how much of it in percent.
    News(prop::sample::Index, u8, i64),
    Time(i64),
    Exit(bool),
    Position(bool, i64),
    /// Which leg, under which of a few names, how much.
    Forced(bool, u8, i64),
    Stop,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (any::<prop::sample::Index>(), 0u8..9, 0i64..=100).prop_map(|(o, n, p)| Event::News(o, n, p)),
        4 => (1i64..3_000).prop_map(Event::Time),
        1 => any::<bool>().prop_map(Event::Exit),
        1 => (any::<bool>(), -120i64..120).prop_map(|(b, p)| Event::Position(b, p)),
        1 => (any::<bool>(), 0u8..4, 1i64..120).prop_map(|(b, id, n)| Event::Forced(b, id, n)),
        1 => Just(Event::Stop),
    ]
}

fn happen(stage: &mut Stage, event: &Event) {
    match event {
        Event::News(index, kind, percent) => {
            let order = &stage.round.orders[index.index(stage.round.orders.len())];
            let (id, of) = (order.spec.id, order.spec.size.e8());
            let some = of * percent / 100;
            let news = match kind {
                0 => OrderNews::Acked { venue_order: Stage::venue_order() },
                1 => OrderNews::Filling { fills: fills(some) },
                2 => OrderNews::Done { fills: fills(of), end: OrderEnd::Filled },
                3 => OrderNews::Done { fills: fills(some), end: OrderEnd::Cancelled("rest".into()) },
                4 => OrderNews::Done { fills: fills(0), end: Stage::refusal(RefusalKind::Price) },
                5 => OrderNews::Done { fills: fills(0), end: Stage::refusal(RefusalKind::Other) },
                6 => OrderNews::NotSent { why: "no socket".into() },
                7 => OrderNews::Unknown { why: "timeout".into() },
                _ => OrderNews::Absent { as_of: stage.at() },
            };
            // A contradiction is refused and changes nothing; that is a property of its own.
            let before = stage.round.clone();
            if stage.news(id, news).is_err() {
                assert_eq!(stage.round, before);
            }
        }
        Event::Time(ms) => stage.now += ms,
        Event::Exit(spread) => {
            let _ = stage.begin_exit(if *spread { ExitReason::Spread } else { ExitReason::Operator });
        }
        Event::Position(b, held) => {
            stage.pace.position(if *b { LegId::B } else { LegId::A }, stage.at(), *held);
        }
        Event::Forced(b, id, taken) => {
            let leg = if *b { LegId::B } else { LegId::A };
            // Never more than the leg holds, as a venue would.
            let most = stage.round.held(leg).max(0).min(*taken);
            let id = ["l1", "l2", "seen-1", "seen-2"][usize::from(*id)];
            stage.forced(leg, id, fills(most)).expect("a venue may do so at any time");
        }
        Event::Stop => stage.around.stopping = true,
    }
}

fn holds(stage: &Stage, orders_before: usize) -> Result<(), TestCaseError> {
    let round = &stage.round;
    let mut live = BTreeSet::new();
    for o in round.orders.iter().filter(|o| o.is_live()) {
        prop_assert!(live.insert((o.spec.id.leg, o.spec.id.purpose)), "two live orders: {:?}", o.spec.id);
    }
    let held = |leg| {
        let of_leg = round.orders.iter().filter(|o| o.spec.id.leg == leg);
        let ours = of_leg
            .map(|o| if o.spec.side == Round::entry_side(leg) { o.fills.size.e8() } else { -o.fills.size.e8() })
            .sum::<i64>();
        ours - round.forced.iter().filter(|f| f.leg == leg).map(|f| f.taken.fills.size.e8()).sum::<i64>()
    };
    prop_assert_eq!((round.held(LegId::A), round.held(LegId::B)), (held(LegId::A), held(LegId::B)));
    prop_assert_eq!(round.uncovered(), held(LegId::A) - held(LegId::B));
    for (n, o) in round.orders.iter().enumerate().skip(orders_before) {
        if o.spec.id.purpose == Purpose::Entry {
            continue;
        }
        // As it stood when the order was wished for: nothing has filled since.
        let own = held(o.spec.id.leg);
        let against = o.spec.side == Round::entry_side(o.spec.id.leg).opposite();
        prop_assert!(own != 0 && against == (own > 0), "order {n} does not reduce {own}: {:?}", o.spec);
        prop_assert!(o.spec.size.e8() <= own.abs(), "order {n} closes more than {own}: {:?}", o.spec);
    }
    if round.outcome.is_some() {
        prop_assert_eq!((held(LegId::A), held(LegId::B)), (0, 0));
        prop_assert!(live.is_empty());
    }
    if round.goal == Goal::Hold && !round.any_live() {
        prop_assert_eq!(round.uncovered(), 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn no_history_breaks_the_arithmetic_or_plans_a_second_live_order(
        events in prop::collection::vec(event(), 1..60),
        reduce_only in prop::array::uniform2(any::<bool>()),
        cancel: bool,
        least in 1i64..30,
        trims in prop::array::uniform2(any::<bool>()),
    ) {
        let even = trims.map(|t| if t { Evening::Trim } else { Evening::Complete });
        let policy = Policy { entry_even: even[0], exit_even: even[1], ..Policy::default() };
        let mut stage = Stage::open_by(policy, 100, Around { reduce_only, cancel, least, stopping: false });
        for event in &events {
            happen(&mut stage, event);
            let before = stage.round.orders.len();
            stage.act();
            holds(&stage, before)?;
            let again = stage.act();
            prop_assert!(again.is_empty(), "{:?}", again);
        }
    }
}
