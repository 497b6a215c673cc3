//! The journal in memory: the same bytes as on disk, so that recovery reads what recovery would read.

use crate::scenario::Disk;
use domain::Wall;
use domain::record::{Record, SCHEMA};
use journal::codec::{End, KIND_FIRST_FREE, KIND_HEADER, KIND_SNAPSHOT, Reader, Writer};
use journal::{Header, Identity, Mode};
use shard::Records;
use std::collections::BTreeMap;

/// Bytes of one segment.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) bytes: Vec<u8>,
    writer: Option<Writer>,
    pub(crate) disk: Disk,
    /// Bytes of the last record.
    pub(crate) last: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self { bytes: Vec::new(), writer: None, disk: Disk::Works, last: 0 }
    }
}

fn header(epoch: u32, at: Wall, writer: &Writer) -> Header {
    let identity = Identity { mode: Mode::Demo, accounts: BTreeMap::default(), chains: BTreeMap::default() };
    Header { format: journal::FORMAT, identity, build: "sim".to_owned(), epoch, created_at: at, previous: writer.chain() }
}

impl Memory {
    /// Reads everything back, cuts off a torn tail, and goes on with a header of the new life.
    pub(crate) fn open(&mut self, epoch: u32, at: Wall) -> Result<Vec<Record>, String> {
        let (records, end, writer) = self.read()?;
        match end {
            End::Clean { at } | End::TornTail { at, .. } | End::LostTail { at, .. } => self.bytes.truncate(at),
            End::Corrupt { at, why } => return Err(format!("journal corrupt at {at}: {why}")),
        }
        if self.bytes.is_empty() {
            let mut writer = Writer::default();
            let header = header(epoch, at, &writer);
            writer.header(&mut self.bytes, &header, 0).map_err(|e| e.to_string())?;
            self.writer = Some(writer);
        } else {
            self.writer = writer;
        }
        Ok(records)
    }

    /// All good records, in order; a snapshot stands for everything before it.
    pub(crate) fn records(&self) -> Result<Vec<Record>, String> {
        self.read().map(|(records, ..)| records)
    }

    fn read(&self) -> Result<(Vec<Record>, End, Option<Writer>), String> {
        read(&self.bytes)
    }

    /// Begins a new segment with a snapshot. False while the disk is full.
    pub(crate) fn rotate(&mut self, epoch: u32, at: Wall, snapshot: &[Record]) -> bool {
        let (Disk::Works, Some(mut writer)) = (self.disk, self.writer) else { return false };
        let mut bytes = Vec::new();
        let header = header(epoch, at, &writer);
        let Ok(body) = serde_json::to_vec(snapshot) else { return false };
        if writer.header(&mut bytes, &header, 0).is_err() || writer.record(&mut bytes, KIND_SNAPSHOT, SCHEMA, 0, &body).is_err() {
            return false;
        }
        (self.bytes, self.writer) = (bytes, Some(writer));
        true
    }

    /// Leaves only a part of the last record, as a process killed in the middle of a write does.
    pub(crate) fn tear(&mut self, bytes: usize) {
        let keep = self.bytes.len().saturating_sub(bytes.clamp(1, self.last.max(1)));
        self.bytes.truncate(keep);
    }
}

impl Records for Memory {
    fn append(&mut self, record: &Record, reserve: bool) -> bool {
        debug_assert!(record.kind() >= KIND_FIRST_FREE, "the journal's own kinds are not ours");
        let room = match self.disk {
            Disk::Works => true,
            Disk::Full => reserve,
            Disk::UsedUp => false,
        };
        let (true, Some(writer), Ok(body)) = (room, self.writer.as_mut(), serde_json::to_vec(record)) else { return false };
        let before = self.bytes.len();
        let taken = writer.record(&mut self.bytes, record.kind(), SCHEMA, 0, &body).is_ok();
        self.last = self.bytes.len() - before;
        taken
    }
}

/// All good records of a segment's bytes.
pub(crate) fn records_of(bytes: &[u8]) -> Result<Vec<Record>, String> {
    read(bytes).map(|(records, ..)| records)
}

fn read(bytes: &[u8]) -> Result<(Vec<Record>, End, Option<Writer>), String> {
    let mut reader = Reader::new(bytes);
    let mut records = Vec::new();
    for frame in reader.by_ref() {
        let bad = |e: serde_json::Error| format!("record {} does not read back: {e}", frame.seq);
        match frame.kind {
            KIND_HEADER => {}
            KIND_SNAPSHOT => records = serde_json::from_slice(frame.body).map_err(bad)?,
            _ => {
                let record: Record = serde_json::from_slice(frame.body).map_err(bad)?;
                if frame.kind != record.kind() || frame.version != SCHEMA {
                    let word = record.word();
                    return Err(format!("record {}: kind {} v{} holds a {word}", frame.seq, frame.kind, frame.version));
                }
                records.push(record);
            }
        }
    }
    let end = reader.end().ok_or("the reader gave no end")?;
    Ok((records, end, reader.writer()))
}
