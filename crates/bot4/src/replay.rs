//! What the journal's frames hold, read back.

use crate::wiring::VEST;
use anyhow::Context;
use domain::record::{Record, SCHEMA};
use journal::KIND_SNAPSHOT;

/// Records out of frames; a snapshot is the records that its state is the fold of.
///
/// # Errors
/// Names the record that does not read back, or that a newer build wrote.
pub(crate) fn records(frames: &[journal::Record]) -> anyhow::Result<Vec<Record>> {
    let mut records = Vec::new();
    for frame in frames {
        let unreadable = || format!("record {} of the journal does not read back", frame.seq);
        if frame.version > SCHEMA {
            let (seq, version) = (frame.seq, frame.version);
            anyhow::bail!("record {seq} was written by a newer bot4 (schema {version}, this one reads {SCHEMA})");
        }
        if frame.kind == KIND_SNAPSHOT {
            let snapshot: Vec<Record> = serde_json::from_slice(&frame.body).with_context(unreadable)?;
            records.extend(snapshot);
        } else {
            records.push(serde_json::from_slice(&frame.body).with_context(unreadable)?);
        }
    }
    Ok(records)
}

/// The largest nonce that any order on Vest used: none at or below it may be used again.
pub(crate) fn last_nonce(records: &[Record]) -> u64 {
    records
        .iter()
        .filter_map(|r| match r {
            Record::Opened { orders, .. } | Record::Intended { orders, .. } => Some(orders),
            _ => None,
        })
        .flatten()
        .filter(|o| o.spec.venue == VEST)
        .filter_map(|o| o.key.key.parse().ok())
        .max()
        .unwrap_or(0)
}
