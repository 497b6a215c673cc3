//! The journal in memory: the same bytes as on disk, so that recovery reads what recovery would read.

use domain::Wall;
use domain::record::{Record, SCHEMA};
use journal::codec::{End, KIND_FIRST_FREE, KIND_HEADER, Reader, Writer};
use journal::{Header, Identity, Mode};

/// Bytes of one segment.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) bytes: Vec<u8>,
    writer: Option<Writer>,
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
            let identity = Identity { mode: Mode::Demo, accounts: Default::default(), chains: Default::default() };
            let header = Header {
                format: journal::FORMAT,
                identity,
                build: "sim".to_owned(),
                epoch,
                created_at: at,
                previous: writer.chain(),
            };
            writer.header(&mut self.bytes, &header, 0).map_err(|e| e.to_string())?;
            self.writer = Some(writer);
        } else {
            self.writer = writer;
        }
        Ok(records)
    }

    /// All good records, in order.
    pub(crate) fn records(&self) -> Result<Vec<Record>, String> {
        self.read().map(|(records, ..)| records)
    }

    fn read(&self) -> Result<(Vec<Record>, End, Option<Writer>), String> {
        let mut reader = Reader::new(&self.bytes);
        let mut records = Vec::new();
        for frame in reader.by_ref() {
            if frame.kind == KIND_HEADER {
                continue;
            }
            let record: Record =
                serde_json::from_slice(frame.body).map_err(|e| format!("record {} does not read back: {e}", frame.seq))?;
            if frame.kind != record.kind() || frame.version != SCHEMA {
                return Err(format!("record {}: kind {} v{} holds a {}", frame.seq, frame.kind, frame.version, record.word()));
            }
            records.push(record);
        }
        let end = reader.end().ok_or("the reader gave no end")?;
        Ok((records, end, reader.writer()))
    }

    pub(crate) fn append(&mut self, record: &Record) -> Result<(), String> {
        debug_assert!(record.kind() >= KIND_FIRST_FREE, "the journal's own kinds are not ours");
        let body = serde_json::to_vec(record).map_err(|e| e.to_string())?;
        let writer = self.writer.as_mut().ok_or("the journal is not open")?;
        writer.record(&mut self.bytes, record.kind(), SCHEMA, 0, &body).map(|_| ()).map_err(|e| e.to_string())
    }

    /// Leaves only a part of the last record, as a process killed in the middle of a write does.
    pub(crate) fn tear(&mut self, bytes: usize) {
        let keep = self.bytes.len().saturating_sub(bytes);
        self.bytes.truncate(keep);
    }
}
