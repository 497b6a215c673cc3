//! The last record, cut at every byte: what is replayed is the state before it, neither less nor anything else.

use crate::harness::journal::{Book, Fold, written};
use domain::Wall;
use domain::record::Record;
use journal::{Journal, KIND_FIRST_FREE, KIND_SNAPSHOT, Options, Reader};
use std::ops::Range;
use std::path::Path;

/// Where the last record of a dead bot's journal lies in its newest segment.
pub(crate) struct Last {
    /// The segment up to its end.
    bytes: Vec<u8>,
    at: usize,
    /// With what the kill left of a write behind it: the kernel may end one at the boundary of a page.
    torn_to: usize,
    pub(crate) record: Record,
}

impl Last {
    /// `None` if the newest segment ends with something that is no record of the bot's.
    pub(crate) fn of(book: &Book) -> Option<Self> {
        let mut bytes = written(&book.segment()?);
        let torn_to = bytes.len();
        let mut reader = Reader::new(&bytes);
        let frame = reader.by_ref().last()?;
        if frame.kind < KIND_FIRST_FREE {
            return None;
        }
        let record = serde_json::from_slice(frame.body).unwrap();
        let good = reader.end().unwrap().at();
        bytes.truncate(good);
        // A reader that misses the last byte stops where the last record begins.
        let mut without = Reader::new(&bytes[..bytes.len() - 1]);
        without.by_ref().for_each(drop);
        let at = without.end().unwrap().at();
        Some(Self { bytes, at, torn_to, record })
    }

    /// Where a cut leaves the record unfinished.
    pub(crate) fn places(&self) -> Range<usize> {
        self.at..self.bytes.len()
    }

    /// Cuts the journal itself, as a write that was not finished leaves it: zeros from there on.
    pub(crate) fn cut(&self, book: &Book, at: usize) {
        let path = book.segment().unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &vec![0; self.torn_to - at], at as u64).unwrap();
    }

    /// Cuts the record at every byte, and says at how many: read back, there is every record before it and nothing else.
    /// At some of them, `every` so many bytes, a copy of the whole journal is opened as a start of the bot opens it, and
    /// what is replayed folds to the state before the record.
    pub(crate) fn replay_cut(&self, book: &Book, every: usize) -> u64 {
        let frames = |bytes: &[u8]| Reader::new(bytes).map(|f| (f.seq, f.kind, f.body.to_vec())).collect::<Vec<_>>();
        let mut before = frames(&self.bytes);
        before.pop();
        for at in self.places() {
            assert_eq!(frames(&self.bytes[..at]), before, "cut at byte {} of {:?}", at - self.at, self.record);
        }
        let copy = tempfile::tempdir().unwrap();
        let whole = opened(book, copy.path(), &self.bytes);
        let (last, before) = whole.split_last().unwrap();
        assert_eq!(*last, self.record);
        let state = Fold::of(before.to_vec()).rounds;
        for at in self.places().step_by(every) {
            let replayed = opened(book, copy.path(), &self.bytes[..at]);
            assert_eq!(replayed, before, "cut at byte {} of {:?}", at - self.at, self.record);
            assert!(Fold::of(replayed).rounds == state, "cut at byte {} of {:?}", at - self.at, self.record);
        }
        self.places().len() as u64
    }
}

/// What is replayed from a journal whose newest segment holds these bytes.
fn opened(book: &Book, copy: &Path, newest: &[u8]) -> Vec<Record> {
    std::fs::remove_dir_all(copy).unwrap();
    std::fs::create_dir(copy).unwrap();
    let mut segments = book.segments();
    let name = |path: &Path| copy.join(path.file_name().unwrap());
    let last = segments.pop().unwrap();
    for path in segments {
        std::fs::write(name(&path), written(&path)).unwrap();
    }
    std::fs::write(name(&last), newest).unwrap();
    let identity = {
        let mut reader = Reader::new(newest);
        reader.next();
        reader.header().unwrap().identity.clone()
    };
    let small = Options { segment_bytes: 4_096, reserve_bytes: 4_096, ..Options::new(|| Wall::from_ms(0)) };
    let opened = Journal::open(copy, identity, "a test", small).unwrap();
    let mut records = Vec::new();
    for frame in opened.replay {
        if frame.kind == KIND_SNAPSHOT {
            records.extend(serde_json::from_slice::<Vec<Record>>(&frame.body).unwrap());
        } else {
            records.push(serde_json::from_slice(&frame.body).unwrap());
        }
    }
    records
}
