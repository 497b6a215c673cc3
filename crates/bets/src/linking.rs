//! From what both venues list to what the board shows: events paired, their markets paired, each with how it stands.
//!
//! Called by `bot4 quotes` and by whoever bets, anew whenever listings change. Owns nothing.

use crate::board::{Link, Standing};
use crate::event::events;
use crate::hints::Hints;
use crate::markets::pair_markets;
use crate::matching::{self, EventPair, Matching, pair_events};
use crate::rules::Happening;
use domain::listing::Listing;
use std::collections::BTreeMap;

/// Whose word makes a pair of events count as confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirming {
    /// A person's alone, by the mapping.
    Mapping,
    /// The score's too, at or over [`crate::CONFIRMING`]: for simulated venues, where nothing can be lost.
    Score,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// The events.
    pub matching: Matching,
    /// The markets, event by event.
    pub links: Vec<Link>,
}

/// Links the listings of SX Bet and of Azuro. `refused`: risks that the operator does not accept.
pub fn link(sx: &[Listing], azuro: &[Listing], hints: &dyn Hints, confirming: Confirming, refused: &[Happening]) -> Linked {
    let matching = pair_events(&events(sx), &events(azuro), hints);
    let (of_sx, of_azuro) = (by_event(sx), by_event(azuro));
    let mut links = Vec::new();
    for pair in &matching.pairs {
        let listed = of_sx.get(pair.first.id.as_str()).zip(of_azuro.get(pair.second.id.as_str()));
        let Some((first, second)) = listed else { continue };
        for market in pair_markets(first, second, pair.swapped) {
            let standing = match market.verdict.without(refused).refusal() {
                Some(refusal) => Standing::Refused(refusal.to_string()),
                None => standing(pair, confirming),
            };
            links.push(Link { listings: market.listings, covers: market.covers, standing });
        }
    }
    Linked { matching, links }
}

fn standing(pair: &EventPair, confirming: Confirming) -> Standing {
    let by_score = confirming == Confirming::Score && pair.standing == matching::Standing::Sure;
    if pair.standing.is_confirmed() || by_score { Standing::Confirmed } else { Standing::Proposed(pair.value()) }
}

fn by_event(listings: &[Listing]) -> BTreeMap<&str, Vec<&Listing>> {
    let mut out: BTreeMap<&str, Vec<&Listing>> = BTreeMap::new();
    for listing in listings {
        out.entry(listing.event.as_str()).or_default().push(listing);
    }
    out
}
