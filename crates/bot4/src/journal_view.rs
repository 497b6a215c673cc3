//! Reads the journal for commands that explain: beside a running bot or after it, without its lock and without changing a
//! byte.

use crate::source::{Source, Usage};
use anyhow::Context;
use domain::record::{Record, SCHEMA};
use journal::{History, Identity, KIND_HEADER, KIND_SNAPSHOT, Reader};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The journal's folder: under `--state`, else under what the configuration says, else under `state`.
///
/// # Errors
/// The configuration is wrong, or there is no journal.
pub(crate) fn folder(source: &Source) -> anyhow::Result<PathBuf> {
    let state = match &source.state {
        Some(state) => state.clone(),
        None if source.file().is_some() => source.load(&Source::environment()?, &[])?.1.file.state,
        None => PathBuf::from("state"),
    };
    let folder = state.join("journal");
    if folder.is_dir() {
        return Ok(folder);
    }
    let why = format!("there is no journal in {}; --state DIR names the folder of a bot that ran", state.display());
    Err(Usage(why).into())
}

/// Every record in order, each once. What cannot be read is passed over; the sentences that come back say where.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn each(folder: &Path, mut take: impl FnMut(Record)) -> anyhow::Result<Vec<String>> {
    let mut gaps = Vec::new();
    let mut first = true;
    let mut newer = BTreeSet::new();
    for frame in History::open(folder, 0).with_context(|| format!("the journal in {} cannot be read", folder.display()))? {
        let frame = match frame {
            Ok(frame) => frame,
            Err(e) => {
                gaps.push(format!("a part of the journal is missing here: {:#}", anyhow::Error::from(e)));
                // The next snapshot stands for what was lost.
                first = true;
                continue;
            }
        };
        if frame.kind == KIND_HEADER {
            continue;
        }
        if frame.version > SCHEMA {
            newer.insert(frame.version);
            continue;
        }
        // A snapshot repeats what came before it; only where that is gone does it say something new.
        let stands_alone = std::mem::replace(&mut first, false);
        if frame.kind == KIND_SNAPSHOT {
            if stands_alone {
                match serde_json::from_slice::<Vec<Record>>(&frame.body) {
                    // A snapshot carries the epoch on; nothing started there.
                    Ok(records) => records.into_iter().filter(|r| !matches!(r, Record::Started { .. })).for_each(&mut take),
                    Err(e) => gaps.push(format!("record {}, a snapshot, does not read back: {e}", frame.seq)),
                }
            }
            continue;
        }
        match serde_json::from_slice(&frame.body) {
            Ok(record) => take(record),
            Err(e) => gaps.push(format!("record {} does not read back: {e}", frame.seq)),
        }
    }
    if let Some(version) = newer.last() {
        gaps.push(format!("some records were written by a newer bot4 (schema {version}, this one reads {SCHEMA})"));
    }
    Ok(gaps)
}

/// Whose journal it is, by its newest segment.
///
/// # Errors
/// There is none that can be read.
pub(crate) fn identity(folder: &Path) -> anyhow::Result<Identity> {
    let unreadable = || format!("the journal in {} cannot be read", folder.display());
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|e| e == "b4j") {
            segments.push(path);
        }
    }
    segments.sort();
    for segment in segments.iter().rev() {
        let bytes = std::fs::read(segment).with_context(unreadable)?;
        let mut reader = Reader::new(&bytes);
        reader.next();
        if let Some(header) = reader.header() {
            return Ok(header.identity.clone());
        }
    }
    Err(Usage(format!("the journal in {} is empty", folder.display())).into())
}
