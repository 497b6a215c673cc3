//! One order as far as we know: the table of what each piece of news does to it.

use crate::Illegal;
use domain::record::Intended;
use domain::{Fills, OrderEnd, OrderNews, OrderSpec, Refusal, VenueKey, VenueOrderId, Wall};
use serde::{Deserialize, Serialize};

/// Whether an order can still change what we hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It may still fill.
    Live,
    /// Filled whole, by the venue's word.
    Filled,
    /// The rest was cancelled, by the venue's word, for this reason.
    Cancelled(String),
    /// Refused, by the venue's word.
    Refused(Refusal),
    /// It provably never left this machine.
    NotSent(String),
    /// Past its fence the venue knows nothing of it: it never arrived and no longer can.
    NeverArrived,
}

/// An order of a round with everything learned about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What we wanted.
    pub spec: OrderSpec,
    /// What the venue knows it by.
    pub key: VenueKey,
    /// When it was recorded, just before it left.
    pub intended_at: Wall,
    /// When the last thing that changed it was recorded.
    pub changed_at: Wall,
    /// The venue has shown that it has it.
    pub known: bool,
    /// No final word came in time, or its way was cut: the venue must be asked.
    pub overdue: bool,
    /// Cumulative.
    pub fills: Fills,
    /// The venue's name for it.
    pub venue_order: Option<VenueOrderId>,
    /// Whether and how it is over.
    pub fate: Fate,
}

impl Order {
    pub(crate) fn new(intended: Intended, at: Wall) -> Self {
        Self {
            spec: intended.spec,
            key: intended.key,
            intended_at: at,
            changed_at: at,
            known: false,
            overdue: false,
            fills: Fills::default(),
            venue_order: None,
            fate: Fate::Live,
        }
    }

    /// True while it can still change what we hold.
    pub fn is_live(&self) -> bool {
        self.fate == Fate::Live
    }

    /// True while nobody can say whether the venue has it.
    pub fn is_unknown(&self) -> bool {
        self.is_live() && self.overdue && !self.known
    }

    /// Folds one piece of news in. `Ok(false)`: nothing changed by it (a duplicate, or older than what is known).
    ///
    /// # Errors
    /// [`Illegal`] for news that contradicts what the venue itself has shown; the state stays as it was.
    pub(crate) fn apply(&mut self, news: &OrderNews, at: Wall) -> Result<bool, Illegal> {
        let contradiction = |order: &Self| Err(Illegal::Contradiction { order: order.spec.id, news: format!("{news:?}") });
        let changed = match (news, self.is_live()) {
            (OrderNews::Acked { venue_order }, true) => {
                let new = !self.known || self.venue_order.is_none();
                self.known = true;
                self.venue_order.get_or_insert_with(|| venue_order.clone());
                new
            }
            (OrderNews::Filling { fills }, true) => {
                let new = !self.known;
                self.known = true;
                self.raise(fills) || new
            }
            // A fill after the end is no contradiction to argue with: the venue says that we hold it.
            (OrderNews::Filling { fills } | OrderNews::Done { fills, .. }, false) => self.raise(fills),
            (OrderNews::Done { fills, end }, true) => {
                self.raise(fills);
                self.known = true;
                self.fate = match end {
                    OrderEnd::Filled => Fate::Filled,
                    OrderEnd::Cancelled(why) => Fate::Cancelled(why.clone()),
                    OrderEnd::Refused(refusal) => Fate::Refused(refusal.clone()),
                };
                true
            }
            (OrderNews::NotSent { why }, true) => {
                if self.known || !self.fills.size.is_zero() {
                    return contradiction(self);
                }
                self.fate = Fate::NotSent(why.clone());
                true
            }
            (OrderNews::Unknown { .. }, true) => !std::mem::replace(&mut self.overdue, true),
            (OrderNews::Absent { as_of }, true) => {
                if self.known || !self.fills.size.is_zero() {
                    return contradiction(self);
                }
                if *as_of > self.key.dead_after {
                    self.fate = Fate::NeverArrived;
                    true
                } else {
                    // Absence before the fence proves nothing: the bytes may still be on their way.
                    !std::mem::replace(&mut self.overdue, true)
                }
            }
            (OrderNews::QueryFailed { .. }, _) => false,
            (
                OrderNews::Acked { .. } | OrderNews::Unknown { .. } | OrderNews::NotSent { .. } | OrderNews::Absent { .. },
                false,
            ) => false,
        };
        if changed {
            self.changed_at = at;
        }
        Ok(changed)
    }

