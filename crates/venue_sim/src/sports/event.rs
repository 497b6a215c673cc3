//! What an event is, how each venue writes it, and what is asked of it.

use super::chance;

/// Whose way of writing things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Venue {
    /// SX Bet.
    Sx,
    /// Azuro.
    Azuro,
}

/// Which sport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sport {
    /// Football, 90 minutes and stoppage time count.
    Soccer,
    /// Overtime counts; no draws.
    Basketball,
    /// Best of three; scores here are games won.
    Tennis,
}

/// What can be asked of an event. Lines are in hundredths (2.25 is 225) and quarters are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// First team, draw, second team: three outcomes, soccer alone.
    Result,
    /// First team or second team: basketball and tennis.
    Winner,
    /// Over or under so many goals, points or games.
    Total {
        /// The line, hundredths.
        line_e2: i64,
    },
    /// First team with this many goals more, or second team with as many less.
    Handicap {
        /// The line of the venue's first team, hundredths.
        line_e2: i64,
    },
    /// Both teams score, or not: soccer alone.
    BothScore,
}

impl Question {
    /// How many outcomes it has.
    pub const fn outcomes(self) -> usize {
        if matches!(self, Self::Result) { 3 } else { 2 }
    }
}

/// Goals, points or games.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Of the first team.
    pub one: i64,
    /// Of the second team.
    pub two: i64,
}

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Played to the end; the score in the order of the event, not of a venue.
    Played(Score),
    /// Cancelled, abandoned or postponed for too long: stakes go back.
    Void,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before its kick-off.
    Scheduled,
    /// Being played.
    Live,
    /// Played to the end.
    Finished,
    /// Will not be played.
    Cancelled,
    /// Without a new time.
    Postponed,
    /// Stopped while being played, for good.
    Abandoned,
}

/// What becomes of one outcome of a question: shares of the stake in hundredths; the rest is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Wins at the odds: 0, 50 or 100.
    pub won_e2: i64,
    /// Comes back as it was: 0, 50 or 100.
    pub back_e2: i64,
}

/// A team or player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Team {
    /// As SX writes it.
    pub sx: &'static str,
    /// As Azuro writes it.
    pub azuro: &'static str,
}

/// A league, as each venue files it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct League {
    /// SX's `leagueLabel`.
    pub sx_label: &'static str,
    /// SX's `leagueId`.
    pub sx_id: i64,
    /// Azuro's name of the league.
    pub azuro_name: &'static str,
    /// Azuro's slug of the league; repeats between countries.
    pub azuro_slug: &'static str,
    /// Azuro's name of the country.
    pub azuro_country: &'static str,
    /// Azuro's slug of the country.
    pub azuro_country_slug: &'static str,
}

/// One event as it stands at the time it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number, the same for ever: below 2^53.
    pub number: u64,
    /// Sport.
    pub sport: Sport,
    /// League.
    pub league: League,
    /// The teams in the order of the event.
    pub teams: [Team; 2],
    /// Planned kick-off, ms; a postponement with a new time changes it.
    pub starts_ms: i64,
    /// When it ends if it is played, ms.
    pub ends_ms: i64,
    /// Where it stands.
    pub phase: Phase,
    /// Azuro names the teams the other way round: neutral ground.
    pub swapped_on_azuro: bool,
    pub(super) fate: Fate,
}

impl Event {
    /// The venue names the teams the other way round than the event does.
    pub const fn swapped(&self, venue: Venue) -> bool {
        matches!(venue, Venue::Azuro) && self.swapped_on_azuro
    }

    /// The teams' names in the venue's order and spelling.
    pub const fn names(&self, venue: Venue) -> [&'static str; 2] {
        let [one, two] = self.teams;
        match (venue, self.swapped_on_azuro) {
            (Venue::Sx, _) => [one.sx, two.sx],
            (Venue::Azuro, false) => [one.azuro, two.azuro],
            (Venue::Azuro, true) => [two.azuro, one.azuro],
        }
    }

    /// A score of the event in the venue's order.
    pub const fn score_for(&self, venue: Venue, score: Score) -> Score {
        if self.swapped(venue) { Score { one: score.two, two: score.one } } else { score }
    }

    /// Kick-off as the venue announces it, ms: tennis is announced a few minutes apart.
    pub const fn starts_ms_at(&self, venue: Venue) -> i64 {
        match (venue, self.sport) {
            (Venue::Azuro, Sport::Tennis) => self.starts_ms + (self.number % 3) as i64 * 300_000,
            _ => self.starts_ms,
        }
    }

    /// What the venues ask of it, main line of every kind first; in the venue's order.
    pub fn questions(&self, venue: Venue) -> Vec<Question> {
        let total = |line_e2| Question::Total { line_e2 };
        let sign = if self.swapped(venue) { -1 } else { 1 };
        let handicap = |line_e2: i64| Question::Handicap { line_e2: sign * line_e2 };
        let mean = chance::Mean::of(self);
        match self.sport {
            Sport::Soccer => {
                let main = if mean.margin_e6() >= 0 { -50 } else { 50 };
                let mut all = vec![Question::Result];
                all.extend([250, 150, 350, 200, 300, 225, 275].map(total));
                all.extend([main, 0, -main, main * 2, main * 3 / 2, main / 2, main * 3].map(handicap));
                all.push(Question::BothScore);
                all
            }
            Sport::Basketball | Sport::Tennis => {
                let step = if self.sport == Sport::Tennis { 100 } else { 400 };
                let half = |e6: i64| e6.div_euclid(1_000_000) * 100 + 50;
                let (points, edge) = (half(mean.total_e6()), -half(mean.margin_e6()));
                let mut all = vec![Question::Winner];
                all.extend([points, points - step, points + step, points - 50].map(total));
                all.extend([edge, edge - step, edge + step, edge + 50].map(handicap));
                all
            }
        }
    }
}

/// What was drawn for an event at its birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Played,
    /// Gets a new time so many ms later, said before the kick-off.
    Moved(i64),
    Postponed,
    Cancelled,
    /// After this share of its length, thousandths.
    Abandoned(i64),
}
