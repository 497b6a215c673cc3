//! The account by the venue's own word: what its channels bring, its money, its positions, its active orders. What no bet of ours
//! explains is told as foreign.

use crate::SxClient;
use crate::call;
use crate::parse::{self, OrderSeen};
use crate::requests::Pending;
use crate::state::{of_fill, of_order};
use domain::{MarketId, Now, Stake};
use venue_api::{BetFunds, BetNews, BetOut, Reply};

/// Pages of active orders read at most, 100 to a page.
const PAGES_MAX: u16 = 50;

impl SxClient {
    /// A message of the channel of the account's orders.
    pub(crate) fn orders_pushed(&mut self, text: &str, now: Now, out: &mut BetOut) {
        let Some(seen) = parse::orders(text) else { return self.ask_all(now, out) };
        seen.iter().for_each(|order| self.order_seen(order, now, out));
    }

    fn order_seen(&mut self, order: &OrderSeen, now: Now, out: &mut BetOut) {
        let Some(id) = self.by_venue.get(&order.order).copied() else {
            let evidence = format!("order {} ({}) is none of ours", order.order, order.status);
            return out.news.push(BetNews::Foreign { evidence });
        };
        if order.reason.as_deref() == Some("HEARTBEAT_TIMEOUT") {
            out.news.push(BetNews::HeartbeatMissed { why: format!("the venue cancelled {id} because of it") });
        }
        match of_order(order) {
            Some(event) => self.learn(id, &event, now, out),
            None => self.ask_bet(id, now, out),
        }
    }

    /// A message of the channel of the account's fills.
    pub(crate) fn fills_pushed(&mut self, text: &str, now: Now, out: &mut BetOut) {
        let Some(seen) = parse::fills(text) else { return self.ask_all(now, out) };
        for fill in seen {
            match self.by_venue.get(&fill.order).copied() {
                Some(id) => match of_fill(&fill) {
                    Some(event) => self.learn(id, &event, now, out),
                    None => self.ask_bet(id, now, out),
                },
                None => {
                    let evidence = format!("fill {} of order {} is none of ours", fill.id, fill.order);
                    out.news.push(BetNews::Foreign { evidence });
                }
            }
        }
    }

    /// Asks for the money, and looks whether the account holds anything that is none of ours.
    pub(crate) fn ask_account(&mut self, now: Now, out: &mut BetOut) {
        let asked = [
            (Pending::Balance, call::balance()),
            (Pending::Positions, call::positions()),
            (Pending::ActiveOrders { pages: 0 }, call::active_orders(None)),
        ];
        for (what, call) in asked {
            if !self.requests.is_asked(&what) {
                self.ask(what, call, now, out);
            }
        }
    }

    pub(crate) fn balance_reply(&mut self, reply: Reply<'_>, out: &mut BetOut) {
        let rows = match reply {
            Reply::Answer { status: 200, body, .. } => parse::balances(body),
            _ => None,
        };
        let wanted = self.metadata.as_ref().map(|(m, _)| (m.base_token.to_string(), m.escrow.to_string()));
        let row = rows.zip(wanted).and_then(|(rows, (token, escrow))| {
            rows.into_iter().find(|row| row.token.eq_ignore_ascii_case(&token) && row.escrow.eq_ignore_ascii_case(&escrow))
        });
        let stake = |units: i64| Stake::from_e6(u64::try_from(units).unwrap_or(0));
        let funds = row.map(|row| BetFunds { free: stake(row.spendable), in_bets: Some(stake(row.escrowed)) });
        out.news.push(BetNews::Funds(funds));
    }

    /// What is held in a market beyond what our own bets took there.
    pub(crate) fn positions_reply(&self, reply: Reply<'_>, out: &mut BetOut) {
        let seen = match reply {
            Reply::Answer { status: 200, body, .. } => parse::positions_page(body),
            _ => None,
        };
        let Some(seen) = seen else {
            return out.news.push(BetNews::QueryFailed { bet: None, why: "the positions do not read".to_owned() });
        };
        for position in seen {
            let (ours, fills) = self.staked(position.market);
            // Each fill may be off by a base unit (spec section 9).
            if position.stake > ours.saturating_add(fills) {
                let evidence = format!(
                    "{} are staked in market {}, our own bets explain {}",
                    Stake::from_e6(position.stake),
                    position.market,
                    Stake::from_e6(ours)
                );
                out.news.push(BetNews::Foreign { evidence });
            }
        }
    }

    /// Stake taken by our bets in a market, and by how many fills.
    fn staked(&self, market: MarketId) -> (u64, u64) {
        let there = self.bets.values().filter(|tracked| tracked.spec.market == market);
        there.fold((0, 0), |(stake, fills): (u64, u64), tracked| {
            (stake.saturating_add(tracked.bet.taken()), fills.saturating_add(tracked.bet.fill_count() as u64))
        })
    }

    pub(crate) fn active_orders_reply(&mut self, pages: u16, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let page = match reply {
            Reply::Answer { status: 200, body, .. } => parse::orders_page(body),
            _ => None,
        };
        let Some((orders, next)) = page else {
            return out.news.push(BetNews::QueryFailed { bet: None, why: "the active orders do not read".to_owned() });
        };
        orders.iter().for_each(|order| self.order_seen(order, now, out));
        if let Some(next) = next.filter(|_| pages < PAGES_MAX) {
            let call = call::active_orders(Some(&next));
            self.ask(Pending::ActiveOrders { pages: pages + 1 }, call, now, out);
        }
    }
}
