//! One frame, and the writer that numbers and chains them.

use crate::header::Header;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// First byte of every frame. Never zero, so that unwritten space is told from a record by one look.
pub(super) const MAGIC: u8 = 0xB4;
/// Bytes before the body.
pub const FRAME_HEADER: usize = 44;
/// Largest body: its length has three bytes.
pub const MAX_BODY: usize = (1 << 24) - 1;
/// Where the chain starts within a frame.
const CHAIN_AT: usize = 28;

/// Kind of the header record, first in every segment.
pub const KIND_HEADER: u16 = 0;
/// Kind of a snapshot: the folded state up to here. Replay starts at the last one that begins a segment.
pub const KIND_SNAPSHOT: u16 = 1;
/// First kind that the writer of records may give meaning to.
pub const KIND_FIRST_FREE: u16 = 2;

/// What ties a record to all that came before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Chain([u8; 16]);

impl Chain {
    /// Before the first record of a journal.
    pub const ORIGIN: Self = Self([0; 16]);
}
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}
impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl From<Chain> for String {
    fn from(v: Chain) -> Self {
        v.to_string()
    }
}
impl TryFrom<String> for Chain {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = match text.len() {
            32 => u128::from_str_radix(&text, 16).map_err(|_| "a chain value is hexadecimal")?,
            _ => return Err("a chain value has 32 hexadecimal digits"),
        };
        Ok(Self(number.to_be_bytes()))
    }
}

/// The body does not fit one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record of {len} bytes is larger than {max} bytes")]
pub struct TooLong {
    /// Bytes of the body.
    pub len: usize,
    /// Bytes that would fit.
    pub max: usize,
}

/// One record as it lies in the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Where it begins in the bytes it was read from.
    pub at: usize,
    /// What the body is.
    pub kind: u16,
    /// Version of the body's schema.
    pub version: u16,
    /// Counted from 1 over the whole journal.
    pub seq: u64,
    /// Highest `seq` known to be on the disk when this was written.
    pub synced: u64,
    /// Ties it to all before it.
    pub chain: Chain,
    /// Opaque.
    pub body: &'a [u8],
}

impl fmt::Debug for Frame<'_> {
    /// Without the body: it belongs to whoever wrote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, kind, version, seq, body, .. } = self;
        write!(f, "record {seq} at {at}: kind {kind} v{version}, {} bytes", body.len())
    }
}

/// Numbers and chains frames. `Copy`, so that a caller whose write failed goes on from the one it had before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    next_seq: u64,
    chain: Chain,
}

impl Default for Writer {
    /// At the origin: the next record is number 1.
    fn default() -> Self {
        Self { next_seq: 1, chain: Chain::ORIGIN }
    }
}

impl Writer {
    /// Goes on after the record `last` with chain value `chain`.
    pub const fn after(last: u64, chain: Chain) -> Self {
        Self { next_seq: last.saturating_add(1), chain }
    }

    /// The number that the next record gets.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Chain value of the last record, [`Chain::ORIGIN`] before the first.
    pub const fn chain(&self) -> Chain {
        self.chain
    }

    /// Appends a segment's header record; its `previous` is set here.
    ///
    /// # Errors
    /// [`TooLong`], which a header of sane accounts never is.
    pub fn header(&mut self, out: &mut Vec<u8>, header: &Header, synced: u64) -> Result<u64, TooLong> {
        let body = Header { previous: self.chain, ..header.clone() }.to_json();
        self.record(out, KIND_HEADER, 1, synced, &body)
    }

    /// Appends one frame to `out` and gives the record's number. Allocates nothing if `out` has room.
    /// `synced` is the highest number known to be on the disk now.
    ///
    /// # Errors
    /// [`TooLong`]; nothing was appended then and no number used.
    pub fn record(&mut self, out: &mut Vec<u8>, kind: u16, version: u16, synced: u64, body: &[u8]) -> Result<u64, TooLong> {
        if body.len() > MAX_BODY {
            return Err(TooLong { len: body.len(), max: MAX_BODY });
        }
        let seq = self.next_seq;
        let mut head = [0u8; FRAME_HEADER];
        head[..4].copy_from_slice(&((body.len() as u32) << 8 | u32::from(MAGIC)).to_le_bytes());
        head[8..10].copy_from_slice(&kind.to_le_bytes());
        head[10..12].copy_from_slice(&version.to_le_bytes());
        head[12..20].copy_from_slice(&seq.to_le_bytes());
        head[20..28].copy_from_slice(&synced.to_le_bytes());
        let chain = link(self.chain, &head, body);
        head[CHAIN_AT..].copy_from_slice(&chain.0);
        let crc = checksum(&head, body);
        head[4..8].copy_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(body);
        *self = Self { next_seq: seq.saturating_add(1), chain };
        Ok(seq)
    }
}

