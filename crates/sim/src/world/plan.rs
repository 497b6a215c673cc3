//! What goes wrong: carried out at its time or at its moment.

use super::{BEGINNING, Event, World};
use crate::bot::{PAIR, PARADEX, VEST};
use crate::network::Venues;
use crate::scenario::{Death, Disk, Moment, Step, What, When};
use domain::Purpose;
use domain::record::{Decision, ExitReason, Record};
use engine::OnStop;
use venue_sim::SimNow;

/// Something planned that has come due.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// A step begins.
    Begin(usize),
    /// A step ends.
    End(usize),
}

/// One client id and one nonce that are none of the bot's.
pub(super) const FOREIGN_KEY: &str = "somebody-else";
pub(super) const FOREIGN_NONCE: u64 = 7;

impl World {
    pub(super) fn plan_all(&mut self) {
        for index in 0..self.scenario.steps.len() {
            if let When::At(ms) = self.scenario.steps[index].when {
                self.net.schedule(BEGINNING + ms * 1_000, Event::Plan(Deed::Begin(index)));
            }
        }
    }

    /// A record is made: the moments it is, and what was aimed at them.
    pub(super) fn aim(&mut self, record: &Record) {
        let moment = match record {
            Record::Opened { .. } => Moment::Opens,
            Record::Decided { decision: Decision::ExitBegun { .. }, .. } => Moment::Exits,
            Record::Intended { orders, .. } if orders.iter().any(|o| o.spec.id.purpose == Purpose::Close) => Moment::Closes,
            Record::Started { .. } => Moment::Starts,
            Record::Ended { .. } => Moment::Ends,
            _ => return,
        };
        let count = self.moments.entry(moment).or_default();
        *count += 1;
        let count = *count;
        for index in 0..self.scenario.steps.len() {
            if let When::After(m, nth, ms) = self.scenario.steps[index].when
                && (m, nth) == (moment, count)
            {
                self.net.schedule(self.net.now + ms * 1_000, Event::Plan(Deed::Begin(index)));
            }
        }
    }

    pub(super) fn carry_out(&mut self, deed: Deed) -> Result<(), String> {
        let (step, what) = match deed {
            Deed::Begin(index) => {
                let step = self.scenario.steps[index].clone();
                // Peace has come: nothing goes wrong any more.
                if self.net.now >= BEGINNING + (self.scenario.run_ms + super::PEACE_MS) * 1_000 {
                    return Ok(());
                }
                if let Some(ms) = step.lasts_ms {
                    self.net.schedule(self.net.now + ms * 1_000, Event::Plan(Deed::End(index)));
                }
                (step.clone(), Some(step.what))
            }
            Deed::End(index) => {
                let step = self.scenario.steps[index].clone();
                let end = step.end();
                (step, end)
            }
        };
        let Some(what) = what else { return Ok(()) };
        self.told(format!("-- {what:?}"));
        self.net.note("plan", format!("{what:?}").as_bytes());
        self.do_what(&step, what)
    }

    fn do_what(&mut self, _step: &Step, what: What) -> Result<(), String> {
        match what {
            What::Fault { venue, name, parameters } => {
                self.venues.venue(venue).set_fault(name, &parameters).map_err(|e| format!("{name}: {e}"))?;
                if name != "switch" {
                    self.coverage.add("fault", &format!("{} {name}", ["vest", "paradex"][venue]));
                    self.calm.begin(venue, name, parameters.get("after_acks").is_none(), self.net.now);
                }
                self.net.arm(venue, &mut self.venues);
            }
            What::Clear { venue, name } => {
                self.venues.venue(venue).clear_fault(name);
                self.calm.end(venue, name, self.net.now);
                self.net.arm(venue, &mut self.venues);
            }
            What::Kill(Death::Now) => self.kill_when_whole()?,
            What::Kill(Death::AtEffect(skip, how)) => {
                self.crash_at.get_or_insert((self.effects + skip, how));
            }
            What::OperatorExit => {
                self.coverage.add("operator", "exit");
                self.tell_bot(|bot, now| bot.shard.exit(PAIR, ExitReason::Operator, now))?;
            }
            What::Pause(paused) => {
                self.coverage.add("operator", if paused { "pause" } else { "resume" });
                self.tell_bot(|bot, _| bot.shard.set_paused(paused))?;
            }
            What::Leave => {
                if self.bot.is_some() && !self.stopping {
                    self.leaving = true;
                    self.tell_bot(|bot, now| bot.shard.begin_stop(OnStop::Leave, now))?;
                }
            }
            What::Disk(disk) => {
                self.memory.disk = disk;
                if disk != Disk::Works {
                    self.coverage.add("fault", if disk == Disk::Full { "disk full" } else { "disk used_up" });
                }
                self.mend_journal()?;
            }
            What::Foreign { venue } => self.plant(venue),
        }
        Ok(())
    }

    /// Somebody else places an order on the account.
    fn plant(&mut self, venue: usize) {
        if self.foreign[venue] {
            return;
        }
        let size = 10_000_000;
        let planted = if venue == VEST {
            self.venues.vest.plant_resting_order("ETH-PERP", FOREIGN_NONCE, size, SimNow(self.net.now))
        } else {
            let mut out = Vec::new();
            let planted = self.venues.paradex.plant_resting_order(FOREIGN_KEY, size, &mut out);
            self.net.take(PARADEX, out, &mut self.venues);
            planted
        };
        self.net.arm(venue, &mut self.venues);
        // A fault of the moment may have ended it at once.
        if planted && self.stranger_lives(venue) {
            self.foreign[venue] = true;
            self.coverage.add("fault", ["vest foreign_order", "paradex foreign_order"][venue]);
        }
    }

    /// From here on nothing goes wrong any more.
    pub(super) fn make_peace(&mut self) -> Result<(), String> {
        self.told("-- peace".to_owned());
        for step in self.scenario.steps.clone() {
            if let Some(end @ (What::Clear { .. } | What::Disk(_) | What::Pause(_))) = step.end()
                && !matches!(&end, What::Clear { name: "switch" | "clock_offset", .. })
            {
                self.do_what(&step, end)?;
            }
        }
        self.crash_at = None;
        self.net.arm(VEST, &mut self.venues);
        self.net.arm(PARADEX, &mut self.venues);
        Ok(())
    }

    /// The end of the run: no entries, and everything open is closed.
    pub(super) fn stop(&mut self) -> Result<(), String> {
        self.stopping = true;
        if self.leaving {
            return Ok(()); // it leaves first, and closes in its next life
        }
        self.tell_bot(|bot, now| bot.shard.begin_stop(OnStop::Flatten, now))
    }
}
