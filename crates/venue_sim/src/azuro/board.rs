//! What the house offers: games and conditions of the common world under the venue's own ids, with states and odds by time
//! (section 3). A pure function of the world, the clock and the faults that are on.

use super::dictionary::{self, Entered};
use super::{AzuroSim, Forced};
use crate::SimNow;
use crate::exchange::decimal;
use crate::sports::{Ending, Event, Phase, Question, Share, Sport, Sports, Venue};

/// What game ids begin with; the number of the event follows, 18 digits.
const GAME: &str = "1006";
/// What condition ids begin with: described by the dictionary, provider 6 (section 3).
const CONDITION: &str = "3006";
/// What the last 22 digits of a condition id count from.
const LINES_FROM: u64 = 9_053_000_000;
/// Around the kick-off a game is stopped, ms before and after (captured: a game of the prematch list in state `Stopped`).
const KICK_OFF_MS: i64 = 45_000;
/// How long all lines stay stopped after a goal, ms.
const GOAL_STOP_MS: i64 = 15_000;
/// Times 10^12: the scale of odds on chain.
pub(super) const ODDS_E2_TO_E12: u64 = 10_000_000_000;

/// `2.5`, `-1`: a line in hundredths as the API writes it.
pub(super) fn line_text(line_e2: i64) -> String {
    decimal::text(line_e2.saturating_mul(decimal::ONE / 100))
}

/// Odds in hundredths as the API writes them: `1.85`, `4.2`, `1`.
pub(super) fn odds_text(odds_e2: u64) -> String {
    line_text(i64::try_from(odds_e2).unwrap_or(i64::MAX))
}

/// Raw token units (1e-6) as a plain decimal.
pub(super) fn token_text(raw: u128) -> String {
    decimal::text(i64::try_from(raw).unwrap_or(i64::MAX / 100).saturating_mul(100))
}

pub(super) fn game_id(event: &Event) -> String {
    format!("{GAME}{:018}", event.number)
}

/// The event a game id names.
pub(super) fn event_number(game_id: &str) -> Option<u64> {
    let digits = game_id.strip_prefix(GAME)?;
    (digits.len() == 18).then(|| digits.parse().ok()).flatten()
}

/// One market line of a game.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub event: Event,
    pub question: Question,
    /// Which of the event's questions.
    pub index: usize,
    pub market: dictionary::Market,
}

/// How a line stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// `Active`, `Stopped`, `Resolved`, `Canceled`.
    pub state: &'static str,
    pub hidden: bool,
    /// Of every outcome, hundredths; 100 is not bettable.
    pub odds_e2: Vec<u64>,
    /// Outcomes that won, once it is resolved.
    pub won: Vec<u64>,
}

impl Line {
    pub(super) fn id(&self) -> String {
        format!("{CONDITION}{}{:022}", game_id(&self.event), LINES_FROM + self.index as u64)
    }

    pub(super) fn place_of(&self, outcome_id: u128) -> Option<usize> {
        self.market.outcomes.iter().position(|o| u128::from(o.id) == outcome_id)
    }

    pub(super) fn title_of(&self, outcome: &Entered) -> String {
        let [one, two] = self.event.names(Venue::Azuro);
        let who = match outcome.side {
            "1" | "H1" => one,
            "2" | "H2" => two,
            "X" => "Draw",
            side => side,
        };
        outcome.point.as_ref().map_or_else(|| who.to_owned(), |point| format!("{who} ({point})"))
    }
}

impl AzuroSim {
    /// The line a condition id names.
    pub(super) fn line(&self, condition_id: &str, now: SimNow) -> Option<Line> {
        let rest = condition_id.strip_prefix(CONDITION)?;
        let (game, tail) = rest.split_at_checked(22)?;
        let event = self.event(game, now)?;
        let index = usize::try_from(tail.parse::<u64>().ok()?.checked_sub(LINES_FROM)?).ok()?;
        let question = *event.questions(Venue::Azuro).get(index)?;
        line(&event, question, index).filter(|l| l.id() == condition_id)
    }

    /// The event a game id names.
    pub(super) fn event(&self, game_id: &str, now: SimNow) -> Option<Event> {
        event_number(game_id).and_then(|n| self.cfg.sports.event(n, self.venue_now(now)))
    }

