//! Settlement: whether the two venues pay the same on everything that can happen, by the kind of market.
//!
//! One table, a row for every market type of SX Bet (spec section 5.2), and one of what can happen besides won and lost. A pair whose
//! rules differ or are not known on an outcome that its question can well have is refused, with what each venue does. What can happen
//! to any bet and is not known in full (an abandoned match, a late void) is named with the verdict as a risk that is accepted, and can
//! be refused in the mapping. `docs/matching.md` shows both tables; a test holds it to them. Called by [`crate::markets`].

use domain::listing::{Listing, Period, Question, Sport};
use domain::{Line, LineKind};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

/// What can happen to a bet besides won and lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// The score meets a whole line exactly.
    Push,
    /// The score falls between the halves of a quarter line.
    QuarterLine,
    /// Neither side wins, where the question has no draw.
    Draw,
    /// The match goes into overtime.
    Overtime,
    /// What is asked is not said well enough by one venue.
    Meaning,
    /// The match is interrupted and not played to its end.
    Abandoned,
    /// The match is put off.
    Postponed,
    /// One venue takes its acceptance back, or voids what came too late.
    LateVoid,
    /// A player gives up, is disqualified, or does not start.
    Retired,
    /// A tie that stays one after overtime, in sports that know it and hardly ever have it.
    TieAfterOvertime,
}

/// What both venues do when it happens, as far as their specifications say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happens {
    /// What.
    pub what: Happening,
    /// In a few words.
    pub words: &'static str,
    /// What SX Bet does.
    pub sx: &'static str,
    /// What Azuro does.
    pub azuro: &'static str,
    /// Whether a bet may be made in spite of it: it can happen to any bet, seldom, and cannot be known beforehand.
    pub accepted: bool,
}

/// Risks that are refused where the mapping says nothing of them: common in their sports, and neither venue's rule is known.
pub const REFUSED_BY_DEFAULT: &[Happening] = &[Happening::Retired];

/// Everything that can happen, in the order of [`Happening`].
pub const HAPPENS: &[Happens] = &[
    Happens {
        what: Happening::Push,
        words: "the score meets a whole line",
        sx: "void, stake back (spec 5.2)",
        azuro: "not known (spec 18, unknown 6)",
        accepted: false,
    },
    Happens {
        what: Happening::QuarterLine,
        words: "the score falls between the halves of a quarter line",
        sx: "settles as two halves (spec 5.2); how its trades show that is not known (spec 18)",
        azuro: "not known; 27 of 786 lines are quarters (spec 3)",
        accepted: false,
    },
    Happens {
        what: Happening::Draw,
        words: "a draw, where the question has none",
        sx: "void by the outcome's name, not stated as a rule (spec 5.1)",
        azuro: "not known: `Draw no bet` names no rule (spec 3)",
        accepted: false,
    },
    Happens {
        what: Happening::Overtime,
        words: "overtime",
        sx: "counted or not, by the type",
        azuro: "counted or not, by the market's period",
        accepted: false,
    },
    Happens {
        what: Happening::Meaning,
        words: "what is asked",
        sx: "by the type of the market",
        azuro: "by the outcome dictionary",
        accepted: false,
    },
    Happens {
        what: Happening::Abandoned,
        words: "the match is abandoned",
        sx: "rules by sport, not known (spec 18)",
        azuro: "not known (spec 18, unknown 6)",
        accepted: true,
    },
    Happens {
        what: Happening::Postponed,
        words: "the match is put off",
        sx: "cancelled if no new time is set within 48 h (spec 5.3)",
        azuro: "not known (spec 18, unknown 6)",
        accepted: true,
    },
    Happens {
        what: Happening::LateVoid,
        words: "one venue voids by itself",
        sx: "a match can fail on the chain before it is LOCKED (spec 0)",
        azuro: "a bet in a block at or after the settling time is void; the house may reject what it accepted (spec 10)",
        accepted: true,
    },
    Happens {
        what: Happening::Retired,
        words: "a player retires or does not start",
        sx: "rules by sport, not known (spec 18)",
        azuro: "not known",
        accepted: true,
    },
    Happens {
        what: Happening::TieAfterOvertime,
        words: "a tie after overtime",
        sx: "void by the outcome's name, not stated as a rule (spec 5.1)",
        azuro: "not known",
        accepted: true,
    },
];

