//! The order book of one instrument on one venue, with what is needed to believe it.
//!
//! Owns levels, sequence, age and warm-up. Fed with decoded events by the strategy that owns it; hands out a [`Depth`]
//! only while it may trade. Does not resubscribe: it says that it became invalid, and the client does the rest.

use crate::depth::Depth;
use crate::integrity::{Applied, Feed, Integrity, Rules, Unfit, Why};
use crate::ladder::{Ladder, NotTaken};
use crate::tops::{Top, Tops};
use domain::{BookKind, InstrumentId, Level, MarketEvent, Mono, Price, SCALE, Side};
use std::ops::Range;

const NS_IN_MS: u64 = 1_000_000;

/// One instrument's book.
#[derive(Clone, Debug)]
pub struct Book {
    instrument: InstrumentId,
    rules: Rules,
    /// The rules' ages in ns, so that the hot path compares and does not multiply.
    age_ns_max: u64,
    warm_up_ns: u64,
    bids: Ladder<true>,
    asks: Ladder<false>,
    integrity: Integrity,
    seq: u64,
    /// When the last frame that proves the book current was received.
    seen: Mono,
    live_since: Mono,
    /// Frames since it went live, counted no further than the rules ask.
    live_updates: u32,
    tops: Tops,
    mark: Option<Price>,
    mark_at: Mono,
}

impl Book {
    /// An empty book. All the memory it will ever use is reserved here.
    pub fn new(instrument: InstrumentId, rules: Rules) -> Self {
        Self {
            instrument,
            rules,
            age_ns_max: rules.age_ms_max.saturating_mul(NS_IN_MS),
            warm_up_ns: rules.warm_up_ms.saturating_mul(NS_IN_MS),
            bids: Ladder::with_room(rules.levels_max),
            asks: Ladder::with_room(rules.levels_max),
            integrity: Integrity::Empty,
            seq: 0,
            seen: Mono::default(),
            live_since: Mono::default(),
            live_updates: 0,
            tops: Tops::new(),
            mark: None,
            mark_at: Mono::default(),
        }
    }

    /// Forgets everything, as a new connection asks for: what came over the old one proves nothing about the new one.
    pub fn reset(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.tops.clear();
        self.integrity = Integrity::Empty;
        self.seq = 0;
        self.live_updates = 0;
        self.mark = None;
    }

    /// Whose book this is.
    pub fn instrument(&self) -> InstrumentId {
        self.instrument
    }
    /// The rules it lives by.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
    /// Whether its content can be believed, age apart.
    pub fn integrity(&self) -> Integrity {
        self.integrity
    }
    /// Sequence number of the last frame taken, 0 where the venue has none.
    pub fn seq(&self) -> u64 {
        self.seq
    }
    /// Nanoseconds since the last frame that proves the book current; nothing if there was none.
    pub fn age_ns(&self, now: Mono) -> Option<u64> {
        (self.integrity != Integrity::Empty).then(|| now.since(self.seen))
    }
    /// The last moment at which the book is not too old, if nothing more is received.
    #[inline]
    pub const fn fresh_until(&self) -> Mono {
        Mono(self.seen.0.saturating_add(self.age_ns_max))
    }
    /// Levels that an order of `side` would take, **worst first**, whatever the state of the book: to show, not to trade on.
    pub fn levels_shown(&self, side: Side) -> &[Level] {
        match side {
            Side::Buy => self.asks.levels(),
            Side::Sell => self.bids.levels(),
        }
    }

