//! The account by the venue's own word: `GET /account` and the open orders, as one snapshot.
//!
//! There is no position or balance event on the stream (spec section 10.4), so this is read after every connect and
//! whenever the engine asks.

use crate::error::Fault;
use crate::parse;
use crate::state::{AccountPart, AccountRead, Pending, Private, timers};
use crate::wire::rest::{AccountRow, OrderRow, object, rows};
use crate::{VestClient, parse::Round};
use domain::{AccountSnapshot, Now, OpenOrder, Usd, VenueOrderId};
use venue_api::{Action, Out, Reply, SessionNews, VenueNews};

/// The venue returns at most this many orders; a full page may hide one.
const PAGE: usize = 1_000;
/// How much earlier than our start a liquidation may be dated and still be news: the clocks may differ.
const LIQUIDATIONS_BEFORE_MS: i64 = 1_000;

impl VestClient {
    /// Clock and leverages out of `GET /account`, during the start.
    pub(crate) fn take_account_head(&mut self, body: &[u8], sent: Now, now: Now, out: &mut Out) -> Option<()> {
        let row: AccountRow<'_> = object(body)?;
        // Without the venue's time no order has a fence.
        row.time.and_then(|t| t.int()).filter(|t| *t > 0)?;
        self.measure_clock(&row, sent, now, out);
        self.take_leverages(row.leverages.as_deref().unwrap_or_default(), now, out);
        // Liquidations are asked for from here on, or from the first order that an earlier life left open.
        let start = self.clock.now_ms(now).saturating_sub(LIQUIDATIONS_BEFORE_MS);
        let since = self.holdings.since_ms.map_or(start, |s| s.min(start));
        self.holdings.since_ms = Some(since);
        Some(())
    }

    fn measure_clock(&mut self, row: &AccountRow<'_>, sent: Now, now: Now, out: &mut Out) {
        if let Some(time) = row.time.and_then(|t| t.int()).filter(|t| *t > 0) {
            let offset_ms = self.clock.measure(time, sent, now);
            Self::tell(out, SessionNews::ClockOffset { offset_ms });
        }
    }

    /// Begins a read. One that is asked for while another is under way follows it, so that its answer is as fresh as
    /// the question.
    pub(crate) fn begin_account_read(&mut self, now: Now, out: &mut Out) {
        if !self.can_order() {
            let why = "the account session is not up".to_owned();
            out.news.push(VenueNews::AccountFailed { why });
            return;
        }
        if self.reading.is_some() {
            self.read_again = true;
            return;
        }
        let as_of = self.clock.at_least(now);
        let reconciles = self.session.private == Private::Reconciling;
        let snapshot = AccountSnapshot { as_of, ..AccountSnapshot::default() };
        let held = self.holdings_asked();
        self.reading = Some(AccountRead { waiting: 4, snapshot, failed: None, reconciles, asked: held });
        let time = self.clock.now_ms(now);
        let since = self.holdings.since_ms.unwrap_or(time).max(0);
        let asked = |part| Pending::Account(part, now);
        self.get(asked(AccountPart::Account), format!("/account?time={time}"), out);
        self.get(asked(AccountPart::New), format!("/orders?status=NEW&limit={PAGE}&time={time}"), out);
        self.get(asked(AccountPart::Partial), format!("/orders?status=PARTIALLY_FILLED&limit={PAGE}&time={time}"), out);
        let liquidations = format!("/orders?orderType=LIQUIDATION&startTime={since}&limit={PAGE}&time={time}");
        self.get(asked(AccountPart::Liquidations), liquidations, out);
    }

    pub(crate) fn account_reply(&mut self, part: AccountPart, sent: Now, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Some(mut read) = self.reading.take() else { return };
        read.waiting = read.waiting.saturating_sub(1);
        let mut auth = None;
        match reply {
            Reply::Answer { status: 200..=299, body, .. } => {
                let taken = match part {
                    AccountPart::Account => self.take_account(body, sent, &mut read.snapshot, now, out),
                    AccountPart::New | AccountPart::Partial => self.take_open_orders(body, &mut read.snapshot),
                    AccountPart::Liquidations => self.take_liquidations(body, now, out),
                };
                if taken.is_none() {
                    read.failed = Some(format!("the answer about {part:?} does not read"));
                }
            }
            Reply::Answer { status, body, .. } => {
                let fault = Fault::parse(body);
                if fault.is_auth(status) {
                    auth = Some(fault.sentence(status));
                }
                // Partial fills exist in the documents alone, and liquidations in answers: a venue that does not know the word in
                // a question has none, or shows it in the position.
                let doubtful = matches!(part, AccountPart::Partial | AccountPart::Liquidations);
                if !doubtful || !matches!(fault.code, Some(1130 | 1116)) {
                    read.failed = Some(fault.sentence(status));
                }
            }
            Reply::NotSent(why) | Reply::Unknown(why) => read.failed = Some(why.to_owned()),
        }
        if read.waiting > 0 {
            self.reading = Some(read);
        } else {
            self.finish_account_read(read, now, out);
        }
        if let Some(why) = auth {
            self.auth_lost(&why, now, out);
        }
    }

