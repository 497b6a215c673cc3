//! What is listed: fixtures of the world, each with its markets of exactly two outcomes (sx.md section 5).

use super::SxSim;
use crate::SimNow;
use crate::sports::{Ending, Event, Phase, Question, Share, Sport, Sports, Venue};
use alloy_primitives::{B256, keccak256};
use serde_json::{Value, json};

/// What a market asks. A result is three yes/no markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Outcome `n` of 1X2 against all others.
    Yes(usize),
    /// A question of two outcomes.
    Plain(Question),
}

/// A market.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub hash: B256,
    pub event: u64,
    pub kind: Kind,
    pub main_line: Option<bool>,
    pub live_enabled: bool,
    /// 0, 1, 2 and when, ms.
    pub settled: Option<(u8, i64)>,
}

impl Market {
    /// What becomes of outcome one and of outcome two.
    pub(super) fn shares(&self, ending: Ending, event: &Event) -> [Share; 2] {
        let Ending::Played(score) = ending else { return [Share { won_e2: 0, back_e2: 100 }; 2] };
        let score = event.score_for(Venue::Sx, score);
        match self.kind {
            Kind::Yes(n) => {
                let yes = Sports::share(Question::Result, n, score);
                [yes, Share { won_e2: 100 - yes.won_e2, back_e2: 0 }]
            }
            Kind::Plain(question) => [Sports::share(question, 0, score), Sports::share(question, 1, score)],
        }
    }

    pub(super) const fn line_e2(&self) -> Option<i64> {
        match self.kind {
            Kind::Plain(Question::Total { line_e2 } | Question::Handicap { line_e2 }) => Some(line_e2),
            Kind::Yes(_) | Kind::Plain(_) => None,
        }
    }

    fn is_quarter(&self) -> bool {
        self.line_e2().is_some_and(|l| l % 50 != 0)
    }
}

/// A fixture with its markets.
#[derive(Clone, Debug)]
pub(super) struct Fixture {
    pub event: Event,
    pub markets: Vec<usize>,
    /// When its markets are settled, ms; known once it has ended.
    pub settles_ms: Option<i64>,
    pub settled: bool,
    /// Fault: how it ended, whatever the world says.
    pub forced: Option<Ending>,
}

/// `code` of a settlement: the side that wins at all, else void.
pub(super) fn code(shares: [Share; 2]) -> u8 {
    match (shares[0].won_e2 > 0, shares[1].won_e2 > 0) {
        (true, _) => 1,
        (_, true) => 2,
        _ => 0,
    }
}

/// SX's `sportId` and `sportLabel`.
pub(super) const fn sport(sport: Sport) -> (i64, &'static str) {
    match sport {
        Sport::Soccer => (5, "Soccer"),
        Sport::Basketball => (1, "Basketball"),
        Sport::Tennis => (6, "Tennis"),
    }
}

/// Market type (section 5.2).
const fn type_of(sport: Sport, kind: Kind, quarter: bool) -> i64 {
    match (kind, sport) {
        (Kind::Yes(_) | Kind::Plain(Question::Result), _) => 1,
        (Kind::Plain(Question::Winner), Sport::Basketball) => 226,
        (Kind::Plain(Question::Winner), _) => 52,
        (Kind::Plain(Question::BothScore), _) => 17,
        (Kind::Plain(Question::Handicap { .. }), Sport::Basketball) => 342,
        (Kind::Plain(Question::Handicap { .. }), Sport::Tennis) => 201,
        (Kind::Plain(Question::Handicap { .. }), Sport::Soccer) => 3,
        (Kind::Plain(Question::Total { .. }), Sport::Basketball) => 28,
        (Kind::Plain(Question::Total { .. }), Sport::Tennis) => 166,
        (Kind::Plain(Question::Total { .. }), Sport::Soccer) => {
            if quarter {
                835
            } else {
                2
            }
        }
    }
}

/// `L` and digits, as fixtures are called.
pub(super) fn event_id(number: u64) -> String {
    format!("L{}", number + 10_000_000)
}

fn event_number(id: &str) -> Option<u64> {
    id.strip_prefix('L')?.parse::<u64>().ok()?.checked_sub(10_000_000)
}

/// Hundredths as a number with as many decimals as it needs: 250 is 2.5.
fn line_value(line_e2: i64) -> Value {
    if line_e2 % 100 == 0 { json!(line_e2 / 100) } else { json!(line_e2 as f64 / 100.0) }
}

/// Hundredths as the names of outcomes show them, with a sign for handicaps.
fn line_text(line_e2: i64, signed: bool) -> String {
    let whole = line_e2.abs() / 100;
    let rest = line_e2.abs() % 100;
    let digits = if rest % 10 == 0 { format!("{whole}.{}", rest / 10) } else { format!("{whole}.{rest:02}") };
    match (signed, line_e2 < 0) {
        (true, false) => format!("+{digits}"),
        (_, true) => format!("-{digits}"),
        (false, false) => digits,
    }
}

impl SxSim {
    pub(super) fn fixture_by_id(&self, id: &str) -> Option<&Fixture> {
        self.fixtures.get(&event_number(id)?)
    }

