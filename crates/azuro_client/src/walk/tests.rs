//! Walks over chains that exist only as a function from height to time. What is promised of every chain whose time does not run
//! backwards: the event is found wherever between the two moments it lies; no window is wider than nodes take; the questions are few.

use super::*;
use proptest::prelude::*;

const GENESIS_S: u64 = 1_590_824_836;

/// Runs of blocks: how many, how many milliseconds each takes, and how long the chain stood still before them, s.
#[derive(Clone, Debug)]
struct Blocks(Vec<(u64, u64, u64)>);

impl Blocks {
    /// Every block takes so long.
    fn even(blocks: u64, ms: u64) -> Self {
        Self(vec![(blocks, ms, 0)])
    }
    fn height(&self) -> u64 {
        self.0.iter().map(|(blocks, ..)| blocks).sum()
    }
    fn time(&self, number: u64) -> u64 {
        let (mut left, mut ms) = (number, GENESIS_S * 1_000);
        for (blocks, each, pause_s) in &self.0 {
            ms += pause_s * 1_000 + left.min(*blocks) * each;
            left = left.saturating_sub(*blocks);
            if left == 0 {
                break;
            }
        }
        ms / 1_000
    }
    fn head(&self, number: u64) -> Head {
        Head { number, time_s: self.time(number) }
    }
    /// The first block past a time; the head if none is.
    fn first_past(&self, time_s: u64) -> u64 {
        let (mut low, mut high) = (0, self.height());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.time(middle) > time_s { high = middle } else { low = middle + 1 }
        }
        low
    }
    fn top(&self) -> Head {
        self.head(self.height())
    }
}

/// The block that held the event, if the walk came by it; questions about times, and windows.
fn look(chain: &Blocks, mut walk: Walk, holds: impl Fn(u64, u64) -> bool) -> (bool, u64, u64) {
    let (mut times, mut windows) = (0, 0);
    while let Some(step) = walk.step() {
        assert_eq!(walk.step(), Some(step), "asked again, it is the same question");
        match step {
            Step::Time(block) => {
                times += 1;
                assert!(block <= chain.height());
                walk.timed(chain.head(block));
            }
            Step::Events(from, to) => {
                windows += 1;
                assert!(from <= to && to - from < WINDOW && to <= chain.height(), "{from} to {to}");
                if holds(from, to) {
                    return (true, times, windows);
                }
                walk.not_there();
            }
        }
        assert!(times + windows < 1_000_000, "it never ends");
    }
    (false, times, windows)
}

/// An event `age` blocks below the head of a chain with even blocks: found, with so many questions.
fn check(age: u64, block_ms: u64, expect: u64) {
    let chain = Blocks::even(50_000_000, block_ms);
    let at = chain.height() - age;
    // It was mined up to two minutes before the last moment.
    for late_s in [0, 20, 120] {
        let until_s = chain.time(at) + late_s;
        let walk = Walk::back(chain.top(), until_s.saturating_sub(3_600), until_s, 0);
        let (found, times, windows) = look(&chain, walk, |from, to| (from..=to).contains(&at));
        assert!(found && times + windows <= expect, "{age} {block_ms} {late_s}: {found} {times} {windows}");
    }
}

#[test]
fn a_bet_of_days_ago_takes_a_handful_of_questions() {
    check(0, 2_000, 1);
    check(600, 2_000, 1);
    check(10_000, 2_000, 2);
    check(7 * 43_200, 2_000, 2);
    check(365 * 43_200, 2_000, 2);
    // Whatever a block takes.
    check(7 * 43_200, 2_130, 3);
    check(365 * 43_200, 2_130, 3);
    check(7 * 43_200, 1_000, 3);
    check(7 * 43_200, 12_000, 3);
    check(1_000_000, 250, 10);
}

#[test]
fn an_event_that_is_nowhere_ends_the_walk_at_the_first_block_that_is_too_old() {
    let chain = Blocks::even(50_000_000, 2_000);
    let until_s = chain.time(40_000_000);
    let (found, times, windows) = look(&chain, Walk::back(chain.top(), until_s - 3_600, until_s, 0), |_, _| false);
    assert_eq!((found, times, windows), (false, 2, 1));
}

#[test]
fn a_walk_ends_at_its_floor_without_asking_for_times() {
    let chain = Blocks::even(10_000, 2_000);
    let check = |floor: u64, expect: u64| {
        let (found, times, windows) = look(&chain, Walk::back(chain.top(), 0, u64::MAX, floor), |_, _| false);
        let edges = windows.saturating_sub(1);
        assert_eq!((found, times, windows), (false, edges, expect), "{floor}");
    };
    check(10_000, 1);
    check(7_501, 1);
    check(7_500, 2);
    check(0, 5);
    check(20_000, 1);
}

#[test]
fn an_answer_about_another_block_changes_nothing() {
    let chain = Blocks::even(1_000_000, 2_000);
    let until_s = chain.time(100_000);
    let mut walk = Walk::back(chain.top(), until_s - 3_600, until_s, 0);
    let before = walk;
    walk.timed(chain.top());
    walk.timed(Head { number: u64::MAX, time_s: 0 });
    walk.timed(Head { number: 0, time_s: 0 });
    walk.not_there();
    assert_eq!(walk, before);
}

fn blocks() -> impl Strategy<Value = Blocks> {
    let run =
        (1u64..400_000, prop_oneof![Just(2_000u64), Just(0), 0u64..15_000], prop_oneof![4 => Just(0u64), 1 => 0u64..200_000]);
    prop::collection::vec(run, 1..6).prop_map(Blocks)
}

proptest! {
    #[test]
    fn the_event_is_found_wherever_it_lies(chain in blocks(), at in any::<prop::sample::Index>(), late_s in 0u64..720, life_s in 720u64..5_000) {
        let at = at.index(chain.height() as usize + 1) as u64;
        let until_s = chain.time(at) + late_s;
        let since_s = until_s - life_s;
        let walk = Walk::back(chain.top(), since_s, until_s, 0);
        let (found, times, windows) = look(&chain, walk, |from, to| (from..=to).contains(&at));
        prop_assert!(found);
        // Blocks that must be looked through at most: those of the life and of what is near enough behind it, and one window more.
        let (first, last) = (chain.first_past(since_s.saturating_sub(1)), chain.first_past(until_s + NEAR_S));
        let windows_max = (last - first + WINDOW / 2) / WINDOW + 2;
        prop_assert!(windows <= windows_max, "{windows} of {windows_max}");
        let halvings = 64 - u64::from(chain.height().leading_zeros());
        prop_assert!(times <= u64::from(GUESSES) + 2 * halvings + windows, "{times}");
    }

    #[test]
    fn no_times_that_a_node_can_say_keep_it_asking_for_ever_or_panic(
        number in any::<u64>(), time_s in any::<u64>(), since_s in any::<u64>(), until_s in any::<u64>(), floor in any::<u64>(),
        says in prop::collection::vec(any::<u64>(), 1..20),
    ) {
        let mut walk = Walk::back(Head { number, time_s }, since_s, until_s, floor);
        let mut times = says.iter().cycle();
        let mut seeks = 0;
        while let Some(Step::Time(block)) = walk.step() {
            walk.timed(Head { number: block, time_s: *times.next().expect("a cycle of at least one") });
            seeks += 1;
            prop_assert!(seeks <= 3 + 2 * 64);
        }
        if let Some(Step::Events(from, to)) = walk.step() {
            prop_assert!(from <= to && to - from < WINDOW);
        }
    }
}
