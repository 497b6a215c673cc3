//! One round's records, told in order.

use domain::record::{Decision, ExitReason, GiveUp, Intended, Outcome, Record, RoundPlan};
use domain::{Fills, LegId, OrderEnd, OrderId, OrderNews, OrderSpec, Purpose, Side, Wall};

/// What an event is about, as a letter on the plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing on a leg.
    None,
    /// The order was recorded and handed to its socket.
    Sent,
    /// The venue has it.
    Acked,
    /// A part of it filled.
    Filling,
    /// It is over and filled whole.
    Filled,
    /// It is over and did not fill whole.
    Ended,
    /// Its fate is not known.
    Unknown,
    /// The venue changed the leg by itself.
    Forced,
}

impl Mark {
    pub(super) const fn letter(self) -> char {
        match self {
            Self::None => ' ',
            Self::Sent => 's',
            Self::Acked => 'a',
            Self::Filling => 'p',
            Self::Filled => 'F',
            Self::Ended => 'x',
            Self::Unknown => '?',
            Self::Forced => '!',
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) at: Wall,
    /// On which leg; `None`: on both, or on none.
    pub(super) leg: Option<LegId>,
    pub(super) mark: Mark,
    pub(super) order: Option<OrderId>,
    /// One word for machines.
    pub(super) kind: &'static str,
    pub(super) what: String,
}

/// How an order's way was spent, ns.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) way: String,
    pub(super) sign_ns: u64,
    pub(super) encode_ns: u64,
    pub(super) network_ns: u64,
    pub(super) parse_ns: u64,
}

/// One order and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) spec: OrderSpec,
    /// When it was recorded; it left after that.
    pub(super) recorded: Wall,
    pub(super) acked: Option<Wall>,
    pub(super) over: Option<Wall>,
    pub(super) fills: Fills,
    pub(super) way: Option<Way>,
}

/// A round from its detection to its end, as far as it was recorded.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) plan: RoundPlan,
    pub(super) events: Vec<Event>,
    pub(super) orders: Vec<Order>,
    pub(super) outcome: Option<Outcome>,
}

impl Story {
    /// From the round's own records; `None` if they do not say how it began.
    pub(super) fn of(records: &[Record]) -> Option<Self> {
        let plan = records.iter().find_map(|r| match r {
            Record::Opened { plan, .. } => Some((**plan).clone()),
            _ => None,
        })?;
        let detected = format!("spread {}% seen, at or over {}%", plan.spread, plan.threshold);
        let first = Event { at: plan.at, leg: None, mark: Mark::None, order: None, kind: "detected", what: detected };
        let mut story = Self { plan, events: vec![first], orders: Vec::new(), outcome: None };
        records.iter().for_each(|record| story.take(record));
        // A stable sort: what was recorded in one go stays in its order.
        story.events.sort_by_key(|e| e.at);
        Some(story)
    }

    fn take(&mut self, record: &Record) {
        match record {
            Record::Opened { at, orders, .. } => {
                let decided_us = i64::try_from(self.plan.decided_ns / 1_000).unwrap_or(i64::MAX);
                let at = if decided_us > 0 { Wall(self.plan.at.0.saturating_add(decided_us)) } else { *at };
                self.say(at, None, "recorded", "both orders signed and recorded".to_owned());
                self.sent(at, orders);
            }
            Record::Intended { at, orders, .. } => self.sent(*at, orders),
            Record::News { at, order, news } => self.news(*at, *order, news),
            Record::Decided { at, decision, .. } => {
                let (kind, what) = decided(decision);
                self.say(*at, None, kind, what);
            }
            Record::Ended { at, outcome, .. } => {
                self.say(*at, None, "ended", format!("{}, net {} USD", outcome.ending, outcome.net));
                self.outcome = Some(*outcome);
            }
            Record::Forced { at, leg, taken, .. } => {
                let (side, size) = (word(taken.side), taken.fills.size);
                let what = format!("the venue {side} {size} by itself ({})", taken.id);
                self.events.push(Event { at: *at, leg: Some(*leg), mark: Mark::Forced, order: None, kind: "forced", what });
            }
            Record::Timed { order, way, sign_ns, encode_ns, network_ns, parse_ns, .. } => {
                if let Some(known) = self.orders.iter_mut().find(|o| o.spec.id == *order) {
                    let (sign_ns, encode_ns, network_ns, parse_ns) = (*sign_ns, *encode_ns, *network_ns, *parse_ns);
                    known.way = Some(Way { way: way.clone(), sign_ns, encode_ns, network_ns, parse_ns });
                }
            }
            Record::Started { .. }
            | Record::Mismatch { .. }
            | Record::Resumed { .. }
            | Record::Watched { .. }
            | Record::BetIntended { .. }
            | Record::BetLearned { .. } => {}
        }
    }

    fn say(&mut self, at: Wall, leg: Option<LegId>, kind: &'static str, what: String) {
        self.events.push(Event { at, leg, mark: Mark::None, order: None, kind, what });
    }

