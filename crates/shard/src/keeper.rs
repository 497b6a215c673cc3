//! What a shell does when the journal takes no record: one protocol for every shell, so that what is simulated is what
//! trades.
//!
//! The journal must stay a whole beginning of the history: a record that follows a lost one would belong to a round
//! that, by the journal, never was, and the next start would refuse the lot. So a record that was refused because it
//! opens exposure goes to the reserve with its orders withheld, and after one that was lost altogether nothing is
//! appended until a snapshot of the whole state has been.

use domain::OrderId;
use domain::record::Record;
use std::collections::BTreeSet;

/// Where records go.
pub trait Records {
    /// Appends one; `reserve` allows what is kept for records that reduce exposure. False: not taken.
    fn append(&mut self, record: &Record, reserve: bool) -> bool;
}

/// Keeps the journal whole and decides which orders may leave.
#[derive(Debug, Default)]
pub struct Keeper {
    behind: bool,
    failed: bool,
    withheld: BTreeSet<OrderId>,
}

impl Keeper {
    /// Handles one [`crate::Output::Append`]. A record that no state is the fold of is left out where there is no room for it,
    /// and nothing is the worse for that: no order waits for it, and the reserve is not for it.
    pub fn append(&mut self, record: &Record, reducing: bool, orders: &[OrderId], journal: &mut impl Records) {
        if matches!(record, Record::Watched { .. } | Record::Timed { .. }) {
            if !self.behind {
                journal.append(record, false);
            }
            return;
        }
        if !self.behind && journal.append(record, reducing) {
            return;
        }
        self.failed = true;
        if !reducing {
            self.withheld.extend(orders);
        }
        // Its orders stay here, but what is said about them next must find them in the journal.
        self.behind = self.behind || reducing || !journal.append(record, true);
    }

    /// Whether an action may be performed; `order` names the order that leaves with it.
    pub fn lets(&self, order: Option<OrderId>) -> bool {
        order.is_none_or(|o| !self.withheld.contains(&o))
    }

    /// After a batch of outputs: the orders that were withheld, for [`crate::Shard::append_failed`]. `None` if nothing
    /// failed.
    pub fn take_failed(&mut self) -> Option<Vec<OrderId>> {
        std::mem::take(&mut self.failed).then(|| std::mem::take(&mut self.withheld).into_iter().collect())
    }

    /// True while the journal lacks records: only a snapshot helps.
    pub const fn behind(&self) -> bool {
        self.behind
    }

    /// A snapshot of the whole state has been appended.
    pub const fn caught_up(&mut self) {
        self.behind = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{LegId, Purpose, RoundId, Wall};

    struct Disk {
        entries: bool,
        reserve: bool,
        kept: usize,
    }
    impl Records for Disk {
        fn append(&mut self, _: &Record, reserve: bool) -> bool {
            let taken = if reserve { self.reserve } else { self.entries };
            self.kept = self.kept.saturating_add(usize::from(taken));
            taken
        }
    }

    fn order() -> OrderId {
        OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::A, purpose: Purpose::Entry, attempt: 1 }
    }

    fn record() -> Record {
        Record::Started { at: Wall(0), epoch: 1, config: String::new() }
    }

    /// Entries taken, reserve taken, reducing: leaves, behind, kept.
    #[test]
    fn an_entry_never_leaves_unrecorded_and_the_journal_never_has_a_hole() {
        fn check(entries: bool, reserve: bool, reducing: bool, expect: (bool, bool, usize)) {
            let mut keeper = Keeper::default();
            let mut disk = Disk { entries, reserve, kept: 0 };
            keeper.append(&record(), reducing, &[order()], &mut disk);
            let got = (keeper.lets(Some(order())), keeper.behind(), disk.kept);
            assert_eq!(got, expect, "entries {entries} reserve {reserve} reducing {reducing}");
            assert!(keeper.lets(None));
        }
        check(true, true, false, (true, false, 1));
        check(true, true, true, (true, false, 1));
        check(false, true, false, (false, false, 1));
        check(false, true, true, (true, false, 1));
        check(false, false, false, (false, true, 0));
        check(false, false, true, (true, true, 0));
    }

    #[test]
    fn a_record_that_changes_no_state_is_dropped_without_a_word_and_never_from_the_reserve() {
        let watched = Record::Watched { at: Wall(0), sightings: vec![] };
        let timed = Record::Timed {
            at: Wall(0),
            order: order(),
            way: "WS".to_owned(),
            sign_ns: 0,
            encode_ns: 0,
            network_ns: 0,
            parse_ns: 0,
        };
        for note in [watched, timed] {
            for reducing in [false, true] {
                let mut keeper = Keeper::default();
                let mut disk = Disk { entries: false, reserve: true, kept: 0 };
                keeper.append(&note, reducing, &[], &mut disk);
                assert_eq!((disk.kept, keeper.behind(), keeper.take_failed()), (0, false, None), "{note:?}");
                disk.entries = true;
                keeper.append(&note, reducing, &[], &mut disk);
                assert_eq!((disk.kept, keeper.behind(), keeper.take_failed()), (1, false, None), "{note:?}");
                // Behind, the journal takes nothing but a snapshot, not even this.
                (disk.entries, disk.reserve) = (false, false);
                keeper.append(&record(), true, &[], &mut disk);
                disk.entries = true;
                keeper.append(&note, reducing, &[], &mut disk);
                assert_eq!((disk.kept, keeper.behind()), (1, true), "{note:?}");
            }
        }
    }

    #[test]
    fn after_a_lost_record_nothing_is_appended_until_a_snapshot() {
        let mut keeper = Keeper::default();
        let mut disk = Disk { entries: false, reserve: false, kept: 0 };
        keeper.append(&record(), true, &[], &mut disk);
        (disk.entries, disk.reserve) = (true, true);
        keeper.append(&record(), false, &[order()], &mut disk);
        assert_eq!((disk.kept, keeper.lets(Some(order()))), (0, false));
        assert_eq!(keeper.take_failed(), Some(vec![order()]));
        assert_eq!(keeper.take_failed(), None);
        keeper.caught_up();
        keeper.append(&record(), false, &[order()], &mut disk);
        assert_eq!((disk.kept, keeper.lets(Some(order())), keeper.behind()), (1, true, false));
    }
}
