//! Whether two names mean the same side: a club, a national team, a player, or a pair of players.
//!
//! Integers from 0 (different) to 1000 (the same), with the reason. Called by [`crate::score`].

use crate::alike::{Alike, by_words};
use crate::known;
use crate::marks::{Marks, VIRTUAL};
use crate::words::{GENERIC, closed_up, words};
use domain::listing::Sport;
use std::collections::BTreeSet;

/// Whether the sport is played by persons, whose names are given names and surnames.
pub(crate) fn of_persons(sport: Sport) -> bool {
    matches!(sport, Sport::Tennis | Sport::Mma | Sport::Boxing)
}

/// A name taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) marks: Marks,
    /// All words but the marks.
    plain: Vec<String>,
    /// Of those, the ones that name.
    core: Vec<String>,
    /// The known team.
    team: Option<&'static str>,
    /// Players of a pair, where the name is one.
    players: Vec<Vec<String>>,
}

impl Name {
    /// Takes a name apart.
    pub(crate) fn parse(sport: Sport, text: &str) -> Self {
        let mut all = Vec::new();
        for word in words(text) {
            match known::place(sport, &word) {
                Some(place) => all.extend(place.split(' ').map(str::to_owned)),
                None => all.push(word),
            }
        }
        let mut marks = Marks::default();
        if of_persons(sport) {
            let players = text.split('/').map(words).map(sorted).filter(|player| !player.is_empty()).collect();
            if all.iter().any(|word| VIRTUAL.contains(&word.as_str())) {
                marks.virtual_ = true;
                all.retain(|word| !VIRTUAL.contains(&word.as_str()));
            }
            return Self { marks, core: all.clone(), plain: all, team: None, players };
        }
        let joined = all.join(" ");
        let mut plain = Vec::new();
        // A club of Tilburg is called so.
        if joined == "willem ii" {
            plain = all;
        } else {
            let (mut end, mut at_end) = (all.len(), true);
            // Marks stand at the end, one behind the other: "Chelsea U21 W".
            let mut tail = Vec::new();
            while at_end && end > 0 {
                let word = all.get(end - 1).map_or("", String::as_str);
                at_end = marks.take(word, true, end == 1) || (GENERIC.contains(&word) && end > 1);
                if at_end {
                    if GENERIC.contains(&word) {
                        tail.push(word.to_owned());
                    }
                    end -= 1;
                }
            }
            for (n, word) in all.iter().take(end).enumerate() {
                if !marks.take(word, false, n == 0) {
                    plain.push(word.clone());
                }
            }
            plain.extend(tail.into_iter().rev());
        }
        let mut core: Vec<String> = plain.iter().filter(|word| !GENERIC.contains(&word.as_str())).cloned().collect();
        if core.is_empty() {
            core.clone_from(&plain);
        }
        let team = known::team(sport, &plain.join(" ")).or_else(|| known::team(sport, &core.join(" ")));
        Self { marks, plain, core, team, players: Vec::new() }
    }

