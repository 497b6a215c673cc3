//! Bets after they left: asked about, learned about, told.
//!
//! Source: spec sections 7.4 to 7.6 and 10. A lost answer is asked by the order's id, which is known before sending; the identical bytes
//! may be posted once more, never other ones. Past the expiry the chain is asked too (`inquest`). `state` says what the facts mean.

use crate::amount::{min_odds, payout};
use crate::client::{AzuroClient, BET_TIMER, Pending, failed_about};
use crate::error::RefusalKind;
use crate::parse::OrderWord;
use crate::sign::{self, ORDER_TARGET};
use crate::state::{Fact, OrderState};
use crate::submit::{Bet, TTL_S_MIN, seconds};
use domain::{BetStatus, MarketId, Now, OrderId, Stake};
use venue_api::{Action, BetNews, BetOut, BetReport, KnownBet, Lane, Method, Reply, TimerId};

/// Past the fence only the chain decides, and it has a block every two seconds (spec 14.3): asked no faster, ms.
const PAST_FENCE_MS: u64 = 2_000;
/// An answer that has not come so long after the fence hangs on a node or a venue that is down: asked as seldom as a bet that stands, s.
const PATIENCE_S: u64 = 60;
/// How often the chain is asked what a settled bet pays before the venue's word is left to stand alone.
const PAYOUT_ASKED_MAX: u8 = 5;

impl AzuroClient {
    /// Asks the API and the chain what became of a bet.
    pub(crate) fn query_bet(&mut self, order: OrderId, out: &mut BetOut) {
        self.poll(order, out);
        self.begin_inquest(order, out);
    }

    pub(crate) fn adopt_bet(&mut self, known: KnownBet, now: Now, out: &mut BetOut) -> Result<(), String> {
        let key = self.key.as_ref().ok_or("this client has no key, so no bet can be its own")?;
        let nonce = known.key.key.rsplit_once('_').and_then(|(_, nonce)| nonce.parse::<u64>().ok());
        let nonce = nonce
            .filter(|nonce| sign::order_id(key.address(), *nonce) == known.key.key)
            .ok_or_else(|| format!("{} is no order of the bettor {}", known.key.key, sign::lower_hex(key.address())))?;
        // The fence was rounded to whole seconds when it was written; a second more costs nothing.
        let fence_s = seconds(known.key.dead_after).saturating_add(1);
        let mut bet = Bet::new(known.spec, nonce, known.key.key, fence_s);
        // Its key was journaled before it left, so it may have left.
        bet.facts.add(&Fact::Left);
        for fact in &known.facts {
            let fact: Fact = serde_json::from_str(fact).map_err(|cause| format!("the fact {fact:?} does not read: {cause}"))?;
            bet.facts.add(&fact);
        }
        let order = bet.spec.id;
        self.nonces.adopt(nonce, order);
        if !bet.facts.open() {
            self.nonces.release(nonce);
        }
        let over = bet.facts.status().0.is_final();
        self.bets.insert(order, bet);
        if !over {
            self.query_bet(order, out);
        }
        self.follow(order, now, out);
        Ok(())
    }

    /// Adds a fact and tells it if it is new.
    pub(crate) fn learn(&mut self, order: OrderId, fact: Fact, now: Now, out: &mut BetOut) {
        let Some(bet) = self.bets.get_mut(&order) else { return };
        if !bet.facts.add(&fact) {
            return;
        }
        if bet.facts.left() && !bet.facts.open() {
            self.nonces.release(bet.nonce);
        }
        let report = report(bet, &fact);
        let market = bet.spec.market;
        out.news.push(BetNews::Bet(report));
        if let Fact::Refused { why } = &fact {
            self.after_refusal(RefusalKind::of(why), market, now, out);
        }
    }

    /// A refusal says what this client knew too little of: that is read again at once, not when its timer comes (spec section 7.7).
    fn after_refusal(&mut self, kind: RefusalKind, market: MarketId, now: Now, out: &mut BetOut) {
        match kind {
            RefusalKind::Fee => self.ask_fee(now, out),
            RefusalKind::Allowance => self.ask_funds(out),
            RefusalKind::NotActive | RefusalKind::Price | RefusalKind::Internal => {
                if self.open && self.feed.watches(market) {
                    self.read_batch(&[market], out);
                }
            }
            RefusalKind::Stake | RefusalKind::Risk => self.calculate(market, now, out),
            RefusalKind::Defect => {}
        }
    }

    /// Arms the next look at a bet: often while its fate is open, seldom while it could be called off, never when it is over.
    pub(crate) fn follow(&self, order: OrderId, now: Now, out: &mut BetOut) {
        let Some(bet) = self.bets.get(&order) else { return };
        let id = TimerId(BET_TIMER | bet.nonce);
        let now_s = seconds(now.wall);
        let wait = match bet.facts.status().0 {
            BetStatus::Pending | BetStatus::Matched if now_s < bet.fence_s => self.config.poll_ms,
            BetStatus::Pending | BetStatus::Matched if now_s < bet.fence_s.saturating_add(PATIENCE_S) => {
                self.config.poll_ms.max(PAST_FENCE_MS)
            }
            BetStatus::Pending | BetStatus::Matched | BetStatus::Accepted | BetStatus::Partial => self.config.watch_ms,
            BetStatus::Settled | BetStatus::Void if payout_wanted(bet) => self.config.watch_ms,
            BetStatus::Refused | BetStatus::Settled | BetStatus::Void => return out.actions.push(Action::CancelTimer { id }),
        };
        self.arm(id, wait, now, out);
    }

