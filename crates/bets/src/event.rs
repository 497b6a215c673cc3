//! Events out of listings: what is compared before any market is.

use domain::listing::{Listing, Sport};
use domain::{VenueId, Wall};
use std::collections::BTreeMap;

/// One event of one venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where.
    pub venue: VenueId,
    /// The venue's id of it.
    pub id: String,
    /// The sport.
    pub sport: Sport,
    /// The country of the league, empty where the venue does not say.
    pub country: String,
    /// The league.
    pub league: String,
    /// The two sides, as the venue writes them.
    pub teams: [String; 2],
    /// Kick-off.
    pub starts: Wall,
}

impl Event {
    /// Minutes between two starts, whole, rounded up.
    pub(crate) fn apart_min(&self, other: &Self) -> i64 {
        let apart = self.starts.0.saturating_sub(other.starts.0).unsigned_abs();
        i64::try_from(apart.div_ceil(60_000_000)).unwrap_or(i64::MAX)
    }

    /// Whether the same two sides may well meet twice within a day: double-headers, friendlies, leagues of an afternoon.
    pub(crate) fn may_repeat(&self) -> bool {
        let sport = matches!(self.sport, Sport::Baseball | Sport::Esports | Sport::Volleyball | Sport::Cricket | Sport::Other);
        sport || self.league.to_lowercase().contains("friendl")
    }

    /// The title for people.
    pub fn title(&self) -> String {
        format!("{} - {}", self.teams.first().map_or("", String::as_str), self.teams.get(1).map_or("", String::as_str))
    }
}

/// The events of a venue's listings, in the order of their ids. Outrights have no sides and are no events. Where two listings of
/// one event disagree about it, the one with the lowest market id is taken, so that their order does not matter.
pub fn events(listings: &[Listing]) -> Vec<Event> {
    let mut first: BTreeMap<(VenueId, &str), &Listing> = BTreeMap::new();
    for listing in listings {
        if listing.teams.iter().any(|team| team.trim().is_empty()) {
            continue;
        }
        let kept = first.entry((listing.venue, listing.event.as_str())).or_insert(listing);
        if (listing.market, listing.kind) < (kept.market, kept.kind) {
            *kept = listing;
        }
    }
    first
        .into_values()
        .map(|l| Event {
            venue: l.venue,
            id: l.event.clone(),
            sport: l.sport,
            country: l.country.clone(),
            league: l.league.clone(),
            teams: l.teams.clone(),
            starts: l.starts,
        })
        .collect()
}