    fn finish_account_read(&mut self, read: AccountRead, now: Now, out: &mut Out) {
        let reconciled = read.failed.is_none() && read.reconciles;
        match read.failed {
            None => {
                self.compare_holdings(&read.asked, &read.snapshot, now, out);
                out.news.push(VenueNews::Account(read.snapshot));
            }
            Some(why) => out.news.push(VenueNews::AccountFailed { why }),
        }
        if self.session.private == Private::Reconciling {
            if reconciled {
                self.session.private = Private::Up;
                self.settle("", out);
            } else if !self.read_again {
                let at = now.mono.plus_ms(1_000).max(self.session.quiet_until);
                out.actions.push(Action::Timer { id: timers::ACCOUNT_RETRY, at });
            }
        }
        if std::mem::take(&mut self.read_again) {
            self.begin_account_read(now, out);
        }
    }

    fn take_account(&mut self, body: &[u8], sent: Now, snapshot: &mut AccountSnapshot, now: Now, out: &mut Out) -> Option<()> {
        let row: AccountRow<'_> = object(body)?;
        self.measure_clock(&row, sent, now, out);
        self.take_leverages(row.leverages.as_deref().unwrap_or_default(), now, out);
        for one in &row.positions {
            match self.place_of(&one.symbol) {
                Some(place) => {
                    let instrument = self.instruments.get(place)?.id;
                    let units = self.units.get(place).copied()?;
                    parse::position(one, instrument, units, &mut snapshot.positions)?;
                }
                None if parse::e8(one.size.text(), Round::Up) != Some(0) => {
                    let evidence = format!("a position of {} in {}, which is not configured", one.size.text(), one.symbol);
                    out.news.push(VenueNews::Foreign { evidence });
                }
                None => {}
            }
        }
        // Cash is what stands under USDC before unrealised results (spec section 9).
        let cash = row.balances.as_deref()?.iter().find(|b| b.asset == "USDC");
        snapshot.balance = match cash {
            Some(cash) => Usd::from_e8(parse::e8(cash.total.text(), Round::Down)?),
            None => Usd::ZERO,
        };
        snapshot.free = Usd::from_e8(parse::e8(row.withdrawable?.text(), Round::Down)?);
        Some(())
    }

    /// Liquidation orders as the venue lists them; most have been told by the stream.
    fn take_liquidations(&mut self, body: &[u8], now: Now, out: &mut Out) -> Option<()> {
        let listed: Vec<OrderRow<'_>> = rows(body)?;
        for row in &listed {
            let seen = parse::order(row)?;
            // Asked for by type; whatever else comes along is told elsewhere.
            if seen.liquidation {
                self.liquidation(&seen, true, now, out);
            }
        }
        Some(())
    }

    fn take_open_orders(&self, body: &[u8], snapshot: &mut AccountSnapshot) -> Option<()> {
        let listed: Vec<OrderRow<'_>> = rows(body)?;
        if listed.len() >= PAGE {
            return None;
        }
        for row in &listed {
            let seen = parse::order(row)?;
            // Asked for by status; whatever else comes along is not open.
            if !matches!(seen.status, parse::Status::New | parse::Status::PartiallyFilled) {
                continue;
            }
            let place = seen.symbol.as_deref().and_then(|s| self.place_of(s));
            snapshot.open_orders.push(OpenOrder {
                instrument: place.and_then(|p| self.instruments.get(p)).map(|one| one.id),
                key: seen.nonce.map_or_else(String::new, |n| n.to_string()),
                venue_order: VenueOrderId(seen.id),
            });
        }
        Some(())
    }
}
