//! The machine: session, feed and the routing of answers. Bets are `trading`'s.

use crate::chain;
use crate::config::AzuroConfig;
use crate::contracts::Call;
use crate::error::Error;
use crate::feed::Feed;
use crate::inquest::Inquest;
use crate::out::{ChainRequest, Funds, News, Output};
use crate::parse::{self, Condition, GameState, Limits};
use crate::sign::{condition_text, parse_condition};
use crate::state::Nonces;
use crate::trading::Bet;
use crate::wire::ws::{self, FeedFrame};
use domain::{MarketId, Mono, Now, OrderId, Outcome, VenueId, Wall};
use serde_json::json;
use signing::{EvmKey, SanitizedValue};
use std::collections::{BTreeMap, BTreeSet};
use venue_api::{Action, ConnId, Frame, Lane, Method, Payload, Reply, RequestId, SessionNews, TimerId};

/// The feed.
pub(crate) const FEED: ConnId = ConnId(0);
/// The relayer's fee and the funds.
const FEE_TIMER: TimerId = TimerId(1);
/// The batch of all watched conditions.
const REFRESH_TIMER: TimerId = TimerId(2);
/// Timers of bets: this and the nonce.
pub(crate) const BET_TIMER: u64 = 1 << 63;
/// What a request was for.
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    Fee,
    Games,
    Conditions,
    Batch(Vec<MarketId>),
    Limits(MarketId, Outcome),
    Post { order: OrderId, repeat: bool },
    Poll(OrderId),
    ChainId,
    Balance,
    Allowance,
    Inquest(OrderId, Inquest),
}

/// The client. See the crate.
#[derive(Debug)]
pub struct AzuroClient {
    pub(crate) config: AzuroConfig,
    pub(crate) key: Option<EvmKey>,
    pub(crate) feed: Feed,
    pub(crate) bets: BTreeMap<OrderId, Bet>,
    pub(crate) nonces: Nonces,
    pub(crate) limits: BTreeMap<(MarketId, Outcome), Limits>,
    /// Calculations under way; true: asked for again meanwhile.
    pub(crate) calculating: BTreeMap<(MarketId, Outcome), bool>,
    /// Subscribed and not acknowledged.
    pub(crate) unacknowledged: BTreeSet<MarketId>,
    requests: BTreeMap<u64, Pending>,
    last_request: u64,
    pub(crate) fee: Option<(u128, Mono)>,
    balance: Option<u128>,
    allowance: Option<u128>,
    chain_is_right: bool,
    open: bool,
    /// The venue asked for silence until then.
    quiet_until: Mono,
    fatal: bool,
    stopped: bool,
    was_ready: bool,
}

impl AzuroClient {
    /// The venue's short name.
    pub const VENUE: VenueId = VenueId::new("azuro");

    /// A client that has not started.
    ///
    /// # Errors
    /// [`Error`] when a value is out of range or the key does not read.
    pub fn new(config: AzuroConfig) -> Result<Self, Error> {
        config.check()?;
        let key = config.key.as_ref().map(EvmKey::from_hex).transpose()?;
        Ok(Self {
            nonces: Nonces::above(config.last_nonce),
            config,
            key,
            feed: Feed::default(),
            bets: BTreeMap::new(),
            limits: BTreeMap::new(),
            calculating: BTreeMap::new(),
            unacknowledged: BTreeSet::new(),
            requests: BTreeMap::new(),
            last_request: 0,
            fee: None,
            balance: None,
            allowance: None,
            chain_is_right: false,
            open: false,
            quiet_until: Mono::default(),
            fatal: false,
            stopped: false,
            was_ready: false,
        })
    }

    /// Whether bets are taken: a key, the feed, the right chain, the bettor's means, and a fee that is not too old.
    pub fn ready(&self, now: Now) -> bool {
        self.not_ready(now).is_none()
    }

