//! The channels of the realtime connection: what each carries, how far its subscription is, and where in its history it stands.
//!
//! Pure bookkeeping; `realtime` decides when to subscribe and what a reply means.

use domain::MarketId;
use std::collections::BTreeMap;

/// Channels that one connection takes (spec section 11).
pub const CHANNELS_MAX: usize = 512;

/// What a channel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Orders,
    Fills,
    Markets,
    Fixtures,
    Book(MarketId),
}

impl Kind {
    /// Without it no bet may leave: what became of it would not be heard.
    pub(crate) const fn is_account(self) -> bool {
        matches!(self, Self::Orders | Self::Fills)
    }
}

/// How far a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Down,
    /// Asked for by the command of this number.
    Asked(u32),
    Live,
    /// The venue will not have it on this connection.
    Refused,
}

#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    /// The command of its last subscription: tells what was asked before it from what was asked after.
    pub(crate) since: u32,
    pub(crate) epoch: String,
    pub(crate) offset: u64,
    /// An epoch and an offset are known.
    pub(crate) positioned: bool,
}

impl Channel {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self { kind, phase: Phase::Down, since: 0, epoch: String::new(), offset: 0, positioned: false }
    }
}

/// What an offset says about a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The next one, or the channel does not count.
    Next,
    /// Seen already.
    Seen,
    /// Something before it is missing.
    AfterGap,
}

/// Every channel wanted, by name.
#[derive(Debug)]
pub(crate) struct Channels(BTreeMap<String, Channel>);

impl Channels {
    /// The channels of the account whose address, with its checksum, is the only user whom the venue lets in (spec section 11.1).
    pub(crate) fn of_account(address: &str) -> Self {
        let named = [
            (format!("account:orders_v3_#{address}"), Kind::Orders),
            (format!("account:fills_v3_#{address}"), Kind::Fills),
            ("markets:global".to_owned(), Kind::Markets),
            ("fixtures:global".to_owned(), Kind::Fixtures),
        ];
        Self(named.into_iter().map(|(name, kind)| (name, Channel::new(kind))).collect())
    }
    pub(crate) fn book(market: MarketId) -> String {
        format!("orderbook_v3:{market}")
    }
    /// Adds one; false when the connection holds no more.
    pub(crate) fn add(&mut self, name: String, kind: Kind) -> bool {
        let fits = self.0.len() < CHANNELS_MAX;
        if fits {
            self.0.insert(name, Channel::new(kind));
        }
        fits
    }
    pub(crate) fn remove(&mut self, name: &str) -> Option<Channel> {
        self.0.remove(name)
    }
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Channel> {
        self.0.get_mut(name)
    }
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Channel)> {
        self.0.iter_mut()
    }
    /// The one whose subscription this command asked for.
    pub(crate) fn asked_by(&mut self, command: u32) -> Option<(&String, &mut Channel)> {
        self.0.iter_mut().find(|(_, channel)| channel.phase == Phase::Asked(command))
    }
    /// Whether the account's channels are live.
    pub(crate) fn account_live(&self) -> bool {
        self.0.values().filter(|channel| channel.kind.is_account()).all(|channel| channel.phase == Phase::Live)
    }
    /// The command that last subscribed this market's book, while it is live.
    pub(crate) fn book_since(&self, market: MarketId) -> Option<u32> {
        self.0.get(&Self::book(market)).filter(|channel| channel.phase == Phase::Live).map(|channel| channel.since)
    }
    /// Books that the venue does not send: read over REST instead.
    pub(crate) fn refused_books(&self) -> impl Iterator<Item = MarketId> {
        self.0.values().filter(|channel| channel.phase == Phase::Refused).filter_map(|channel| match channel.kind {
            Kind::Book(market) => Some(market),
            _ => None,
        })
    }
}

impl Channel {
    /// Moves on to a publication's offset, and says whether it is to be looked at.
    pub(crate) fn take(&mut self, offset: Option<u64>) -> Place {
        let Some(offset) = offset.filter(|_| self.positioned) else { return Place::Next };
        if offset <= self.offset {
            return Place::Seen;
        }
        let next = offset == self.offset.saturating_add(1);
        self.offset = offset;
        if next { Place::Next } else { Place::AfterGap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_taken_once_and_a_gap_is_seen() {
        let mut channel = Channel::new(Kind::Fills);
        assert_eq!(channel.take(Some(7)), Place::Next, "a channel without a position does not count");
        (channel.positioned, channel.offset) = (true, 7);
        let mut check = |offset: Option<u64>, expect: Place| assert_eq!(channel.take(offset), expect, "{offset:?}");
        check(Some(8), Place::Next);
        check(Some(8), Place::Seen);
        check(Some(2), Place::Seen);
        check(Some(10), Place::AfterGap);
        check(Some(11), Place::Next);
        check(None, Place::Next);
        check(Some(u64::MAX), Place::AfterGap);
        check(Some(u64::MAX), Place::Seen);
    }

    #[test]
    fn a_connection_holds_512_channels_and_not_one_more() {
        let mut channels = Channels::of_account("0xA");
        let mut added = 0;
        while channels.add(format!("c{added}"), Kind::Markets) {
            added += 1;
        }
        assert_eq!(added, CHANNELS_MAX - 4);
        assert!(channels.remove("c7").is_some());
        assert!(channels.add("again".to_owned(), Kind::Markets));
    }
}
