//! What sets a women's, youth, reserve or simulated side apart from the first team of the same name.
//!
//! Called by [`crate::names`] for the words of a side and by [`crate::leagues`] for those of a league.

/// What sets one side apart from another of the same name: compared before the names are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// A women's side.
    pub(crate) women: bool,
    /// A youth side by its age; 0 where the venue says youth and no age.
    pub(crate) youth: Option<u8>,
    /// A second or third team.
    pub(crate) reserve: Option<u8>,
    /// A simulated or video-game match under real names.
    pub(crate) virtual_: bool,
}

/// How the marks of two sides go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// Equal.
    Equal,
    /// One venue names the age, the other says youth alone.
    Vague,
    /// Not the same side.
    Different,
}

impl Marks {
    /// These and those of the league that the side plays in.
    pub(crate) fn with(self, league: Self) -> Self {
        let youth = match (self.youth, league.youth) {
            (Some(0) | None, other) => other.or(self.youth),
            (mine, _) => mine,
        };
        Self {
            women: self.women || league.women,
            youth,
            reserve: self.reserve.or(league.reserve),
            virtual_: self.virtual_ || league.virtual_,
        }
    }

    /// Whether both can be the same side.
    pub(crate) fn likeness(self, other: Self) -> Likeness {
        let plain = self.women == other.women && self.reserve == other.reserve && self.virtual_ == other.virtual_;
        match (plain, self.youth, other.youth) {
            (false, ..) => Likeness::Different,
            (true, a, b) if a == b => Likeness::Equal,
            (true, Some(0), Some(_)) | (true, Some(_), Some(0)) => Likeness::Vague,
            _ => Likeness::Different,
        }
    }

    /// Takes one word; whether it was a mark.
    pub(crate) fn take(&mut self, word: &str, last: bool, first: bool) -> bool {
        let age = word.strip_prefix('u').filter(|n| n.len() == 2).and_then(|n| n.parse::<u8>().ok());
        let mut found = true;
        if WOMEN.contains(&word) || (last && matches!(word, "w" | "f")) {
            self.women = true;
        } else if let Some(age) = age.filter(|age| (13..=23).contains(age)) {
            self.youth = Some(age);
        } else if YOUTH.contains(&word) {
            self.youth = self.youth.or(Some(0));
        } else if RESERVE.contains(&word) || (last && !first && matches!(word, "ii" | "b" | "2")) || (first && word == "jong") {
            self.reserve = Some(2);
        } else if last && !first && matches!(word, "iii" | "c" | "3") {
            self.reserve = Some(3);
        } else if VIRTUAL.contains(&word) {
            self.virtual_ = true;
        } else {
            found = false;
        }
        found
    }
}

const WOMEN: &[&str] = &[
    "women",
    "womens",
    "woman",
    "ladies",
    "frauen",
    "femenino",
    "femenina",
    "feminino",
    "feminina",
    "feminine",
    "feminines",
    "fem",
    "femminile",
    "dames",
    "kvinner",
    "damer",
    "wfc",
    "nwsl",
    "wsl",
    "wnba",
    "wta",
    "wncaab",
    "damallsvenskan",
    "kobiet",
    "zhenskiy",
    "girls",
];
const YOUTH: &[&str] = &["youth", "youths", "primavera", "juvenil", "jugend", "jeugd", "juvenile"];
const RESERVE: &[&str] = &["reserve", "reserves", "res", "castilla", "amateure", "academy", "rezerve"];
pub(crate) const VIRTUAL: &[&str] =
    &["srl", "esoccer", "ebasketball", "efootball", "cyber", "virtual", "simulated", "esport2x4", "2k"];

/// The marks among the words of a league's name.
pub(crate) fn league_marks(words: &[String]) -> (Marks, Vec<String>) {
    let mut marks = Marks::default();
    let mut rest = Vec::new();
    for (n, word) in words.iter().enumerate() {
        // "Serie B" and "Liga 2" are levels, not second teams: a league's last word marks women alone.
        let last = n + 1 == words.len() && matches!(word.as_str(), "w" | "f");
        // A league that is called by such a word keeps it as its name.
        if !marks.take(word, last, n == 0) || matches!(word.as_str(), "wsl" | "nwsl" | "wnba" | "damallsvenskan") {
            rest.push(word.clone());
        }
    }
    (marks, rest)
}
