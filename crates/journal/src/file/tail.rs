//! Follows a journal while it is being written: each record once, in order, without reading anything twice.
//!
//! Owns a place in one segment's file. Does not own when to look: whoever follows says up to which record the disk has
//! everything, and asks again when that has moved. Called by the projections and by the mirror.

use super::dir::{self, Segment};
use super::error::ReadError;
use super::history::{Peek, Record, peek};
use crate::codec::{Chain, Damage, FRAME_HEADER, KIND_HEADER, NoFrame, Writer, decode, link};
use crate::header::Header;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes read from a file at a time.
const WINDOW: usize = 256 << 10;

/// A record with what ties it to its journal: enough to write the same bytes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chained {
    /// The record.
    pub record: Record,
    /// Start of the bot that wrote it.
    pub epoch: u32,
    /// Highest number that was known to be on the disk when it was written.
    pub synced: u64,
    /// Ties it to all before it.
    pub chain: Chain,
}

/// How far [`Tail::read`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// To the number that was asked for.
    Limit,
    /// As many records as were wanted; there are more.
    Enough,
    /// To the end of what can be read, before the number that was asked for.
    End,
}

/// What a journal knows of one of its records' chain values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainAt {
    /// This is it.
    Known(Chain),
    /// Its segment is gone; what is kept begins, after it, with record `first`.
    Gone {
        /// Number of the first record after it that is kept.
        first: u64,
    },
    /// The journal ends before it.
    Beyond,
}

/// A place in a journal.
#[derive(Debug)]
pub struct Tail {
    dir: PathBuf,
    /// The next record that is wanted.
    next: u64,
    place: Option<Place>,
    damage: Option<ReadError>,
}

/// A place in a segment.
#[derive(Debug)]
struct Place {
    index: u64,
    path: PathBuf,
    file: File,
    /// Of the next frame.
    offset: u64,
    /// The file's bytes from `offset` on, as far as they were read.
    window: Vec<u8>,
    /// Bytes of `window` before `offset`.
    used: usize,
    /// After the last frame; before the first one as the segment before it left it.
    last: Option<Writer>,
    /// Of the segment's header; `None` before it was read.
    epoch: Option<u32>,
}

/// Where a place was.
#[derive(Clone, Copy)]
struct Mark {
    offset: u64,
    last: Option<Writer>,
    epoch: Option<u32>,
}

/// What lies at a place.
enum Next {
    Record(Chained),
    /// Nothing, or nothing yet.
    Nothing,
    /// Something that is not the next record.
    Bad(Damage),
}

impl Tail {
    /// Begins before record `from` of the journal in `dir`. Reads nothing yet.
    pub fn new(dir: &Path, from: u64) -> Self {
        Self { dir: dir.to_owned(), next: from, place: None, damage: None }
    }

