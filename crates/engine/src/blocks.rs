//! What stops entries: reasons from outside that come and go, and what stays until a person has looked.
//!
//! A block is of this life alone and told once when it comes and once when it goes. A mismatch is in the journal: it
//! stops its pair, or everything when it belongs to no pair, over restarts too, until [`Engine::resume`].

use crate::engine::Engine;
use crate::{Desk, Notice};
use domain::names::SkipReason;
use domain::record::Record;
use domain::{Now, Pair, VenueId};

impl Engine {
    /// Stops entries for a reason from outside: mirror behind, disk full, an operator. Exits and closes go on. Again for
    /// the same reason only renews its words.
    pub fn block_entries(&mut self, reason: SkipReason, detail: String, desk: &mut impl Desk) {
        if self.blocks.insert(reason, detail.clone()).is_none() {
            desk.notice(Notice::EntriesStopped { reason, detail });
        }
    }

    /// That reason is gone. Entries are taken again once no reason is left.
    pub fn allow_entries(&mut self, reason: SkipReason, desk: &mut impl Desk) {
        if self.blocks.remove(&reason).is_some() {
            desk.notice(Notice::EntriesResumed { reason });
        }
    }

    /// Reasons from outside that stop entries now, with their words.
    pub fn blocks(&self) -> impl Iterator<Item = (SkipReason, &str)> {
        self.blocks.iter().map(|(reason, detail)| (*reason, detail.as_str()))
    }

    /// Whether nothing stops all entries: no operator, no stop, no reason from outside, nothing foreign.
    pub fn entries_allowed(&self) -> bool {
        !self.paused && self.stopping.is_none() && self.journal_ok && self.blocks.is_empty() && self.frozen.is_none()
    }

    /// What was seen on an account that belongs to no pair of ours: no round is opened anywhere until a person resumes.
    pub fn frozen(&self) -> Option<&str> {
        self.frozen.as_deref()
    }

    /// A person has looked at what stopped a pair, or with `None` at what stopped everything, and lets it trade again.
    /// False if nothing of the kind was stopped. What is still there stops it again.
    pub fn resume(&mut self, pair: Option<Pair>, now: Now, desk: &mut impl Desk) -> bool {
        let stopped = match pair {
            Some(pair) => self.halted.contains_key(&pair),
            None => self.frozen.is_some(),
        };
        if !stopped || !self.record(Record::Resumed { at: now.wall, pair }, desk) {
            return false;
        }
        desk.notice(Notice::Resumed { pair });
        true
    }

    /// Stops a pair, or everything when it belongs to no pair, with the evidence. Once is enough.
    pub(crate) fn stop_for(&mut self, venue: VenueId, pair: Option<Pair>, evidence: String, now: Now, desk: &mut impl Desk) {
        let known = match pair {
            Some(pair) => self.halted.contains_key(&pair),
            None => self.frozen.is_some(),
        };
        if !known {
            self.record(Record::Mismatch { at: now.wall, venue, pair, evidence: evidence.clone() }, desk);
            desk.notice(Notice::Mismatch { venue, pair, evidence });
        }
    }

    /// Something on an account that no order of ours explains: entries on the pair stop, and all of them if it belongs to
    /// no pair.
    pub fn on_foreign(&mut self, venue: VenueId, pair: Option<Pair>, evidence: String, now: Now, desk: &mut impl Desk) {
        self.stop_for(venue, pair, evidence, now, desk);
    }
}
