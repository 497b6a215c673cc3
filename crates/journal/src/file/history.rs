//! Reads a journal without owning it: for projections, exports and explanations, while it is being written or after.

use super::dir::{self, Segment};
use super::error::ReadError;
use crate::codec::{End, Frame, KIND_SNAPSHOT, Reader, Writer};
use crate::header::{Header, HeaderError};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// One record, taken out of its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Counted from 1 over the whole journal.
    pub seq: u64,
    /// What the body is.
    pub kind: u16,
    /// Version of the body's schema.
    pub version: u16,
    /// Opaque.
    pub body: Vec<u8>,
}

impl From<Frame<'_>> for Record {
    fn from(frame: Frame<'_>) -> Self {
        Self { seq: frame.seq, kind: frame.kind, version: frame.version, body: frame.body.to_vec() }
    }
}

impl std::fmt::Debug for Record {
    /// Without the body: it belongs to whoever wrote it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "record {}: kind {} v{}, {} bytes", self.seq, self.kind, self.version, self.body.len())
    }
}

/// What the beginning of a segment says.
pub(super) struct Peek {
    pub(super) header: Header,
    pub(super) first_seq: u64,
    /// Its second record claims to be a snapshot. Whether it is whole is for the reader to find out.
    pub(super) snapshot: bool,
}

/// Reads a segment's header and looks at what follows it; `None` if the header is not whole.
pub(super) fn peek(path: &Path) -> io::Result<Result<Option<Peek>, HeaderError>> {
    /// A header is well under this; the record after it is only looked at.
    const ENOUGH: u64 = 64 << 10;
    let mut bytes = Vec::new();
    File::open(path)?.take(ENOUGH).read_to_end(&mut bytes)?;
    Ok(crate::codec::peek(&bytes).map(|found| {
        found.map(|(header, first_seq, next_kind)| Peek { header, first_seq, snapshot: next_kind == Some(KIND_SNAPSHOT) })
    }))
}

/// Records from one number on, a segment in memory at a time. A damaged segment gives one error after its good records,
/// and reading goes on with the next: whoever explains wants what is left, whoever rebuilds stops at the error.
#[derive(Debug)]
pub struct History {
    segments: VecDeque<Segment>,
    from: u64,
    after: Option<Writer>,
    ready: VecDeque<Record>,
    damage: Option<ReadError>,
}

impl History {
    /// Records numbered `from` and later of the journal in `dir`. What is appended after this call may be missing.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn open(dir: &Path, from: u64) -> Result<Self, ReadError> {
        let fail = |path: &Path, source| ReadError::Io { path: path.to_owned(), source };
        let mut segments: VecDeque<Segment> = dir::segments(dir).map_err(|e| fail(dir, e))?.into();
        // The first segment of interest is the last one that begins at or before `from`.
        while let Some(second) = segments.get(1) {
            match peek(&second.path).map_err(|e| fail(&second.path, e))? {
                Ok(Some(Peek { first_seq, .. })) if first_seq <= from => segments.pop_front(),
                _ => break,
            };
        }
        Ok(Self { segments, from, after: None, ready: VecDeque::new(), damage: None })
    }

    fn load(&mut self, path: PathBuf, newest: bool) {
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            // Deleted under the cap since the directory was listed.
            Err(e) if e.kind() == ErrorKind::NotFound => return,
            Err(source) => {
                self.damage = Some(ReadError::Io { path, source });
                return;
            }
        };
        let mut reader = match self.after.take() {
            Some(writer) => Reader::following(&bytes, writer),
            None => Reader::new(&bytes),
        };
        let from = self.from;
        self.ready.extend(reader.by_ref().filter(|frame| frame.seq >= from).map(Record::from));
        let why = match reader.end() {
            Some(End::Corrupt { why, .. } | End::LostTail { why, .. }) => why,
            Some(End::TornTail { .. }) if !newest => crate::codec::Damage::Length,
            // The newest segment may be in the middle of a write.
            Some(End::Clean { .. } | End::TornTail { .. }) | None => {
                self.after = reader.writer();
                return;
            }
        };
        self.damage = Some(ReadError::Damaged { path, at: reader.end().map_or(0, |e| e.at()), why });
    }
}

impl Iterator for History {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Some(Ok(record));
            }
            if let Some(damage) = self.damage.take() {
                return Some(Err(damage));
            }
            let segment = self.segments.pop_front()?;
            self.load(segment.path, self.segments.is_empty());
        }
    }
}
