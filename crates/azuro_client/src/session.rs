//! The session: the feed's connection, the chain behind the node, the relayer's fee and the bettor's means.
//!
//! Source: spec sections 5, 6 and 14. A bet needs all of them; what is missing is said. Called by `client`.

use crate::chain;
use crate::client::{AzuroClient, FEE_TIMER, FEED, Pending, REFRESH_TIMER, failed};
use crate::contracts::Call;
use crate::parse;
use domain::{Now, Stake};
use signing::{EvmKey, SanitizedValue};
use venue_api::{Action, BetFunds, BetNews, BetOut, ConnId, Lane, Method, SessionNews};

/// The bettor's means, raw token units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Funds {
    pub(crate) balance: u128,
    pub(crate) allowance: u128,
}

impl AzuroClient {
    pub(crate) fn begin(&mut self, now: Now, out: &mut BetOut) {
        Self::connect(out);
        if self.config.node {
            self.ask_chain(Pending::ChainId, chain::chain_id_request, out);
        }
        self.ask_fee(now, out);
        self.ask_funds(out);
        self.arm(REFRESH_TIMER, self.config.refresh_ms, now, out);
        self.list_due(now, out);
    }

    fn connect(out: &mut BetOut) {
        out.actions.push(Action::Connect { conn: FEED, target: SanitizedValue::new(String::new()), headers: Vec::new() });
    }

    pub(crate) fn opened(&mut self, conn: ConnId, now: Now, out: &mut BetOut) {
        if conn != FEED || self.stopped {
            return;
        }
        self.open = true;
        out.news.push(BetNews::Session(SessionNews::Connected { what: "feed" }));
        let ids = self.feed.ids();
        self.subscribe(&ids, out);
        self.tell_readiness(now, out);
    }

