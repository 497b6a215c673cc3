//! The account: its private stream, and reading it whole (paradex.md 4.3, 8.2).
//!
//! Hands every event to the order it is about. What is about none of ours is reported as foreign or forced.

use crate::client::{Http, ParadexClient, TimerKind, report, set_timer};
use crate::error::DecodeError;
use crate::link::FEED;
use crate::parse::{self, FillView};
use crate::state::{Counted, Source};
use crate::units::Units;
use crate::wire::rest::{AccountData, BalanceData, FillData, OrderData, Page, PositionData, escaped, parse_body};
use crate::wire::sbe::{self, Message};
use crate::wire::ws::{Notification, parse_data};
use domain::{AccountSnapshot, Now, OpenOrder, OrderId, OrderNews, Position, Price, Usd, VenueOrderId, Wall};
use venue_api::{ConnId, Lane, Method, Out, Reply, VenueNews};

/// Readings of fills overlap by this much: for a fill that the venue lists late, and for clocks that disagree.
const OVERLAP_MS: i64 = 10_000;
/// So many pages of fills are read; beyond that the reading has failed.
const PAGES_MAX: u16 = 20;

/// What an account is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountPart {
    Positions,
    Orders,
    Balance,
    Account,
    /// What filled since the last reading, with some seconds before it.
    Fills,
}
impl AccountPart {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Positions, "/positions"), (Self::Orders, "/orders"), (Self::Balance, "/balance"), (Self::Account, "/account")];
}

/// One reading under way.
#[derive(Debug)]
pub(crate) struct AccountRead {
    /// The caller wants it; otherwise it only completes the start of the private stream.
    pub(crate) asked: bool,
    left: u16,
    pages: u16,
    /// Fills are listed from then on, ms.
    fills_since: i64,
    failed: Option<String>,
    snapshot: AccountSnapshot,
}

impl ParadexClient {
    /// A binary frame: public or private, told apart by its template.
    pub(crate) fn on_binary(&mut self, conn: ConnId, frame: &[u8], now: Now, out: &mut Out) {
        match sbe::decode(frame) {
            Ok(Message::Book(book)) => {
                if let Some(resync) = self.feed.on_book(&book, now.mono, out) {
                    self.resync(resync, out);
                }
            }
            Ok(Message::Bbo(bbo)) => self.feed.on_bbo(&bbo, out),
            Ok(Message::Trade(t)) => self.feed.on_trade(t.market, t.price, t.size, out),
            Ok(Message::Summary(s)) => self.feed.on_mark(s.market, s.mark, out),
            Ok(Message::Funding(f)) => self.feed.on_funding(f.market, f.rate, i64::from(f.period_hours), f.rate_8h, out),
            Ok(Message::Order(event)) => match parse::order_event(&event) {
                Ok(view) => self.on_stream_order(&view, now, out),
                Err(_) => self.private_unreadable(now, out),
            },
            Ok(Message::Fill(event)) => match parse::fill_event(&event) {
                Ok(view) => self.on_any_fill(&view, now, out),
                Err(_) => self.private_unreadable(now, out),
            },
            Ok(Message::Account(event)) => self.on_account_status(event.status == 2, out),
            Ok(Message::Position(_) | Message::Heartbeat | Message::Other(_)) => {}
            Err(_) if conn == FEED => {
                self.feed.unreadable = self.feed.unreadable.wrapping_add(1);
                // Which market a broken book frame was about cannot be known; any other frame is no loss.
                if matches!(sbe::template_of(frame), None | Some(3)) {
                    for resync in self.feed.lose_live("unreadable", now.mono, out) {
                        self.resync(resync, out);
                    }
                }
            }
            Err(_) if matches!(sbe::template_of(frame), Some(22 | 23 | 40)) => {
                self.unreadable_private = self.unreadable_private.wrapping_add(1);
            }
            Err(_) => self.private_unreadable(now, out),
        }
    }

    /// A private payload in JSON.
    pub(crate) fn on_private_json(&mut self, n: &Notification<'_>, now: Now, out: &mut Out) {
        let topic = n.channel.split('.').next().unwrap_or("");
        let read = match topic {
            "orders" => parse_data::<OrderData<'_>>(n.data)
                .and_then(|data| parse::order(&data).map(|view| self.on_stream_order(&view, now, out))),
            "fills" => parse_data::<FillData<'_>>(n.data)
                .and_then(|data| parse::fill(&data).map(|view| self.on_any_fill(&view, now, out))),
            "account" => {
                parse_data::<AccountData<'_>>(n.data).map(|data| self.on_account_status(data.status == "LIQUIDATION", out))
            }
            _ => Ok(()),
        };
        match read {
            Err(_) if topic == "account" => self.unreadable_private = self.unreadable_private.wrapping_add(1),
            Err(_) => self.private_unreadable(now, out),
            Ok(()) => {}
        }
    }