    /// The levels to trade on.
    ///
    /// # Errors
    /// [`Unfit`]: the book may not trade now.
    #[inline]
    pub fn depth(&self, now: Mono) -> Result<Depth<'_>, Unfit> {
        match self.integrity {
            Integrity::Live => {}
            Integrity::Empty => return Err(Unfit::Empty),
            Integrity::Invalid { why } => return Err(Unfit::Invalid(why)),
        }
        if now.since(self.seen) > self.age_ns_max {
            return Err(Unfit::Stale);
        }
        if self.live_updates < self.rules.warm_up_updates || now.since(self.live_since) < self.warm_up_ns {
            return Err(Unfit::Warming);
        }
        if self.far_from_mark(now) {
            return Err(Unfit::FarFromMark);
        }
        Ok(Depth::new(self.bids.levels(), self.asks.levels()))
    }

    /// Takes an event; `levels` is the buffer its ranges point into, `at` when its frame was received. Events about
    /// another instrument are ignored. Never panics, whatever the event holds.
    pub fn apply(&mut self, event: &MarketEvent, levels: &[Level], at: Mono) -> Applied {
        match event {
            MarketEvent::Book { instrument, kind, seq, bids, asks, .. } if *instrument == self.instrument => {
                match (part(levels, bids), part(levels, asks)) {
                    (Some(bids), Some(asks)) => match kind {
                        BookKind::Delta => self.change(*seq, bids, asks, at),
                        BookKind::Snapshot => self.replace(*seq, bids, asks, at),
                    },
                    // A change that could not count anyway is no news, a snapshot that cannot be used is.
                    _ if *kind == BookKind::Delta && !self.is_live() => Applied::Ignored,
                    _ => self.distrust(Why::BadLevel),
                }
            }
            MarketEvent::Top { instrument, seq, bid, ask } if *instrument == self.instrument => {
                self.audit_top(*seq, *bid, *ask, at)
            }
            MarketEvent::BookLost { instrument, why } if *instrument == self.instrument && self.is_live() => {
                self.distrust(Why::Lost(why))
            }
            MarketEvent::Mark { instrument, mark } if *instrument == self.instrument => {
                self.mark = Some(*mark);
                self.mark_at = at;
                Applied::Ignored
            }
            _ => Applied::Ignored,
        }
    }

    /// Compares the venue's own best bid and offer with ours at the same sequence number, now or when our book gets
    /// there. Agreement proves the book current at `at`; a difference makes it invalid. A feed without sequence numbers
    /// cannot be audited so.
    pub fn audit_top(&mut self, seq: u64, bid: Option<Level>, ask: Option<Level>, at: Mono) -> Applied {
        if !self.is_live() || self.rules.feed != Feed::Sequenced {
            return Applied::Ignored;
        }
        let top = Top { bid: bid.unwrap_or_default(), ask: ask.unwrap_or_default() };
        match self.tops.venues(seq, top, self.seq, self.rules.audit_sizes) {
            Some(false) => self.distrust(Why::TopDiffers { seq }),
            // An old number that agreed says nothing about now.
            Some(true) if seq == self.seq => {
                self.seen = self.seen.max(at);
                Applied::Confirmed
            }
            _ => Applied::Ignored,
        }
    }

    #[inline]
    fn is_live(&self) -> bool {
        self.integrity == Integrity::Live
    }

    fn change(&mut self, seq: u64, bids: &[Level], asks: &[Level], at: Mono) -> Applied {
        if !self.is_live() {
            return Applied::Ignored;
        }
        if self.rules.feed == Feed::Snapshots {
            return self.distrust(Why::UnexpectedDelta);
        }
        let expected = self.seq.wrapping_add(1);
        if seq != expected || seq == 0 {
            return self.distrust(out_of_step(self.seq, seq));
        }
        self.seq = seq;
        let taken =
            bids.iter().try_for_each(|l| self.bids.set(*l)).and_then(|()| asks.iter().try_for_each(|l| self.asks.set(*l)));
        if let Err(not_taken) = taken {
            return self.distrust(why_not(not_taken));
        }
        self.settle(at, !bids.is_empty() || !asks.is_empty())
    }

    fn replace(&mut self, seq: u64, bids: &[Level], asks: &[Level], at: Mono) -> Applied {
        let taken = self.bids.replace(bids).and_then(|()| self.asks.replace(asks));
        if let Err(not_taken) = taken {
            return self.distrust(why_not(not_taken));
        }
        self.seq = seq;
        if self.rules.feed == Feed::Sequenced {
            self.tops.clear();
        }
        if !self.is_live() {
            self.integrity = Integrity::Live;
            self.live_since = at;
            self.live_updates = 0;
        }
        self.settle(at, true)
    }

    /// After the levels of a frame are in: do the sides fit each other and the venue's own word?
    #[inline]
    fn settle(&mut self, at: Mono, changed: bool) -> Applied {
        let top = Top { bid: self.bids.best(), ask: self.asks.best() };
        if top.bid.price >= top.ask.price && top.ask.price > 0 {
            return self.distrust(if top.bid.price == top.ask.price { Why::Locked } else { Why::Crossed });
        }
        if self.rules.feed == Feed::Sequenced && !self.tops.ours(self.seq, top, self.rules.audit_sizes) {
            return self.distrust(Why::TopDiffers { seq: self.seq });
        }
        self.seen = at;
        self.live_updates = self.live_updates.saturating_add(1);
        if changed { Applied::Updated } else { Applied::Confirmed }
    }

    #[cold]
    fn distrust(&mut self, why: Why) -> Applied {
        self.integrity = Integrity::Invalid { why };
        Applied::Invalid(why)
    }

    /// Whether the mid is further from a mark of acceptable age than the rules allow. A one-sided book has no mid and
    /// trades on the side it has, so it is not judged.
    #[inline]
    fn far_from_mark(&self, now: Mono) -> bool {
        let (Some(gap), Some(mark)) = (self.rules.mark_gap_max, self.mark) else { return false };
        let (bid, ask) = (self.bids.best().price, self.asks.best().price);
        if bid == 0 || ask == 0 || now.since(self.mark_at) > self.age_ns_max {
            return false;
        }
        // |bid + ask - 2 mark| / (2 mark) > gap, without dividing. At most 65 bits times 63.
        let twice_mark = i128::from(mark.e8()).saturating_mul(2);
        let off = i128::from(bid).saturating_add(i128::from(ask)).saturating_sub(twice_mark).saturating_abs();
        off.saturating_mul(i128::from(SCALE)) > twice_mark.saturating_mul(i128::from(gap.e8()))
    }
}

fn part<'a>(levels: &'a [Level], range: &Range<u32>) -> Option<&'a [Level]> {
    levels.get(range.start as usize..range.end as usize)
}

#[cold]
fn out_of_step(last: u64, got: u64) -> Why {
    match got.cmp(&last) {
        std::cmp::Ordering::Less => Why::StepBack { last, got },
        std::cmp::Ordering::Equal => Why::Repeat { seq: got },
        std::cmp::Ordering::Greater => Why::Gap { expected: last.saturating_add(1), got },
    }
}

#[cold]
fn why_not(not_taken: NotTaken) -> Why {
    match not_taken {
        NotTaken::BadLevel => Why::BadLevel,
        NotTaken::Full => Why::TooDeep,
    }
}
