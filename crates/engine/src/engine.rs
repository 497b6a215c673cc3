//! The engine's state: a fold of records.

use crate::{Desk, EntryRules, Notice};
use domain::names::SkipReason;
use domain::record::{Outcome, Policy, Record};
use domain::{InstrumentId, Now, OrderId, Pair, Rate, RoundId, Usd, VenueId, Wall};
use risk::{Gate, Limits};
use saga::{Goal, Illegal, Pace, Round};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

/// How many ended rounds stay in memory, so that a fill that comes after the end still finds its round.
const ENDED_KEPT: usize = 64;
/// How many outcomes stay in memory.
const RESULTS_KEPT: usize = 1_024;

/// What an operator configures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// How new rounds are driven.
    pub policy: Policy,
    /// Caps.
    pub limits: Limits,
    /// Pause of a pair after a round that did not complete, ms.
    pub cooldown_ms: i64,
    /// Longest time a position is held, ms; `None`: as long as it takes.
    pub max_holding_ms: Option<i64>,
    /// Adverse move assumed while a leg is uncovered, for the worst-loss figure of a round.
    pub adverse_move: Rate,
    /// Largest worst loss a round may have, by its certificate.
    pub worst_loss_max: Usd,
    /// How often a venue's account is compared with the fold while nothing is under way, ms.
    pub reconcile_every_ms: i64,
    /// Limits of single pairs, quiet times, warm-up.
    pub rules: EntryRules,
    /// Hash of the whole configuration.
    pub config_hash: String,
}

/// What stopping does with positions that are open and even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStop {
    /// They stay and are restored at the next start.
    Leave,
    /// They are closed.
    Flatten,
    /// That of this pair is closed, the others stay.
    FlattenPair(Pair),
}

/// A record that does not fold: the journal does not fit this build or is not ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// It belongs to a round that was never opened.
    #[error("record {word} of round {round}, which was never opened")]
    NoSuchRound {
        /// Whose.
        round: RoundId,
        /// Kind of record.
        word: &'static str,
    },
    /// It contradicts the state.
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

/// A round with what belongs to it but not to the fold.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) round: Round,
    pub(crate) pace: Pace,
    /// Its records so far: what a new journal segment starts with.
    pub(crate) records: Vec<Record>,
    /// When it wants to be asked again.
    pub(crate) wake: Option<Wall>,
    /// No exit before this, after one that was dropped.
    pub(crate) exit_not_before: Wall,
    /// Why its orders could not be made when it was last told.
    pub(crate) cannot: Option<String>,
}

/// A venue as the engine knows it.
#[derive(Debug, Default)]
pub(crate) struct VenueState {
    /// Compared with the fold and found equal since it came up.
    pub(crate) reconciled: bool,
    /// When the read under way left.
    pub(crate) reading: Option<Wall>,
    /// Asked for again while one was under way: what that one shows may be older than the question.
    pub(crate) again: bool,
    /// When it was last compared.
    pub(crate) compared: Option<Wall>,
    /// A difference seen once; the second read decides.
    pub(crate) suspect: Option<String>,
    /// Last balance by the venue's word.
    pub(crate) balance: Option<Usd>,
    /// What may still be used as margin, by its word.
    pub(crate) free: Option<Usd>,
    /// Margin that entries have taken since that word, with when.
    pub(crate) margin: Vec<(Wall, Usd)>,
    /// Since when it has been up.
    pub(crate) up_since: Option<Wall>,
    /// Instruments of which the venue says that it took something and not how much; looked for until then.
    pub(crate) missing: BTreeMap<InstrumentId, Wall>,
}

/// All rounds of one shard.
#[derive(Debug)]
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) epoch: u32,
    pub(crate) next_seq: u32,
    pub(crate) gate: Gate,
    pub(crate) rounds: BTreeMap<RoundId, Slot>,
    pub(crate) ended: VecDeque<Slot>,
    pub(crate) venues: BTreeMap<VenueId, VenueState>,
    pub(crate) halted: BTreeMap<Pair, String>,
    /// What stops everything until a person resumes.
    pub(crate) frozen: Option<String>,
    /// Reasons from outside that stop entries.
    pub(crate) blocks: BTreeMap<SkipReason, String>,
    pub(crate) cooldown: BTreeMap<Pair, Wall>,
    pub(crate) paused: bool,
    pub(crate) stopping: Option<(OnStop, Wall)>,
    pub(crate) pending_at_stop: BTreeSet<OrderId>,
    pub(crate) journal_ok: bool,
    pub(crate) last_skip: BTreeMap<Pair, SkipReason>,
    pub(crate) results: Vec<(RoundId, Outcome)>,
    /// Net result of all rounds that ended.
    pub(crate) net_ended: Usd,
    /// How many accounts have been read: to know when one asked for has come.
    pub(crate) accounts_read: u64,
    /// Orders of rounds that have left memory: the clients may forget them too.
    pub(crate) dropped: Vec<(VenueId, OrderId)>,
}

