//! Bets on their way: what is known of each, and how what is learned becomes news.
//!
//! The id is the digest and known before anything leaves; an answer that is lost is asked for by it and never sent again (spec section
//! 7.4). What is learned becomes a [`BetEvent`], from whichever side it came: `submit` sends and reads the answer, `inquest` asks,
//! `cancel` takes resting orders off, `account` hears what the venue says by itself.

mod cancel;
mod inquest;
mod submit;

use crate::SxClient;
use crate::call::Call;
use crate::requests::Pending;
use crate::state::{Bet, BetEvent};
use domain::{BetSpec, BetStatus, Mono, Now, OrderId, Stake, TimeInForce, VenueKey};
use venue_api::{BetNews, BetOut, BetReport, KnownBet};

#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) spec: BetSpec,
    pub(crate) key: VenueKey,
    pub(crate) bet: Bet,
    /// Signed and waiting to leave.
    call: Option<Call>,
    /// Since when the engine is known to be through with it.
    over_since: Option<Mono>,
    /// Questions since the last word.
    asked: usize,
    ask_at: Option<Mono>,
}

/// How often the venue is asked about a bet that it says nothing about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// Its fate is open: in quick steps.
    Soon,
    /// It rests, or waits for its event to end: now and then.
    Slowly,
    /// Nothing more can happen, or it has not left.
    Never,
}

impl Tracked {
    fn new(spec: BetSpec, key: VenueKey, call: Option<Call>) -> Self {
        let bet = Bet::new(spec.stake.e6());
        Self { spec, key, bet, call, over_since: None, asked: 0, ask_at: None }
    }
    fn asking(&self) -> Asking {
        let rests = self.spec.tif == TimeInForce::Gtc && self.bet.may_rest();
        match self.bet.status() {
            _ if self.call.is_some() => Asking::Never,
            BetStatus::Pending | BetStatus::Matched if rests => Asking::Slowly,
            BetStatus::Pending | BetStatus::Matched => Asking::Soon,
            // Accepted is not the end: settled or called off has to be seen, if only by asking.
            BetStatus::Accepted | BetStatus::Partial => Asking::Slowly,
            BetStatus::Refused | BetStatus::Settled | BetStatus::Void => Asking::Never,
        }
    }
    /// Whether it may still lie on the book: sent, or by a life before this one, and not known to be over.
    pub(crate) fn may_lie(&self) -> bool {
        self.spec.tif == TimeInForce::Gtc && self.call.is_none() && !self.bet.is_over()
    }

    fn report(&self, event: &BetEvent) -> BetReport {
        let status = self.bet.status();
        let ended = matches!(status, BetStatus::Settled | BetStatus::Void);
        // Stake that no fill accounts for yet was taken at the limit or better.
        let (known, returns) = self.bet.known();
        let unseen = Stake::from_e6(self.bet.taken().saturating_sub(known)).returns(self.spec.odds_min);
        BetReport {
            bet: self.spec.id,
            fact: serde_json::to_string(event).expect("an event is plain data"),
            status,
            taken: Stake::from_e6(self.bet.taken()),
            returns: Stake::from_e6(returns).plus(unseen),
            paid: ended.then(|| Stake::from_e6(self.bet.paid().0)),
            why: self.why(),
        }
    }
    fn why(&self) -> String {
        let reason = self.bet.reason();
        if self.bet.contradicted() {
            return format!("the venue said that nothing was taken ({reason}), and then that something was");
        }
        match self.bet.status() {
            BetStatus::Pending => "the venue has not decided".to_owned(),
            BetStatus::Matched => "matched, not yet locked on chain".to_owned(),
            BetStatus::Partial if reason.is_empty() => "a part is locked on chain, nothing more will be".to_owned(),
            BetStatus::Partial => format!("a part is locked on chain, then: {reason}"),
            BetStatus::Accepted => "locked on chain".to_owned(),
            BetStatus::Refused if reason.is_empty() => "nothing was taken".to_owned(),
            BetStatus::Refused => format!("nothing was taken: {reason}"),
            BetStatus::Settled => "won or lost, and paid".to_owned(),
            BetStatus::Void => "called off, the stake came back".to_owned(),
        }
    }
}

impl SxClient {
    /// Takes over a bet of an earlier life.
    pub(crate) fn take_over(&mut self, known: KnownBet, now: Now, out: &mut BetOut) -> Result<(), String> {
        let KnownBet { spec, key, facts } = known;
        let id = spec.id;
        let hash = key.key.strip_prefix("0x").filter(|digits| digits.len() == 64);
        if spec.venue != crate::VENUE || !hash.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(format!("{id}: {} at {} is no order of this venue: 0x and 64 digits", key.key, spec.venue));
        }
        if let Some(tracked) = self.bets.get(&id) {
            let same = tracked.key == key;
            return if same { Ok(()) } else { Err(format!("{id} is known already, by the key {}", tracked.key.key)) };
        }
        let mut tracked = Tracked::new(spec, key, None);
        for fact in facts {
            let event = serde_json::from_str(&fact).map_err(|error| format!("{id}: the fact {fact:?} does not read: {error}"))?;
            tracked.bet.learn(&event);
        }
        tracked.over_since = tracked.bet.is_over().then_some(now.mono);
        let lies = tracked.may_lie();
        self.by_venue.insert(tracked.key.key.clone(), id);
        self.bets.insert(id, tracked);
        if lies {
            // The life before this one renews it no more.
            self.arm(now, out);
        }
        self.ask_later(id, now, out);
        Ok(())
    }

    /// Forgets a bet that is over for good.
    pub(crate) fn drop_bet(&mut self, id: OrderId) {
        if let Some(tracked) = self.bets.remove(&id) {
            self.by_venue.remove(&tracked.key.key);
        }
    }

    /// How a bet stands, by all that was learned.
    pub fn bet(&self, id: OrderId) -> Option<&Bet> {
        self.bets.get(&id).map(|tracked| &tracked.bet)
    }

    /// Takes in what was learned, tells it if it was news, and asks on while the fate is open.
    pub(crate) fn learn(&mut self, id: OrderId, event: &BetEvent, now: Now, out: &mut BetOut) {
        let Some(tracked) = self.bets.get_mut(&id) else { return };
        if !tracked.bet.learn(event) {
            return;
        }
        if tracked.bet.is_over() && tracked.over_since.is_none() {
            tracked.over_since = Some(now.mono);
        }
        tracked.asked = 0;
        out.news.push(BetNews::Bet(tracked.report(event)));
        // The answer of an order in flight comes by itself; until then only its loss starts the questions.
        if !self.requests.is_asked(&Pending::Place(id)) {
            self.ask_later(id, now, out);
        }
    }

    pub(crate) fn unknown(&mut self, id: OrderId, why: String, now: Now, out: &mut BetOut) {
        // The account's channels may have said it already.
        if self.bets.get(&id).is_some_and(|tracked| matches!(tracked.bet.status(), BetStatus::Pending | BetStatus::Matched)) {
            out.news.push(BetNews::Unknown { bet: id, why });
        }
        self.ask_later(id, now, out);
    }

    pub(crate) fn query_failed(&mut self, id: OrderId, why: String, now: Now, out: &mut BetOut) {
        out.news.push(BetNews::QueryFailed { bet: Some(id), why });
        self.ask_later(id, now, out);
    }
}
