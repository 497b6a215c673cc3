//! What can be bet on, in words that every betting venue is translated into: the event, the question asked about it, and what each
//! outcome says.
//!
//! A venue crate turns its own markets into [`Listing`]s; the `bets` crate compares listings of two venues and never sees a venue's
//! number. Whatever a venue lists that has no word here becomes [`Question::Other`] and is shown, not traded.

use crate::{Line, MarketId, Outcome, VenueId, Wall};
use serde::{Deserialize, Serialize};

/// The sport, as far as both venues have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sport {
    /// Association football.
    Soccer,
    /// Basketball.
    Basketball,
    /// Tennis.
    Tennis,
    /// Ice hockey.
    Hockey,
    /// Baseball.
    Baseball,
    /// American football.
    Football,
    /// Volleyball.
    Volleyball,
    /// Mixed martial arts.
    Mma,
    /// Boxing.
    Boxing,
    /// Cricket.
    Cricket,
    /// Rugby union.
    RugbyUnion,
    /// Rugby league.
    RugbyLeague,
    /// Video games.
    Esports,
    /// Something else.
    Other,
}

/// What part of the event counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The whole event in regulation time, overtime not counted.
    Regulation,
    /// The whole event with overtime, extra innings, penalty shots as the sport has them.
    WithOvertime,
    /// The whole event where the sport knows no overtime: tennis, fights.
    Whole,
    /// The first or second half.
    Half(u8),
    /// A quarter, period, set, map or inning, counted from 1.
    Part(u8),
    /// The first five innings.
    FirstFiveInnings,
    /// A part that has no word here.
    Other,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// What the sport counts: goals, points, runs.
    Score,
    /// Games of tennis.
    Games,
    /// Sets.
    Sets,
    /// Rounds of a fight.
    Rounds,
    /// Maps of a video game.
    Maps,
}

/// What is asked about the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which of three: the first side, a draw, the second side. SX Bet splits it into three markets of two outcomes each.
    Result,
    /// Which of two; a draw cannot be, or gives the stake back.
    Winner,
    /// Who goes through, by whatever means.
    ToQualify,
    /// The first side's score with the line added against the second's.
    Handicap,
    /// The score of both against the line.
    Total,
    /// The score of one side against the line: 1 or 2.
    TeamTotal(u8),
    /// Whether both score.
    BothScore,
    /// Whether the total is odd or even.
    OddEven,
    /// Two of the three results at once.
    DoubleChance,
    /// Who wins the competition.
    Outright,
    /// Something else, by the venue's own number.
    Other(u32),
}

/// What an outcome says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The first side.
    One,
    /// The second side.
    Two,
    /// A draw.
    Draw,
    /// Anything but the first side.
    NotOne,
    /// Anything but the second side.
    NotTwo,
    /// Anything but a draw.
    NotDraw,
    /// Above the line.
    Over,
    /// Below the line.
    Under,
    /// Yes.
    Yes,
    /// No.
    No,
    /// An odd number.
    Odd,
    /// An even number.
    Even,
    /// Something else.
    Other,
}

/// One market as its venue lists it. The first side is the one that the venue names first; venues may disagree about that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Where.
    pub venue: VenueId,
    /// The venue's id of the market: what is bet on and quoted by.
    pub market: MarketId,
    /// The venue's id of the event.
    pub event: String,
    /// The sport.
    pub sport: Sport,
    /// The country of the league, empty where the venue does not say.
    pub country: String,
    /// The league.
    pub league: String,
    /// The two sides, as the venue writes them; empty for outrights.
    pub teams: [String; 2],
    /// Kick-off.
    pub starts: Wall,
    /// What is asked.
    pub question: Question,
    /// What part counts.
    pub period: Period,
    /// What is counted.
    pub unit: Unit,
    /// The number it is about, where it has one; of a handicap the first side's.
    pub line: Option<Line>,
    /// Every outcome and what it says.
    pub picks: Vec<(Outcome, Pick)>,
    /// The venue's own number of the kind of market: SX Bet's `type`, Azuro's `marketId`.
    pub kind: u32,
    /// Whether it takes bets now, as far as the listing says.
    pub open: bool,
}
