//! Reads frames one after the other, and says exactly where and why it stops.

use super::frame::{self, FRAME_HEADER, Frame, KIND_HEADER, NoFrame, Writer};
use crate::header::{Header, HeaderError};
use std::fmt;

/// What is wrong with the frame at which reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The bytes do not begin like a frame.
    NotAFrame,
    /// The frame would go on beyond the bytes.
    Length,
    /// The checksum does not fit.
    Checksum,
    /// The frame is whole, but its number is not the next one.
    Sequence {
        /// The next one.
        expected: u64,
        /// The one there.
        found: u64,
    },
    /// The frame is whole, but does not follow from the record before it.
    Chain,
    /// The segment does not begin with a header record.
    NoHeader,
    /// The header record is whole, but cannot be read.
    Header,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFrame => f.write_str("the bytes do not begin like a record"),
            Self::Length => f.write_str("the record would go on beyond the file"),
            Self::Checksum => f.write_str("the checksum does not fit"),
            Self::Sequence { expected, found } => write!(f, "record {found} stands where {expected} belongs"),
            Self::Chain => f.write_str("the record does not follow from the one before it"),
            Self::NoHeader => f.write_str("the segment does not begin with a header"),
            Self::Header => f.write_str("the header cannot be read"),
        }
    }
}

/// Where and why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After the last record; from `at` on there is nothing but unwritten space.
    Clean {
        /// Offset after the last record.
        at: usize,
    },
    /// The last record was begun and not finished. Cut it off.
    TornTail {
        /// Where it begins.
        at: usize,
        /// How many bytes are missing, at the least.
        missing: usize,
    },
    /// Bad bytes that no later record knew to be on the disk: what a power cut leaves of records that were never synced.
    /// Cut off from `at` on, and say so; a later *segment* may still know better, see [`Reader::synced_claim`].
    LostTail {
        /// Where the first bad frame begins.
        at: usize,
        /// Bytes from there to the last one that is not zero.
        lost: usize,
        /// What is wrong with it.
        why: Damage,
    },
    /// A record has become bad. Do not repair, do not go on.
    Corrupt {
        /// Where it begins.
        at: usize,
        /// What is wrong with it.
        why: Damage,
    },
}

impl End {
    /// Offset after the last good record.
    pub const fn at(&self) -> usize {
        match *self {
            Self::Clean { at } | Self::TornTail { at, .. } | Self::LostTail { at, .. } | Self::Corrupt { at, .. } => at,
        }
    }
}

/// Iterates over the good records of one segment, in order. When it gives `None`, [`Reader::end`] says why.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    /// After the last byte that is not zero.
    written: usize,
    at: usize,
    /// State of the writer after the last good record; `None` until the first, if the caller does not know it.
    last: Option<Writer>,
    header: Option<Header>,
    /// Highest `synced` seen, in good frames and in those found beyond a bad one.
    claim: u64,
    end: Option<End>,
}

impl<'a> Reader<'a> {
    /// Reads a segment whose predecessors are not at hand: number and chain are taken from its header.
    pub fn new(bytes: &'a [u8]) -> Self {
        let written = bytes.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
        Self { bytes, written, at: 0, last: None, header: None, claim: 0, end: None }
    }

    /// Reads a segment that must follow on `writer`, the state after the segment before it.
    pub fn following(bytes: &'a [u8], writer: Writer) -> Self {
        Self { last: Some(writer), ..Self::new(bytes) }
    }

    /// Why and where reading stopped; `None` while it goes on.
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// The segment's header, once its record was read.
    pub const fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// A writer that goes on after the last good record; `None` before the first of a segment read by [`Reader::new`].
    pub const fn writer(&self) -> Option<Writer> {
        self.last
    }

    /// Bytes from where reading stands to the last one that is not zero.
    pub const fn tail(&self) -> usize {
        self.written.saturating_sub(self.at)
    }

    /// Highest record number that any frame of this segment knew to be on the disk.
    pub const fn synced_claim(&self) -> u64 {
        self.claim
    }