impl Engine {
    /// An engine with nothing in it, of epoch 0 until a `Started` record is folded in.
    pub fn new(config: EngineConfig) -> Self {
        Self {
            gate: Gate::new(config.limits),
            config,
            epoch: 0,
            next_seq: 1,
            rounds: BTreeMap::new(),
            ended: VecDeque::new(),
            venues: BTreeMap::new(),
            halted: BTreeMap::new(),
            frozen: None,
            blocks: BTreeMap::new(),
            cooldown: BTreeMap::new(),
            paused: false,
            stopping: None,
            pending_at_stop: BTreeSet::new(),
            journal_ok: true,
            last_skip: BTreeMap::new(),
            results: Vec::new(),
            net_ended: Usd::ZERO,
            accounts_read: 0,
            dropped: Vec::new(),
        }
    }

    /// The same for a process that only cleans up behind another one: every entry is refused by its gate.
    pub fn reducing(config: EngineConfig) -> Self {
        Self { gate: Gate::reducing(config.limits), ..Self::new(config) }
    }

    /// Folds one record in: how the journal is replayed, and how every record made while running takes effect.
    ///
    /// # Errors
    /// [`FoldError`] when it does not fit; the state stays as it was.
    pub fn fold(&mut self, record: &Record) -> Result<(), FoldError> {
        match record {
            Record::Started { epoch, .. } => {
                if *epoch > self.epoch {
                    self.epoch = *epoch;
                    self.next_seq = 1;
                }
                return Ok(());
            }
            Record::Mismatch { pair, evidence, .. } => {
                match pair {
                    Some(pair) => {
                        self.halted.insert(*pair, evidence.clone());
                    }
                    None => self.frozen = Some(evidence.clone()),
                }
                return Ok(());
            }
            Record::Resumed { pair, .. } => {
                match pair {
                    Some(pair) => {
                        self.halted.remove(pair);
                    }
                    None => self.frozen = None,
                }
                return Ok(());
            }
            // Bets are folded by their own strategy.
            Record::Watched { .. } | Record::Timed { .. } | Record::BetIntended { .. } | Record::BetLearned { .. } => {
                return Ok(());
            }
            Record::Opened { plan, orders, at } => {
                let round = Round::open((**plan).clone(), orders.clone(), *at)?;
                let id = round.id();
                if id.epoch == self.epoch {
                    self.next_seq = self.next_seq.max(id.seq.saturating_add(1));
                }
                let slot = Slot {
                    round,
                    pace: Pace::default(),
                    records: vec![record.clone()],
                    wake: None,
                    exit_not_before: Wall(i64::MIN),
                    cannot: None,
                };
                self.rounds.insert(id, slot);
                return Ok(());
            }
            Record::Intended { .. }
            | Record::News { .. }
            | Record::Decided { .. }
            | Record::Ended { .. }
            | Record::Forced { .. } => {}
        }
        let id = record.round().ok_or(FoldError::NoSuchRound { round: RoundId { epoch: 0, seq: 0 }, word: record.word() })?;
        self.reopen_if_late(id, record);
        let slot = self.rounds.get_mut(&id).ok_or(FoldError::NoSuchRound { round: id, word: record.word() })?;
        slot.round.apply(record)?;
        slot.records.push(record.clone());
        slot.wake = None;
        if let Record::Ended { outcome, .. } = record {
            self.net_ended = self.net_ended.plus(outcome.net);
            if self.results.len() >= RESULTS_KEPT {
                self.results.remove(0);
            }
            self.results.push((id, *outcome));
            if let Some(slot) = self.rounds.remove(&id) {
                self.ended.push_back(slot);
                if self.ended.len() > ENDED_KEPT
                    && let Some(old) = self.ended.pop_front()
                {
                    self.dropped.extend(old.round.orders.iter().map(|o| (o.spec.venue, o.spec.id)));
                }
            }
        }
        Ok(())
    }

    /// A fill for a round that is over brings the round back: it holds something after all, or its result is another one.
    fn reopen_if_late(&mut self, id: RoundId, record: &Record) {
        if self.rounds.contains_key(&id) || !matches!(record, Record::News { .. } | Record::Forced { .. }) {
            return;
        }
        let Some(at) = self.ended.iter().position(|s| s.round.id() == id) else { return };
        let Some(slot) = self.ended.remove(at) else { return };
        let mut trial = slot.round.clone();
        if trial.apply(record).is_ok() && trial.outcome.is_none() {
            self.results.retain(|(r, _)| *r != id);
            if let Some(outcome) = slot.round.outcome {
                self.net_ended = self.net_ended.minus(outcome.net);
            }
            self.gate.restore(slot.round.plan.reserved);
            self.rounds.insert(id, slot);
        } else {
            self.ended.insert(at, slot);
        }
    }