    /// An event that cannot be read may have been about any order in flight: all of them are looked up.
    pub(crate) fn private_unreadable(&mut self, now: Now, out: &mut Out) {
        self.unreadable_private = self.unreadable_private.wrapping_add(1);
        let ids: Vec<OrderId> = self.orders.in_flight().map(|(id, _)| id).collect();
        for id in ids {
            report(id, OrderNews::Unknown { why: "a private message could not be read".into() }, out);
            self.look_up(id, false, now, out);
        }
    }

    /// Takes a fill of an order of ours in and says what is new.
    pub(crate) fn apply_fill(&mut self, order: OrderId, view: &FillView<'_>, now: Now, out: &mut Out) {
        let mut news = Vec::new();
        let Some(t) = self.orders.get_mut(order) else { return };
        let Some(view) = self.feed.units(t.market).fill_in(view) else { return self.private_unreadable(now, out) };
        if t.on_fill(&view, &mut news) == Counted::Beyond && self.strangers.is_new("fill", view.id) {
            let FillView { id, size, price, .. } = view;
            let evidence = format!("fill {id} of {size} at {price} is more than order {order} can account for");
            out.news.push(VenueNews::Foreign { evidence });
        }
        self.report_all(order, news, now, out);
    }

    /// Reads the account to complete the start of the private stream.
    pub(crate) fn start_merge(&mut self, now: Now, out: &mut Out) {
        self.read(false, now, out);
    }

    /// Reads the account for the caller.
    pub(crate) fn read(&mut self, asked: bool, now: Now, out: &mut Out) {
        let Some(token) = self.session.token(now.mono).cloned() else {
            self.want_token(now, out);
            return read_failed(asked, "there is no token for it".into(), now, out);
        };
        let read = self.next_read();
        let snapshot = AccountSnapshot { as_of: self.session.venue_time(now), ..AccountSnapshot::default() };
        let as_of = snapshot.as_of;
        let born = *self.born.get_or_insert(as_of);
        // A venue's clock that was set back must not hide what fills now.
        let fills_since = if as_of < born {
            as_of.ms().saturating_sub(OVERLAP_MS)
        } else {
            self.fills_read.min(as_of).ms().saturating_sub(OVERLAP_MS).max(born.ms().saturating_add(1))
        };
        self.account_reads.insert(read, AccountRead { asked, left: 5, pages: 1, fills_since, failed: None, snapshot });
        let fills = format!("/fills?start_at={fills_since}&page_size=100");
        let parts = AccountPart::ALL.into_iter().map(|(part, target)| (part, target.to_owned()));
        for (part, target) in parts.chain([(AccountPart::Fills, fills)]) {
            let http = Http::Account { read, part };
            self.request(http, Lane::Account, Method::Get, target, Self::bearer(&token), String::new(), out);
        }
    }