    fn sent(&mut self, at: Wall, orders: &[Intended]) {
        for Intended { spec, .. } in orders {
            let purpose = match spec.id.purpose {
                Purpose::Entry => "entry",
                Purpose::Exit => "exit",
                Purpose::Close => "safety close",
            };
            let what = format!("{purpose} {}: {} {} at {} or better", spec.id.attempt, word(spec.side), spec.size, spec.limit);
            let (leg, order) = (Some(spec.id.leg), Some(spec.id));
            self.events.push(Event { at, leg, mark: Mark::Sent, order, kind: "sent", what });
            let order = Order { spec: spec.clone(), recorded: at, acked: None, over: None, fills: Fills::default(), way: None };
            self.orders.push(order);
        }
    }

    fn news(&mut self, at: Wall, id: OrderId, news: &OrderNews) {
        let mut known = self.orders.iter_mut().find(|o| o.spec.id == id);
        let size = known.as_ref().map(|o| o.spec.size);
        if let Some(order) = &mut known {
            match news {
                OrderNews::Acked { .. } => order.acked = order.acked.or(Some(at)),
                OrderNews::Filling { fills } => order.fills = *fills,
                OrderNews::Done { fills, .. } => {
                    order.fills = *fills;
                    order.over = Some(at);
                }
                OrderNews::NotSent { .. } => order.over = Some(at),
                OrderNews::Absent { .. } | OrderNews::Unknown { .. } | OrderNews::QueryFailed { .. } => {}
            }
        }
        let (mark, kind, what) = told(news, size);
        self.events.push(Event { at, leg: Some(id.leg), mark, order: Some(id), kind, what });
    }
}

/// Buying or selling.
pub(super) const fn word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn filled(fills: &Fills) -> String {
    let price = domain::record::average_price(fills).map_or_else(String::new, |p| format!(" at {p}"));
    format!("{}{price}, fee {}", fills.size, fills.fee)
}

fn told(news: &OrderNews, size: Option<domain::Size>) -> (Mark, &'static str, String) {
    match news {
        OrderNews::Acked { venue_order } => (Mark::Acked, "acked", format!("acknowledged as {}", venue_order.0)),
        OrderNews::Filling { fills } => (Mark::Filling, "filling", format!("filled so far {}", filled(fills))),
        OrderNews::Done { fills, end } => {
            let (mark, how) = match end {
                OrderEnd::Filled => (Mark::Filled, "filled".to_owned()),
                OrderEnd::Cancelled(why) if Some(fills.size) == size => (Mark::Filled, format!("filled, rest cancelled ({why})")),
                OrderEnd::Cancelled(why) => (Mark::Ended, format!("cancelled ({why})")),
                OrderEnd::Refused(refusal) => (Mark::Ended, format!("refused: {} ({})", refusal.code, refusal.kind.word())),
            };
            (mark, "done", if fills.size.is_zero() { how } else { format!("{how}: {}", filled(fills)) })
        }
        OrderNews::NotSent { why } => (Mark::Ended, "not_sent", format!("did not leave: {why}")),
        OrderNews::Unknown { why } => (Mark::Unknown, "unknown", format!("fate unknown: {why}")),
        OrderNews::Absent { .. } => (Mark::Unknown, "absent", "asked: the venue does not know it".to_owned()),
        OrderNews::QueryFailed { why } => (Mark::Unknown, "query_failed", format!("asked in vain: {why}")),
    }
}

fn decided(decision: &Decision) -> (&'static str, String) {
    match decision {
        Decision::TimedOut(order) => ("timed_out", format!("no word about {order} in time: its fate is unknown")),
        Decision::GaveUp(why) => {
            let why = match why {
                GiveUp::LegFailed => "a leg failed",
                GiveUp::EdgeGone => "the edge is gone",
                GiveUp::Uncovered => "uncovered for as long as allowed",
                GiveUp::TooSmall => "the rest is too small",
                GiveUp::Stopping => "the bot is stopping",
                GiveUp::Uneven => "filled unevenly, and the policy is to trim",
            };
            ("gave_up", format!("entry given up: {why}"))
        }
        Decision::Entered => ("entered", "position open: both legs hold the same".to_owned()),
        Decision::ExitBegun { reason, spread } => {
            let why = match reason {
                ExitReason::Spread => "the spread is closed",
                ExitReason::MaxHolding => "held for as long as configured",
                ExitReason::Operator => "asked for",
                ExitReason::Forced => "a venue changed one leg",
                ExitReason::Delisted => "an instrument leaves its venue",
            };
            let spread = spread.map_or_else(String::new, |s| format!(", spread {s}%"));
            ("exit_begun", format!("exit begun: {why}{spread}"))
        }
        Decision::ExitDropped => ("exit_dropped", "exit dropped, what is left is even: holding on".to_owned()),
        Decision::ExitTrimmed => ("exit_trimmed", "exit uneven: trimmed to the smaller leg, then holding on".to_owned()),
        Decision::Flatten => ("flatten", "the rest is too small to trim: everything is closed".to_owned()),
        Decision::Stuck { exposure } => ("stuck", format!("uncovered for too long, a person is needed: {exposure}")),
        Decision::Unstuck => ("unstuck", "even again".to_owned()),
    }
}