impl Happening {
    /// Its row.
    pub fn row(self) -> &'static Happens {
        HAPPENS.iter().find(|row| row.what == self).expect("a row for each, held by a test")
    }
    /// The name in the mapping file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::QuarterLine => "quarter_line",
            Self::Draw => "draw",
            Self::Overtime => "overtime",
            Self::Meaning => "meaning",
            Self::Abandoned => "abandoned",
            Self::Postponed => "postponed",
            Self::LateVoid => "late_void",
            Self::Retired => "retired",
            Self::TieAfterOvertime => "tie_after_overtime",
        }
    }
}

/// How a market type is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Three results, each a side of its own: a draw is one of them.
    Result,
    /// Which of two: by whether the sport can draw in that part.
    Winner,
    /// A line: by whether it is a half, a whole or a quarter.
    Line,
    /// Never, and what each venue says.
    Never(Happening, &'static str, &'static str),
}

/// What is known of one market type of SX Bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindRow {
    /// SX Bet's number.
    pub kind: u32,
    /// Its meaning (spec 5.2).
    pub name: &'static str,
    /// What is asked.
    pub question: Question,
    /// The market of Azuro that it can meet, by its key in the dictionary.
    pub azuro: &'static str,
    /// How it is judged.
    pub rule: Rule,
}

const NO_KEY: &str = "no key in the specification";

const fn row(kind: u32, name: &'static str, question: Question, azuro: &'static str, rule: Rule) -> KindRow {
    KindRow { kind, name, question, azuro, rule }
}

/// Every market type of SX Bet (spec 5.2).
pub const KINDS: &[KindRow] = &[
    row(1, "1X2, one of three yes/no markets", Question::Result, "1-1-1 full time result, 2-1-1 double chance", Rule::Result),
    row(52, "winner, no draw", Question::Winner, "19-1-87 match winner, 19-1-69, 19-1-1 draw no bet", Rule::Winner),
    row(226, "winner with overtime", Question::Winner, "19-76-76, 19-76-83, 19-76-1 match winner", Rule::Winner),
    row(
        88,
        "to qualify",
        Question::ToQualify,
        NO_KEY,
        Rule::Never(Happening::Meaning, "who goes through, by whatever means", "no such market in its specification"),
    ),
    row(3, "Asian handicap", Question::Handicap, "3-1-1 handicap", Rule::Line),
    row(342, "handicap with overtime", Question::Handicap, "3-76-76, 3-76-83, 3-76-1 handicap", Rule::Line),
    row(201, "handicap in games", Question::Handicap, "3-1-54 handicap games", Rule::Line),
    row(866, "handicap in sets", Question::Handicap, "3-1-87 handicap sets", Rule::Line),
    row(2, "over-under", Question::Total, "4-1-1 total goals", Rule::Line),
    row(28, "over-under with overtime", Question::Total, "4-76-76, 4-76-83, 4-76-1 total", Rule::Line),
    row(835, "Asian over-under", Question::Total, "4-1-1 total goals", Rule::Line),
    row(
        29,
        "over-under rounds",
        Question::Total,
        NO_KEY,
        Rule::Never(Happening::Meaning, "what half a round is, is not said", "no such market in its specification"),
    ),
    row(166, "over-under games", Question::Total, "4-1-54 total games", Rule::Line),
    row(1536, "over-under maps", Question::Total, "4-1-69 total maps", Rule::Line),
    row(165, "over-under sets", Question::Total, "4-1-87 total sets", Rule::Line),
    row(
        17,
        "both teams to score",
        Question::BothScore,
        "9-1-1 both teams to score",
        Rule::Never(Happening::Meaning, "the number's meaning is known from one client alone (spec 5.2: likely)", "both score"),
    ),
    row(
        274,
        "outright winner",
        Question::Outright,
        NO_KEY,
        Rule::Never(
            Happening::Meaning,
            "who withdraws or shares the first place, is not said",
            "no such market in its specification",
        ),
    ),
    row(202, "winner of period 1", Question::Winner, "first set: in the captures, outside the known keys", Rule::Winner),
    row(203, "winner of period 2", Question::Winner, NO_KEY, Rule::Winner),
    row(204, "winner of period 3", Question::Winner, NO_KEY, Rule::Winner),
    row(205, "winner of period 4", Question::Winner, NO_KEY, Rule::Winner),
    row(53, "first half handicap", Question::Handicap, NO_KEY, Rule::Line),
    row(63, "first half winner", Question::Winner, "1-50-1 first half, with a draw", Rule::Winner),
    row(77, "first half total", Question::Total, NO_KEY, Rule::Line),
    row(64, "handicap of period 1", Question::Handicap, NO_KEY, Rule::Line),
    row(65, "handicap of period 2", Question::Handicap, NO_KEY, Rule::Line),
    row(66, "handicap of period 3", Question::Handicap, NO_KEY, Rule::Line),
    row(21, "total of period 1", Question::Total, NO_KEY, Rule::Line),
    row(45, "total of period 2", Question::Total, NO_KEY, Rule::Line),
    row(46, "total of period 3", Question::Total, NO_KEY, Rule::Line),
    row(281, "handicap of the first five innings", Question::Handicap, NO_KEY, Rule::Line),
    row(1618, "winner of the first five innings", Question::Winner, NO_KEY, Rule::Winner),
    row(236, "total of the first five innings", Question::Total, NO_KEY, Rule::Line),
];