    /// A page of fills: each to its order, or told as a stranger's. Asks for the next page. What cannot be read has the
    /// orders in flight looked up and stops nothing: without a session nothing could be closed, and positions still show.
    fn take_new_fills(&mut self, read: u64, body: &[u8], now: Now, out: &mut Out) -> Result<(), DecodeError> {
        let Ok(page) = parse_body::<Page<FillData<'_>>>(body) else {
            self.private_unreadable(now, out);
            return Ok(());
        };
        for data in &page.results {
            match parse::fill(data) {
                Ok(view) => self.on_any_fill(&view, now, out),
                // Readings overlap: once is enough.
                Err(_) if self.strangers.is_new("unreadable fill", &data.id) => self.private_unreadable(now, out),
                Err(_) => {}
            }
        }
        let Some(r) = self.account_reads.get_mut(&read) else { return Ok(()) };
        match page.cursor() {
            None => self.fills_read = r.snapshot.as_of,
            Some(cursor) => {
                let token = self.session.token(now.mono).cloned();
                let (Some(token), true) = (token, r.pages < PAGES_MAX) else {
                    return Err(DecodeError::Field("the list of fills"));
                };
                (r.pages, r.left) = (r.pages.saturating_add(1), r.left.saturating_add(1));
                let target = format!("/fills?start_at={}&page_size=100&cursor={}", r.fills_since, escaped(cursor));
                let http = Http::Account { read, part: AccountPart::Fills };
                self.request(http, Lane::Account, Method::Get, target, Self::bearer(&token), String::new(), out);
            }
        }
        Ok(())
    }

    /// One part of a reading was answered.
    pub(crate) fn on_account_reply(&mut self, read: u64, part: AccountPart, reply: Reply<'_>, now: Now, out: &mut Out) {
        let taken = match reply {
            Reply::Answer { status: 200..=299, body, .. } => self.take_account(read, part, body, now, out),
            Reply::Answer { status, .. } => {
                if status == 401 && self.account_reads.get(&read).is_some_and(|r| r.failed.is_none()) {
                    self.renew_token(now, out);
                }
                Err(format!("{part:?}: status {status}"))
            }
            Reply::NotSent(why) | Reply::Unknown(why) => Err(format!("{part:?}: {why}")),
        };
        let Some(r) = self.account_reads.get_mut(&read) else { return };
        r.left = r.left.saturating_sub(1);
        if let Err(why) = taken {
            r.failed.get_or_insert(why);
        }
        if r.left > 0 {
            return;
        }
        let Some(r) = self.account_reads.remove(&read) else { return };
        match r.failed {
            Some(why) => read_failed(r.asked, why, now, out),
            None if r.asked => out.news.push(VenueNews::Account(r.snapshot)),
            None => self.merged(out),
        }
    }

    fn take_account(&mut self, read: u64, part: AccountPart, body: &[u8], now: Now, out: &mut Out) -> Result<(), String> {
        let bad = |e: DecodeError| format!("{part:?}: {e}");
        match part {
            AccountPart::Positions => {
                let page = parse_body::<Page<PositionData<'_>>>(body).map_err(bad)?;
                for p in &page.results {
                    let size_e8 = parse::position(p).map_err(bad)?;
                    if size_e8 != 0 && !self.take_position(read, p, size_e8, out) {
                        return Err(bad(DecodeError::Field("position size")));
                    }
                }
            }
            AccountPart::Orders => {
                let page = parse_body::<Page<OrderData<'_>>>(body).map_err(bad)?;
                for data in &page.results {
                    let view = parse::order(data).map_err(bad)?;
                    if let Some(id) = self.orders.find(view.client_id, view.order_id) {
                        self.apply_order(id, &view, Source::Answer, now, out);
                    }
                    let instrument = self.feed.find(view.market.as_bytes()).and_then(|m| self.feed.instrument(m));
                    let venue_order = VenueOrderId(view.order_id.to_owned());
                    if let Some(r) = self.account_reads.get_mut(&read) {
                        r.snapshot.open_orders.push(OpenOrder { instrument, key: view.client_id.to_owned(), venue_order });
                    }
                }
            }
            AccountPart::Balance => {
                let page = parse_body::<Page<BalanceData<'_>>>(body).map_err(bad)?;
                let cash = page.results.iter().find(|b| b.token == "USDC");
                let balance = cash.map_or(Ok(Usd::ZERO), |b| parse::usd(&b.size, false)).map_err(bad)?;
                if let Some(r) = self.account_reads.get_mut(&read) {
                    r.snapshot.balance = balance;
                }
            }
            AccountPart::Account => {
                let account = parse_body::<AccountData<'_>>(body).map_err(bad)?;
                let free = parse::usd(&account.free_collateral, false).map_err(bad)?;
                if let Some(r) = self.account_reads.get_mut(&read) {
                    r.snapshot.free = free;
                }
                self.on_account_status(account.status == "LIQUIDATION", out);
            }
            AccountPart::Fills => self.take_new_fills(read, body, now, out).map_err(bad)?,
        }
        Ok(())
    }

    /// False if the size cannot be said in base units.
    fn take_position(&mut self, read: u64, p: &PositionData<'_>, size_e8: i64, out: &mut Out) -> bool {
        let market = self.feed.find(p.market.as_bytes());
        let units = market.map_or(Units::ONE, |m| self.feed.units(m));
        let Some(instrument) = market.and_then(|m| self.feed.instrument(m)) else {
            if self.strangers.is_new("market", &p.market) {
                let evidence = format!("a position of {} in {}, which is not traded here", p.size, p.market);
                out.news.push(VenueNews::Foreign { evidence });
            }
            return true;
        };
        let Some(size_e8) = units.size_in(size_e8) else { return false };
        let entry = p.average_entry_price.as_deref().and_then(|t| parse::usd(t, false).ok()).and_then(|v| Price::from_e8(v.e8()));
        let entry = entry.map(|e| units.price_near(e));
        if let Some(r) = self.account_reads.get_mut(&read) {
            r.snapshot.positions.push(Position { instrument, size_e8, entry });
        }
        true
    }

    /// The venue's clock, for a caller that has to compare fences.
    pub fn venue_time(&self, now: Now) -> Wall {
        self.session.venue_time(now)
    }
}

fn read_failed(asked: bool, why: String, now: Now, out: &mut Out) {
    if asked {
        out.news.push(VenueNews::AccountFailed { why });
    } else {
        set_timer(TimerKind::Merge, 0, now.mono.plus_ms(500), out);
    }
}