    /// A bet's timer.
    pub(crate) fn bet_due(&mut self, nonce: u64, now: Now, out: &mut BetOut) {
        let Some((order, bet)) = self.bets.iter().find(|(_, bet)| bet.nonce == nonce) else { return };
        let order = *order;
        // Our clock only decides when to ask the chain; the chain's own time decides the fate.
        let past_fence = seconds(now.wall) >= bet.fence_s;
        // What the venue has never heard of, or lost, only the chain can tell the end of; a search that has begun is carried on.
        let gone = bet.lost || !bet.facts.known_to_the_venue();
        let due = past_fence && (bet.facts.open() || bet.walk.is_some() || gone);
        if bet.facts.status().0.is_final() {
            self.ask_payout(order, out);
        } else {
            self.poll(order, out);
            if due {
                self.begin_inquest(order, out);
            }
        }
        self.follow(order, now, out);
    }

    fn poll(&mut self, order: OrderId, out: &mut BetOut) {
        let Some(bet) = self.bets.get_mut(&order).filter(|bet| bet.facts.left() && !bet.polling) else { return };
        bet.polling = true;
        let target = format!("/bet/orders/{}", bet.venue_id);
        self.ask(Pending::Poll(order), Lane::Account, Method::Get, target, String::new(), out);
    }

    /// A bet that is said to be over: what does the chain pay for it? A late bet is void whatever the API says (spec section 10).
    fn ask_payout(&mut self, order: OrderId, out: &mut BetOut) {
        let Some(bet) = self.bets.get_mut(&order).filter(|bet| payout_wanted(bet) && !bet.inquest) else { return };
        bet.payout_asked = bet.payout_asked.saturating_add(1);
        self.begin_inquest(order, out);
    }

    /// The answer to a GET. Not found right after the POST is normal; when the POST's own fate is unknown the same bytes go once more.
    pub(crate) fn poll_reply(&mut self, order: OrderId, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let Some(bet) = self.bets.get_mut(&order) else { return };
        bet.polling = false;
        bet.lost = matches!(reply, Reply::Answer { status: 404, .. });
        match reply {
            Reply::Answer { status: 200..=299, body, .. } => match self.read_order(order, body) {
                Ok(word) => self.said(order, word, now, out),
                Err(why) => failed_about(order, "the order", why, out),
            },
            Reply::Answer { status: 404, .. } => {
                let alive = seconds(now.wall).saturating_add(TTL_S_MIN) <= bet.expires_at;
                let unheard = bet.facts.open() && !bet.facts.known_to_the_venue() && !bet.posting && !bet.repeated;
                if alive
                    && unheard
                    && let Some(body) = bet.body.clone()
                {
                    bet.repeated = true;
                    let what = Pending::Post { order, repeat: true };
                    self.ask(what, Lane::Orders, Method::Post, ORDER_TARGET.to_owned(), body, out);
                }
            }
            Reply::Answer { status, .. } => failed_about(order, "the order", format!("status {status}"), out),
            Reply::NotSent(why) | Reply::Unknown(why) => failed_about(order, "the order", why, out),
        }
        self.follow(order, now, out);
    }

    pub(crate) fn said(&mut self, order: OrderId, word: OrderWord, now: Now, out: &mut BetOut) {
        self.learn(order, Fact::Said { state: word.state, taken: word.taken, result: word.result }, now, out);
        if word.state == OrderState::Rejected
            && let Some(why) = word.error
        {
            self.learn(order, Fact::Refused { why }, now, out);
        }
        self.ask_payout(order, out);
    }
}

fn payout_wanted(bet: &Bet) -> bool {
    bet.facts.payout_unread() && bet.payout_asked < PAYOUT_ASKED_MAX
}

/// Raw units of a token of six digits; more than fits is as much as anyone can say.
fn stake(units: u128) -> Stake {
    Stake::from_e6(u64::try_from(units).unwrap_or(u64::MAX))
}

fn report(bet: &Bet, fact: &Fact) -> BetReport {
    let (status, why) = bet.facts.status();
    let exists = !matches!(status, BetStatus::Pending | BetStatus::Refused);
    // A bet is taken in full or not at all. Before its token is known, its own stake and its least odds are what can be said; one that
    // was called off without ever having a token took nothing.
    let (taken, returns) = match bet.facts.taken() {
        Some(taken) => (stake(taken.amount), stake(payout(taken.amount, taken.odds_e12).unwrap_or(u128::MAX))),
        None if exists && !status.is_final() => {
            let odds = min_odds(bet.spec.odds_min).unwrap_or(u64::MAX);
            (bet.spec.stake, stake(payout(u128::from(bet.spec.stake.e6()), odds).unwrap_or(u128::MAX)))
        }
        None => (Stake::default(), Stake::default()),
    };
    let why = match fact {
        Fact::Refused { why: words } => format!("{why}: {words}"),
        _ => why.to_owned(),
    };
    BetReport {
        bet: bet.spec.id,
        fact: serde_json::to_string(fact).unwrap_or_default(),
        status,
        taken,
        returns,
        paid: bet.facts.paid().map(stake),
        why,
    }
}
