//! Scenarios as text: a time, what happens, and behind the bar what the round does about it.

use crate::stage::{Around, Stage, fills, order_id};
use domain::record::{ExitReason, Policy};
use domain::{LegId, OrderEnd, OrderId, OrderNews, Purpose, RefusalKind};

/// Plays a table on a round of 100 and compares every row. Events: `ae1 acked`, `ae1 filling 40`, `ae1 filled`,
/// `ae1 cancelled 40`, `ae1 refused price`, `ae1 unknown`, `ae1 absent`, `ae1 not_sent`, `position a 100`,
/// `forced a 40 l1`, `exit spread`, `stop`, `-` for time alone; several are joined by `,`.
pub(crate) fn check(around: Around, table: &str) -> Stage {
    check_by(Policy::default(), around, table)
}

/// The same by a policy.
pub(crate) fn check_by(policy: Policy, around: Around, table: &str) -> Stage {
    let mut stage = Stage::open_by(policy, 100, around);
    let mut got = String::new();
    let rows: Vec<&str> = table.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    for row in &rows {
        let (left, _) = row.split_once('|').expect("a bar in every row");
        let (at, events) = left.trim().split_once(char::is_whitespace).expect("a time and an event");
        stage.now = at.parse().expect("ms");
        for event in events.split(',').map(str::trim) {
            happen(&mut stage, event);
        }
        let done = stage.act();
        got.push_str(&format!("{} | {}\n", left.trim(), if done.is_empty() { "-".to_owned() } else { done.join(", ") }));
    }
    let expect: String = rows.iter().map(|r| format!("{}\n", squeeze(r))).collect();
    let got: String = got.lines().map(|r| format!("{}\n", squeeze(r))).collect();
    assert!(got == expect, "\nexpected\n{expect}\ngot\n{got}");
    stage
}

fn squeeze(row: &str) -> String {
    row.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn parse(text: &str) -> OrderId {
    let leg = if text.starts_with('a') { LegId::A } else { LegId::B };
    let purpose = match &text[1..2] {
        "e" => Purpose::Entry,
        "x" => Purpose::Exit,
        _ => Purpose::Close,
    };
    order_id(leg, purpose, text[2..].parse().expect("an attempt"))
}

fn happen(stage: &mut Stage, event: &str) {
    let words: Vec<&str> = event.split_whitespace().collect();
    match words[..] {
        ["-"] => {}
        ["stop"] => stage.around.stopping = true,
        ["position", leg, held] => {
            let leg = if leg == "a" { LegId::A } else { LegId::B };
            stage.pace.position(leg, stage.at(), held.parse().expect("a position"));
        }
        ["forced", leg, taken, id] => {
            let leg = if leg == "a" { LegId::A } else { LegId::B };
            stage.forced(leg, id, fills(taken.parse().expect("a size"))).expect("legal");
        }
        ["exit", why] => {
            let reason = match why {
                "spread" => ExitReason::Spread,
                "holding" => ExitReason::MaxHolding,
                _ => ExitReason::Operator,
            };
            stage.begin_exit(reason).expect("legal");
        }
        [order, ref news @ ..] => {
            let id = parse(order);
            let whole = stage.round.order(id).map_or(0, |o| o.spec.size.e8());
            let number = |i: usize| news.get(i).map_or(0, |v: &&str| v.parse().expect("a size"));
            let done = |n, end| OrderNews::Done { fills: fills(n), end };
            let news = match news[0] {
                "acked" => OrderNews::Acked { venue_order: Stage::venue_order() },
                "filling" => OrderNews::Filling { fills: fills(number(1)) },
                "filled" => done(whole, OrderEnd::Filled),
                "cancelled" => done(number(1), OrderEnd::Cancelled("rest".into())),
                "refused" => {
                    let kind = match news[1] {
                        "price" => RefusalKind::Price,
                        "margin" => RefusalKind::Margin,
                        "reduce_only" => RefusalKind::ReduceOnly,
                        _ => RefusalKind::Other,
                    };
                    done(0, Stage::refusal(kind))
                }
                "unknown" => OrderNews::Unknown { why: "timeout".into() },
                "absent" => OrderNews::Absent { as_of: stage.at() },
                "not_sent" => OrderNews::NotSent { why: "no socket".into() },
                other => panic!("{other}"),
            };
            stage.news(id, news).expect("legal");
        }
        [] => panic!("an empty event"),
    }
}