    /// Begins with the newest segment whose second record is a snapshot that is not after record `seq`, or with the oldest
    /// segment of all: what stands before is in the snapshot.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn since_snapshot(dir: &Path, seq: u64) -> Result<Self, ReadError> {
        let mut tail = Self::new(dir, 1);
        for segment in tail.segments()?.into_iter().rev() {
            if let Ok(Ok(Some(Peek { first_seq, snapshot: true, .. }))) = peek(&segment.path)
                && first_seq.saturating_add(1) <= seq
            {
                tail.next = first_seq;
                tail.enter(&segment, None)?;
                break;
            }
        }
        Ok(tail)
    }

    /// Number of the next record that is wanted. The one that comes may have a larger number: those between are gone.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Adds the records up to number `limit` to `out`, at most `most` records or some more than `most_bytes` of bodies at a
    /// time. `limit` must be on the disk: what lies beyond it may be half written and is not looked at.
    ///
    /// A damaged segment is left and reading goes on with the next, whose records have larger numbers; why it was left is
    /// kept for [`Tail::take_damage`].
    ///
    /// # Errors
    /// [`ReadError::Io`]; calling again goes on where it stood.
    pub fn read(&mut self, limit: u64, most: usize, most_bytes: usize, out: &mut Vec<Chained>) -> Result<Reached, ReadError> {
        let (mut records, mut bytes) = (0, 0);
        while self.next <= limit {
            if records >= most || bytes > most_bytes {
                return Ok(Reached::Enough);
            }
            if self.place.is_none() && !self.enter_first()? {
                return Ok(Reached::End);
            }
            let Some(place) = &mut self.place else { return Ok(Reached::End) };
            let mark = place.mark();
            match place.next()? {
                Next::Record(found) if found.record.seq > limit => {
                    // The records up to `limit` are gone.
                    place.back_to(mark);
                    self.next = limit.saturating_add(1);
                }
                Next::Record(found) => {
                    let seq = found.record.seq;
                    if seq >= self.next {
                        bytes += found.record.body.len();
                        records += 1;
                        out.push(found);
                        self.next = seq.saturating_add(1);
                    }
                }
                Next::Nothing if !self.enter_next(None)? => return Ok(Reached::End),
                Next::Bad(why) if !self.enter_next(Some(why))? => return Ok(Reached::End),
                Next::Nothing | Next::Bad(_) => {}
            }
        }
        Ok(Reached::Limit)
    }

    /// What was in the way since this was asked last, if anything.
    pub const fn take_damage(&mut self) -> Option<ReadError> {
        self.damage.take()
    }

    /// Chain value of record `seq`.
    ///
    /// # Errors
    /// [`ReadError::Io`].
    pub fn chain_at(dir: &Path, seq: u64) -> Result<ChainAt, ReadError> {
        if seq == 0 {
            return Ok(ChainAt::Known(Chain::ORIGIN));
        }
        let mut tail = Self::new(dir, seq);
        let mut found = Vec::new();
        tail.read(u64::MAX, 1, 0, &mut found)?;
        let Some(Chained { record, chain, .. }) = found.first() else { return Ok(ChainAt::Beyond) };
        if record.seq == seq {
            return Ok(ChainAt::Known(*chain));
        }
        // A header says what it follows.
        let header = if record.kind == KIND_HEADER { Header::parse(&record.body).ok() } else { None };
        Ok(match header {
            Some(header) if record.seq == seq.saturating_add(1) => ChainAt::Known(header.previous),
            _ => ChainAt::Gone { first: record.seq },
        })
    }

    /// The last segment that begins at or before the wanted record. False if there is no segment.
    fn enter_first(&mut self) -> Result<bool, ReadError> {
        let segments = self.segments()?;
        let mut chosen = 0;
        for (i, segment) in segments.iter().enumerate().skip(1) {
            match peek(&segment.path) {
                Ok(Ok(Some(Peek { first_seq, .. }))) if first_seq <= self.next => chosen = i,
                Ok(_) => break,
                // Deleted under the cap since the directory was listed.
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(source) => return Err(ReadError::Io { path: segment.path.clone(), source }),
            }
        }
        match segments.get(chosen) {
            Some(segment) => self.enter(segment, None),
            None => Ok(false),
        }
    }

    /// Goes on with the segment after this one. False if there is none: then nothing has changed but what is known of the
    /// damage.
    fn enter_next(&mut self, why: Option<Damage>) -> Result<bool, ReadError> {
        let Some(place) = &self.place else { return Ok(false) };
        let (index, last) = (place.index, place.last);
        let following = self.segments()?.into_iter().find(|s| s.index > index);
        let Some(place) = &mut self.place else { return Ok(false) };
        let damaged = |why, place: &Place| ReadError::Damaged {
            path: place.path.clone(),
            at: usize::try_from(place.offset).unwrap_or(usize::MAX),
            why,
        };
        let Some(following) = following else {
            if let Some(why) = why {
                self.damage = Some(damaged(why, place));
            }
            return Ok(false);
        };
        // Between the last look at this segment and the appearance of the next one, records may have come.
        place.forget_window();
        let mark = place.mark();
        if matches!(place.next()?, Next::Record(_)) {
            place.back_to(mark);
            return Ok(true);
        }
        let why = match why {
            None if place.rest_is_empty()? => None,
            None => Some(Damage::NotAFrame),
            why => why,
        };
        if let Some(why) = why {
            self.damage = Some(damaged(why, place));
        }
        self.enter(&following, last)
    }

    fn enter(&mut self, segment: &Segment, last: Option<Writer>) -> Result<bool, ReadError> {
        match File::open(&segment.path) {
            Ok(file) => {
                let (index, path) = (segment.index, segment.path.clone());
                self.place = Some(Place { index, path, file, offset: 0, window: Vec::new(), used: 0, last, epoch: None });
                Ok(true)
            }
            // Deleted since: the next look begins with what is left.
            Err(e) if e.kind() == ErrorKind::NotFound => {
                self.place = None;
                Ok(true)
            }
            Err(source) => Err(ReadError::Io { path: segment.path.clone(), source }),
        }
    }

    fn segments(&self) -> Result<Vec<Segment>, ReadError> {
        dir::segments(&self.dir).map_err(|source| ReadError::Io { path: self.dir.clone(), source })
    }
}