    /// What is missing for bets.
    pub(crate) fn not_ready(&self, now: Now) -> Option<&'static str> {
        let fee_age_max = self.config.fee_ms.saturating_mul(3_000_000);
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
        } else if self.fee.is_none_or(|(_, read)| now.mono.since(read) > fee_age_max) {
            Some("the relayer's fee has not been read lately")
        } else {
            None
        }
    }

    /// The bettor's means as last read.
    pub fn funds(&self) -> Option<Funds> {
        self.balance.zip(self.allowance).map(|(balance, allowance)| Funds { balance, allowance })
    }

    /// Begins. Called once.
    pub fn start(&mut self, now: Now, out: &mut Output) {
        Self::connect(out);
        self.ask_chain(Pending::ChainId, chain::chain_id_request, out);
        self.read_fee_and_funds(now, out);
        self.arm(REFRESH_TIMER, self.config.refresh_ms, now, out);
    }

    /// Asks for a page of games before their start, by kick-off. Comes as [`News::Games`].
    pub fn list_games(&mut self, page: u32, sport: Option<u32>, out: &mut Output) {
        let mut target = format!(
            "/market-manager/games-by-filters?environment={}&gameState=Prematch&orderBy=startsAt&orderDirection=asc&page={}&perPage=100",
            self.config.environment.name,
            page.max(1)
        );
        if let Some(sport) = sport {
            target.push_str(&format!("&sportId={sport}"));
        }
        self.ask(Pending::Games, Lane::Public, Method::Get, target, String::new(), out);
    }

    /// Asks for the conditions of games. Comes as [`News::Conditions`].
    pub fn list_conditions(&mut self, games: &[u128], out: &mut Output) {
        let games: Vec<String> = games.iter().map(u128::to_string).collect();
        let body = json!({ "gameIds": games, "environment": self.config.environment.name, "extended": false }).to_string();
        let target = "/market-manager/conditions-by-game-ids".to_owned();
        self.ask(Pending::Conditions, Lane::Public, Method::Post, target, body, out);
    }

    /// Quotes a condition from now on, until its game starts. Comes as [`News::Quote`] and [`News::NoQuote`].
    pub fn watch(&mut self, condition: Condition, starts: Wall, out: &mut Output) {
        let id = condition.id;
        self.feed.watch(condition, starts);
        if self.open {
            self.subscribe(&[id], out);
        }
    }

    /// Quotes a condition no longer.
    pub fn unwatch(&mut self, id: MarketId, out: &mut Output) {
        self.limits.retain(|(market, _), _| *market != id);
        self.unacknowledged.remove(&id);
        if self.feed.unwatch(id) && self.open {
            let payload = ws::conditions("UnsubscribeConditions", &[condition_text(id)], self.config.environment.name);
            out.actions.push(Action::Send { conn: FEED, payload: Payload::Text(payload) });
        }
    }

    /// The feed is connected.
    pub fn on_open(&mut self, conn: ConnId, now: Now, out: &mut Output) {
        if conn != FEED || self.stopped {
            return;
        }
        self.open = true;
        out.news.push(News::Session(SessionNews::Connected { what: "feed" }));
        let ids = self.feed.ids();
        self.subscribe(&ids, out);
        self.tell_readiness(now, out);
    }

    /// The feed ended or could not be connected: nothing is quoted until it is back.
    pub fn on_closed(&mut self, conn: ConnId, why: &str, now: Now, out: &mut Output) {
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
            out.news.push(News::Session(SessionNews::Down { why: format!("the feed is gone: {why}") }));
        }
        if !self.stopped {
            Self::connect(out);
        }
    }

    /// A frame of the feed.
    pub fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut Output) {
        let text = match frame {
            _ if conn != FEED => return,
            Frame::Text(text) => text,
            Frame::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(cause) => return failed("a frame of the feed", None, cause.to_string(), out),
            },
        };
        match ws::read(text) {
            Ok(FeedFrame::Subscribed(ids)) => {
                let ids: Vec<MarketId> = ids.iter().filter_map(|id| parse_condition(id)).collect();
                // The ack echoes what was asked; only what is watched and open counts.
                let ids: Vec<MarketId> = ids.into_iter().filter(|id| self.unacknowledged.remove(id)).collect();
                self.read_batch(&ids, out);
            }
            Ok(FeedFrame::Condition(row)) => match parse::condition(row) {
                Ok(condition) => {
                    let id = condition.id;
                    if self.feed.update(condition, now.mono) {
                        self.quote(id, now, out);
                        self.calculate(id, now, out);
                    }
                }
                Err(cause) => failed("a frame of the feed", None, cause.to_string(), out),
            },
            Ok(FeedFrame::Game(game)) => {
                if GameState::parse(&game.state) != GameState::Prematch
                    && let Some(id) = parse::game_id(&game.id)
                {
                    for market in self.feed.game_left_prematch(id) {
                        self.quote(market, now, out);
                    }
                }
            }
            Ok(FeedFrame::Other) => {}
            Err(cause) => failed("a frame of the feed", None, cause.to_string(), out),
        }
    }

    /// The answer to a request, of the venue or of the chain, or what became of it.
    pub fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut Output) {
        let Some(what) = self.requests.remove(&request.0) else { return };
        if let Reply::Answer { status: 429, retry_after_ms, .. } = reply {
            // No limit is published. A minute is more than any can mean; the cap keeps a broken header from silencing the client.
            self.quiet_until = now.mono.plus_ms(retry_after_ms.unwrap_or(1_000).min(60_000));
        }
        let body = match (&what, reply) {
            (Pending::Post { order, repeat }, reply) => return self.post_reply(*order, *repeat, reply, now, out),
            (Pending::Poll(order), reply) => return self.poll_reply(*order, reply, now, out),
            (_, Reply::Answer { status: 200..=299, body, .. }) => Ok(body),
            (_, Reply::Answer { status, .. }) => Err(format!("status {status}")),
            (_, Reply::NotSent(why) | Reply::Unknown(why)) => Err(why.to_owned()),
        };
        match (what, body) {
            (Pending::Inquest(order, stage), body) => self.inquest_reply(order, stage, request.0, body, now, out),
            (Pending::Batch(ids), body) => {
                match body.and_then(|body| parse::conditions(body).map_err(|cause| cause.to_string())) {
                    Ok(rows) => self.feed.batch(&ids, rows, now.mono),
                    Err(why) => {
                        self.feed.batch_failed(&ids);
                        failed("the batch of conditions", None, why, out);
                    }
                }
                for id in ids {
                    self.quote(id, now, out);
                    self.calculate(id, now, out);
                }
            }
            (Pending::Limits(market, outcome), body) => {
                let again = self.calculating.remove(&(market, outcome)).unwrap_or(false);
                match body.and_then(|body| parse::limits(body, self.config.environment).map_err(|cause| cause.to_string())) {
                    Ok(limits) => {
                        self.limits.insert((market, outcome), limits);
                    }
                    Err(why) => {
                        self.limits.remove(&(market, outcome));
                        failed("the calculation", None, why, out);
                    }
                }
                self.quote_one(market, outcome, now, out);
                if again {
                    self.calculate(market, now, out);
                }
            }
            (what, Err(why)) => failed(name(&what), None, why, out),
            (Pending::Games, Ok(body)) => match parse::games(body) {
                Ok((games, pages)) => out.news.push(News::Games { games, pages }),
                Err(cause) => failed("the list of games", None, cause.to_string(), out),
            },
            (Pending::Conditions, Ok(body)) => match parse::conditions(body) {
                Ok(conditions) => out.news.push(News::Conditions(conditions)),
                Err(cause) => failed("the list of conditions", None, cause.to_string(), out),
            },
            (Pending::Fee, Ok(body)) => match parse::relayer_fee(body, self.config.environment) {
                Ok(fee) => self.fee = Some((fee, now.mono)),
                Err(cause) => failed("gas-info", None, cause.to_string(), out),
            },
            (Pending::ChainId, Ok(body)) => match chain::read_quantity(request.0, body) {
                Ok(id) if id == signing::eip712::U256::from(self.config.environment.chain_id) => self.chain_is_right = true,
                Ok(id) => {
                    self.fatal = true;
                    let environment = self.config.environment;
                    let why = format!(
                        "the node serves chain {id}, {} lives on {}: change the node's URL",
                        environment.name, environment.chain_id
                    );
                    out.news.push(News::Session(SessionNews::Fatal { why }));
                }
                Err(cause) => failed("the chain's id", None, cause.to_string(), out),
            },
            (what @ (Pending::Balance | Pending::Allowance), Ok(body)) => match chain::read_units(request.0, body) {
                Ok(units) => {
                    let place = if matches!(what, Pending::Balance) { &mut self.balance } else { &mut self.allowance };
                    if place.replace(units) != Some(units)
                        && let Some(funds) = self.funds()
                    {
                        out.news.push(News::Funds(funds));
                    }
                }
                Err(cause) => failed(name(&what), None, cause.to_string(), out),
            },
            // Answered above.
            (Pending::Post { .. } | Pending::Poll(_), Ok(_)) => {}
        }
        self.tell_readiness(now, out);
    }

    /// A timer is due.
    pub fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut Output) {
        if self.stopped {
            return;
        }
        match timer {
            FEE_TIMER => {
                if !self.chain_is_right && !self.fatal {
                    self.ask_chain(Pending::ChainId, chain::chain_id_request, out);
                }
                self.read_fee_and_funds(now, out);
            }
            REFRESH_TIMER => {
                if self.open {
                    let (silent, heard): (Vec<_>, Vec<_>) =
                        self.feed.ids().into_iter().partition(|id| self.unacknowledged.contains(id));
                    self.subscribe(&silent, out);
                    self.read_batch(&heard, out);
                }
                for id in self.feed.ids() {
                    self.quote(id, now, out);
                }
                self.arm(REFRESH_TIMER, self.config.refresh_ms, now, out);
            }
            TimerId(bet) if bet & BET_TIMER != 0 => self.bet_due(bet & !BET_TIMER, now, out),
            TimerId(_) => {}
        }
        self.tell_readiness(now, out);
    }

    /// Ends: closes the feed. Bets in flight stay in the journal, to be adopted by the next life.
    pub fn stop(&mut self, out: &mut Output) {
        self.stopped = true;
        out.actions.push(Action::Close { conn: FEED });
    }

    fn connect(out: &mut Output) {
        out.actions.push(Action::Connect { conn: FEED, target: SanitizedValue::new(String::new()), headers: Vec::new() });
    }

    fn read_fee_and_funds(&mut self, now: Now, out: &mut Output) {
        let environment = self.config.environment;
        let target = format!("/bet/gas-info?environment={}", environment.name);
        self.ask(Pending::Fee, Lane::Public, Method::Get, target, String::new(), out);
        if let Some(owner) = self.key.as_ref().map(EvmKey::address) {
            let (token, spender) = (environment.bet_token, environment.relayer);
            self.ask_chain(Pending::Balance, |id| chain::call_request(id, token, &Call::BalanceOf(owner), None), out);
            let call = Call::Allowance { owner, spender };
            self.ask_chain(Pending::Allowance, |id| chain::call_request(id, token, &call, None), out);
        }
        self.arm(FEE_TIMER, self.config.fee_ms, now, out);
    }

    fn tell_readiness(&mut self, now: Now, out: &mut Output) {
        match (self.was_ready, self.not_ready(now)) {
            (false, None) => out.news.push(News::Session(SessionNews::Ready)),
            (true, Some(why)) => out.news.push(News::Session(SessionNews::Down { why: why.to_owned() })),
            _ => return,
        }
        self.was_ready = !self.was_ready;
    }

    fn number(&mut self, what: Pending) -> u64 {
        self.last_request = self.last_request.saturating_add(1);
        self.requests.insert(self.last_request, what);
        self.last_request
    }

    /// Arms a timer, not before the silence that the venue asked for is over.
    pub(crate) fn arm(&self, id: TimerId, wait_ms: u64, now: Now, out: &mut Output) {
        out.actions.push(Action::Timer { id, at: now.mono.plus_ms(wait_ms).max(self.quiet_until) });
    }

    pub(crate) fn ask(&mut self, what: Pending, lane: Lane, method: Method, target: String, body: String, out: &mut Output) {
        let timeout_ms = if lane == Lane::Orders { self.config.order_timeout_ms } else { self.config.read_timeout_ms };
        let id = RequestId(self.number(what));
        out.actions.push(Action::Request {
            id,
            lane,
            method,
            target,
            headers: Vec::new(),
            body: Payload::Text(body),
            timeout_ms,
        });
    }

    pub(crate) fn ask_chain(&mut self, what: Pending, body: impl FnOnce(u64) -> String, out: &mut Output) {
        let id = self.number(what);
        out.chain.push(ChainRequest { id: RequestId(id), body: body(id), timeout_ms: self.config.read_timeout_ms });
    }
}

fn name(what: &Pending) -> &'static str {
    match what {
        Pending::Fee => "gas-info",
        Pending::Games => "the list of games",
        Pending::Conditions => "the list of conditions",
        Pending::Batch(_) => "the batch of conditions",
        Pending::Limits(..) => "the calculation",
        Pending::Post { .. } | Pending::Poll(_) => "the order",
        Pending::ChainId => "the chain's id",
        Pending::Balance => "the balance",
        Pending::Allowance => "the allowance",
        Pending::Inquest(..) => "the chain's word on a bet",
    }
}

pub(crate) fn failed(what: &'static str, order: Option<OrderId>, why: String, out: &mut Output) {
    out.news.push(News::Failed { what, order, why });
}
