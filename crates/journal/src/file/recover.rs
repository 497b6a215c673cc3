//! Opening: whose journal it is, what to replay, and what a bad end means.
//!
//! Everything is read and judged before anything is changed: a journal that is refused is left as it was found.

use super::dir::{self, Segment, sync_dir};
use super::error::OpenError;
use super::history::{Peek, Record, peek};
use super::write::Journal;
use crate::codec::{Damage, End, Reader, Writer};
use crate::header::Identity;
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

/// An opened journal.
#[derive(Debug)]
pub struct Opened {
    /// To append to.
    pub journal: Journal,
    /// What the state is folded from: the last snapshot that begins a segment and all records after it, or all records.
    /// Headers are not among them.
    pub replay: Vec<Record>,
    /// What was found.
    pub report: OpenReport,
}

/// What opening found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// This start's epoch, on the disk already.
    pub epoch: u32,
    /// Segments that are kept.
    pub segments: usize,
    /// Number of the last good record, 0 if there is none. A projection that has consumed more must be rebuilt.
    pub last_seq: u64,
    /// What was cut off, if anything.
    pub repaired: Option<Lost>,
    /// Whether there is space for reducing orders when the disk is full.
    pub reserve: bool,
}

/// Records that were cut off, because they were never finished or never reached the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The segment that was cut.
    pub path: PathBuf,
    /// Where.
    pub at: usize,
    /// Bytes cut off there.
    pub bytes: usize,
    /// `None` for one record that was not finished; otherwise what was wrong with the first one.
    pub why: Option<Damage>,
    /// Number of the last good record.
    pub after: u64,
    /// Later segments, renamed to end in `.lost`.
    pub set_aside: Vec<PathBuf>,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, at, bytes, why, after, set_aside } = self;
        write!(f, "cut {bytes} bytes off {} at byte {at}, after record {after}: ", path.display())?;
        match why {
            None => f.write_str("the last record was not finished")?,
            Some(why) => write!(f, "records that never reached the disk ({why})")?,
        }
        set_aside.iter().try_for_each(|p| write!(f, "; set aside {}", p.display()))
    }
}

/// A segment that is kept, as the deletion under the cap needs to know it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) first_seq: u64,
    /// A snapshot is its second record.
    pub(super) snapshot: bool,
}

/// All that the files say.
pub(super) struct Recovered {
    pub(super) writer: Writer,
    /// Largest epoch in the headers, 0 without any.
    pub(super) epoch: u32,
    pub(super) next_index: u64,
    pub(super) kept: Vec<Kept>,
    pub(super) replay: Vec<Record>,
    pub(super) repaired: Option<Lost>,
}

/// Reads, judges and, where that is right, repairs what lies in `dir`.
pub(super) fn recover(dir: &Path, identity: &Identity) -> Result<Recovered, OpenError> {
    let io = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Io { doing, path, source }
    };
    let segments = dir::segments(dir).map_err(io("listing", dir))?;
    let next_index = segments.last().map_or(1, |s| s.index + 1);
    let mut peeks = Vec::with_capacity(segments.len());
    for segment in &segments {
        let found = peek(&segment.path).map_err(io("reading", &segment.path))?;
        peeks.push(found.map_err(|source| OpenError::Header { path: segment.path.clone(), source })?);
    }
    if let Some(newest) = peeks.iter().rev().flatten().next() {
        let not_ours = |source| OpenError::NotOurs { dir: dir.to_owned(), source };
        identity.may_continue(&newest.header.identity).map_err(not_ours)?;
    }
    let epoch = peeks.iter().flatten().map(|p| p.header.epoch).max().unwrap_or(0);

    let start = find_start(&segments, &peeks)?;
    let mut folded = fold(&segments, start)?;
    let mut kept: Vec<Kept> = Vec::new();
    let end = folded.cut.as_ref().map_or(segments.len(), |cut| cut.segment + usize::from(cut.at > 0));
    for (segment, peek) in segments.iter().zip(&peeks).take(end) {
        // Before the start nothing was read but this; a bad header there costs history, not truth.
        let (first_seq, snapshot) = peek.as_ref().map_or((0, false), |p| (p.first_seq, p.snapshot));
        kept.push(Kept { path: segment.path.clone(), bytes: segment.bytes, first_seq, snapshot });
    }
    let repaired = match folded.cut.take() {
        Some(cut) => Some(repair(dir, &segments, &folded, cut, &mut kept).map_err(io("repairing", dir))?),
        None => None,
    };
    if repaired.is_none()
        && let (Some(last), Some(segment)) = (kept.last_mut(), segments.last())
        && segment.bytes > folded.end as u64
    {
        // Gives back what was preallocated and not used: every start begins a segment of its own.
        shorten(&last.path, folded.end as u64).map_err(io("shortening", &last.path))?;
        last.bytes = folded.end as u64;
    }
    Ok(Recovered { writer: folded.writer, epoch, next_index, kept, replay: folded.replay, repaired })
}

