//! The journal, read beside the bot that writes it.

use domain::record::{Decision, Intended, Record, RoundPlan};
use domain::{OrderId, OrderNews, RoundId};
use journal::{KIND_FIRST_FREE, Reader};
use saga::Round;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A journal's folder.
pub(crate) struct Book(pub(crate) PathBuf);

impl Book {
    /// Every record of every life so far, oldest first.
    pub(crate) fn all(&self) -> Vec<Record> {
        self.after(0)
    }

    /// Records numbered above `seq`, without the snapshots that repeat older ones.
    pub(crate) fn after(&self, seq: u64) -> Vec<Record> {
        self.segments().iter().flat_map(|path| read(path, seq)).map(|(_, record)| record).collect()
    }

    /// Number of the last record.
    pub(crate) fn last(&self) -> u64 {
        self.segments().iter().flat_map(|path| frames(path)).map(|(seq, ..)| seq).max().unwrap_or(0)
    }

    /// Every segment's file, oldest first.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let Ok(folder) = std::fs::read_dir(&self.0) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = folder.filter_map(|e| Some(e.ok()?.path())).collect();
        paths.retain(|p| p.extension().is_some_and(|e| e == "b4j"));
        paths.sort();
        paths
    }

    /// The newest segment's file.
    pub(crate) fn segment(&self) -> Option<PathBuf> {
        self.segments().pop()
    }
}

/// What is written of a segment: the space that was set aside for it is a thousand times larger and all zero.
pub(crate) fn written(path: &Path) -> Vec<u8> {
    const CHUNK: usize = 64 << 10;
    let mut bytes = Vec::new();
    let Ok(file) = File::open(path) else { return bytes };
    loop {
        let at = bytes.len();
        bytes.resize(at + CHUNK, 0);
        let got = file.read_at(&mut bytes[at..], at as u64).unwrap_or(0);
        bytes.truncate(at + got);
        if got == 0 || bytes[at..].iter().all(|b| *b == 0) {
            bytes.truncate(bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1));
            return bytes;
        }
    }
}

/// Number, kind and body of every whole record of a segment; the end may be in the middle of a write.
fn frames(path: &Path) -> Vec<(u64, u16, Vec<u8>)> {
    let bytes = written(path);
    Reader::new(&bytes).filter(|f| is_ours(f.kind)).map(|f| (f.seq, f.kind, f.body.to_vec())).collect()
}

/// The records of a segment numbered above `seq`.
fn read(path: &Path, seq: u64) -> Vec<(u64, Record)> {
    let records = frames(path).into_iter().filter(|(own, ..)| *own > seq);
    records.map(|(own, _, body)| (own, serde_json::from_slice(&body).unwrap())).collect()
}

/// Follows a journal while it is written, and looks at nothing twice.
pub(crate) struct Tail {
    book: Book,
    segment: Option<PathBuf>,
    /// Written bytes of the segment that have been read.
    read: u64,
    /// Number of the last record given.
    pub(crate) seq: u64,
}

impl Tail {
    /// From the record after `seq` on.
    pub(crate) fn after(book: Book, seq: u64) -> Self {
        Self { book, segment: None, read: 0, seq }
    }

    /// Whole records that were not given yet, oldest first.
    pub(crate) fn more(&mut self) -> Vec<Record> {
        let newest = self.book.segment();
        if newest.is_some() && newest == self.segment && !self.grew() {
            return Vec::new();
        }
        let from = self.segment.take();
        let paths = self.book.segments().into_iter().filter(|p| from.as_ref().is_none_or(|old| p >= old));
        let mut records = Vec::new();
        for path in paths {
            self.read = written(&path).len() as u64;
            for (seq, record) in read(&path, self.seq) {
                self.seq = seq;
                records.push(record);
            }
            self.segment = Some(path);
        }
        records
    }

    fn grew(&self) -> bool {
        let mut next = [0; 64];
        let file = self.segment.as_ref().and_then(|p| File::open(p).ok());
        let got = file.and_then(|f| f.read_at(&mut next, self.read).ok()).unwrap_or(0);
        next[..got].iter().any(|b| *b != 0)
    }
}

/// What a journal says of its rounds: the fold that the bot itself comes back with.
#[derive(Default)]
pub(crate) struct Fold {
    /// Every round, the ended ones too, in the order of being opened.
    pub(crate) rounds: BTreeMap<RoundId, Round>,
    /// Every record.
    pub(crate) records: Vec<Record>,
}

impl Fold {
    /// Takes further records in. Panics on one that does not fit: the bot wrote it.
    pub(crate) fn take(&mut self, records: Vec<Record>) {
        for record in records {
            if let Record::Opened { at, plan, orders } = &record {
                let round = Round::open((**plan).clone(), orders.clone(), *at).unwrap();
                self.rounds.insert(plan.id, round);
            } else if let Some(round) = record.round().and_then(|id| self.rounds.get_mut(&id)) {
                round.apply(&record).unwrap();
            }
            self.records.push(record);
        }
    }

    /// The fold of a whole journal.
    pub(crate) fn of(records: Vec<Record>) -> Self {
        let mut fold = Self::default();
        fold.take(records);
        fold
    }

    /// A round in which nothing is on its way and nothing is to be done but to wait for an exit.
    pub(crate) fn at_rest(round: &Round) -> bool {
        round.outcome.is_some() || (round.goal == saga::Goal::Hold && !round.any_live())
    }
}

/// Whether a record is the bot's: what the journal keeps for itself are headers, and snapshots that repeat older records.
fn is_ours(kind: u16) -> bool {
    kind >= KIND_FIRST_FREE
}

/// The folder in which a bot that was started in `folder` keeps its journal.
pub(crate) fn of(folder: &Path) -> Book {
    Book(folder.join("state").join("journal"))
}

/// What the journal says was to leave, by the venue's key.
pub(crate) fn intended(records: &[Record]) -> BTreeMap<String, Intended> {
    let orders = records.iter().filter_map(|r| match r {
        Record::Opened { orders, .. } | Record::Intended { orders, .. } => Some(orders),
        _ => None,
    });
    orders.flatten().map(|o| (o.key.key.clone(), o.clone())).collect()
}

/// The plans of all rounds.
pub(crate) fn plans(records: &[Record]) -> Vec<RoundPlan> {
    let plan = |r: &Record| if let Record::Opened { plan, .. } = r { Some((**plan).clone()) } else { None };
    records.iter().filter_map(plan).collect()
}

/// Whether every round is at rest: held even, or over.
pub(crate) fn settled(records: &[Record]) -> bool {
    plans(records).iter().all(|plan| {
        let own = records.iter().filter(|r| r.round() == Some(plan.id));
        own.fold(false, |rest, r| match r {
            Record::Ended { .. } | Record::Decided { decision: Decision::Entered | Decision::ExitDropped, .. } => true,
            Record::Decided { decision: Decision::ExitBegun { .. } | Decision::Flatten | Decision::GaveUp(_), .. } => false,
            _ => rest,
        })
    })
}

/// Whether an order on this venue has had its final word.
pub(crate) fn done_on(records: &[Record], venue: &str) -> bool {
    let orders = intended(records);
    let on_venue = |id: &OrderId| orders.values().any(|o| o.spec.id == *id && o.spec.venue.as_str() == venue);
    records.iter().any(|r| matches!(r, Record::News { order, news: OrderNews::Done { .. }, .. } if on_venue(order)))
}
