//! A client's timers: one time each, earliest first. Pure.

use domain::Mono;
use std::collections::{BTreeSet, HashMap};
use venue_api::TimerId;

#[derive(Debug, Default)]
pub(crate) struct Timers {
    at: HashMap<TimerId, Mono>,
    order: BTreeSet<(Mono, TimerId)>,
}

impl Timers {
    /// Arms a timer; an earlier time of the same one is forgotten.
    pub(crate) fn arm(&mut self, id: TimerId, at: Mono) {
        self.cancel(id);
        self.at.insert(id, at);
        self.order.insert((at, id));
    }
    /// Drops a timer; unknown ones are ignored.
    pub(crate) fn cancel(&mut self, id: TimerId) {
        if let Some(at) = self.at.remove(&id) {
            self.order.remove(&(at, id));
        }
    }
    /// The earliest time.
    pub(crate) fn next(&self) -> Option<Mono> {
        self.order.first().map(|(at, _)| *at)
    }
    /// Takes one timer that is due.
    pub(crate) fn due(&mut self, now: Mono) -> Option<TimerId> {
        let (at, id) = *self.order.first()?;
        (at <= now).then(|| {
            self.cancel(id);
            id
        })
    }
    pub(crate) fn clear(&mut self) {
        self.at.clear();
        self.order.clear();
    }
}