/// The newest segment that begins with a whole snapshot, or the first of the journal.
fn find_start(segments: &[Segment], peeks: &[Option<Peek>]) -> Result<usize, OpenError> {
    for (i, (segment, peek)) in segments.iter().zip(peeks).enumerate().rev() {
        if peek.as_ref().is_some_and(|p| p.snapshot) {
            let bytes = read(&segment.path)?;
            if Reader::new(&bytes).nth(1).is_some() {
                return Ok(i);
            }
        }
    }
    match (segments.first(), peeks.first()) {
        (Some(oldest), Some(Some(peek))) if peek.first_seq != 1 => {
            Err(OpenError::HistoryGone { path: oldest.path.clone(), first: peek.first_seq })
        }
        _ => Ok(0),
    }
}

/// Where the good records end, when they do not end well.
struct Cut {
    segment: usize,
    at: usize,
    bytes: usize,
    why: Option<Damage>,
}

struct Folded {
    writer: Writer,
    replay: Vec<Record>,
    /// Offset after the last good record of the last segment read.
    end: usize,
    cut: Option<Cut>,
}

fn fold(segments: &[Segment], start: usize) -> Result<Folded, OpenError> {
    let mut folded = Folded { writer: Writer::default(), replay: Vec::new(), end: 0, cut: None };
    for (i, segment) in segments.iter().enumerate().skip(start) {
        let bytes = read(&segment.path)?;
        // The first one may have lost its predecessors; the first of all has none.
        let mut reader = if i == start && (i > 0 || begins_later(&bytes)) {
            Reader::new(&bytes)
        } else {
            Reader::following(&bytes, folded.writer)
        };
        let records = reader.by_ref().filter(|f| f.kind != crate::codec::KIND_HEADER);
        folded.replay.extend(records.map(Record::from));
        folded.writer = reader.writer().unwrap_or(folded.writer);
        let end = reader.end().unwrap_or(End::Clean { at: 0 });
        folded.end = end.at();
        let corrupt = |at, why| OpenError::Corrupt { path: segment.path.clone(), at, why };
        let (at, bytes, why) = match end {
            End::Clean { .. } => continue,
            End::Corrupt { at, why } => return Err(corrupt(at, why)),
            End::TornTail { at, missing: _ } => (at, reader.tail(), None),
            End::LostTail { at, lost, why } => (at, lost, Some(why)),
        };
        // What a later segment knew to be on the disk has become bad since.
        for later in segments.iter().skip(i + 1) {
            let bytes = read(&later.path)?;
            let mut reader = Reader::new(&bytes);
            reader.by_ref().for_each(drop);
            if reader.synced_claim() >= folded.writer.next_seq() {
                return Err(corrupt(at, why.unwrap_or(Damage::Length)));
            }
        }
        folded.cut = Some(Cut { segment: i, at, bytes, why });
        break;
    }
    Ok(folded)
}

/// The segment does not begin with the first record of all.
fn begins_later(bytes: &[u8]) -> bool {
    matches!(crate::codec::peek(bytes), Ok(Some((_, first_seq, _))) if first_seq != 1)
}

/// Cuts the bad tail off and puts later segments aside.
fn repair(dir: &Path, segments: &[Segment], folded: &Folded, cut: Cut, kept: &mut [Kept]) -> io::Result<Lost> {
    let Cut { segment, at, bytes, why } = cut;
    let mut set_aside = Vec::new();
    // The newest first: a crash in between leaves a beginning, never a gap.
    let keep = segment + usize::from(at > 0);
    for later in segments.iter().skip(keep).rev() {
        let mut name = later.path.clone().into_os_string();
        name.push(".lost");
        std::fs::rename(&later.path, &name)?;
        set_aside.push(PathBuf::from(name));
    }
    if at > 0
        && let Some(last) = kept.last_mut()
    {
        shorten(&last.path, at as u64)?;
        last.bytes = at as u64;
    }
    sync_dir(dir)?;
    let path = segments.get(segment).map(|s| s.path.clone()).unwrap_or_default();
    Ok(Lost { path, at, bytes, why, after: folded.writer.next_seq() - 1, set_aside })
}

fn shorten(path: &Path, len: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(len)?;
    file.sync_all()
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    std::fs::read(path).map_err(|source| OpenError::Io { doing: "reading", path: path.to_owned(), source })
}
