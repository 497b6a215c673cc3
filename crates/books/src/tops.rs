//! The audit of our best levels against the venue's own.
//!
//! Book and best-bid-offer frames share one sequence counter but travel on two channels, so either may come first
//! (venues/paradex.md section 8.1, rule 6). A small ring remembers, by sequence number, our own top or what the venue
//! claimed before we were there; a verdict is given only when both are known for the same number. What the ring has
//! forgotten is not judged: an audit may miss, it must not raise a false alarm.

use domain::Level;

/// Best levels of both sides, price and size zero for a side that is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Top {
    pub(crate) bid: Level,
    pub(crate) ask: Level,
}

impl Top {
    #[inline]
    fn agrees(&self, other: &Self, sizes: bool) -> bool {
        let prices = self.bid.price == other.bid.price && self.ask.price == other.ask.price;
        prices && (!sizes || (self.bid.size == other.bid.size && self.ask.size == other.ask.size))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Whose {
    #[default]
    Nobody,
    Ours,
    Venue,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    seq: u64,
    whose: Whose,
    top: Top,
}

/// How many sequence numbers are remembered: about six seconds of the captured feed at its usual ten frames a second.
const SLOTS: usize = 64;

/// The ring. A sequence number has one slot.
#[derive(Clone, Debug)]
pub(crate) struct Tops {
    slots: Box<[Slot; SLOTS]>,
}

impl Tops {
    pub(crate) fn new() -> Self {
        Self { slots: Box::new([Slot::default(); SLOTS]) }
    }

    /// Forgets everything: after a snapshot the numbers may have begun anew.
    pub(crate) fn clear(&mut self) {
        *self.slots = [Slot::default(); SLOTS];
    }

    #[inline]
    fn slot(&mut self, seq: u64) -> &mut Slot {
        // The mask keeps it below SLOTS, so the index is always inside.
        &mut self.slots[(seq as usize) & (SLOTS - 1)]
    }

    /// Remembers our top at `seq`. False if the venue has claimed another one for it.
    #[inline]
    pub(crate) fn ours(&mut self, seq: u64, top: Top, sizes: bool) -> bool {
        let slot = self.slot(seq);
        let fine = slot.whose != Whose::Venue || slot.seq != seq || slot.top.agrees(&top, sizes);
        *slot = Slot { seq, whose: Whose::Ours, top };
        fine
    }

    /// The venue's top at `seq`, when our book is at `book_seq`: whether it agrees, or nothing if that cannot be said
    /// now.
    pub(crate) fn venues(&mut self, seq: u64, top: Top, book_seq: u64, sizes: bool) -> Option<bool> {
        let slot = self.slot(seq);
        if slot.whose == Whose::Ours && slot.seq == seq {
            return Some(slot.top.agrees(&top, sizes));
        }
        if seq > book_seq {
            *slot = Slot { seq, whose: Whose::Venue, top };
        }
        None
    }
}
