//! Asking the venue what became of an order: open orders, then history and fills (paradex.md 4.3, 8.2).
//!
//! Open orders come first and alone: an order that is not open at that time and existed before it must then be in
//! history, whereas two questions at once could both miss one that closes between them. Beside them goes the question
//! for the venue's clock: an absence counts as of what the venue itself says the time is, never as of our estimate.

use crate::client::{Http, ParadexClient, report};
use crate::parse;
use crate::state::Source;
use crate::wire::rest::{FillData, OrderData, Page, SystemTime, escaped, parse_body};
use domain::{Now, OrderId, OrderNews, Wall};
use venue_api::{Lane, Method, Out, Reply};

/// So many pages of one list are read; beyond that the answer is that there is none.
const PAGES_MAX: u8 = 20;
/// Fills are listed from this long before the order can have been signed, for clocks that disagree.
const BEFORE_MS: i64 = 60_000;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The venue's clock, asked together with `Open`.
    Clock,
    Open,
    History,
    Fills,
}

/// One look-up under way.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// The caller waits for an answer; otherwise only what is found is told.
    asked: bool,
    /// When the first question left.
    sent: Now,
    /// The venue's clock then: our estimate, or the venue's own word if that is earlier.
    as_of: Wall,
    /// The venue has told its clock.
    clock: bool,
    /// Lists not answered yet.
    open: u8,
    pages: u8,
    found: bool,
    failed: Option<String>,
}

impl ParadexClient {
    /// Starts a look-up, or joins the one under way.
    pub(crate) fn look_up(&mut self, id: OrderId, asked: bool, now: Now, out: &mut Out) {
        let answer = match self.orders.get(id) {
            None => Some(OrderNews::QueryFailed { why: "this client does not know the order".into() }),
            Some(t) if t.sent == crate::state::Sent::No => {
                Some(OrderNews::NotSent { why: "it was prepared and never sent".into() })
            }
            Some(t) => t.done(),
        };
        if let Some(news) = answer {
            if asked {
                report(id, news, out);
            }
            return;
        }
        if let Some(lookup) = self.lookups.get_mut(&id) {
            lookup.asked |= asked;
            return;
        }
        let as_of = self.session.venue_time(now);
        let lookup = Lookup { asked, sent: now, as_of, clock: false, open: 0, pages: 0, found: false, failed: None };
        self.lookups.insert(id, lookup);
        self.ask_part(id, Part::Clock, None, now, out);
        self.ask_part(id, Part::Open, None, now, out);
        self.conclude(id, now, out);
    }

    fn ask_part(&mut self, order: OrderId, part: Part, cursor: Option<&str>, now: Now, out: &mut Out) {
        let (Some(t), Some(lookup)) = (self.orders.get(order), self.lookups.get_mut(&order)) else { return };
        let Some(token) = self.session.token(now.mono).cloned() else {
            lookup.failed = Some("there is no token for the question".into());
            return self.want_token(now, out);
        };
        lookup.pages = lookup.pages.saturating_add(u8::from(part != Part::Clock));
        if lookup.pages > PAGES_MAX {
            lookup.failed = Some("the venue's lists do not end".into());
            return;
        }
        lookup.open = lookup.open.saturating_add(1);
        let symbol = self.feed.symbol(t.market);
        let start = t.key.dead_after.ms().saturating_sub(self.capabilities.fence_ms).saturating_sub(BEFORE_MS).max(0);
        let mut target = match part {
            Part::Clock => "/system/time".to_owned(),
            Part::Open => format!("/orders?market={symbol}"),
            Part::History => format!("/orders-history?market={symbol}&client_id={}", escaped(&t.key.key)),
            Part::Fills => format!("/fills?market={symbol}&start_at={start}&page_size=100"),
        };
        if let Some(cursor) = cursor {
            target.push_str("&cursor=");
            target.push_str(&escaped(cursor));
        }
        let http = Http::Lookup { order, part };
        let (lane, headers) = match part {
            Part::Clock => (Lane::Public, Vec::new()),
            _ => (Lane::Account, Self::bearer(&token)),
        };
        self.request(http, lane, Method::Get, target, headers, String::new(), out);
    }

    /// The venue's clock was told, or not: then an absence proves nothing.
    fn on_clock(&mut self, id: OrderId, reply: Reply<'_>, now: Now) {
        let Some(lookup) = self.lookups.get_mut(&id) else { return };
        if let Reply::Answer { status: 200..=299, body, .. } = reply
            && let Ok(time) = parse_body::<SystemTime>(body)
        {
            lookup.clock = true;
            lookup.as_of = lookup.as_of.min(Wall::from_ms(time.server_time));
            let sent = lookup.sent;
            self.session.measured(time.server_time, sent, now);
        }
    }