/// Chain value of a frame whose fields lie in `head`, after `previous`.
pub(crate) fn link(previous: Chain, head: &[u8; FRAME_HEADER], body: &[u8]) -> Chain {
    let mut hash = Sha256::new();
    hash.update(previous.0);
    hash.update(&head[..4]);
    hash.update(&head[8..CHAIN_AT]);
    hash.update(body);
    let digest = hash.finalize();
    let mut half = [0u8; 16];
    half.copy_from_slice(&digest[..16]);
    Chain(half)
}

fn checksum(head: &[u8; FRAME_HEADER], body: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&head[..4]);
    crc.update(&head[8..]);
    crc.update(body);
    crc.finalize()
}

/// Why the bytes at one place are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoFrame {
    /// The first byte is not a frame's.
    Magic,
    /// It would need this many bytes in all, more than there are.
    Short(usize),
    /// Complete, this many bytes, but the checksum is another.
    Crc(usize),
}

/// Reads the frame that begins `bytes`; `at` is what it will call its place. Gives its head too, for the chain.
pub(crate) fn decode(bytes: &[u8], at: usize) -> Result<(Frame<'_>, [u8; FRAME_HEADER]), NoFrame> {
    if bytes.first().is_some_and(|&b| b != MAGIC) {
        return Err(NoFrame::Magic);
    }
    let Some((head, rest)) = bytes.split_first_chunk::<FRAME_HEADER>() else {
        return Err(NoFrame::Short(FRAME_HEADER));
    };
    let len = (u32::from_le_bytes([head[0], head[1], head[2], head[3]]) >> 8) as usize;
    let total = FRAME_HEADER + len;
    let Some(body) = rest.get(..len) else {
        return Err(NoFrame::Short(total));
    };
    if checksum(head, body) != u32::from_le_bytes([head[4], head[5], head[6], head[7]]) {
        return Err(NoFrame::Crc(total));
    }
    let mut chain = [0u8; 16];
    chain.copy_from_slice(&head[CHAIN_AT..]);
    let frame = Frame {
        at,
        kind: u16::from_le_bytes([head[8], head[9]]),
        version: u16::from_le_bytes([head[10], head[11]]),
        seq: seq_of(head),
        synced: u64_at(head, 20),
        chain: Chain(chain),
        body,
    };
    Ok((frame, *head))
}

/// The number that a head claims, checksum or not.
pub(super) fn seq_of(head: &[u8; FRAME_HEADER]) -> u64 {
    u64_at(head, 12)
}

fn u64_at(head: &[u8; FRAME_HEADER], at: usize) -> u64 {
    let mut eight = [0u8; 8];
    eight.copy_from_slice(&head[at..at + 8]);
    u64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_as_it_was_written() {
        let mut out = Vec::new();
        let mut writer = Writer::default();
        assert_eq!(writer.record(&mut out, 7, 3, 0, b"hello"), Ok(1));
        assert_eq!(out.len(), FRAME_HEADER + 5);
        let (frame, head) = decode(&out, 0).expect("valid");
        assert_eq!((frame.kind, frame.version, frame.seq, frame.synced, frame.body), (7, 3, 1, 0, &b"hello"[..]));
        assert_eq!(link(Chain::ORIGIN, &head, b"hello"), frame.chain);
        assert_eq!(writer.chain(), frame.chain);
        assert_eq!(writer.next_seq(), 2);
    }

    #[test]
    fn a_body_too_long_uses_no_number() {
        let mut writer = Writer::default();
        let mut out = Vec::new();
        let len = MAX_BODY + 1;
        assert_eq!(writer.record(&mut out, 2, 1, 0, &vec![0; len]), Err(TooLong { len, max: MAX_BODY }));
        assert_eq!((out.len(), writer), (0, Writer::default()));
        assert_eq!(writer.record(&mut out, 2, 1, 0, &vec![1; MAX_BODY]), Ok(1));
        assert_eq!(decode(&out, 0).expect("valid").0.body.len(), MAX_BODY);
    }

    #[test]
    fn the_same_body_after_another_past_has_another_chain() {
        let chain_after = |first: &[u8]| {
            let (mut out, mut writer) = (Vec::new(), Writer::default());
            writer.record(&mut out, 2, 1, 0, first).expect("fits");
            writer.record(&mut out, 2, 1, 0, b"same").expect("fits");
            writer.chain()
        };
        assert_eq!(chain_after(b"a"), chain_after(b"a"));
        assert_ne!(chain_after(b"a"), chain_after(b"b"));
    }

    #[test]
    fn a_chain_value_reads_back_from_its_text() {
        let (mut out, mut writer) = (Vec::new(), Writer::default());
        writer.record(&mut out, 2, 1, 0, b"x").expect("fits");
        assert_eq!(Chain::try_from(writer.chain().to_string()), Ok(writer.chain()));
        assert!(Chain::try_from("zz".repeat(16)).is_err());
        assert!(Chain::try_from("00".to_owned()).is_err());
    }
}
