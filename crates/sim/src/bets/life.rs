//! The lives of the bot that bets: its start from the journal, what it does, its deaths.

use super::bettor::{AZURO, Bettor, NAMES, SX, Setup};
use super::scenario::Deed;
use super::{BEGINNING, Bug, Event, Recorded, World};
use crate::network::Venues;
use crate::world::Crash;
use domain::record::Record;
use domain::{BetSpec, BetStatus, LegId, Odds, OrderId, Purpose, RoundId, Stake, TimeInForce, VenueId};
use shard::Records;
use std::collections::BTreeMap;
use venue_api::{Action, BetNews, KnownBet, Lane, Method};

/// What a look at the bettor's cards gives.
const VENUES: [VenueId; 2] = [VenueId::new("sx"), VenueId::new("azuro")];

impl World {
    /// A new life, from the journal's bytes alone.
    pub(super) fn restart(&mut self) -> Result<(), String> {
        if self.bettor.is_some() {
            return Ok(());
        }
        self.epoch += 1;
        let now = self.stamp();
        let records = self.memory.open(self.epoch, now.wall)?;
        let mut known: BTreeMap<OrderId, (usize, KnownBet, BetStatus)> = BTreeMap::new();
        for record in records {
            match record {
                Record::BetIntended { spec, key, .. } => {
                    let venue = usize::from(spec.venue != VENUES[SX]);
                    known.insert(spec.id, (venue, KnownBet { spec, key, facts: Vec::new() }, BetStatus::Pending));
                }
                Record::BetLearned { bet, fact, status, .. } => {
                    let (_, known, last) =
                        known.get_mut(&bet).ok_or_else(|| format!("a fact about {bet}, which was never intended"))?;
                    known.facts.push(fact);
                    *last = status;
                }
                _ => {}
            }
        }
        let nonce = |key: &str| key.rsplit_once('_').and_then(|(_, nonce)| nonce.parse::<u64>().ok());
        let of_azuro = known.values().filter(|(venue, ..)| *venue == AZURO);
        let last_nonce = of_azuro.filter_map(|(_, bet, _)| nonce(&bet.key.key)).max().unwrap_or(0);
        self.told(format!("-- life {} begins with {} bets", self.epoch, known.len()));
        let setup = Setup { last_nonce, wait_ms: self.scenario.wait_ms, one_in: self.scenario.one_in };
        let mut bettor = Bettor::new(setup);
        for (id, (venue, _, status)) in &known {
            bettor.bets.insert(*id, (*venue, *status));
        }
        self.bettor = Some(bettor);
        for venue in [SX, AZURO] {
            self.enter(venue, |client, now, out| client.start(now, out))?;
        }
        for (_, (venue, known, status)) in known {
            if status.is_final() || self.bug == Some(Bug::ForgetsAtRestart) {
                continue;
            }
            let id = known.spec.id;
            self.coverage.add("adopted", status.word());
            self.enter(venue, |client, now, out| client.adopt(known, now, out))?
                .transpose()
                .map_err(|e| format!("{id} is not adopted: {e}"))?;
        }
        Ok(())
    }

    /// Lets the living client of a venue do something, then performs what it wants.
    pub(super) fn enter<R>(
        &mut self,
        venue: usize,
        act: impl FnOnce(&mut dyn venue_api::BetClient, domain::Now, &mut venue_api::BetOut) -> R,
    ) -> Result<Option<R>, String> {
        let now = self.stamp();
        let Some(bettor) = &mut self.bettor else { return Ok(None) };
        let result = bettor.enter(venue, |client, out| act(client, now, out));
        self.perform(venue)?;
        Ok(Some(result))
    }

    /// Performs what a client left: records first, then what it asks for. May die over any of it.
    pub(super) fn perform(&mut self, venue: usize) -> Result<(), String> {
        let now = self.stamp();
        let Some(bettor) = &mut self.bettor else { return Ok(()) };
        let (news, listings) = (std::mem::take(&mut bettor.out.news), std::mem::take(&mut bettor.out.listings));
        let actions = std::mem::take(&mut bettor.out.actions);
        let wanted = if self.peace { Vec::new() } else { bettor.wants(venue, &listings, now) };
        for one in news {
            match one {
                BetNews::Bet(report) => {
                    self.told(format!("{} {} {}: {}", NAMES[venue], report.bet, report.status.word(), report.fact));
                    let at = self.stamp().wall;
                    let (bet, status, paid) = (report.bet, report.status, report.paid);
                    let (taken, returns) = (report.taken, report.returns);
                    let record = Record::BetLearned { at, bet, fact: report.fact, status, taken, returns, paid };
                    if self.records(&record) {
                        return Ok(());
                    }
                    if let Some(bettor) = &mut self.bettor {
                        bettor.bets.insert(bet, (venue, status));
                    }
                    self.coverage.add("status", &format!("{} {}", NAMES[venue], status.word()));
                    self.judge_claim(bet, status, taken, paid)?;
                }
                BetNews::Unknown { bet, .. } if self.bug == Some(Bug::UnknownIsRefused) => {
                    if let Some(bettor) = &mut self.bettor {
                        bettor.bets.insert(bet, (venue, BetStatus::Refused));
                    }
                    self.judge_claim(bet, BetStatus::Refused, Stake::default(), None)?;
                }
                other => {
                    self.coverage.add("news", word(&other));
                    self.told(format!("{} {other:?}", NAMES[venue]));
                }
            }
        }
        for action in actions {
            let sends = matches!(&action, Action::Request { lane: Lane::Orders, .. });
            let crash = if sends { self.effect() } else { None };
            if matches!(crash, Some(Crash::Before | Crash::Torn(_))) {
                self.kill();
                return Ok(());
            }
            if let Action::Request { lane: Lane::Orders, method: Method::Post, target, body, .. } = &action
                && target.contains("/orders")
            {
                self.judge_post(venue, body.as_bytes())?;
            }
            self.net.act(venue, &action);
            if crash.is_some() {
                self.kill();
                return Ok(());
            }
        }
        for market in wanted {
            self.enter(venue, |client, now, out| client.watch(market, now, out))?;
        }
        Ok(())
    }

