//! The client on real sockets with a journal on the disk: a bet is recorded before it leaves, and everything learned about it before
//! anything follows from it. What a start finds in the journal is taken over.
//!
//! Also driven by the tests, which kill a process that runs it.

use domain::record::{Record, SCHEMA};
use domain::{BetSpec, Listing, MarketId, Now, OrderId, Outcome, Quote, VenueKey, Wall};
use journal::{Durability, Identity, Journal, Mode, Options};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sx_client::{SxClient, SxConfig, VENUE};
use tokio::sync::Notify;
use transport::{BetLink, Clock, LinkConfig};
use venue_api::{BetClient, BetFunds, BetNews, BetOut, BetReport, KnownBet, PrepareError, PreparedBet, QuoteNews, SessionNews};

/// What the client told, as of now.
#[derive(Default)]
pub(crate) struct Seen {
    /// Every report of each bet, in order, with the time at which it was told.
    pub(crate) reports: RefCell<BTreeMap<OrderId, Vec<(Now, BetReport)>>>,
    /// The best odds that can be had.
    pub(crate) quotes: RefCell<BTreeMap<(MarketId, Outcome), Quote>>,
    /// What can be bet on.
    pub(crate) listings: RefCell<BTreeMap<MarketId, Listing>>,
    /// The money, as last read.
    pub(crate) funds: Cell<Option<BetFunds>>,
    /// How often the session came up and went down.
    pub(crate) ups: Cell<u32>,
    /// See `ups`.
    pub(crate) downs: Cell<u32>,
    /// The client cannot work without a person.
    pub(crate) fatal: Cell<bool>,
    /// A whole listing was told.
    pub(crate) listed: Cell<bool>,
    /// Questions and answers that failed, bet by bet: how often it had to be asked again.
    pub(crate) retries: RefCell<BTreeMap<OrderId, u32>>,
    changed: Notify,
}

impl Seen {
    /// The last report of a bet.
    pub(crate) fn last(&self, bet: OrderId) -> Option<BetReport> {
        self.reports.borrow().get(&bet).and_then(|reports| reports.last()).map(|(_, report)| report.clone())
    }
    /// Waits until something that was told makes this true; false after `limit`.
    pub(crate) async fn until(&self, limit: Duration, mut holds: impl FnMut(&Self) -> bool) -> bool {
        let waited = tokio::time::timeout(limit, async {
            loop {
                let changed = self.changed.notified();
                if holds(self) {
                    return;
                }
                changed.await;
            }
        });
        waited.await.is_ok()
    }

    fn take(&self, out: &BetOut, now: Now) {
        for quote in &out.quotes {
            let mut quotes = self.quotes.borrow_mut();
            match quote {
                QuoteNews::Best(quote) => drop(quotes.insert((quote.market, quote.outcome), *quote)),
                QuoteNews::Empty { market, outcome, .. } => drop(quotes.remove(&(*market, *outcome))),
                QuoteNews::Lost { market, .. } => quotes.retain(|(one, _), _| one != market),
            }
        }
        self.listings.borrow_mut().extend(out.listings.iter().map(|listing| (listing.market, listing.clone())));
        for news in &out.news {
            match news {
                BetNews::Bet(report) => {
                    self.reports.borrow_mut().entry(report.bet).or_default().push((now, report.clone()));
                }
                BetNews::Unknown { bet, why } | BetNews::QueryFailed { bet: Some(bet), why } => {
                    *self.retries.borrow_mut().entry(*bet).or_default() += 1;
                    tracing::warn!(order_id = %bet, why, "asked again");
                }
                BetNews::Funds(funds) => self.funds.set(*funds),
                BetNews::Listed(count) => {
                    self.listed.set(true);
                    tracing::info!(markets = count, "listed");
                }
                BetNews::Session(SessionNews::Ready) => {
                    self.ups.set(self.ups.get() + 1);
                    tracing::info!("session ready");
                }
                BetNews::Session(SessionNews::Down { why }) => {
                    self.downs.set(self.downs.get() + 1);
                    tracing::warn!(why, "session down");
                }
                BetNews::Session(SessionNews::Fatal { why }) => {
                    self.fatal.set(true);
                    tracing::error!(why, "cannot work without a person");
                }
                other => tracing::info!(?other, "told"),
            }
        }
        if !(out.quotes.is_empty() && out.listings.is_empty() && out.news.is_empty()) {
            self.changed.notify_waiters();
        }
    }
}

/// Called with each report right after it was recorded.
pub(crate) type OnReport = Box<dyn Fn(&BetReport)>;