    /// Brings fixtures and markets to what the world says now, and acts on what changed.
    pub(super) fn sync(&mut self, now: SimNow) {
        let mut seen = self.cfg.sports.events(now);
        let open = self.fixtures.iter().filter(|(_, f)| !f.settled).map(|(number, _)| *number);
        let missing: Vec<u64> = open.filter(|n| seen.binary_search_by_key(n, |e| e.number).is_err()).collect();
        seen.extend(missing.into_iter().filter_map(|n| self.cfg.sports.event(n, now)));
        for event in seen {
            let number = event.number;
            let Some(fixture) = self.fixtures.get_mut(&number) else {
                if self.cfg.sports.ending(&event, now).is_none() {
                    self.list(event);
                }
                continue;
            };
            if fixture.settled || fixture.forced.is_some() || fixture.event == event {
                continue;
            }
            let phase_before = fixture.event.phase;
            fixture.event = event;
            if fixture.event.phase != phase_before {
                self.phase_changed(number, now);
            }
            self.tell_fixture(number);
            self.tell_markets(number);
        }
        self.settle_due(now);
    }

    fn phase_changed(&mut self, number: u64, now: SimNow) {
        let Some(fixture) = self.fixtures.get_mut(&number) else { return };
        let settle_ms = self.cfg.latencies.settle_ms;
        let ended = fixture.forced.is_some() || self.cfg.sports.ending(&fixture.event, now).is_some();
        if ended && fixture.settles_ms.is_none() {
            fixture.settles_ms = Some(now.ms().saturating_add(settle_ms));
        }
        // At kick-off the delay changes; what rests is swept (section 14, a guess), and so when it stops.
        for market in fixture.markets.clone() {
            self.sweep(market, "EVENT_LIFECYCLE", now);
        }
    }

    fn list(&mut self, event: Event) {
        let number = event.number;
        let mut kinds = Vec::new();
        let (mut totals, mut handicaps) = (0, 0);
        for question in event.questions(Venue::Sx) {
            let count = match question {
                Question::Total { .. } => Some(&mut totals),
                Question::Handicap { .. } => Some(&mut handicaps),
                Question::Result | Question::Winner | Question::BothScore => None,
            };
            let main_line = count.map(|n| {
                *n += 1;
                *n == 1
            });
            if question == Question::Result {
                kinds.extend((0..3).map(|n| (Kind::Yes(n), None)));
            } else if !kinds.iter().any(|(k, _)| *k == Kind::Plain(question)) {
                kinds.push((Kind::Plain(question), main_line));
            }
        }
        let mut markets = Vec::new();
        for (kind, main_line) in kinds {
            let hash = keccak256(format!("sx market {} {number} {kind:?}", self.cfg.seed));
            let index = self.markets.len();
            let live_enabled = main_line != Some(false) && event.sport != Sport::Tennis;
            self.markets.push(Market { hash, event: number, kind, main_line, live_enabled, settled: None });
            self.books.push(super::book::Book::default());
            self.by_hash.insert(hash, index);
            markets.push(index);
        }
        self.fixtures.insert(number, Fixture { event, markets, settles_ms: None, settled: false, forced: None });
        self.tell_fixture(number);
        self.tell_markets(number);
    }

    /// Whether bets are taken on a market.
    pub(super) fn bettable(&self, market: usize) -> bool {
        let row = &self.markets[market];
        let Some(fixture) = self.fixtures.get(&row.event) else { return false };
        if row.settled.is_some() || fixture.forced.is_some() || self.halted(market) {
            return false;
        }
        match fixture.event.phase {
            Phase::Scheduled => true,
            Phase::Live => row.live_enabled,
            Phase::Finished | Phase::Cancelled | Phase::Postponed | Phase::Abandoned => false,
        }
    }

    pub(super) fn halted(&self, market: usize) -> bool {
        let hash = self.markets[market].hash.to_string();
        self.faults.on("halt").is_some_and(|f| f.market.as_ref().is_none_or(|m| *m == hash))
    }

    /// Betting delay of a market now, ms.
    pub(super) fn delay_ms(&self, market: usize) -> i64 {
        let delays = &self.cfg.delays;
        let Some(fixture) = self.fixtures.get(&self.markets[market].event) else { return delays.pregame_ms };
        if fixture.event.phase != Phase::Live {
            return delays.pregame_ms;
        }
        let league = delays.live_by_league.get(&fixture.event.league.sx_id);
        let sport = delays.live_by_sport.get(&sport(fixture.event.sport).0);
        league.or(sport).copied().unwrap_or(delays.live_ms)
    }

    /// Fair chance of outcome one, at 1e-6.
    pub(super) fn fair_e6(&self, market: usize, now: SimNow) -> i64 {
        let row = &self.markets[market];
        let Some(fixture) = self.fixtures.get(&row.event) else { return 500_000 };
        let chance = |question, n: usize| {
            let all = self.cfg.sports.fair_e6(&fixture.event, question, Venue::Sx, now);
            all.get(n).copied().unwrap_or(500_000)
        };
        match row.kind {
            Kind::Yes(n) => chance(Question::Result, n),
            Kind::Plain(question) => chance(question, 0),
        }
    }

