//! The venues' end of the network: what they want done, when they want to be woken, and its way to the bot.

use super::{Arriving, Network, Passing, Venues};
use venue_sim::{SimAction, SimNow, VenueSim};

impl<E> Network<E> {
    /// Lets a venue do something and takes what it wants done.
    pub(super) fn at_venue(
        &mut self,
        venue: usize,
        venues: &mut impl Venues,
        act: impl FnOnce(&mut dyn VenueSim, SimNow, &mut Vec<SimAction>),
    ) {
        let mut out = Vec::new();
        act(venues.venue(venue), SimNow(self.now), &mut out);
        self.take(venue, out, venues);
    }

    /// Takes what a venue wants done, now or later.
    pub(crate) fn take(&mut self, venue: usize, actions: Vec<SimAction>, venues: &mut impl Venues) {
        for action in actions {
            let after = match &action {
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => 0,
                SimAction::Send { after_us, .. }
                | SimAction::Close { after_us, .. }
                | SimAction::Reply { after_us, .. }
                | SimAction::Hang { after_us, .. } => *after_us as i64,
            };
            if after == 0 {
                self.venue_acts(venue, action, venues);
            } else {
                self.put(self.now + after, Passing::Venue { venue, action });
            }
        }
        self.arm(venue, venues);
    }

    /// Comes back to a venue when it wants to be.
    pub(crate) fn arm(&mut self, venue: usize, venues: &mut impl Venues) {
        let Some(at) = venues.venue(venue).next_wake().map(|w| w.0.max(self.now)) else { return };
        if self.waking[venue].is_none_or(|armed| at < armed) {
            self.waking[venue] = Some(at);
            self.put(at, Passing::Wake { venue });
        }
    }

    /// The venue does something now; it reaches the bot after its way.
    pub(super) fn venue_acts(&mut self, venue: usize, action: SimAction, venues: &mut impl Venues) {
        let travel = self.travel();
        match action {
            SimAction::Accept { conn } => {
                if let Some(c) = self.conns.get_mut(&conn) {
                    c.accepted = true;
                }
                self.deliver(conn, travel, Arriving::Opened);
            }
            SimAction::RefuseUpgrade { conn, status } => {
                self.deliver(conn, travel, Arriving::Closed { code: Some(status), why: "upgrade refused" });
            }
            SimAction::Send { conn, message, .. } => {
                if self.conns.get(&conn).is_some_and(|c| c.accepted) {
                    self.deliver(conn, travel, Arriving::Frame(message));
                }
            }
            SimAction::Close { conn, code, .. } => {
                let code = (code != 0).then_some(code);
                self.deliver(conn, travel, Arriving::Closed { code, why: "closed by the venue" });
                // What the bot still sends into a closed connection reaches nobody.
                if self.conns.get_mut(&conn).is_some_and(|c| std::mem::take(&mut c.accepted)) {
                    self.at_venue(venue, venues, |sim, now, out| sim.on_disconnect(conn, now, out));
                }
            }
            SimAction::Reply { request, status, headers, body, .. } => {
                let seconds =
                    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("retry-after")).and_then(|(_, v)| v.parse::<u64>().ok());
                let retry_after_ms = seconds.map(|s| s * 1_000);
                self.put(self.now + travel, Passing::Answer { request, status, retry_after_ms, body });
            }
            SimAction::Hang { request, .. } => {
                self.put(self.now + travel, Passing::NoAnswer { request, why: "connection closed before an answer" });
            }
        }
    }

    fn deliver(&mut self, conn: u64, travel: i64, told: Arriving) {
        let Some(c) = self.conns.get_mut(&conn).filter(|c| !c.gone) else { return };
        c.last_in = (self.now + travel).max(c.last_in + 1);
        let at = c.last_in;
        self.put(at, Passing::ToBot { conn, told });
    }
}