/// Whether two markets that ask the same may be bet against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both pay the same on every outcome of the question; what is left can happen to any bet.
    Tradable {
        /// What is left, accepted.
        risks: Vec<Happening>,
    },
    /// They do not, or it is not known.
    Refused(Refusal),
}

/// Why two markets must not be bet against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// On which outcome.
    pub on: Happening,
    /// What SX Bet does.
    pub sx: String,
    /// What Azuro does.
    pub azuro: String,
}

impl Refusal {
    fn of(on: Happening) -> Self {
        let row = on.row();
        Self { on, sx: row.sx.to_owned(), azuro: row.azuro.to_owned() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.on.row();
        f.write_str(row.words)?;
        if row.accepted {
            // Refused by the mapping, and accepted by it.
            write!(f, " (`{}` is in refuse_risks)", self.on.word())?;
        }
        write!(f, ": SX Bet: {}; Azuro: {}", self.sx, self.azuro)
    }
}

impl Verdict {
    /// Why not, unless it is tradable.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Tradable { .. } => None,
            Self::Refused(refusal) => Some(refusal),
        }
    }
    /// The same where a person does not accept some risks.
    pub fn without(self, refused: &[Happening]) -> Self {
        match &self {
            Self::Tradable { risks } => match risks.iter().find(|risk| refused.contains(risk)) {
                Some(risk) => Self::Refused(Refusal::of(*risk)),
                None => self,
            },
            Self::Refused(_) => self,
        }
    }
}

/// How a contest can end without a winner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Draws {
    Never,
    Seldom,
    Often,
}

const fn draws(sport: Sport, period: Period) -> Draws {
    match (sport, period) {
        (Sport::Tennis | Sport::Volleyball, Period::Whole | Period::Part(_)) => Draws::Never,
        (Sport::Basketball | Sport::Hockey, Period::WithOvertime) => Draws::Never,
        (Sport::Esports, Period::Part(_)) => Draws::Never,
        // A tie of the National Football League, of Japanese and Korean baseball, of a best of two.
        (Sport::Baseball | Sport::Football, Period::WithOvertime) | (Sport::Esports, Period::Whole) => Draws::Seldom,
        _ => Draws::Often,
    }
}

