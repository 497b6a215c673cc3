//! Names that are known to mean the same team, and those that sound alike and do not.
//!
//! Two names that are both known and belong to different teams are different, however alike they look: that is what keeps
//! "Inter" from "AC Milan". Everything here is written as [`crate::words`] leaves a name. Called by [`crate::names`].

mod american;
pub(crate) mod leagues;
mod teams;

use american::{MLB, NBA, NFL, NHL, PLACES};
use domain::listing::Sport;
use teams::{CLUBS, OTHERS};

/// The known team of a name, by its words without the generic ones; `None` for all others.
pub(crate) fn team(sport: Sport, core: &str) -> Option<&'static str> {
    if core.is_empty() {
        return None;
    }
    let nicknamed = match sport {
        Sport::Basketball => NBA,
        Sport::Football => NFL,
        Sport::Hockey => NHL,
        Sport::Baseball => MLB,
        _ => &[],
    };
    let known = |(place, nick): &&(&str, &str)| {
        core == *nick || core.strip_suffix(nick).and_then(|rest| rest.strip_suffix(' ')) == Some(*place)
    };
    if let Some((_, nick)) = nicknamed.iter().find(known) {
        return Some(nick);
    }
    let groups = if sport == Sport::Soccer { CLUBS } else { OTHERS };
    groups.iter().find(|names| names.contains(&core)).and_then(|names| names.first().copied())
}

/// The place or nickname that an abbreviation of North American scoreboards stands for.
pub(crate) fn place(sport: Sport, word: &str) -> Option<&'static str> {
    if !matches!(sport, Sport::Basketball | Sport::Football | Sport::Hockey | Sport::Baseball) {
        return None;
    }
    PLACES.iter().find(|(short, _)| *short == word).map(|(_, long)| *long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_belongs_to_two_teams() {
        for groups in [CLUBS, OTHERS] {
            let mut seen = BTreeSet::new();
            for name in groups.iter().copied().flatten() {
                assert!(seen.insert(*name), "{name}");
            }
        }
        for league in [NBA, NFL, NHL, MLB] {
            let nicknames: BTreeSet<_> = league.iter().map(|(_, nick)| nick).collect();
            assert_eq!(nicknames.len(), league.len());
        }
    }

    #[test]
    fn a_nickname_alone_names_a_team_and_a_place_does_not() {
        let check = |sport, name: &str, expect: Option<&str>| assert_eq!(team(sport, name), expect, "{name}");
        check(Sport::Basketball, "los angeles lakers", Some("lakers"));
        check(Sport::Basketball, "lakers", Some("lakers"));
        check(Sport::Basketball, "los angeles", None);
        check(Sport::Football, "new york giants", Some("giants"));
        check(Sport::Baseball, "san francisco giants", Some("giants"));
        check(Sport::Baseball, "new york giants", None);
        check(Sport::Hockey, "jets", Some("jets"));
        check(Sport::Soccer, "inter", Some("inter milan"));
        check(Sport::Soccer, "milan", Some("milan"));
        check(Sport::Soccer, "", None);
    }
}