    /// Nothing is quoted until it is back.
    pub(crate) fn closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut BetOut) {
        if conn != FEED {
            return;
        }
        self.open = false;
        self.unacknowledged.clear();
        self.feed.lost();
        for id in self.feed.ids() {
            self.quote(id, now, out);
        }
        if self.was_ready {
            self.was_ready = false;
            let code = code.map(|code| format!(" (code {code})")).unwrap_or_default();
            out.news.push(BetNews::Session(SessionNews::Down { why: format!("the feed is gone: {why}{code}") }));
        }
        if !self.stopped {
            Self::connect(out);
        }
    }

    /// Bets in flight stay in the journal, to be adopted by the next life.
    pub(crate) fn end(&mut self, out: &mut BetOut) {
        self.stopped = true;
        out.actions.push(Action::Close { conn: FEED });
    }

    /// What is missing for bets.
    pub(crate) fn not_ready(&self, now: Now) -> Option<&'static str> {
        let age_max = self.config.fee_ms.saturating_mul(3_000_000);
        if self.fatal || self.stopped {
            Some("stopped")
        } else if self.key.is_none() {
            Some("no key: read only")
        } else if !self.open {
            Some("the feed is not connected")
        } else if !self.chain_is_right {
            Some("the chain has not been identified")
        } else if self.funds().is_none() {
            Some("balance and allowance have not been read")
        } else if [self.balance, self.allowance].iter().flatten().any(|(_, read)| now.mono.since(*read) > age_max) {
            // Without a node a bet whose answer is lost could not be decided either.
            Some("the node of the chain has not answered lately")
        } else if self.fee.is_none_or(|(_, read)| now.mono.since(read) > age_max) {
            Some("the relayer's fee has not been read lately")
        } else {
            None
        }
    }

    pub(crate) fn tell_readiness(&mut self, now: Now, out: &mut BetOut) {
        match (self.was_ready, self.not_ready(now)) {
            (false, None) => out.news.push(BetNews::Session(SessionNews::Ready)),
            (true, Some(why)) => out.news.push(BetNews::Session(SessionNews::Down { why: why.to_owned() })),
            _ => return,
        }
        self.was_ready = !self.was_ready;
    }

    pub(crate) fn fee_due(&mut self, now: Now, out: &mut BetOut) {
        if self.config.node && !self.chain_is_right && !self.fatal {
            self.ask_chain(Pending::ChainId, chain::chain_id_request, out);
        }
        self.ask_fee(now, out);
        self.ask_funds(out);
    }

    pub(crate) fn ask_fee(&mut self, now: Now, out: &mut BetOut) {
        let target = format!("/bet/gas-info?environment={}", self.config.environment.name);
        self.ask(Pending::Fee, Lane::Public, Method::Get, target, String::new(), out);
        self.arm(FEE_TIMER, self.config.fee_ms, now, out);
    }

    /// Balance and allowance.
    pub(crate) fn ask_funds(&mut self, out: &mut BetOut) {
        self.ask_balance(false, out);
        self.ask_allowance(false, out);
    }

    /// `waited`: somebody asked for the account's money, and is told once the allowance is there too.
    pub(crate) fn ask_balance(&mut self, waited: bool, out: &mut BetOut) {
        let Some(owner) = self.key.as_ref().map(EvmKey::address) else { return };
        let (token, call) = (self.config.environment.bet_token, Call::BalanceOf(owner));
        self.ask_chain(Pending::Balance(waited), |id| chain::call_request(id, token, &call, None), out);
    }

    fn ask_allowance(&mut self, waited: bool, out: &mut BetOut) {
        let Some(owner) = self.key.as_ref().map(EvmKey::address) else { return };
        let (token, spender) = (self.config.environment.bet_token, self.config.environment.relayer);
        let call = Call::Allowance { owner, spender };
        self.ask_chain(Pending::Allowance(waited), |id| chain::call_request(id, token, &call, None), out);
    }

    /// The bettor's means as last read.
    pub(crate) fn funds(&self) -> Option<Funds> {
        self.balance.zip(self.allowance).map(|((balance, _), (allowance, _))| Funds { balance, allowance })
    }

    pub(crate) fn fee_reply(&mut self, body: Result<&[u8], String>, now: Now, out: &mut BetOut) {
        let fee = body.and_then(|body| parse::relayer_fee(body, self.config.environment).map_err(|cause| cause.to_string()));
        match fee {
            Ok(fee) => self.fee = Some((fee, now.mono)),
            Err(why) => failed(Pending::Fee.name(), why, out),
        }
    }

    pub(crate) fn chain_id_reply(&mut self, request: u64, body: Result<&[u8], String>, out: &mut BetOut) {
        let expect = self.config.environment.chain_id;
        let id = body.and_then(|body| chain::read_quantity(request, body).map_err(|cause| cause.to_string()));
        match id {
            Ok(id) if u64::try_from(id) == Ok(expect) => self.chain_is_right = true,
            Ok(id) => {
                self.fatal = true;
                let name = self.config.environment.name;
                let why = format!("the node serves chain {id}, {name} lives on {expect}");
                out.news.push(BetNews::Session(SessionNews::Fatal { why }));
            }
            Err(why) => failed(Pending::ChainId.name(), why, out),
        }
    }

    pub(crate) fn balance_reply(&mut self, waited: bool, request: u64, body: Result<&[u8], String>, now: Now, out: &mut BetOut) {
        match body.and_then(|body| chain::read_units(request, body).map_err(|cause| cause.to_string())) {
            Ok(units) => {
                self.balance = Some((units, now.mono));
                if waited {
                    self.ask_allowance(true, out);
                }
            }
            Err(why) => Self::funds_failed(&Pending::Balance(waited), waited, &why, out),
        }
    }

    pub(crate) fn allowance_reply(
        &mut self,
        waited: bool,
        request: u64,
        body: Result<&[u8], String>,
        now: Now,
        out: &mut BetOut,
    ) {
        match body.and_then(|body| chain::read_units(request, body).map_err(|cause| cause.to_string())) {
            Ok(units) => {
                self.allowance = Some((units, now.mono));
                if waited {
                    out.news.push(BetNews::Funds(self.bet_funds()));
                }
            }
            Err(why) => Self::funds_failed(&Pending::Allowance(waited), waited, &why, out),
        }
    }

    fn funds_failed(what: &Pending, waited: bool, why: &str, out: &mut BetOut) {
        failed(what.name(), why, out);
        if waited {
            out.news.push(BetNews::Funds(None));
        }
    }

    /// What a bet can be made of: what is held, as far as the relayer may take it.
    fn bet_funds(&self) -> Option<BetFunds> {
        let funds = self.funds().filter(|_| self.config.environment.decimals == 6)?;
        let free = u64::try_from(funds.balance.min(funds.allowance)).unwrap_or(u64::MAX);
        Some(BetFunds { free: Stake::from_e6(free), in_bets: self.in_bets() })
    }
}
