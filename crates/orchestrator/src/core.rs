//! What the hot thread owns: the shard, its links and its journal, and how one output after the other is done.
//!
//! Called by the service's loop and by the links; decides nothing.

use crate::execution_service::Gate;
use crate::pulse::{Beat, Pulse};
use crate::stats::{Balances, Stats, VenueLatency};
use crate::told;
use domain::names::SkipReason;
use domain::record::{Record, SCHEMA};
use domain::{Mono, Now, Pair, Usd, VenueId, Wall};
use engine::Notice;
use journal::Journal;
use shard::{Keeper, Output, Records, Shard};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use transport::{Clock, Link, LinkEvent, Steps};
use venue_api::{Action, SessionNews};

/// How often the loop looks around when nothing else wakes it: publishes what is synced, tries a failed journal.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// How often the uptime so far is told.
const TELL_UPTIME_MS: u64 = 600_000;

/// A segment that could not be begun is tried again after this, ms.
const ROTATE_AGAIN_MS: u64 = 1_000;

/// Writes records into the journal.
pub(crate) struct Pen {
    pub(crate) journal: Journal,
    pub(crate) clock: Clock,
    pub(crate) body: Vec<u8>,
    pub(crate) appends: telemetry::LatencyRecorder,
    /// Why the last record was not taken.
    pub(crate) failed: Option<String>,
}

impl Records for Pen {
    fn append(&mut self, record: &Record, reserve: bool) -> bool {
        self.body.clear();
        if let Err(e) = serde_json::to_writer(&mut self.body, record) {
            tracing::error!(target: "bot4", "a record could not be written as JSON: {e}");
            return false;
        }
        let began = self.clock.mono();
        let done = if reserve {
            self.journal.append_reducing(record.kind(), SCHEMA, &self.body)
        } else {
            self.journal.append(record.kind(), SCHEMA, &self.body)
        };
        self.appends.record_ns(self.clock.mono().since(began));
        done.map_err(|e| {
            tracing::error!(target: "bot4", "[STATE] The journal took no record: {e}");
            self.failed = Some(e.to_string());
        })
        .is_ok()
    }
}

/// Everything the hot thread owns.
pub(crate) struct Core {
    pub(crate) shard: Shard,
    pub(crate) pen: Pen,
    pub(crate) keeper: Keeper,
    pub(crate) rotate_due: Mono,
    /// Why the last segment could not be begun.
    pub(crate) not_rotated: Option<String>,
    pub(crate) uptime_told: Mono,
    pub(crate) links: Vec<Rc<Link>>,
    pub(crate) venues: Vec<VenueId>,
    pub(crate) clock: Clock,
    pub(crate) stats: Stats,
    pub(crate) balances: BTreeMap<VenueId, Balances>,
    pub(crate) net_at_start: Usd,
    pub(crate) running: bool,
    /// On the way out: what the sessions say about that is no news.
    pub(crate) leaving: bool,
    pub(crate) journal_ok: bool,
    pub(crate) fatal: Option<(VenueId, String)>,
    pub(crate) synced: Arc<AtomicU64>,
    pub(crate) keep_from: Box<dyn Fn() -> u64>,
    /// With what each has stopped.
    pub(crate) gates: Vec<(Gate, bool)>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) steps: Steps,
    pub(crate) wake: Rc<Notify>,
}

impl Core {
    pub(crate) fn on_link(&mut self, venue: usize, event: LinkEvent<'_>, now: Now) {
        match event {
            LinkEvent::Open { conn } => self.shard.on_open(venue, conn, now),
            LinkEvent::Closed { conn, code, why } => self.shard.on_closed(venue, conn, code, why, now),
            LinkEvent::Frame { conn, frame } => self.shard.on_frame(venue, conn, frame, now),
            LinkEvent::Reply { id, reply } => self.shard.on_reply(venue, id, reply, now),
            LinkEvent::Timer { id } => self.shard.on_timer(venue, id, now),
            LinkEvent::Reconnecting { .. } => return,
        }
        self.perform(now);
    }

