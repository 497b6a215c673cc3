//! The seam that every betting venue shares: each call goes to the part of the machine that answers for it.

use crate::requests::{Pending, timers};
use crate::session::REALTIME;
use crate::{SxClient, VENUE, call};
use domain::{BetSpec, MarketId, Now, OrderId, Outcome, Stake, VenueId};
use venue_api::{
    Action, BetClient, BetOut, ConnId, Frame, KnownBet, PrepareError, PreparedBet, Reply, RequestId, StakeTerms, TimerId,
};

/// How long the venue is left alone after a 429 that does not say, ms: what one bot met (spec section 13).
const QUIET_MS: u64 = 30_000;
/// Longest time that it is left alone, ms.
const QUIET_MS_MAX: u64 = 3_600_000;

impl BetClient for SxClient {
    fn venue(&self) -> VenueId {
        VENUE
    }
    fn ready(&self, now: Now) -> bool {
        self.session.announced && self.metadata_fresh(now)
    }

    fn start(&mut self, now: Now, out: &mut BetOut) {
        self.begin(now, out);
    }
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut BetOut) {
        if self.session.over() {
            out.actions.push(Action::Close { conn });
        } else if conn == REALTIME {
            self.opened(now, out);
        }
    }
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut BetOut) {
        if conn == REALTIME && !self.session.over() {
            self.closed(code, why, now, out);
        }
    }
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut BetOut) {
        if let (REALTIME, Frame::Text(text), false) = (conn, frame, self.session.over()) {
            self.frame(text, now, out);
        }
    }
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let Some((what, lane)) = self.requests.close(request) else { return };
        if let Reply::Answer { status: 429, retry_after_ms, .. } = reply {
            self.requests.quiet(lane, now.mono.plus_ms(retry_after_ms.unwrap_or(QUIET_MS).min(QUIET_MS_MAX)));
        }
        match what {
            Pending::Metadata => self.metadata_reply(reply, now, out),
            Pending::Fees => self.fees_reply(reply, now, out),
            Pending::Token => self.token_reply(reply, now, out),
            Pending::Markets { pages } => self.markets_reply(pages, reply, now, out),
            Pending::Fixtures(_) => self.fixtures_reply(reply, out),
            Pending::Snapshot { market, since } => self.snapshot_reply(market, since, reply, now, out),
            Pending::BestOdds(asked) => self.odds_reply(&asked, reply, out),
            Pending::Balance => self.balance_reply(reply, out),
            Pending::Positions => self.positions_reply(reply, out),
            Pending::ActiveOrders { pages } => self.active_orders_reply(pages, reply, now, out),
            Pending::Place(bet) => self.place_reply(bet, reply, now, out),
            Pending::Order { bet, past_end } => self.order_reply(bet, past_end, reply, now, out),
            Pending::Fills(asked) => self.fills_reply(asked, reply, now, out),
            Pending::Cancel(bet) => self.cancel_reply(bet, reply, now, out),
            Pending::CancelMany { event, round } => self.cancel_many_reply(event, round, reply, now, out),
            Pending::Heartbeat { timeout_s } => Self::heartbeat_reply(timeout_s, reply, now, out),
        }
    }
    /// Bets are asked about and cancelled even when nothing else works any more.
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut BetOut) {
        match timer {
            _ if self.session.stopped => {}
            timers::PACE => self.pace(now, out),
            timers::BETS => self.questions_due(now, out),
            timers::HEARTBEAT => self.heartbeat_due(now, out),
            timers::CANCELS => self.cancels_due(now, out),
            _ if self.session.fatal => {}
            timers::METADATA => self.ask(Pending::Metadata, call::metadata(), now, out),
            timers::FEES => self.ask(Pending::Fees, call::fees(), now, out),
            timers::TOKEN => self.ask(Pending::Token, call::realtime_token(), now, out),
            timers::MARKETS => self.read_markets(now, out),
            timers::LINK => self.link_due(now, out),
            timers::RESUBSCRIBE => self.subscribe_all(out),
            timers::BOOKS => self.books_due(now, out),
            timers::ODDS => self.odds_due(now, out),
            _ => {}
        }
    }

    fn watch(&mut self, market: MarketId, _: Now, out: &mut BetOut) {
        self.watch_book(market, out);
    }
    fn unwatch(&mut self, market: MarketId, _: Now, out: &mut BetOut) {
        self.unwatch_book(market, out);
    }
    fn terms(&self, market: MarketId, outcome: Outcome) -> Option<StakeTerms> {
        self.markets.get(&market).filter(|_| outcome == Outcome::ONE || outcome == Outcome::TWO)?;
        let (metadata, _) = self.metadata.as_ref()?;
        Some(StakeTerms {
            min: Stake::from_e6(metadata.stake_min),
            max: None,
            step: Stake::from_e6(1),
            profit_fee: self.fees?.taker,
            cost: Stake::default(),
        })
    }

    fn prepare(&mut self, bet: BetSpec, now: Now) -> Result<PreparedBet, PrepareError> {
        self.sign_bet(bet, now)
    }
    fn send(&mut self, prepared: PreparedBet, now: Now, out: &mut BetOut) {
        self.send_bet(&prepared, now, out);
    }
    fn discard(&mut self, prepared: PreparedBet) {
        self.discard_bet(&prepared);
    }
    fn query(&mut self, bet: OrderId, now: Now, out: &mut BetOut) {
        self.ask_bet(bet, now, out);
    }
    fn cancel(&mut self, bet: OrderId, now: Now, out: &mut BetOut) {
        self.cancel_bet(bet, now, out);
    }
    fn adopt(&mut self, known: KnownBet, now: Now, out: &mut BetOut) -> Result<(), String> {
        self.take_over(known, now, out)
    }
    fn forget(&mut self, bet: OrderId) {
        self.drop_bet(bet);
    }
    /// Beside the money it looks for orders and positions that are none of ours: they come as [`venue_api::BetNews::Foreign`].
    fn read_account(&mut self, now: Now, out: &mut BetOut) {
        self.ask_account(now, out);
    }
    /// Resting orders keep their heartbeat: when it runs out the venue takes them off. Without any it is switched off.
    fn stop(&mut self, now: Now, out: &mut BetOut) {
        if self.armed && !self.rests() {
            self.beat(0, now, out);
        }
        self.session.stopped = true;
        self.session.announced = false;
        out.actions.push(Action::Close { conn: REALTIME });
    }
}
