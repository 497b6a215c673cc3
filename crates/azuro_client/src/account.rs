//! The bettor's orders as the venue lists them: what is in bets that are not over, and orders that are none of ours.
//!
//! Source: spec section 7.4. Asked page by page when somebody asks for the account's money; the money itself is the chain's to say
//! (`session`). An order that this client did not send means another program with the same key, or a life whose journal is gone: told
//! once each, because it may be a leg that nobody watches.

use crate::client::{AzuroClient, Pending, failed};
use crate::parse::{self, OrderWord};
use crate::sign::lower_hex;
use crate::state::OrderState;
use domain::Stake;
use signing::EvmKey;
use venue_api::{BetNews, BetOut, Lane, Method, Reply};

/// Orders on one page: the venue's own default.
const PAGE: usize = 100;
/// More pages than a bot's wallet fills in a year.
const PAGES_MAX: usize = 50;

/// One walk through the pages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pages {
    page: usize,
    /// Stakes of bets that are not over, raw units.
    in_bets: u128,
}

impl AzuroClient {
    pub(crate) fn ask_orders(&mut self, pages: Pages, out: &mut BetOut) {
        let Some(owner) = self.key.as_ref().map(EvmKey::address) else { return out.news.push(BetNews::Funds(None)) };
        let (owner, name, offset) = (lower_hex(owner), self.config.environment.name, pages.page.saturating_mul(PAGE));
        let target = format!("/bet/orders/bettor/{owner}?environment={name}&offset={offset}&limit={PAGE}");
        self.ask(Pending::Orders(pages), Lane::Account, Method::Get, target, String::new(), out);
    }

    /// One page, then the next one or the balance.
    pub(crate) fn orders_reply(&mut self, mut pages: Pages, reply: Reply<'_>, out: &mut BetOut) {
        let rows = match reply {
            // The venue's word for none.
            Reply::Answer { status: 404, .. } => Ok(Vec::new()),
            Reply::Answer { status: 200..=299, body, .. } => {
                parse::order_rows(body, self.config.environment).map_err(|cause| cause.to_string())
            }
            Reply::Answer { status, .. } => Err(format!("status {status}")),
            Reply::NotSent(why) | Reply::Unknown(why) => Err(why.to_owned()),
        };
        match rows {
            Ok(rows) => {
                let full = rows.len() >= PAGE;
                for row in rows {
                    match row {
                        Ok(order) => self.listed_order(&order, &mut pages, out),
                        Err(cause) => failed("the list of orders", cause, out),
                    }
                }
                pages.page = pages.page.saturating_add(1);
                if full && pages.page < PAGES_MAX {
                    return self.ask_orders(pages, out);
                }
                self.in_bets = Some(pages.in_bets);
            }
            Err(why) => {
                self.in_bets = None;
                failed("the list of orders", why, out);
            }
        }
        self.ask_balance(true, out);
    }

    fn listed_order(&mut self, order: &OrderWord, pages: &mut Pages, out: &mut BetOut) {
        let over = matches!(order.state, OrderState::Rejected | OrderState::Canceled | OrderState::Settled);
        if over {
            return;
        }
        if let Some(taken) = order.taken {
            pages.in_bets = pages.in_bets.saturating_add(taken.amount);
        }
        let Some(id) = &order.id else { return };
        if !self.bets.values().any(|bet| bet.venue_id == *id) && self.strangers.insert(id.clone()) {
            let evidence = format!("the order {id}, which is {:?}, is none of this journal's", order.state);
            out.news.push(BetNews::Foreign { evidence });
        }
    }

    /// What is in bets that are not over, as a stake.
    pub(crate) fn in_bets(&self) -> Option<Stake> {
        self.in_bets.map(|units| Stake::from_e6(u64::try_from(units).unwrap_or(u64::MAX)))
    }
}
