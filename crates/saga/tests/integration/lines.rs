//! The lines of a result: they sum to it exactly, whatever filled and however the round ended.

use crate::stage::{Around, Stage, order_id};
use domain::record::{ExitReason, Lines};
use domain::{Fills, LegId, OrderEnd, OrderNews, Purpose, RefusalKind, Size, Usd};
use proptest::prelude::*;
use saga::Round;

fn of(size: i64, cost: i64, fee: i64, funding: i64) -> Fills {
    let size = Size::from_e8(size).expect("not negative");
    Fills { size, cost: Usd::from_e8(cost), fee: Usd::from_e8(fee), funding: Usd::from_e8(funding) }
}

fn lines(of: [i64; 8]) -> Lines {
    let [gross, depth, slippage, exit, safety, forced, fees, funding] = of.map(Usd::from_e8);
    Lines { gross, depth, slippage, exit, safety, forced, fees, funding }
}

/// News about a round whose prices are so low that a size of 1e8 costs its price: decided at 99 and 104 at the top, 100
/// and 103 by depth.
fn played(events: &[(&str, Fills)]) -> Stage {
    let mut stage = Stage::open(100_000_000, Around::default());
    for (what, fills) in events {
        stage.now += 10;
        let (leg, rest) = what.split_at(1);
        let leg = if leg == "a" { LegId::A } else { LegId::B };
        let purpose = match rest {
            "forced" => {
                stage.forced(leg, "l1", *fills).expect("legal");
                stage.act();
                continue;
            }
            "e" => Purpose::Entry,
            "x" => Purpose::Exit,
            _ => Purpose::Close,
        };
        let order = order_id(leg, purpose, 1);
        let end = match stage.round.order(order) {
            Some(o) if o.spec.size == fills.size => OrderEnd::Filled,
            _ if purpose == Purpose::Entry => Stage::refusal(RefusalKind::Margin),
            _ => OrderEnd::Cancelled("rest".into()),
        };
        stage.news(order, OrderNews::Done { fills: *fills, end }).expect("legal");
        stage.act();
        if stage.round.goal == saga::Goal::Hold {
            stage.begin_exit(ExitReason::Operator).expect("open and even");
            stage.act();
        }
    }
    stage
}

const ONE: i64 = 100_000_000;
const HALF: i64 = 50_000_000;

#[test]
fn each_ending_has_its_money_in_the_lines_that_name_it() {
    fn check(what: &str, events: &[(&str, Fills)], expect: [i64; 8]) {
        let stage = played(events);
        let outcome = stage.round.outcome.unwrap_or_else(|| panic!("{what} is not over: {:?}", stage.round));
        assert_eq!(outcome.lines, Some(lines(expect)), "{what}");
        assert_eq!(outcome.lines.map(|l| l.sum()), Some(outcome.net), "{what}");
    }
    check("nothing filled", &[("ae", of(0, 0, 0, 0)), ("be", of(0, 0, 0, 0))], [0; 8]);
    // Decided: 5 at the top, 3 by depth. Bought at 101, sold at 103: 1 of slippage. Closed at 100 and 100.
    let whole = [("ae", of(ONE, 101, 1, 0)), ("be", of(ONE, 103, 1, 0)), ("ax", of(ONE, 100, 1, 2)), ("bx", of(ONE, 100, 1, -1))];
    check("completed", &whole, [5, -2, -1, 0, 0, 0, -4, 1]);
    // One leg alone: bought at 101, closed at 90; nothing of it was decided gross.
    let alone = [("ae", of(ONE, 101, 1, 0)), ("be", of(0, 0, 0, 0)), ("ac", of(ONE, 90, 1, 0))];
    check("one leg", &alone, [0, 0, 0, 0, -11, 0, -2, 0]);
    // B opens half: 51 of A's 101 stay with the half that is closed at 40, 50 with the half that is held.
    let half = [
        ("ae", of(ONE, 101, 0, 0)),
        ("be", of(HALF, 52, 0, 0)),
        ("ac", of(HALF, 40, 0, 0)),
        ("ax", of(HALF, 49, 0, 0)),
        ("bx", of(HALF, 51, 0, 0)),
    ];
    // gross: half of 99 and 104 is 50 (49.5 rounded as cost does) and 52.
    check("half", &half, [2, 0, 0, -2, -11, 0, 0, 0]);
    // A is taken away at 80, B is closed for it at 100.
    let taken = [
        ("ae", of(ONE, 101, 0, 0)),
        ("be", of(ONE, 103, 0, 0)),
        ("aforced", of(ONE, 80, 3, 0)),
        ("ax", of(0, 0, 0, 0)),
        ("bx", of(ONE, 100, 1, 0)),
    ];
    check("forced", &taken, [5, -2, -1, 0, 0, -20, -4, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Random fills of every kind of order, whether or not they make a round that could be: no unit is lost or doubled.
    #[test]
    fn the_lines_sum_to_the_change_of_both_venues_balances(
        opened in prop::array::uniform2((0i64..1_000_000_000, 0i64..1_000_000, 0i64..10_000, -10_000i64..10_000)),
        exits in prop::array::uniform2((0i64..1_000_000_000, 0i64..1_000_000, 0i64..10_000, -10_000i64..10_000)),
        closes in prop::collection::vec((any::<bool>(), any::<bool>(), 0i64..500_000_000, 0i64..1_000_000, 0i64..10_000), 0..5),
        forced in prop::collection::vec((any::<bool>(), any::<bool>(), 0i64..500_000_000, 0i64..1_000_000, 0i64..10_000), 0..4),
    ) {
        let mut round = Stage::open(1_000_000_000, Around::default()).round;
        let mut balance = 0i64;
        let mut put = |round: &mut Round, leg: LegId, purpose, buys: bool, f: Fills| {
            balance += if buys { -f.cost.e8() } else { f.cost.e8() } - f.fee.e8() + f.funding.e8();
            let mut order = round.orders[leg.index()].clone();
            order.spec.id = order_id(leg, purpose, 7);
            order.spec.side = if buys { domain::Side::Buy } else { domain::Side::Sell };
            order.fills = f;
            round.orders.push(order);
        };
        for leg in LegId::BOTH {
            let (o, x) = (opened[leg.index()], exits[leg.index()]);
            put(&mut round, leg, Purpose::Entry, leg == LegId::A, of(o.0, o.1, o.2, o.3));
            put(&mut round, leg, Purpose::Exit, leg == LegId::B, of(x.0, x.1, x.2, x.3));
        }
        for (b, buys, size, cost, fee) in closes {
            put(&mut round, if b { LegId::B } else { LegId::A }, Purpose::Close, buys, of(size, cost, fee, 0));
        }
        for (n, (b, buys, size, cost, fee)) in forced.into_iter().enumerate() {
            let side = if buys { domain::Side::Buy } else { domain::Side::Sell };
            balance += if buys { -cost } else { cost } - fee;
            let taken = domain::record::Taken { id: n.to_string(), side, fills: of(size, cost, fee, 0) };
            round.forced.push(saga::Forced { leg: if b { LegId::B } else { LegId::A }, taken, at: domain::Wall(0) });
        }
        let outcome = round.result();
        prop_assert_eq!(outcome.net.e8(), balance);
        prop_assert_eq!(outcome.lines.map(|l| l.sum()), Some(outcome.net));
    }
}