    /// Takes cumulative fills over if they say more than what is known.
    fn raise(&mut self, fills: &Fills) -> bool {
        let more = fills.size > self.fills.size;
        if more {
            self.fills = *fills;
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round::tests::{intended, wall};
    use domain::{LegId, Purpose, RefusalKind, Size, Usd};

    /// Every way an order can stand.
    const STATES: [&str; 9] =
        ["intended", "overdue", "acked", "acked_overdue", "filling", "filled", "cancelled", "refused", "never_arrived"];
    /// Every kind of news.
    const NEWS: [&str; 12] = [
        "acked",
        "filling_half",
        "filling_same",
        "done_filled",
        "done_cancelled",
        "done_cancelled_half",
        "done_refused",
        "not_sent",
        "unknown",
        "absent_early",
        "absent_past_fence",
        "query_failed",
    ];

    fn fills(size: i64) -> Fills {
        Fills { size: Size::from_e8(size).expect("positive"), cost: Usd::from_e8(size), fee: Usd::ZERO, funding: Usd::ZERO }
    }

    fn news(name: &str) -> OrderNews {
        match name {
            "acked" => OrderNews::Acked { venue_order: VenueOrderId("v1".into()) },
            "filling_half" => OrderNews::Filling { fills: fills(50) },
            "filling_same" => OrderNews::Filling { fills: fills(0) },
            "done_filled" => OrderNews::Done { fills: fills(100), end: OrderEnd::Filled },
            "done_cancelled" => OrderNews::Done { fills: fills(0), end: OrderEnd::Cancelled("rest".into()) },
            "done_cancelled_half" => OrderNews::Done { fills: fills(50), end: OrderEnd::Cancelled("rest".into()) },
            "done_refused" => OrderNews::Done {
                fills: fills(0),
                end: OrderEnd::Refused(Refusal { kind: RefusalKind::Price, code: "3001".into() }),
            },
            "not_sent" => OrderNews::NotSent { why: "no socket".into() },
            "unknown" => OrderNews::Unknown { why: "timeout".into() },
            "absent_early" => OrderNews::Absent { as_of: wall(1_000) },
            "absent_past_fence" => OrderNews::Absent { as_of: wall(10_000) },
            "query_failed" => OrderNews::QueryFailed { why: "503".into() },
            other => panic!("{other}"),
        }
    }

    fn order(state: &str) -> Order {
        let mut o = Order::new(intended(LegId::A, Purpose::Entry, 1, 100), wall(0));
        let steps: &[&str] = match state {
            "intended" => &[],
            "overdue" => &["unknown"],
            "acked" => &["acked"],
            "acked_overdue" => &["acked", "unknown"],
            "filling" => &["filling_half"],
            "filled" => &["done_filled"],
            "cancelled" => &["done_cancelled"],
            "refused" => &["done_refused"],
            "never_arrived" => &["absent_past_fence"],
            other => panic!("{other}"),
        };
        for s in steps {
            o.apply(&news(s), wall(1)).expect("legal");
        }
        o
    }

    fn show(o: &Order) -> String {
        let fate = match &o.fate {
            Fate::Live if o.is_unknown() => "unknown",
            Fate::Live if o.overdue => "late",
            Fate::Live => "live",
            Fate::Filled => "filled",
            Fate::Cancelled(_) => "cancelled",
            Fate::Refused(_) => "refused",
            Fate::NotSent(_) => "not_sent",
            Fate::NeverArrived => "never_arrived",
        };
        format!("{fate}:{}{}", o.fills.size.e8(), if o.known { "k" } else { "" })
    }

    /// One row per state, one cell per kind of news: the state after it, `=` for unchanged, `!` for a contradiction.
    #[test]
    fn every_state_meets_every_kind_of_news() {
        let table = "
            intended       live:0k live:50k live:0k filled:100k cancelled:0k cancelled:50k refused:0k not_sent:0 unknown:0 unknown:0 never_arrived:0 =
            overdue        late:0k late:50k late:0k filled:100k cancelled:0k cancelled:50k refused:0k not_sent:0 = = never_arrived:0 =
            acked          = live:50k = filled:100k cancelled:0k cancelled:50k refused:0k ! late:0k ! ! =
            acked_overdue  = late:50k = filled:100k cancelled:0k cancelled:50k refused:0k ! = ! ! =
            filling        live:50k = = filled:100k cancelled:50k cancelled:50k refused:50k ! late:50k ! ! =
            filled         = = = = = = = = = = = =
            cancelled      = cancelled:50k = cancelled:100k = cancelled:50k = = = = = =
            refused        = refused:50k = refused:100k = refused:50k = = = = = =
            never_arrived  = never_arrived:50 = never_arrived:100 = never_arrived:50 = = = = = =
        ";
        let rows: Vec<&str> = table.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        assert_eq!(rows.len(), STATES.len());
        for (row, state) in rows.iter().zip(STATES) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(cells[0], state);
            assert_eq!(cells.len(), NEWS.len() + 1, "{state}");
            for (cell, name) in cells[1..].iter().zip(NEWS) {
                let before = order(state);
                let mut after = before.clone();
                let got = match after.apply(&news(name), wall(2)) {
                    Ok(false) => {
                        assert_eq!(after, before, "{state} x {name}: unchanged must mean unchanged");
                        "=".to_owned()
                    }
                    Ok(true) => show(&after),
                    Err(_) => {
                        assert_eq!(after, before, "{state} x {name}: a contradiction must change nothing");
                        "!".to_owned()
                    }
                };
                assert_eq!(&got, cell, "{state} x {name}");
            }
        }
    }
}
