//! The journal, read beside the bot that writes it.

use domain::record::{Decision, Intended, Record, RoundPlan};
use domain::{OrderId, OrderNews};
use journal::{History, KIND_FIRST_FREE};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
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
        let Ok(history) = History::open(&self.0, seq + 1) else { return Vec::new() };
        let read = |frame: journal::Record| serde_json::from_slice(&frame.body).unwrap();
        // The end may be in the middle of a write; what is damaged for good the bot's own start would find.
        history.map_while(Result::ok).filter(|f| is_ours(f.kind)).map(read).collect()
    }

    /// Words of the kinds in the newest segment, with their numbers: cheap enough to look at all the time.
    pub(crate) fn newest(&self) -> Vec<(u64, u16)> {
        /// More than the records of a test, and far less than a segment.
        const ENOUGH: u64 = 2 << 20;
        let Some(path) = self.segment() else { return Vec::new() };
        let mut bytes = Vec::new();
        if File::open(path).and_then(|f| f.take(ENOUGH).read_to_end(&mut bytes)).is_err() {
            return Vec::new();
        }
        journal::Reader::new(&bytes).filter(|f| is_ours(f.kind)).map(|f| (f.seq, f.kind)).collect()
    }

    /// Number of the last record.
    pub(crate) fn last(&self) -> u64 {
        History::open(&self.0, 1).map_or(0, |h| h.map_while(Result::ok).last().map_or(0, |f| f.seq))
    }

    /// The newest segment's file.
    pub(crate) fn segment(&self) -> Option<PathBuf> {
        let names = std::fs::read_dir(&self.0).ok()?.filter_map(|e| Some(e.ok()?.path()));
        names.filter(|p| p.extension().is_some_and(|e| e == "b4j")).max()
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