    /// Records, then lets the record take effect. The one path on which the state changes while running.
    pub(crate) fn record(&mut self, record: Record, desk: &mut impl Desk) -> bool {
        match self.fold(&record) {
            Ok(()) => {
                desk.record(record);
                true
            }
            Err(e) => {
                desk.notice(Notice::Odd { what: e.to_string() });
                false
            }
        }
    }

    /// Reservations of what was restored; called once after the journal is replayed.
    pub fn restored(&mut self, desk: &mut impl Desk) {
        let (mut positions, mut under_way) = (0usize, 0usize);
        for slot in self.rounds.values_mut() {
            self.gate.restore(slot.round.plan.reserved);
            // Looked at with the first tick, whether or not a venue ever comes up: what is overdue is, and a person may
            // have to be called.
            slot.wake = Some(slot.round.plan.at);
            if slot.round.goal == Goal::Hold {
                positions = positions.saturating_add(1);
            } else {
                under_way = under_way.saturating_add(1);
            }
            for o in &slot.round.orders {
                let (spec, key) = (o.spec.clone(), o.key.clone());
                desk.adopt(o.spec.venue, venue_api::KnownOrder { spec, key, fills: o.fills, over: !o.is_live() });
            }
        }
        // A late word about an order of a round that is over is no stranger's.
        for o in self.ended.iter().flat_map(|s| &s.round.orders) {
            let (spec, key) = (o.spec.clone(), o.key.clone());
            desk.adopt(o.spec.venue, venue_api::KnownOrder { spec, key, fills: o.fills, over: true });
        }
        self.results.clear();
        if positions > 0 || under_way > 0 {
            desk.notice(Notice::Restored { positions, under_way });
        }
    }

    /// The first record of a start: ids of this epoch are fresh from here on.
    pub fn start(&mut self, epoch: u32, now: Now, desk: &mut impl Desk) {
        let config = self.config.config_hash.clone();
        self.record(Record::Started { at: now.wall, epoch, config }, desk);
    }

    /// Records that a new journal segment must begin with so that it alone folds to this state.
    pub fn snapshot(&self, now: Now) -> Vec<Record> {
        let mut out = vec![Record::Started { at: now.wall, epoch: self.epoch, config: self.config.config_hash.clone() }];
        for (pair, evidence) in &self.halted {
            let venue = VenueId::new("journal");
            out.push(Record::Mismatch { at: now.wall, venue, pair: Some(*pair), evidence: evidence.clone() });
        }
        if let Some(evidence) = &self.frozen {
            let venue = VenueId::new("journal");
            out.push(Record::Mismatch { at: now.wall, venue, pair: None, evidence: evidence.clone() });
        }
        for slot in self.ended.iter().chain(self.rounds.values()) {
            out.extend(slot.records.iter().cloned());
        }
        out
    }

    /// Every round under way, for pages, projections and tests.
    pub fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.rounds.values().map(|s| &s.round)
    }

    /// The rounds that ended lately, oldest first.
    pub fn ended(&self) -> impl Iterator<Item = &Round> {
        self.ended.iter().map(|s| &s.round)
    }

    /// A round under way on a pair, if any.
    pub fn round_on(&self, pair: Pair) -> Option<&Round> {
        self.rounds.values().map(|s| &s.round).find(|r| r.plan.pair == pair)
    }

    /// Outcomes of the last rounds that ended since the start, oldest first.
    pub fn results(&self) -> &[(RoundId, Outcome)] {
        &self.results
    }

    /// Pairs that wait for an operator, and why.
    pub fn halted(&self) -> &BTreeMap<Pair, String> {
        &self.halted
    }

    /// Last balance of a venue by its own word.
    pub fn balance(&self, venue: VenueId) -> Option<Usd> {
        self.venues.get(&venue).and_then(|v| v.balance)
    }

    /// Base that is uncovered now, over all rounds, in absolute terms at 1e-8.
    pub fn uncovered_e8(&self) -> i64 {
        self.rounds.values().fold(0i64, |sum, s| sum.saturating_add(s.round.uncovered().saturating_abs()))
    }

    /// How many accounts have been read since the start.
    pub fn accounts_read(&self) -> u64 {
        self.accounts_read
    }

    /// Takes no new work until resumed; exits go on.
    pub fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// The journal took a record, or could not.
    pub fn set_journal_ok(&mut self, ok: bool) {
        self.journal_ok = ok;
    }

    /// Hash over the fold: equal states give equal texts.
    pub fn state_text(&self) -> String {
        let mut out = format!("epoch {} seq {}\n", self.epoch, self.next_seq);
        for slot in self.rounds.values() {
            let _ = writeln!(out, "{:?}", slot.round);
        }
        for (pair, why) in &self.halted {
            let _ = writeln!(out, "halted {pair}: {why}");
        }
        if let Some(why) = &self.frozen {
            let _ = writeln!(out, "frozen: {why}");
        }
        out
    }
}