    /// Does what the shard wants: first everything that leaves, in its order and each after its record; then what is
    /// told, so that no order waits for a line to be written.
    pub(crate) fn perform(&mut self, now: Now) {
        loop {
            let mut outputs = self.shard.take_outputs();
            if outputs.is_empty() {
                self.shard.give_back(outputs);
                break;
            }
            let (mut ordered, mut told) = (false, Vec::new());
            for output in outputs.drain(..) {
                match output {
                    Output::Append { record, reducing, orders } => {
                        self.keeper.append(&record, reducing, &orders, &mut self.pen);
                    }
                    Output::Act { order, .. } if !self.keeper.lets(order) => {}
                    Output::Act { venue, order, action } => {
                        ordered |= order.is_some();
                        self.act(venue, action);
                    }
                    other => told.push(other),
                }
            }
            if ordered {
                self.pen.journal.sync_soon();
                self.stats.sent.record_ns(self.clock.mono().since(now.mono));
            }
            for output in told {
                self.tell(&output, now);
            }
            self.shard.give_back(outputs);
            if let Some(withheld) = self.keeper.take_failed() {
                self.journal_ok = false;
                if self.keeper.behind() {
                    tracing::error!(
                        target: "bot4",
                        "[STATE] A record was lost: reducing orders leave without one, entries stop until the state is saved whole"
                    );
                }
                self.shard.append_failed(&withheld, now);
                let why = self.pen.failed.take().unwrap_or_else(|| "it lacks records".to_owned());
                self.shard.block_entries(SkipReason::JournalDown, why, now);
            }
        }
        self.wake.notify_one();
    }

    fn act(&mut self, venue: usize, action: Action) {
        if let Some(link) = self.links.get(venue) {
            link.perform(action);
        }
    }

    fn tell(&mut self, output: &Output, now: Now) {
        match output {
            Output::Tell(notice) => {
                self.count(notice, now);
                told::notice(notice);
            }
            Output::Session(_) if self.leaving => {}
            Output::Session(session) => {
                told::session(session.venue, &session.news);
                if let SessionNews::Fatal { why } = &session.news {
                    self.fatal = Some((session.venue, why.clone()));
                }
                if !self.running && self.shard.ready() {
                    self.running = true;
                    let pairs: Vec<String> = self.shard.strategy().pairs().map(|p| p.pair.to_string()).collect();
                    tracing::info!(target: "bot4", pairs = pairs.join(","), "Bot runtime started");
                }
            }
            Output::BookUpdated { pair, venue, what, .. } => {
                tracing::debug!(target: "bot4", pair = %pair, exchange = %venue, what, "Orderbook updated");
            }
            Output::Spread { pair, venues, spreads } => told::spread(*pair, *venues, spreads),
            Output::Append { .. } | Output::Act { .. } => {}
        }
    }

    fn count(&mut self, notice: &Notice, now: Now) {
        match notice {
            Notice::SpreadDetected { .. } => self.stats.opportunities += 1,
            Notice::OrderPlaced { order, .. } => self.stats.began(order.round, now.mono),
            Notice::OrderLatency { venue, network_ns, .. } => {
                let latency: &mut VenueLatency = self.stats.venues.entry(*venue).or_default();
                latency.answer.record_ns(*network_ns);
            }
            Notice::Entered { round, .. } => self.stats.entered(*round, now.mono),
            Notice::SafetyClose { .. } => self.stats.safety_closes += 1,
            Notice::Retry { .. } => self.stats.retries += 1,
            Notice::RoundEnded { round, outcome, .. } => self.stats.ended(*round, outcome.ending, outcome.uncovered_ms),
            _ => {}
        }
    }