/// Judges a market of SX Bet and one of Azuro that ask the same. Which of them is swapped does not matter here.
pub fn settles(sx: &Listing, azuro: &Listing) -> Verdict {
    let refused = |on: Happening| Verdict::Refused(Refusal::of(on));
    let Some(row) = KINDS.iter().find(|row| row.kind == sx.kind) else {
        return Verdict::Refused(Refusal {
            on: Happening::Meaning,
            sx: format!("its type {} is not in the specification", sx.kind),
            azuro: format!("its market {}", azuro.kind),
        });
    };
    if let Rule::Never(on, sx, azuro) = row.rule {
        return Verdict::Refused(Refusal { on, sx: sx.to_owned(), azuro: azuro.to_owned() });
    }
    let results = matches!((sx.question, azuro.question), (Question::Result, Question::Result | Question::DoubleChance));
    let same = results || (sx.question == azuro.question && !matches!(azuro.question, Question::Other(_)));
    if row.question != sx.question || !same {
        return refused(Happening::Meaning);
    }
    if sx.period != azuro.period {
        let says = |listing: &Listing| format!("counts {}", counted(listing.period));
        return Verdict::Refused(Refusal { on: Happening::Overtime, sx: says(sx), azuro: says(azuro) });
    }
    let mut risks = vec![Happening::Abandoned, Happening::Postponed, Happening::LateVoid];
    match row.rule {
        Rule::Winner => match draws(sx.sport, sx.period) {
            Draws::Never => {}
            Draws::Seldom => risks.push(Happening::TieAfterOvertime),
            Draws::Often => return refused(Happening::Draw),
        },
        Rule::Line => match sx.line.map(Line::kind) {
            Some(LineKind::Half) => {}
            Some(LineKind::Whole) => return refused(Happening::Push),
            Some(LineKind::Quarter) => return refused(Happening::QuarterLine),
            Some(LineKind::Odd) | None => return refused(Happening::Meaning),
        },
        Rule::Result if sx.period == Period::WithOvertime => return refused(Happening::Meaning),
        Rule::Result | Rule::Never(..) => {}
    }
    if matches!(sx.sport, Sport::Tennis | Sport::Mma | Sport::Boxing) {
        risks.push(Happening::Retired);
    }
    risks.sort_unstable();
    Verdict::Tradable { risks }
}

const fn counted(period: Period) -> &'static str {
    match period {
        Period::Regulation => "regulation time",
        Period::WithOvertime => "overtime too",
        Period::Whole => "the whole event",
        Period::Half(_) => "a half",
        Period::Part(_) => "a part",
        Period::FirstFiveInnings => "five innings",
        Period::Other => "a part without a name",
    }
}

/// Both tables as `docs/matching.md` has them.
pub fn reference() -> String {
    let mut out = String::from("| SX Bet type | meaning | Azuro market it can meet | verdict |\n|---|---|---|---|\n");
    for row in KINDS {
        let verdict = match row.rule {
            Rule::Result => "tradable: the draw is an outcome of its own".to_owned(),
            Rule::Winner => {
                "tradable where the sport cannot draw in that part, or hardly ever after overtime; else refused: draw".to_owned()
            }
            Rule::Line => "half lines tradable; whole lines refused: push; quarter lines refused: quarter_line".to_owned(),
            Rule::Never(on, sx, azuro) => format!("refused: {}: SX Bet: {sx}; Azuro: {azuro}", on.word()),
        };
        let _ = writeln!(out, "| {} | {} | {} | {verdict} |", row.kind, row.name, row.azuro); // a String takes everything
    }
    out.push_str("\n| what happens | name | SX Bet | Azuro | then |\n|---|---|---|---|---|\n");
    for row in HAPPENS {
        let then = match row.accepted {
            true if REFUSED_BY_DEFAULT.contains(&row.what) => "a risk that is refused, unless `refuse_risks` is there without it",
            true => "a risk that is named and accepted, unless `refuse_risks` has it",
            false => "refused",
        };
        let _ = writeln!(out, "| {} | `{}` | {} | {} | {then} |", row.words, row.what.word(), row.sx, row.azuro);
    }
    out
}