/// A client on its sockets. Lives inside a `LocalSet`.
pub(crate) struct Shell<C> {
    /// Client and sockets.
    pub(crate) link: BetLink<C>,
    /// What was told.
    pub(crate) seen: Rc<Seen>,
    journal: Rc<RefCell<Journal>>,
    /// This life's number: what its order ids begin with.
    pub(crate) epoch: u32,
}

/// The wall clock, for the journal's headers.
fn wall() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Every bet that a journal knows, folded from its records in order.
pub(crate) fn known_bets(records: impl Iterator<Item = Record>) -> Vec<KnownBet> {
    let mut bets: BTreeMap<OrderId, KnownBet> = BTreeMap::new();
    for record in records {
        match record {
            Record::BetIntended { spec, key, .. } => {
                bets.insert(spec.id, KnownBet { spec, key, facts: Vec::new() });
            }
            Record::BetLearned { bet, fact, .. } => {
                if let Some(known) = bets.get_mut(&bet) {
                    known.facts.push(fact);
                }
            }
            _ => {}
        }
    }
    bets.into_values().collect()
}

impl Shell<SxClient> {
    /// Opens the journal in `folder`, starts the client and hands it what the journal knows.
    ///
    /// # Errors
    /// The journal, a key or a URL, in a sentence.
    pub(crate) fn start(config: SxConfig, link: LinkConfig, folder: &Path, on_report: OnReport) -> Result<Self, Box<dyn Error>> {
        let client = SxClient::new(config)?;
        let account = client.address();
        Self::start_with(client, &account, |client| client, link, folder, on_report)
    }
}

impl<C: BetClient + 'static> Shell<C> {
    /// As [`Shell::start`], with something around the client that looks on.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn start_with(
        client: SxClient,
        account: &str,
        around: impl FnOnce(SxClient) -> C,
        link: LinkConfig,
        folder: &Path,
        on_report: OnReport,
    ) -> Result<Self, Box<dyn Error>> {
        let named = |text: &str| BTreeMap::from([(VENUE.as_str().to_owned(), text.to_owned())]);
        let identity = Identity { mode: Mode::Demo, accounts: named(account), chains: named("obv3") };
        let options =
            Options { durability: Durability::Process, segment_bytes: 1 << 20, reserve_bytes: 1 << 18, ..Options::new(wall) };
        let opened = Journal::open(folder, identity, "dry_run", options)?;
        let read = |record: &journal::Record| serde_json::from_slice::<Record>(&record.body);
        let records = opened.replay.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let known = known_bets(records.into_iter());

        let journal = Rc::new(RefCell::new(opened.journal));
        let seen = Rc::new(Seen::default());
        let tell = {
            let (journal, seen) = (Rc::clone(&journal), Rc::clone(&seen));
            move |out: &BetOut, now: Now| {
                for news in &out.news {
                    if let BetNews::Bet(report) = news {
                        record(&mut journal.borrow_mut(), &learned(report, now.wall));
                        on_report(report);
                    }
                }
                seen.take(out, now);
            }
        };
        let link = BetLink::start(around(client), link, Clock::start(), tell)?;
        for bet in known {
            link.with(|client, now, out| client.adopt(bet, now, out))?;
        }
        Ok(Self { link, seen, journal, epoch: opened.report.epoch })
    }

    /// Signs a bet, records it, and sends it.
    ///
    /// # Errors
    /// It was not signed, and nothing left.
    pub(crate) fn place(&self, spec: BetSpec) -> Result<VenueKey, PrepareError> {
        let prepared = self.link.with(|client, now, _| client.prepare(spec, now))?;
        let key = prepared.key.clone();
        self.intend(&prepared);
        self.send(prepared);
        Ok(key)
    }
    /// Records that a bet is about to leave.
    pub(crate) fn intend(&self, prepared: &PreparedBet) {
        let (spec, key) = (prepared.spec.clone(), prepared.key.clone());
        let at = self.link.look(|_, now| now.wall);
        record(&mut self.journal.borrow_mut(), &Record::BetIntended { at, spec, key });
    }
    /// Sends what was recorded.
    pub(crate) fn send(&self, prepared: PreparedBet) {
        self.link.with(|client, now, out| client.send(prepared, now, out));
    }
}

fn learned(report: &BetReport, at: Wall) -> Record {
    let BetReport { bet, fact, status, taken, returns, paid, .. } = report.clone();
    Record::BetLearned { at, bet, fact, status, taken, returns, paid }
}

fn record(journal: &mut Journal, record: &Record) {
    let body = serde_json::to_vec(record).expect("a record is plain data");
    // What cannot be recorded must not happen: the process ends before the order leaves.
    journal.append(record.kind(), SCHEMA, &body).expect("the journal takes the record");
}