    /// What is due, and what changed beside the sockets.
    pub(crate) fn look_around(&mut self) {
        let now = self.clock.now();
        if self.shard.next_wake().is_some_and(|w| w <= now.wall) {
            self.shard.tick(now);
            self.perform(now);
        }
        self.publish_synced();
        self.pen.journal.keep_from((self.keep_from)());
        self.mind_gates(now);
        self.note_uptime(now);
        self.note_balances();
        if self.pulse.due(now.mono) {
            if let Some(step_ms) = self.steps.look(self.clock.drift_ms()) {
                tracing::warn!(
                    target: "bot4",
                    step_ms,
                    "The system's clock was set by {step_ms} ms; deadlines go on by the monotonic clock, and the venues' clocks are measured against that"
                );
            }
            let engine = self.shard.engine();
            self.pulse.stamp(Beat {
                count: 0,
                at: now,
                epoch: self.pen.journal.epoch(),
                uncovered_e8: engine.uncovered_e8(),
                pending: engine.pending().count(),
                entries_allowed: self.running && self.journal_ok && self.shard.ready() && engine.entries_allowed(),
            });
        }
        let lacks = self.keeper.behind() || self.pen.journal.wants_rotation();
        if lacks && self.rotate_due <= now.mono {
            self.rotate(now);
        }
        // One that could not begin its segment has nothing to write into.
        let works = || self.pen.journal.entries_allowed().is_ok() && self.not_rotated.is_none();
        if !self.journal_ok && !self.keeper.behind() && works() {
            self.journal_ok = true;
            self.shard.journal_works();
            self.shard.allow_entries(SkipReason::JournalDown, now);
            self.perform(now);
            tracing::info!(target: "bot4", "[STATE] The journal takes records again");
        }
    }

    fn mind_gates(&mut self, now: Now) {
        let mut changed = false;
        for (gate, stopped) in &mut self.gates {
            match ((gate.closed)(), *stopped) {
                (Some(detail), false) => self.shard.block_entries(gate.reason, detail, now),
                (None, true) => self.shard.allow_entries(gate.reason, now),
                (Some(_), true) | (None, false) => continue,
            }
            *stopped = !*stopped;
            changed = true;
        }
        if changed {
            self.perform(now);
        }
    }

    pub(crate) fn rotate(&mut self, now: Now) {
        let snapshot = match serde_json::to_vec(&self.shard.engine().snapshot(now)) {
            Ok(snapshot) => snapshot,
            Err(e) => return tracing::error!(target: "bot4", "the state could not be written as JSON: {e}"),
        };
        match self.pen.journal.rotate(SCHEMA, &snapshot) {
            Ok(_) => {
                // A state that fills a segment by itself must not begin one with every look.
                self.rotate_due = now.mono.plus_ms(ROTATE_AGAIN_MS);
                self.keeper.caught_up();
                self.not_rotated = None;
            }
            Err(e) => {
                self.rotate_due = now.mono.plus_ms(ROTATE_AGAIN_MS);
                // Every second the same: told once.
                let why = e.to_string();
                if self.not_rotated.as_ref() != Some(&why) {
                    tracing::error!(target: "bot4", "[STATE] The journal's next segment could not be begun, it is tried on: {why}");
                    self.not_rotated = Some(why);
                }
            }
        }
    }

    pub(crate) fn publish_synced(&self) {
        self.synced.store(self.pen.journal.synced(), Ordering::Release);
    }

    /// Counted from the moment the bot could first trade until it begins to stop.
    fn note_uptime(&mut self, now: Now) {
        if !self.running || self.shard.engine().is_stopping() {
            return;
        }
        let pairs: Vec<Pair> = self.shard.strategy().pairs().map(|c| c.pair).collect();
        let states: Vec<_> = pairs.into_iter().map(|pair| (pair, self.shard.could_trade(pair, now))).collect();
        self.stats.uptime.look(states.into_iter(), now.mono);
        if self.uptime_told.plus_ms(TELL_UPTIME_MS) <= now.mono {
            self.uptime_told = now.mono;
            told::uptime(&self.stats.uptime);
        }
    }

    pub(crate) fn note_balances(&mut self) {
        for venue in &self.venues {
            if let Some(balance) = self.shard.engine().balance(*venue) {
                let known = self.balances.entry(*venue).or_default();
                known.at_start.get_or_insert(balance);
                known.at_end = Some(balance);
            }
        }
    }

    pub(crate) fn next_wake(&self) -> Duration {
        let Some(Wall(at)) = self.shard.next_wake() else { return LOOK_AROUND };
        let wait = u64::try_from(at - self.clock.now().wall.0).unwrap_or(0);
        Duration::from_micros(wait).min(LOOK_AROUND)
    }
}
