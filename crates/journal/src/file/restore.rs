//! Writes a lost journal anew from a copy of its records: byte for byte the same, so that the chain goes on.
//!
//! Everything is written beside the journal's directory and takes its name at the very end: a restore that was cut short
//! leaves nothing that could be taken for a journal.

use super::dir::{self, sync_dir};
use super::epoch;
use super::tail::Chained;
use crate::codec::{Chain, KIND_HEADER, KIND_SNAPSHOT, Writer};
use crate::header::{Header, HeaderError, Identity, Mismatch};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Added to the directory's name while it is being written.
const RESTORING: &str = ".restoring";
/// Added to the name of a directory without records that stands in the way.
const EMPTY: &str = ".empty";

/// Why a journal cannot be restored. The directory is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// There is a journal already.
    #[error("there are records in {dir:?} already")]
    NotEmpty {
        /// Its directory.
        dir: PathBuf,
    },
    /// The copy does not begin where a journal can begin.
    #[error("the copy begins with record {first}, which is not the beginning of a segment that a journal can begin with")]
    Beginning {
        /// Its first record.
        first: u64,
    },
    /// The copy belongs to another mode or account.
    #[error("the copy is not ours to continue")]
    NotOurs(#[source] Mismatch),
    /// A header in the copy cannot be used by this build.
    #[error("record {seq} of the copy is not a header that this build reads")]
    Header {
        /// Its number.
        seq: u64,
        /// Why.
        #[source]
        source: HeaderError,
    },
    /// The copy has a gap, or something in it was changed.
    #[error("record {seq} of the copy does not follow from those before it: its chain value is {stored}, not {computed}")]
    Chain {
        /// Its number.
        seq: u64,
        /// As in the copy.
        stored: Chain,
        /// As it follows from the records.
        computed: Chain,
    },
    /// The copy has a gap.
    #[error("record {found} of the copy stands where {expected} belongs")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The one there.
        found: u64,
    },
    /// The epoch file that is there cannot be used.
    #[error("the epoch file cannot be used")]
    Epoch(#[source] super::OpenError),
    /// The operating system refused.
    #[error("{doing} {path:?}")]
    Io {
        /// What we were doing.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Its word.
        #[source]
        source: io::Error,
    },
}

