//! The bot's lives: its start from the journal, what it does, its deaths.

use super::{Crash, Event, World};
use crate::bot::{Bot, engine_config};
use crate::sabotage::Bug;
use domain::Now;
use domain::record::Record;
use engine::{Engine, Notice, OnStop};
use shard::{Keeper, Output};

impl World {
    /// Lets the living bot hear something, then does what it wants.
    pub(super) fn tell_bot(&mut self, act: impl FnOnce(&mut Bot, Now)) -> Result<(), String> {
        let now = self.stamp();
        let Some(bot) = &mut self.bot else { return Ok(()) };
        act(bot, now);
        self.perform()
    }

    pub(super) fn restart(&mut self) -> Result<(), String> {
        if self.bot.is_some() {
            return Ok(());
        }
        self.epoch += 1;
        let wrong = self.scenario.clock_ms.get(self.life as usize).copied().unwrap_or(0);
        self.clock_us = wrong * 1_000;
        let now = self.stamp();
        let records = self.memory.open(self.epoch, now.wall)?;
        let mut last_nonce = 0u64;
        for record in &records {
            if let Record::Opened { orders, .. } | Record::Intended { orders, .. } = record {
                let keys = orders.iter().filter(|o| o.spec.venue.as_str() == "vest").filter_map(|o| o.key.key.parse().ok());
                last_nonce = keys.fold(last_nonce, u64::max);
            }
        }
        let mut bot = Bot::new(&self.keys, last_nonce, self.bug, self.scenario.max_holding_ms, self.scenario.even);
        for record in &records {
            bot.shard.replay(record).map_err(|e| format!("the journal does not fold: {e}"))?;
        }
        self.told(format!("-- life {} begins, {} records, clock {wrong} ms off", self.life, records.len()));
        self.keeper = Keeper::default();
        self.calm.alive(true, self.net.now);
        bot.shard.start(self.epoch, now);
        if self.stopping {
            bot.shard.begin_stop(OnStop::Flatten, now);
        }
        self.bot = Some(bot);
        self.perform()
    }

    /// Dies between two inputs, once the journal is whole.
    pub(super) fn kill_when_whole(&mut self) -> Result<(), String> {
        if self.keeper.behind() {
            self.kill_wanted = true;
            return Ok(());
        }
        self.kill_wanted = false;
        if self.bot.is_some() {
            self.journal_says_the_same()?;
            self.coverage.add("death", "between inputs");
        }
        self.kill();
        Ok(())
    }

    pub(super) fn kill(&mut self) {
        if self.bot.take().is_none() {
            return;
        }
        self.told("-- killed".to_owned());
        self.deaths += 1;
        self.life += 1;
        self.stopped_at = None;
        self.leaving = false;
        self.calm.alive(false, self.net.now);
        self.net.dies();
        let pause = self.net.random.between(50_000, 2_500_000);
        self.net.schedule(self.net.now + pause, Event::Restart);
    }

    /// Performs what the shard wants, one output after the other.
    pub(super) fn perform(&mut self) -> Result<(), String> {
        loop {
            let Some(bot) = &mut self.bot else { return Ok(()) };
            let mut outputs = bot.shard.take_outputs();
            if outputs.is_empty() {
                bot.shard.give_back(outputs);
                break;
            }
            if self.bug == Some(Bug::RecordAfterSend) {
                // Sends first, then the record that should have come before them; everything else keeps its place.
                outputs.sort_by_key(|o| matches!(o, Output::Append { orders, .. } if !orders.is_empty()));
            }
            let mut ended = false;
            for output in outputs {
                ended |= matches!(&output, Output::Append { record: Record::Ended { .. }, .. });
                if self.dies_at(&output)? {
                    self.kill();
                    return Ok(());
                }
            }
            if let Some(withheld) = self.keeper.take_failed() {
                self.coverage.add("journal", if self.keeper.behind() { "record lost" } else { "entry withheld" });
                let now = self.stamp();
                if let Some(bot) = &mut self.bot {
                    bot.shard.append_failed(&withheld, now);
                }
                continue;
            }
            if ended && self.scenario.rotates && !self.keeper.behind() {
                self.rotate();
            }
        }
        self.rest()
    }

    /// Begins a new segment with a snapshot; true if the journal is whole now.
    fn rotate(&mut self) -> bool {
        let now = self.stamp();
        let Some(bot) = &self.bot else { return false };
        let snapshot = bot.shard.engine().snapshot(now);
        let done = self.memory.rotate(self.epoch, now.wall, &snapshot);
        if done {
            self.coverage.add("journal", "rotated");
            self.keeper.caught_up();
        }
        done
    }

    /// The disk may have come back.
    pub(super) fn mend_journal(&mut self) -> Result<(), String> {
        if self.memory.disk != crate::scenario::Disk::Works {
            return Ok(());
        }
        if self.keeper.behind() && !self.rotate() {
            return Ok(());
        }
        self.tell_bot(|bot, _| bot.shard.journal_works())?;
        if self.kill_wanted { self.kill_when_whole() } else { Ok(()) }
    }

