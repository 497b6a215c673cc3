//! Many runs: seeds, and every effect of a kind of round crashed once.

use crate::sabotage::Bug;
use crate::scenario::Scenario;
use crate::world::{Crash, Failure, Finished, World};

/// One run drawn from a seed.
///
/// # Errors
/// [`Failure`] with what led there.
pub fn run_seed(seed: u64, bug: Option<Bug>) -> Result<Finished, Failure> {
    let world = World::new(seed, Scenario::drawn(seed));
    match bug {
        Some(bug) => world.with_bug(bug).run(),
        None => world.run(),
    }
}

/// Runs a named kind of round once whole, then once for every effect from its first round on, dying there: before it,
/// in the middle of its record, and after it. `stride` and `offset` share the work between workers.
///
/// # Errors
/// The first [`Failure`].
pub fn crash_sweep(kind: &str, stride: u64, offset: u64, mut done: impl FnMut(&Finished)) -> Result<(), Failure> {
    let Some(scenario) = Scenario::named(kind) else {
        return Err(Failure { scenario: kind.to_owned(), what: "no such kind of round".to_owned(), tail: String::new() });
    };
    let seed = 1;
    let whole = World::new(seed, scenario.clone()).run()?;
    let mut work = 0u64;
    for effect in whole.first_effect..whole.effects {
        for how in [Crash::Before, Crash::Torn(1 + (effect % 200) as usize), Crash::After] {
            work += 1;
            if work % stride != offset {
                continue;
            }
            let run = World::new(seed, scenario.clone())
                .crashing(effect, how)
                .run()
                .map_err(|f| Failure { scenario: format!("{kind}, {how:?} effect {effect}"), ..f })?;
            done(&run);
        }
    }
    Ok(())
}