impl Place {
    /// The next record, and steps over it.
    fn next(&mut self) -> Result<Next, ReadError> {
        let mut fresh = false;
        loop {
            let bytes = self.window.get(self.used..).unwrap_or_default();
            let (need, why) = match decode(bytes, 0) {
                Ok(_) => return Ok(self.take()),
                Err(NoFrame::Magic) if bytes.first().is_some_and(|b| *b != 0) => (0, Some(Damage::NotAFrame)),
                Err(NoFrame::Magic) => (0, None),
                Err(NoFrame::Short(total)) => (total, (!bytes.is_empty()).then_some(Damage::Length)),
                Err(NoFrame::Crc(_)) => (0, Some(Damage::Checksum)),
            };
            // What was read before may have been written since.
            if fresh && need <= bytes.len() {
                return Ok(why.map_or(Next::Nothing, Next::Bad));
            }
            let had = bytes.len();
            self.fill(need)?;
            if fresh && self.window.len() <= had {
                return Ok(why.map_or(Next::Nothing, Next::Bad));
            }
            fresh = true;
        }
    }

    /// Takes the frame that was seen to be whole.
    fn take(&mut self) -> Next {
        let bytes = self.window.get(self.used..).unwrap_or_default();
        let Ok((frame, head)) = decode(bytes, 0) else { return Next::Nothing };
        let total = FRAME_HEADER + frame.body.len();
        let header = match self.epoch {
            Some(_) => None,
            None if frame.kind != KIND_HEADER => return Next::Bad(Damage::NoHeader),
            None => match Header::parse(frame.body) {
                Ok(header) => Some(header),
                Err(_) => return Next::Bad(Damage::Header),
            },
        };
        let own = header.as_ref().map(|h| Writer::after(frame.seq.saturating_sub(1), h.previous));
        let previous = match (self.last, own) {
            // Segments between are gone: this one says itself what it follows.
            (Some(last), Some(own)) if own.next_seq() > last.next_seq() => own,
            (Some(last), _) => last,
            (None, Some(own)) => own,
            (None, None) => return Next::Bad(Damage::NoHeader),
        };
        if frame.seq != previous.next_seq() {
            return Next::Bad(Damage::Sequence { expected: previous.next_seq(), found: frame.seq });
        }
        if frame.chain != link(previous.chain(), &head, frame.body) {
            return Next::Bad(Damage::Chain);
        }
        let epoch = header.map_or(self.epoch.unwrap_or(0), |h| h.epoch);
        let (synced, chain) = (frame.synced, frame.chain);
        let record = Record::from(frame);
        self.last = Some(Writer::after(record.seq, chain));
        self.epoch = Some(epoch);
        self.used += total;
        self.offset += total as u64;
        Next::Record(Chained { record, epoch, synced, chain })
    }

    /// Reads the file again from the place on, `need` bytes at the least if they are there.
    fn fill(&mut self, need: usize) -> Result<(), ReadError> {
        self.forget_window();
        self.window.resize(WINDOW.max(need), 0);
        let mut got = 0;
        while let Some(rest) = self.window.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, self.offset + got as u64) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(self.io(source)),
            }
        }
        self.window.truncate(got);
        Ok(())
    }

    fn forget_window(&mut self) {
        self.window.clear();
        self.used = 0;
    }

    /// To come back to.
    const fn mark(&self) -> Mark {
        Mark { offset: self.offset, last: self.last, epoch: self.epoch }
    }

    /// As if what was taken since had not been.
    fn back_to(&mut self, Mark { offset, last, epoch }: Mark) {
        self.forget_window();
        (self.offset, self.last, self.epoch) = (offset, last, epoch);
    }

    /// Whether nothing but unwritten space follows.
    fn rest_is_empty(&mut self) -> Result<bool, ReadError> {
        let mut at = self.offset;
        let mut bytes = vec![0; WINDOW];
        loop {
            match self.file.read_at(&mut bytes, at) {
                Ok(0) => return Ok(true),
                Ok(n) if bytes.iter().take(n).any(|b| *b != 0) => return Ok(false),
                Ok(n) => at += n as u64,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(self.io(source)),
            }
        }
    }

    fn io(&self, source: io::Error) -> ReadError {
        ReadError::Io { path: self.path.clone(), source }
    }
}