    /// Does one output; true if the process died over it.
    fn dies_at(&mut self, output: &Output) -> Result<bool, String> {
        let is_effect = matches!(output, Output::Append { .. } | Output::Act { order: Some(_), .. });
        let mut crash = None;
        if is_effect {
            if self.first_effect.is_none() && matches!(output, Output::Append { record: Record::Opened { .. }, .. }) {
                self.first_effect = Some(self.effects);
            }
            if !self.keeper.behind() && self.crash_at.is_some_and(|(at, _)| at <= self.effects) {
                crash = self.crash_at.take().map(|(_, how)| how);
            }
            self.effects += 1;
        }
        if let Some(how) = crash {
            self.coverage.add(
                "death",
                match how {
                    Crash::Before => "before an effect",
                    Crash::Torn(_) => "in a record",
                    Crash::After => "after an effect",
                },
            );
        }
        match crash {
            Some(Crash::Before) => return Ok(true),
            Some(Crash::Torn(short)) => {
                if let Output::Append { record, .. } = output
                    && shard::Records::append(&mut self.memory, record, true)
                {
                    self.memory.tear(short);
                }
                return Ok(true);
            }
            Some(Crash::After) | None => {}
        }
        match output {
            Output::Append { record, reducing, orders } => {
                self.keeper.append(record, *reducing, orders, &mut self.memory);
                // Dying after a record that was never written would be dying without a journal.
                let crash = crash.filter(|_| !self.keeper.behind());
                self.recorded(record)?;
                return Ok(crash.is_some());
            }
            Output::Act { order, .. } if !self.keeper.lets(*order) => {}
            Output::Act { venue, order, action } => self.act(*venue, *order, action)?,
            Output::Tell(notice) => self.tell(notice),
            Output::Session(session) => self.told(format!("{} {:?}", session.venue, session.news)),
            Output::BookUpdated { .. } | Output::Spread { .. } => {}
        }
        Ok(crash.is_some())
    }

    fn recorded(&mut self, record: &Record) -> Result<(), String> {
        self.net.note("record", record.word().as_bytes());
        self.coverage.record(record);
        self.shadow.recorded(record)?;
        self.judge_record(record)?;
        self.aim(record);
        Ok(())
    }

    fn tell(&mut self, notice: &Notice) {
        if let Notice::Skipped { reason, .. } = notice {
            self.coverage.add("skip", reason.word());
        } else {
            self.told(notice.message());
        }
        if matches!(notice, Notice::Odd { .. }) {
            self.coverage.add("notice", "odd");
        }
    }

    /// After a batch: the next tick, and whether all is at rest.
    fn rest(&mut self) -> Result<(), String> {
        let clock = self.clock_us;
        let Some(bot) = &mut self.bot else { return Ok(()) };
        let wake = bot.shard.next_wake().map(|w| (w.0 - clock).max(self.net.now));
        let earlier = wake.filter(|w| bot.tick_at.is_none_or(|armed| *w < armed));
        let (ready, stopped) = (bot.shard.ready(), bot.shard.engine().stopped());
        if let Some(at) = earlier {
            bot.tick_at = Some(at);
            self.net.schedule(at, Event::Tick { life: self.life });
        }
        if self.cash_at_start.is_none() && ready {
            self.cash_at_start = Some(self.venues.cash_e8());
        }
        // Who leaves without a whole journal leaves the next life to guess; a person would wait for the disk too.
        if self.leaving && stopped && !self.keeper.behind() {
            return self.leave_orderly();
        }
        if self.stopping && stopped {
            self.stopped_at.get_or_insert(self.net.now);
        } else {
            self.stopped_at = None;
        }
        Ok(())
    }

    /// The process ends in an orderly way: nothing pending, nothing uncovered, positions stay.
    fn leave_orderly(&mut self) -> Result<(), String> {
        self.leaving = false;
        self.judge_leaving()?;
        self.journal_says_the_same()?;
        self.coverage.add("operator", "left");
        let now = self.stamp();
        if let Some(bot) = &mut self.bot {
            bot.shard.close(now);
            for output in bot.shard.take_outputs() {
                if let Output::Act { venue, order, action } = &output {
                    self.act(*venue, *order, action)?;
                }
            }
        }
        self.deaths = self.deaths.saturating_sub(1);
        self.kill();
        Ok(())
    }

    /// Folding the journal gives the state that lived.
    pub(super) fn journal_says_the_same(&mut self) -> Result<(), String> {
        let Some(bot) = &self.bot else { return Ok(()) };
        if self.keeper.behind() {
            return Ok(());
        }
        let mut fresh = Engine::new(engine_config(self.scenario.max_holding_ms, self.scenario.even));
        for record in self.memory.records()? {
            fresh.fold(&record).map_err(|e| format!("the journal does not fold: {e}"))?;
        }
        let (folded, lived) = (fresh.state_text(), bot.shard.engine().state_text());
        if folded != lived {
            return Err(format!("folding the journal gives another state:\n{folded}\nand not\n{lived}"));
        }
        Ok(())
    }
}
