//! A journal to keep: what this build writes, so that every later build can show that it still reads it.

use crate::journal_memory;
use crate::scenario::Scenario;
use crate::world::{Failure, World};
use domain::record::Record;

/// A journal of one run.
#[derive(Clone, Debug)]
pub struct Sample {
    /// As on disk: header, frames, checksums.
    pub framed: Vec<u8>,
    /// Its records.
    pub records: Vec<Record>,
}

/// The journal of a run in which much goes wrong; the same for the same build.
///
/// # Errors
/// [`Failure`] when the run breaks an invariant or its journal does not read back.
pub fn sample_journal() -> Result<Sample, Failure> {
    let failed = |what| Failure { scenario: "sample".to_owned(), what, tail: String::new() };
    let scenario = Scenario::named("half_filled").ok_or_else(|| failed("no such kind".to_owned()))?;
    let done = World::new(1, scenario).run()?;
    let records = journal_memory::records_of(&done.journal).map_err(failed)?;
    Ok(Sample { framed: done.journal, records })
}