    /// Counts an effect; how the process dies over it, if it does.
    fn effect(&mut self) -> Option<Crash> {
        let crash = self.crash_at.filter(|(at, _)| *at <= self.effects).map(|(_, how)| how);
        self.effects += 1;
        if let Some(how) = crash {
            self.crash_at = None;
            let word = match how {
                Crash::Before => "before an effect",
                Crash::Torn(_) => "in a record",
                Crash::After => "after an effect",
            };
            self.coverage.add("death", word);
        }
        crash
    }

    /// Writes a record; true if the process died over it.
    fn records(&mut self, record: &Record) -> bool {
        let crash = self.effect();
        if crash != Some(Crash::Before) {
            let taken = self.memory.append(record, false);
            debug_assert!(taken, "the disk in memory takes everything");
        }
        if let Some(Crash::Torn(short)) = crash {
            self.memory.tear(short);
        }
        if crash.is_some() {
            self.kill();
        }
        crash.is_some()
    }

    pub(super) fn kill(&mut self) {
        if self.bettor.take().is_none() {
            return;
        }
        self.told("-- killed".to_owned());
        self.deaths += 1;
        self.net.dies();
        let pause = self.net.random.between(50_000, 4_000_000);
        self.net.schedule(self.net.now + pause, Event::Restart);
    }

    pub(super) fn carry_out(&mut self, deed: Deed) -> Result<(), String> {
        if self.peace {
            return Ok(());
        }
        match deed {
            Deed::Fault { venue, name, parameters } => {
                self.told(format!("-- {} {name} {parameters}", NAMES[venue]));
                self.venues.venue(venue).set_fault(name, &parameters).map_err(|e| format!("{name}: {e}"))?;
                self.coverage.add("fault", &format!("{} {name}", NAMES[venue]));
                self.net.arm(venue, &mut self.venues);
            }
            Deed::Clear { venue, name } => {
                self.told(format!("-- {} {name} ends", NAMES[venue]));
                self.venues.venue(venue).clear_fault(name);
                self.net.arm(venue, &mut self.venues);
            }
            Deed::Cut { venue } => {
                self.told(format!("-- the line to {} breaks", NAMES[venue]));
                self.coverage.add("line", NAMES[venue]);
                self.net.cut(venue);
            }
            Deed::Kill => {
                if self.bettor.is_some() {
                    self.coverage.add("death", "between inputs");
                }
                self.kill();
            }
            Deed::KillAt { effects, how } => self.crash_at = Some((self.effects + effects, how)),
            Deed::Bet { venue } => self.bet(venue)?,
            Deed::Cancel { venue } => {
                let Some(bettor) = &self.bettor else { return Ok(()) };
                let open: Vec<OrderId> =
                    bettor.bets.iter().filter(|(_, (at, s))| *at == venue && !s.is_final()).map(|(id, _)| *id).collect();
                for id in open {
                    self.enter(venue, |client, now, out| client.cancel(id, now, out))?;
                }
            }
        }
        Ok(())
    }