/// Whether the journal in `dir` has any segment.
///
/// # Errors
/// If the directory is there and cannot be listed.
pub fn holds_records(dir: &Path) -> io::Result<bool> {
    match dir::segments(dir) {
        Ok(segments) => Ok(!segments.is_empty()),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// A journal that is being written anew.
#[derive(Debug)]
pub struct Restore {
    dir: PathBuf,
    /// Where it is written.
    beside: PathBuf,
    identity: Identity,
    /// After the last record; `None` before the first.
    writer: Option<Writer>,
    segment: Option<BufWriter<File>>,
    segments: u64,
    /// The first segment must begin with a snapshot, which comes next.
    needs_snapshot: bool,
    frame: Vec<u8>,
}

impl Restore {
    /// Begins to restore the journal of `identity` in `dir`, where there must be none.
    ///
    /// # Errors
    /// [`RestoreError::NotEmpty`] or [`RestoreError::Io`].
    pub fn begin(dir: &Path, identity: Identity) -> Result<Self, RestoreError> {
        let io = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| RestoreError::Io { doing, path, source }
        };
        if holds_records(dir).map_err(io("listing", dir))? {
            return Err(RestoreError::NotEmpty { dir: dir.to_owned() });
        }
        let beside = with(dir, RESTORING);
        match std::fs::remove_dir_all(&beside) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(io("clearing", &beside)(e)),
            _ => {}
        }
        std::fs::create_dir_all(&beside).map_err(io("creating", &beside))?;
        Ok(Self {
            dir: dir.to_owned(),
            beside,
            identity,
            writer: None,
            segment: None,
            segments: 0,
            needs_snapshot: false,
            frame: Vec::with_capacity(4_096),
        })
    }

    /// Takes the next record of the copy. The first must be a header, and unless it is the journal's very first record a
    /// snapshot must follow it.
    ///
    /// # Errors
    /// See [`RestoreError`]; nothing may be taken after one.
    pub fn push(&mut self, copied: &Chained) -> Result<(), RestoreError> {
        let Chained { record, synced, chain, .. } = copied;
        let seq = record.seq;
        if std::mem::take(&mut self.needs_snapshot) && record.kind != KIND_SNAPSHOT {
            return Err(RestoreError::Beginning { first: seq.saturating_sub(1) });
        }
        if record.kind == KIND_HEADER {
            let header = Header::parse(&record.body).map_err(|source| RestoreError::Header { seq, source })?;
            self.identity.may_continue(&header.identity).map_err(RestoreError::NotOurs)?;
            if self.writer.is_none() {
                self.writer = Some(Writer::after(seq.saturating_sub(1), header.previous));
                self.needs_snapshot = seq != 1;
            }
            self.next_segment()?;
        }
        let (Some(mut writer), Some(segment)) = (self.writer, &mut self.segment) else {
            return Err(RestoreError::Beginning { first: seq });
        };
        if writer.next_seq() != seq {
            return Err(RestoreError::Gap { expected: writer.next_seq(), found: seq });
        }
        self.frame.clear();
        let stored = *chain;
        if writer.record(&mut self.frame, record.kind, record.version, *synced, &record.body).is_err() || writer.chain() != stored
        {
            return Err(RestoreError::Chain { seq, stored, computed: writer.chain() });
        }
        let path = &self.beside;
        segment.write_all(&self.frame).map_err(|source| RestoreError::Io { doing: "writing in", path: path.clone(), source })?;
        self.writer = Some(writer);
        Ok(())
    }

    /// Puts what was taken in the journal's place and gives the number of its last record. The epochs that were taken in
    /// that place, if any, stay known.
    ///
    /// # Errors
    /// [`RestoreError`]; then there still is no journal.
    pub fn finish(mut self) -> Result<u64, RestoreError> {
        self.seal()?;
        let last = match self.writer {
            Some(writer) if !self.needs_snapshot => writer.next_seq() - 1,
            _ => return Err(RestoreError::Beginning { first: 0 }),
        };
        let io = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| RestoreError::Io { doing, path, source }
        };
        if self.dir.exists() {
            let known = epoch::last(&self.dir).map_err(RestoreError::Epoch)?;
            if known > 0 {
                epoch::next_epoch(&self.beside, known - 1).map_err(RestoreError::Epoch)?;
            }
            let aside = with(&self.dir, EMPTY);
            match std::fs::remove_dir_all(&aside) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(io("clearing", &aside)(e)),
                _ => {}
            }
            std::fs::rename(&self.dir, &aside).map_err(io("putting aside", &self.dir))?;
        }
        sync_dir(&self.beside).map_err(io("syncing", &self.beside))?;
        std::fs::rename(&self.beside, &self.dir).map_err(io("naming", &self.dir))?;
        if let Some(parent) = self.dir.parent().filter(|p| !p.as_os_str().is_empty()) {
            sync_dir(parent).map_err(io("syncing", parent))?;
        }
        Ok(last)
    }

    fn next_segment(&mut self) -> Result<(), RestoreError> {
        self.seal()?;
        self.segments += 1;
        let path = dir::segment_path(&self.beside, self.segments);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|source| RestoreError::Io { doing: "creating", path, source })?;
        self.segment = Some(BufWriter::new(file));
        Ok(())
    }

    fn seal(&mut self) -> Result<(), RestoreError> {
        let Some(segment) = self.segment.take() else { return Ok(()) };
        let io = |source| RestoreError::Io { doing: "writing in", path: self.beside.clone(), source };
        let file = segment.into_inner().map_err(|e| io(e.into_error()))?;
        file.sync_all().map_err(io)
    }
}

fn with(dir: &Path, suffix: &str) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
