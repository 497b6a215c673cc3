//! Timers, on paused time.

use crate::rig::Rig;
use std::time::Duration;
use tokio::task::LocalSet;
use transport::LinkConfig;
use venue_api::{Action, TimerId};

fn paused(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

fn nowhere() -> Rig {
    Rig::reacting(LinkConfig::new("Test", "https://127.0.0.1:1", "wss://127.0.0.1:1"), |line| {
        // A client arms its next timer from within the last one.
        if line == "timer 7" { vec![Action::CancelTimer { id: TimerId(8) }] } else { Vec::new() }
    })
}

#[test]
fn timers_come_in_order_of_time_each_once() {
    paused(async {
        let rig = nowhere();
        let start = rig.clock.mono();
        for (id, ms) in [(1, 300), (2, 100), (3, 200)] {
            rig.link.perform(Action::Timer { id: TimerId(id), at: start.plus_ms(ms) });
        }
        assert_eq!(rig.until(3).await, ["timer 2", "timer 3", "timer 1"]);
        let late = rig.clock.mono().since(start) / 1_000_000;
        assert!((300..=302).contains(&late), "{late} ms");
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(rig.lines().len(), 3);
    });
}

#[test]
fn arming_again_moves_a_timer_and_cancelling_drops_it() {
    paused(async {
        let rig = nowhere();
        let start = rig.clock.mono();
        let arm = |id, ms| rig.link.perform(Action::Timer { id: TimerId(id), at: start.plus_ms(ms) });
        arm(1, 50);
        arm(1, 400);
        arm(2, 100);
        arm(3, 60);
        rig.link.perform(Action::CancelTimer { id: TimerId(3) });
        rig.link.perform(Action::CancelTimer { id: TimerId(99) });
        assert_eq!(rig.until(2).await, ["timer 2", "timer 1"]);
        assert!(rig.clock.mono().since(start) >= 400_000_000);
    });
}

#[test]
fn a_time_that_has_passed_is_due_at_once_and_a_timer_may_cancel_its_neighbour() {
    paused(async {
        let rig = nowhere();
        let start = rig.clock.mono();
        tokio::time::sleep(Duration::from_secs(1)).await;
        rig.link.perform(Action::Timer { id: TimerId(7), at: start });
        rig.link.perform(Action::Timer { id: TimerId(8), at: start.plus_ms(1) });
        rig.link.perform(Action::Timer { id: TimerId(9), at: start.plus_ms(2) });
        rig.link.perform(Action::Timer { id: TimerId(10), at: domain::Mono(u64::MAX) });
        assert_eq!(rig.until(2).await, ["timer 7", "timer 9"]);
    });
}