    /// Places a bet that is drawn, if anything is quoted.
    fn bet(&mut self, venue: usize) -> Result<(), String> {
        let now = self.stamp();
        let Some(bettor) = &mut self.bettor else { return Ok(()) };
        let quoted: Vec<_> = bettor
            .quotes
            .range((venue, domain::MarketId([0; 32]), domain::Outcome(0))..)
            .filter(|((at, ..), _)| *at == venue)
            .map(|(_, q)| *q)
            .collect();
        if quoted.is_empty() {
            self.coverage.add("bet", &format!("{} nothing quoted", NAMES[venue]));
            return Ok(());
        }
        let random = &mut self.net.random;
        let quote = quoted[random.between(0, quoted.len() as i64 - 1) as usize];
        let Some(terms) = bettor.look(venue, |client| client.terms(quote.market, quote.outcome)) else {
            self.coverage.add("bet", &format!("{} no terms", NAMES[venue]));
            return Ok(());
        };
        // Some within what is offered, some beyond it.
        let permille = random.between(20, 1_500);
        let most = if random.chance(20) { u64::MAX } else { 20_000_000 };
        let wanted = u64::try_from(i128::from(quote.size.e6().min(most)) * i128::from(permille) / 1_000).unwrap_or(0);
        let step = terms.step.e6().max(1);
        let stake = Stake::from_e6(wanted.max(terms.min.e6()).div_ceil(step) * step);
        // Some a little worse than what is offered, some the same, some better.
        let odds_min = match random.between(0, 3) {
            0 => quote.odds,
            1 => Odds::from_decimal_e12(quote.odds.decimal_e12_down().unwrap_or(2_000_000_000_000) / 100 * 102)
                .unwrap_or(quote.odds),
            _ => Odds::from_decimal_e12((quote.odds.decimal_e12_down().unwrap_or(0) / 100 * 97).max(1_010_000_000_000))
                .unwrap_or(quote.odds),
        };
        let tif = if venue == AZURO {
            TimeInForce::Fok
        } else {
            [TimeInForce::Fok, TimeInForce::Ioc, TimeInForce::Gtc][random.between(0, 2) as usize]
        };
        let expires = now.wall.plus_ms(random.between(3_000, 60_000));
        let id = OrderId {
            round: RoundId { epoch: self.epoch, seq: bettor.next_seq },
            leg: if venue == SX { LegId::A } else { LegId::B },
            purpose: Purpose::Entry,
            attempt: 1,
        };
        bettor.next_seq += 1;
        let spec =
            BetSpec { id, venue: VENUES[venue], market: quote.market, outcome: quote.outcome, stake, odds_min, tif, expires };
        let prepared = match bettor.enter(venue, |client, _| client.prepare(spec.clone(), now)) {
            Ok(prepared) => prepared,
            Err(why) => {
                self.told(format!("{} {id} is not prepared: {why}", NAMES[venue]));
                self.coverage.add("bet", &format!("{} not prepared", NAMES[venue]));
                return Ok(());
            }
        };
        self.told(format!(
            "{} {id} {} at {} or better, {tif:?}, {} ms: {}",
            NAMES[venue],
            stake,
            odds_min,
            expires.ms() - now.wall.ms(),
            prepared.key.key
        ));
        let spec = prepared.spec.clone();
        let recorded = Recorded { venue, key: prepared.key.clone() };
        let mut waiting = Some(prepared);
        if self.bug == Some(Bug::RecordAfterSend)
            && let Some(prepared) = waiting.take()
        {
            self.enter(venue, |client, now, out| client.send(prepared, now, out))?;
        }
        if self.intends(spec, recorded)? {
            return Ok(());
        }
        if let Some(bettor) = &mut self.bettor {
            bettor.bets.insert(id, (venue, BetStatus::Pending));
        }
        self.coverage.add("bet", &format!("{} {tif:?}", NAMES[venue]).to_lowercase());
        if let Some(prepared) = waiting {
            self.enter(venue, |client, now, out| client.send(prepared, now, out))?;
        }
        Ok(())
    }

    /// Records that a bet is about to leave; true if the process died over it.
    fn intends(&mut self, spec: BetSpec, recorded: Recorded) -> Result<bool, String> {
        let id = spec.id;
        let record = Record::BetIntended { at: self.stamp().wall, spec, key: recorded.key.clone() };
        let before = self.memory.bytes.len();
        let died = self.records(&record);
        // A record that was cut off was never made, and nothing left after it.
        if self.memory.bytes.len() > before && (!died || self.memory.records()?.contains(&record)) {
            self.ledger.bets.insert(id, recorded);
        }
        Ok(died)
    }

    /// What is not known yet, for people.
    pub(super) fn open_ends(&self) -> String {
        let ms = (self.net.now - BEGINNING) / 1_000;
        let Some(bettor) = &self.bettor else { return format!("no bot at {ms} ms") };
        let open: Vec<String> = bettor
            .bets
            .iter()
            .filter(|(_, (_, s))| !s.is_final())
            .map(|(id, (venue, s))| format!("{} {id} {}", NAMES[*venue], s.word()))
            .collect();
        open.join(", ")
    }
}

fn word(news: &BetNews) -> &'static str {
    match news {
        BetNews::Bet(_) => "bet",
        BetNews::Unknown { .. } => "unknown",
        BetNews::QueryFailed { .. } => "query_failed",
        BetNews::Foreign { .. } => "foreign",
        BetNews::Funds(_) => "funds",
        BetNews::HeartbeatMissed { .. } => "heartbeat_missed",
        BetNews::Listed(_) => "listed",
        BetNews::Session(_) => "session",
    }
}