    /// State of a game (section 3).
    pub(super) fn game_state(&self, event: &Event, now: SimNow) -> &'static str {
        let ms = self.venue_now(now).ms();
        match self.forced.get(&event.number) {
            Some(Forced { ending: Ending::Void, .. }) => return "Canceled",
            Some(_) => return "Finished",
            None => {}
        }
        match event.phase {
            Phase::Scheduled | Phase::Live if (ms - event.starts_ms).abs() < self.paced(KICK_OFF_MS) => "Stopped",
            Phase::Scheduled => "Prematch",
            Phase::Live => "Live",
            Phase::Postponed => "Stopped",
            Phase::Finished => "Finished",
            Phase::Cancelled | Phase::Abandoned => "Canceled",
        }
    }

    /// How a line stands now.
    pub(super) fn shown(&self, line: &Line, now: SimNow) -> Shown {
        let odds_e2 = self.odds_e2(line, now);
        if let Some((share, _)) = self.ended(line, now) {
            let state = if share.is_some() { "Resolved" } else { "Canceled" };
            return Shown { state, hidden: false, odds_e2, won: share.unwrap_or_default() };
        }
        let game = self.game_state(&line.event, now);
        let stopped = !matches!(game, "Prematch" | "Live") || self.is_stopped(line, game, now);
        Shown { state: if stopped { "Stopped" } else { "Active" }, hidden: stopped && line.index > 3, odds_e2, won: Vec::new() }
    }

    /// Stopped while its game is not: by a fault, after a goal, or because the house thinks about it.
    fn is_stopped(&self, line: &Line, game: &str, now: SimNow) -> bool {
        let event = &line.event;
        if self.faults.on_game("stop_games", &game_id(event)).is_some() {
            return true;
        }
        let venue_now = self.venue_now(now);
        if game == "Live" && event.sport == Sport::Soccer {
            let earlier = SimNow(venue_now.0 - self.paced(GOAL_STOP_MS) * 1_000);
            if self.cfg.sports.score(event, venue_now) != self.cfg.sports.score(event, earlier) {
                return true;
            }
        }
        // A main line is stopped with its game or not at all.
        let minute = venue_now.ms().div_euclid(60_000) as u64;
        let drawn = self.cfg.sports.draw("azuro stops", minute ^ event.number.rotate_left(20) ^ (line.index as u64) << 56);
        line.index > 0 && drawn % 1_000 < self.cfg.stopped_permille
    }

    /// How a line ended, once it is settled: the outcomes that won (`None`: canceled), and `settledAt`, unix seconds.
    pub(super) fn ended(&self, line: &Line, now: SimNow) -> Option<(Option<Vec<u64>>, u64)> {
        if let Some(end) = self.pinned.get(&line.id()) {
            return Some(end.clone()); // what a bet was settled by stands
        }
        if self.faults.on("settlement_held").is_some() {
            return None;
        }
        let venue_now = self.venue_now(now);
        let event = &line.event;
        let (ending, at_ms) = match self.forced.get(&event.number) {
            Some(forced) => (forced.ending, forced.at_ms),
            None => {
                let ending = self.cfg.sports.ending(event, venue_now)?;
                if ending != Ending::Void && venue_now.ms() < event.ends_ms + self.cfg.resolve_after_ms {
                    return None;
                }
                (ending, if ending == Ending::Void { event.starts_ms } else { event.ends_ms })
            }
        };
        let early_s = self.faults.on("settle_before").map_or(0, |f| f.s);
        let settled_at_s = u64::try_from(at_ms / 1_000 - early_s).unwrap_or(0);
        let Ending::Played(score) = ending else { return Some((None, settled_at_s)) };
        let score = event.score_for(Venue::Azuro, score);
        let shares: Vec<Share> = (0..line.market.outcomes.len()).map(|i| Sports::share(line.question, i, score)).collect();
        let level = shares.iter().all(|s| s.won_e2 == 0);
        if level && self.faults.on("push_loses").is_none() {
            return Some((None, settled_at_s)); // a push gives the stakes back
        }
        let won = line.market.outcomes.iter().zip(shares).filter(|(_, s)| s.won_e2 > 0).map(|(o, _)| o.id);
        Some((Some(won.collect()), settled_at_s))
    }

    /// Odds of every outcome: the fair ones less the margin, cut to two digits, moving with the tick.
    pub(super) fn odds_e2(&self, line: &Line, now: SimNow) -> Vec<u64> {
        let count = line.market.outcomes.len();
        if self.faults.on_game("odds_one", &game_id(&line.event)).is_some() {
            return vec![100; count];
        }
        let now = self.frozen.unwrap_or(now);
        let tick = self.cfg.tick_ms.max(1);
        let at = SimNow(self.venue_now(now).ms().div_euclid(tick) * tick * 1_000);
        let fair = self.cfg.sports.fair_e6(&line.event, line.question, Venue::Azuro, at);
        let taken = 10_000 + self.cfg.margin_bps.max(0);
        let odds = |fair_e6: i64| {
            let odds_e2 = 100i128 * 1_000_000 * 10_000 / (i128::from(fair_e6.max(1)) * i128::from(taken));
            u64::try_from(odds_e2).unwrap_or(100).max(100)
        };
        fair.into_iter().map(odds).chain(std::iter::repeat(100)).take(count).collect()
    }
}

/// All lines of a game that the dictionary has.
pub(super) fn lines(event: &Event) -> Vec<Line> {
    let questions = event.questions(Venue::Azuro).into_iter().enumerate();
    questions.filter_map(|(index, question)| line(event, question, index)).collect()
}

fn line(event: &Event, question: Question, index: usize) -> Option<Line> {
    let quarter = matches!(question, Question::Total { line_e2 } | Question::Handicap { line_e2 } if line_e2 % 50 != 0);
    let market = dictionary::market(event.sport, question).filter(|_| !quarter)?;
    Some(Line { event: event.clone(), question, index, market })
}