    fn outcome_names(&self, market: usize, event: &Event) -> [String; 2] {
        let [one, two] = event.names(Venue::Sx);
        match self.markets[market].kind {
            Kind::Yes(n) => {
                let name = [one, "Tie", two].get(n).copied().unwrap_or("Tie");
                [name.to_owned(), format!("Not {name}")]
            }
            Kind::Plain(Question::Total { line_e2 }) => {
                [format!("Over {}", line_text(line_e2, false)), format!("Under {}", line_text(line_e2, false))]
            }
            Kind::Plain(Question::Handicap { line_e2 }) => {
                [format!("{one} {}", line_text(line_e2, true)), format!("{two} {}", line_text(-line_e2, true))]
            }
            Kind::Plain(Question::BothScore) => ["Yes".to_owned(), "No".to_owned()],
            Kind::Plain(Question::Winner | Question::Result) => [one.to_owned(), two.to_owned()],
        }
    }

    pub(super) fn outcome_label(&self, market: usize, one: bool) -> String {
        let Some(fixture) = self.fixtures.get(&self.markets[market].event) else { return String::new() };
        let [first, second] = self.outcome_names(market, &fixture.event);
        if one { first } else { second }
    }

    /// Whether a market is listed as ACTIVE: open, or of a match that is being played.
    pub(super) fn is_active(&self, market: usize) -> bool {
        let row = &self.markets[market];
        let live = self.fixtures.get(&row.event).is_some_and(|f| f.event.phase == Phase::Live && f.forced.is_none());
        self.bettable(market) || (live && row.settled.is_none() && !self.halted(market))
    }

    /// Its market type (section 5.2).
    pub(super) fn type_number(&self, market: usize) -> i64 {
        let row = &self.markets[market];
        let sport = self.fixtures.get(&row.event).map_or(Sport::Soccer, |f| f.event.sport);
        type_of(sport, row.kind, row.is_quarter())
    }

    /// A market as reference data shows it (section 5.1).
    pub(super) fn market_row(&self, market: usize) -> Value {
        let row = &self.markets[market];
        let Some(fixture) = self.fixtures.get(&row.event) else { return Value::Null };
        let event = &fixture.event;
        let [one, two] = event.names(Venue::Sx);
        let [outcome_one, outcome_two] = self.outcome_names(market, event);
        let (sport_id, sport_label) = sport(event.sport);
        let void = match row.kind {
            Kind::Yes(_) => "NO_GAME",
            Kind::Plain(Question::Winner) => "NO_CONTEST",
            Kind::Plain(_) => "NO_GAME_OR_EVEN",
        };
        let mut value = json!({
            "status": if self.is_active(market) { "ACTIVE" } else { "INACTIVE" },
            "marketHash": row.hash.to_string(),
            "outcomeOneName": outcome_one,
            "outcomeTwoName": outcome_two,
            "outcomeVoidName": void,
            "teamOneName": one,
            "teamTwoName": two,
            "type": self.type_number(market),
            "gameTime": event.starts_ms_at(Venue::Sx) / 1_000,
            "liveEnabled": row.live_enabled,
            "sportLabel": sport_label,
            "sportId": sport_id,
            "leagueId": event.league.sx_id,
            "leagueLabel": event.league.sx_label,
            "group1": event.league.sx_label,
            "isQuarterLineMarket": row.is_quarter(),
            "chainVersion": "SXR",
        });
        value[self.cfg.switches.event_id.is] = json!(event_id(event.number));
        if let Some(line_e2) = row.line_e2() {
            value["line"] = line_value(line_e2);
            value["mainLine"] = json!(row.main_line == Some(true));
        }
        if let Some((outcome, at_ms)) = row.settled {
            value["outcome"] = json!(outcome);
            value["reportedDate"] = json!(at_ms / 1_000);
            let score = match self.ending(fixture, SimNow(at_ms * 1_000)) {
                Some(Ending::Played(score)) => event.score_for(Venue::Sx, score),
                _ => crate::sports::Score::default(),
            };
            value["teamOneScore"] = json!(score.one);
            value["teamTwoScore"] = json!(score.two);
        }
        value
    }

    pub(super) fn ending(&self, fixture: &Fixture, now: SimNow) -> Option<Ending> {
        fixture.forced.or_else(|| self.cfg.sports.ending(&fixture.event, now))
    }

    /// Ends a fixture as a fault says; `None` of a fixture nobody has.
    pub(super) fn force_ending(&mut self, id: &str, ending: Ending, now: SimNow) -> Option<()> {
        let number = event_number(id)?;
        let fixture = self.fixtures.get_mut(&number).filter(|f| !f.settled)?;
        fixture.forced = Some(ending);
        fixture.event.phase = if ending == Ending::Void { Phase::Cancelled } else { Phase::Finished };
        fixture.settles_ms = Some(now.ms());
        self.phase_changed(number, now);
        self.tell_fixture(number);
        self.tell_markets(number);
        self.settle_due(now);
        Some(())
    }
}