    fn read(&mut self) -> Result<Frame<'a>, End> {
        let at = self.at;
        if at >= self.written {
            return Err(End::Clean { at });
        }
        let rest = self.bytes.get(at..).unwrap_or_default();
        let (frame, head) = frame::decode(rest, at).map_err(|why| self.judge(at, why))?;
        let first = self.header.is_none();
        let mut header = None;
        if first {
            if frame.kind != KIND_HEADER {
                return Err(End::Corrupt { at, why: Damage::NoHeader });
            }
            match Header::parse(frame.body) {
                Ok(parsed) => header = Some(parsed),
                Err(_) => return Err(End::Corrupt { at, why: Damage::Header }),
            }
        }
        let previous = match (self.last, &header) {
            (Some(writer), _) => writer,
            (None, Some(header)) => Writer::after(frame.seq.saturating_sub(1), header.previous),
            (None, None) => return Err(End::Corrupt { at, why: Damage::NoHeader }),
        };
        if frame.seq != previous.next_seq() {
            return Err(End::Corrupt { at, why: Damage::Sequence { expected: previous.next_seq(), found: frame.seq } });
        }
        if frame.chain != frame::link(previous.chain(), &head, frame.body) {
            return Err(End::Corrupt { at, why: Damage::Chain });
        }
        if first {
            self.header = header;
        }
        self.claim = self.claim.max(frame.synced);
        self.last = Some(Writer::after(frame.seq, frame.chain));
        self.at = at + FRAME_HEADER + frame.body.len();
        Ok(frame)
    }

    /// What a bad frame at `at` means, by what lies beyond it.
    fn judge(&mut self, at: usize, bad: NoFrame) -> End {
        let why = match bad {
            NoFrame::Magic => Damage::NotAFrame,
            NoFrame::Short(_) => Damage::Length,
            NoFrame::Crc(_) => Damage::Checksum,
        };
        let lost = self.written - at;
        let expected = self.last.map(|w| w.next_seq());
        if let Some(synced) = self.beyond(at, expected) {
            self.claim = self.claim.max(synced);
            // Without a predecessor the bad frame has no number to compare: then nothing excuses it.
            let excused = expected.is_some_and(|seq| synced < seq);
            return if excused { End::LostTail { at, lost, why } } else { End::Corrupt { at, why } };
        }
        match bad {
            // A cut write: the beginning of one frame, and nothing after it.
            NoFrame::Short(total) | NoFrame::Crc(total) if lost < total => End::TornTail { at, missing: total - lost },
            // Records lie without a gap: what stands here is a frame or a page that never reached the disk.
            NoFrame::Magic if self.bytes.get(at) != Some(&0) => End::Corrupt { at, why },
            // Pages of the last frames are missing, at their beginning or before their end.
            _ => End::LostTail { at, lost, why },
        }
    }

    /// Highest `synced` of the whole frames beyond the bad one at `at`, whose number would be `expected`; `None` if
    /// there is none.
    fn beyond(&self, at: usize, expected: Option<u64>) -> Option<u64> {
        /// Numbers further away are chance, and need no checksum taken.
        const NEAR: u64 = 1 << 20;
        let near_seq = expected.map_or(1..u64::MAX, |seq| seq..seq.saturating_add(NEAR));
        let mut found: Option<u64> = None;
        let mut i = at + 1;
        while i + FRAME_HEADER <= self.written {
            let rest = self.bytes.get(i..)?;
            let near = rest
                .first_chunk::<FRAME_HEADER>()
                .is_some_and(|head| head[0] == frame::MAGIC && near_seq.contains(&frame::seq_of(head)));
            match if near { frame::decode(rest, i) } else { Err(NoFrame::Magic) } {
                Ok((frame, _)) => {
                    found = Some(found.unwrap_or(0).max(frame.synced));
                    i += FRAME_HEADER + frame.body.len();
                }
                Err(_) => i += 1,
            }
        }
        found
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        if self.end.is_some() {
            return None;
        }
        match self.read() {
            Ok(frame) => Some(frame),
            Err(end) => {
                self.end = Some(end);
                None
            }
        }
    }
}

/// Looks at the beginning of a segment: its header, the header's number, and the kind of the record after it, whose
/// body may lie beyond `bytes`.
///
/// # Errors
/// [`HeaderError`] if the first record is whole and no header this build reads; `Ok(None)` if it is not whole.
pub(crate) fn peek(bytes: &[u8]) -> Result<Option<(Header, u64, Option<u16>)>, HeaderError> {
    match frame::decode(bytes, 0) {
        Ok((first, _)) if first.kind == KIND_HEADER => {
            let after = bytes.get(FRAME_HEADER + first.body.len()..).and_then(|rest| rest.first_chunk::<FRAME_HEADER>());
            let kind = after.filter(|h| h[0] == frame::MAGIC).map(|h| u16::from_le_bytes([h[8], h[9]]));
            Ok(Some((Header::parse(first.body)?, first.seq, kind)))
        }
        _ => Ok(None),
    }
}