    /// Beginnings of the words that two names of one side share: a quick way to leave most pairs out.
    pub(crate) fn keys(&self, into: &mut BTreeSet<String>) {
        if let Some(team) = self.team {
            into.insert(format!("={team}"));
        }
        for word in &self.core {
            if word.chars().count() > 1 {
                into.insert(closed_up(word).chars().take(3).collect());
            }
        }
    }
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

/// Equal for two names exactly when both venues write the same words and marks, whatever the accents and legal forms.
pub(crate) fn same_key(name: &Name) -> String {
    let Marks { women, youth, reserve, virtual_ } = name.marks;
    format!("{} {women} {youth:?} {reserve:?} {virtual_}", name.core.join(" "))
}

/// How alike two names are, 0 to 1000, and why. The marks are compared elsewhere.
pub(crate) fn alike(sport: Sport, a: &Name, b: &Name) -> (u16, Alike) {
    if of_persons(sport) {
        return players(a, b);
    }
    match (a.team, b.team) {
        (Some(x), Some(y)) if x == y => {
            return (1000, if a.core == b.core { Alike::Same } else { Alike::KnownName });
        }
        (Some(_), Some(_)) => return (0, Alike::Different),
        _ => {}
    }
    let (found, why) = by_words(&a.core, &b.core, false);
    let legal = |name: &Name| -> BTreeSet<String> {
        name.plain.iter().filter(|word| GENERIC.contains(&word.as_str()) && !FILLERS.contains(&word.as_str())).cloned().collect()
    };
    if why == Alike::Same {
        let (x, y) = (legal(a), legal(b));
        if !x.is_empty() && !y.is_empty() && x.is_disjoint(&y) {
            return (880, Alike::LegalForm);
        }
    }
    (found, why)
}

/// Generic words that are no legal form: two names may differ in them.
const FILLERS: &[&str] =
    &["da", "de", "del", "di", "do", "the", "club", "clube", "team", "esports", "esport", "gaming", "clan", "futbol", "football"];

/// Two players, or two pairs of players in either order.
fn players(a: &Name, b: &Name) -> (u16, Alike) {
    match (a.players.as_slice(), b.players.as_slice()) {
        ([x], [y]) => by_words(x, y, true),
        ([x1, x2], [y1, y2]) => {
            let worse = |p: (u16, Alike), q: (u16, Alike)| if p.0 <= q.0 { p } else { q };
            let straight = worse(by_words(x1, y1, true), by_words(x2, y2, true));
            let crossed = worse(by_words(x1, y2, true), by_words(x2, y1, true));
            if straight.0 >= crossed.0 { straight } else { crossed }
        }
        _ => (0, Alike::Different),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::Likeness;

    fn check(sport: Sport, a: &str, b: &str, least: u16, most: u16) {
        let (x, y) = (Name::parse(sport, a), Name::parse(sport, b));
        let found = if x.marks.likeness(y.marks) == Likeness::Equal { alike(sport, &x, &y).0 } else { 0 };
        assert!((least..=most).contains(&found), "{a} | {b}: {found}, expected {least} to {most}\n{x:?}\n{y:?}");
        assert_eq!(alike(sport, &x, &y).0, alike(sport, &y, &x).0, "{a} | {b}");
    }

    #[test]
    fn names_of_one_club_are_known_again() {
        let same = |a, b| check(Sport::Soccer, a, b, 900, 1000);
        same("Manchester United", "Man Utd");
        same("Paris Saint-Germain FC", "PSG");
        same("1. FC Köln", "FC Koeln");
        same("Bodø/Glimt", "FK Bodo Glimt");
        same("Atlético de Madrid", "Atletico Madrid");
        same("Wolverhampton Wanderers", "Wolves");
        same("Inter", "Inter Milan");
        same("Kuopio PS", "KuPS");
        same("SSC Napoli", "Napoli");
        same("Hannover 96", "Hannover");
        same("Willem II", "Willem II Tilburg".get(..9).unwrap_or(""));
        let lakers = |a, b| check(Sport::Basketball, a, b, 1000, 1000);
        lakers("LA Lakers", "Los Angeles Lakers");
        lakers("Lakers", "L.A. Lakers".get(5..).unwrap_or(""));
    }

    #[test]
    fn names_that_look_alike_stay_apart() {
        let apart = |a, b| check(Sport::Soccer, a, b, 0, 550);
        apart("Manchester United", "Manchester City");
        apart("Inter Milan", "Inter Miami");
        apart("AC Milan", "Inter Milan");
        apart("Racing Club", "Racing Santander");
        apart("Dundee", "Dundee United");
        apart("Real Madrid", "Real Sociedad");
        apart("Sporting CP", "Sporting Gijon");
        apart("Slovenia", "Slovakia");
        apart("Chelsea", "Chelsea (W)");
        apart("Barcelona", "Barcelona B");
        apart("Ajax", "Jong Ajax");
        apart("Benfica U19", "Benfica U23");
        apart("Bayern Munich II", "Bayern Munich");
        apart("Borussia Dortmund", "Borussia Monchengladbach");
        check(Sport::Football, "Michigan", "Michigan State", 0, 550);
        check(Sport::Football, "New York Giants", "New York Jets", 0, 0);
    }

    #[test]
    fn persons_are_known_by_surname_and_initial() {
        let same = |a, b| check(Sport::Tennis, a, b, 950, 1000);
        same("Djokovic N.", "Novak Djokovic");
        same("Djokovic, Novak", "Novak Djokovic");
        same("N. Djokovic", "Djokovic N.");
        same("Lan Mi", "Mi Lan");
        same("Cerundolo J.M.", "Juan Manuel Cerundolo");
        same("Bopanna R. / Ebden M.", "Matthew Ebden/Rohan Bopanna");
        let apart = |a, b| check(Sport::Tennis, a, b, 0, 550);
        apart("Cerundolo F.", "Juan Manuel Cerundolo");
        apart("Zverev A.", "Zverev M.");
        apart("Serena Williams", "Venus Williams");
        apart("Novak Djokovic", "Novak Djokovic / Viktor Troicki");
        apart("N. D.", "Novak Djokovic");
        check(Sport::Tennis, "Carlos Alcaraz", "Alcaraz Garfia C.", 650, 650);
    }
}