    /// One list was answered.
    pub(crate) fn on_lookup_reply(&mut self, id: OrderId, part: Part, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Some(lookup) = self.lookups.get_mut(&id) else { return };
        lookup.open = lookup.open.saturating_sub(1);
        if part == Part::Clock {
            self.on_clock(id, reply, now);
            return self.conclude(id, now, out);
        }
        let next = match reply {
            Reply::Answer { status: 200..=299, body, .. } => {
                let read = match part {
                    Part::Clock => Ok(None),
                    Part::Open | Part::History => self.take_orders(id, body, now, out),
                    Part::Fills => self.take_fills(id, body, now, out),
                };
                read.map_err(|()| format!("the answer about {part:?} cannot be read"))
            }
            Reply::Answer { status: status @ (401 | 403), .. } => {
                self.renew_token(now, out);
                Err(format!("{part:?}: status {status}"))
            }
            Reply::Answer { status, .. } => Err(format!("{part:?}: status {status}")),
            Reply::NotSent(why) | Reply::Unknown(why) => Err(format!("{part:?}: {why}")),
        };
        match next {
            Ok(Some(cursor)) => self.ask_part(id, part, Some(&cursor), now, out),
            Ok(None) if part == Part::Open => {
                if self.lookups.get(&id).is_some_and(|l| !l.found) {
                    self.ask_part(id, Part::History, None, now, out);
                }
                self.ask_part(id, Part::Fills, None, now, out);
            }
            Ok(None) => {}
            Err(why) => {
                if let Some(lookup) = self.lookups.get_mut(&id) {
                    lookup.failed.get_or_insert(why);
                }
            }
        }
        self.conclude(id, now, out);
    }

    /// Takes in a page of orders; the cursor of the next one.
    fn take_orders(&mut self, id: OrderId, body: &[u8], now: Now, out: &mut Out) -> Result<Option<String>, ()> {
        let page = parse_body::<Page<OrderData<'_>>>(body).map_err(|_| ())?;
        for data in &page.results {
            if self.is_of(id, data.client_id.as_deref(), &data.id) {
                let view = parse::order(data).map_err(|_| ())?;
                if let Some(lookup) = self.lookups.get_mut(&id) {
                    lookup.found = true;
                }
                self.apply_order(id, &view, Source::Answer, now, out);
            }
        }
        Ok(page.cursor().map(str::to_owned))
    }

    /// Takes in a page of fills; the cursor of the next one.
    fn take_fills(&mut self, id: OrderId, body: &[u8], now: Now, out: &mut Out) -> Result<Option<String>, ()> {
        let page = parse_body::<Page<FillData<'_>>>(body).map_err(|_| ())?;
        for data in &page.results {
            if self.is_of(id, data.client_id.as_deref(), data.order_id.as_deref().unwrap_or("")) {
                let view = parse::fill(data).map_err(|_| ())?;
                self.apply_fill(id, &view, now, out);
            }
        }
        Ok(page.cursor().map(str::to_owned))
    }

    fn is_of(&self, id: OrderId, client_id: Option<&str>, order_id: &str) -> bool {
        self.orders.get(id).is_some_and(|t| {
            client_id == Some(&*t.key.key) || (!order_id.is_empty() && t.venue_order.as_deref() == Some(order_id))
        })
    }

    /// When every list is in, says what they amount to.
    fn conclude(&mut self, id: OrderId, now: Now, out: &mut Out) {
        if self.lookups.get(&id).is_none_or(|l| l.open > 0) {
            return;
        }
        let (Some(lookup), Some(t)) = (self.lookups.remove(&id), self.orders.get(id)) else { return };
        // Its end was reported when it was found.
        if !lookup.asked || t.done().is_some() {
            return;
        }
        let news = match (lookup.failed, t.missing()) {
            (Some(why), _) => OrderNews::QueryFailed { why },
            (None, Some((filled, counted))) => {
                OrderNews::QueryFailed { why: format!("closed with {filled} filled, fills listed so far: {counted}") }
            }
            (None, None) if lookup.found => OrderNews::Filling { fills: t.fills() },
            (None, None) if t.seen() => {
                OrderNews::QueryFailed { why: "the venue has shown the order before and does not list it".into() }
            }
            (None, None) if !lookup.clock => {
                OrderNews::QueryFailed { why: "not listed, but the venue did not tell its clock".into() }
            }
            (None, None) => OrderNews::Absent { as_of: lookup.as_of },
        };
        self.report_all(id, vec![news], now, out);
    }
}
