//! Somebody who trades: writes a real journal as the bot does, and folds what it writes as the bot does, so that no test
//! feeds records that could never follow on each other.

use crate::support::{PAIR, PARADEX, VEST, price, size};
use domain::record::{Decision, ExitReason, GiveUp, Intended, LegPlan, Policy, Record, RoundPlan, SCHEMA, Waterfall};
use domain::{
    Fills, InstrumentId, LegId, OrderEnd, OrderId, OrderNews, OrderSpec, OrderType, Price, Purpose, Rate, RoundId, Size,
    TimeInForce, Usd, VenueKey, VenueOrderId, Wall,
};
use journal::{Identity, Journal, Mode, Options};
use saga::Round;
use state_store::{OrderRow, RoundRow, Rounds, StateManager};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const EPOCH: u32 = 1;

pub(crate) fn id(seq: u32) -> RoundId {
    RoundId { epoch: EPOCH, seq }
}

pub(crate) fn order_id(seq: u32, leg: LegId, purpose: Purpose, attempt: u16) -> OrderId {
    OrderId { round: id(seq), leg, purpose, attempt }
}

/// Milliseconds after the first record.
pub(crate) fn at(ms: i64) -> Wall {
    Wall::from_ms(1_780_000_000_000 + ms)
}

/// A round as the trader knows it, with its records.
#[derive(Clone)]
struct Kept {
    round: Round,
    records: Vec<Record>,
}

pub(crate) struct Trader {
    pub(crate) journal: Journal,
    /// Number of the last record at the open.
    pub(crate) last_seq: u64,
    pub(crate) now: i64,
    live: BTreeMap<RoundId, Kept>,
    ended: VecDeque<Kept>,
}

/// Folders of a journal and a database that go away with the test.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory") }
    }
    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.path().join("journal")
    }
    pub(crate) fn sqlite(&self) -> PathBuf {
        self.dir.path().join("state.db")
    }
    /// Deletes the database with all that belongs to it.
    pub(crate) fn delete_database(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.sqlite().display()));
        }
        assert!(!self.sqlite().exists());
    }
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.journal()).expect("listed").map(|e| e.expect("an entry").path());
        let mut found: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "b4j")).collect();
        found.sort();
        found
    }
}

pub(crate) fn options() -> Options {
    Options { segment_bytes: 64 << 10, reserve_bytes: 4_096, disk_cap_bytes: 8 << 20, ..Options::new(|| at(0)) }
}

impl Trader {
    pub(crate) fn open(dir: &Path, options: Options) -> Self {
        let map = |v: &str| BTreeMap::from([("vest".to_owned(), v.to_owned())]);
        let identity = Identity { mode: Mode::Demo, accounts: map("0xaa"), chains: map("42161") };
        let opened = Journal::open(dir, identity, "test 0.1.0", options).expect("opens");
        let last_seq = opened.report.last_seq;
        Self { journal: opened.journal, last_seq, now: 0, live: BTreeMap::new(), ended: VecDeque::new() }
    }

    /// Starts the bot's life.
    pub(crate) fn start(&mut self) {
        self.record(Record::Started { at: at(self.now), epoch: EPOCH, config: "c0ffee".into() });
    }

    /// Folds and writes, as the engine does.
    pub(crate) fn record(&mut self, record: Record) -> u64 {
        if let Record::Opened { plan, orders, at } = &record {
            let round = Round::open((**plan).clone(), orders.clone(), *at).expect("legal");
            self.live.insert(plan.id, Kept { round, records: vec![record.clone()] });
        } else if let Some(id) = record.round() {
            if let Some(i) = self.ended.iter().position(|k| k.round.id() == id) {
                let kept = self.ended.remove(i).expect("there");
                self.live.insert(id, kept);
            }
            let kept = self.live.get_mut(&id).expect("a round of ours");
            kept.round.apply(&record).unwrap_or_else(|e| panic!("{record:?}: {e}"));
            kept.records.push(record.clone());
            if kept.round.outcome.is_some() {
                let kept = self.live.remove(&id).expect("there");
                self.ended.push_back(kept);
            }
        }
        self.write(record.kind(), SCHEMA, &record)
    }

    /// Writes without folding.
    pub(crate) fn write(&mut self, kind: u16, version: u16, record: &Record) -> u64 {
        let body = serde_json::to_vec(record).expect("JSON");
        self.journal.append(kind, version, &body).expect("appended")
    }

    /// Begins a segment with everything that is still known, as the service does.
    pub(crate) fn rotate(&mut self) -> u64 {
        let mut records = vec![Record::Started { at: at(self.now), epoch: EPOCH, config: "c0ffee".into() }];
        let venue = domain::VenueId::new("journal");
        records.push(Record::Mismatch { at: at(self.now), venue, pair: Some(PAIR), evidence: "halted".into() });
        records.extend(self.ended.iter().chain(self.live.values()).flat_map(|k| k.records.iter().cloned()));
        let body = serde_json::to_vec(&records).expect("JSON");
        self.journal.rotate(SCHEMA, &body).expect("rotated")
    }

    /// Everything is on the disk; gives the last number.
    pub(crate) fn synced(&self) -> u64 {
        self.journal.wait_synced().expect("synced");
        self.journal.synced()
    }

    fn after(&mut self, ms: i64) -> Wall {
        self.now += ms;
        at(self.now)
    }

    pub(crate) fn opens(&mut self, seq: u32) {
        let leg = |venue, n| LegPlan { venue, instrument: InstrumentId(n), lot: size("0.001") };
        let at = self.after(1_000);
        let plan = RoundPlan {
            id: id(seq),
            pair: PAIR,
            legs: [leg(VEST, 0), leg(PARADEX, 1)],
            size: size("0.1"),
            spread: Rate::from_bps(41),
            threshold: Rate::from_bps(30),
            waterfall: Waterfall { edge: Rate::from_bps(7), ..Waterfall::default() },
            reserved: Usd::ZERO,
            worst_loss: Usd::ZERO,
            worst_fills: [Size::ZERO; 2],
            quoted: None,
            decided_ns: 0,
            at,
            policy: Policy::default(),
            config: "c0ffee".into(),
        };
        let entry = |leg| self.intended(seq, leg, Purpose::Entry, 1, "0.1");
        let orders = vec![entry(LegId::A), entry(LegId::B)];
        self.record(Record::Opened { at, plan: Box::new(plan), orders });
    }

    fn intended(&self, seq: u32, leg: LegId, purpose: Purpose, attempt: u16, text: &str) -> Intended {
        let id = order_id(seq, leg, purpose, attempt);
        let entry = Round::entry_side(leg);
        let (venue, hash) = if leg == LegId::A { (VEST, None) } else { (PARADEX, Some("0x5ea1".to_owned())) };
        Intended {
            spec: OrderSpec {
                id,
                venue,
                instrument: InstrumentId(leg.index() as u16),
                side: if purpose == Purpose::Entry { entry } else { entry.opposite() },
                size: size(text),
                limit: price("3500"),
                kind: OrderType::Limit,
                tif: TimeInForce::Ioc,
                reduce_only: purpose != Purpose::Entry,
            },
            key: VenueKey { key: id.to_string(), hash, dead_after: at(self.now + 2_000) },
        }
    }

    /// Further orders of a round, each with its size.
    pub(crate) fn places(&mut self, seq: u32, orders: &[(LegId, Purpose, u16, &str)]) {
        let at = self.after(5);
        let orders = orders.iter().map(|(leg, purpose, n, size)| self.intended(seq, *leg, *purpose, *n, size)).collect();
        self.record(Record::Intended { at, round: id(seq), orders });
    }

    pub(crate) fn hears(&mut self, order: OrderId, news: OrderNews) -> u64 {
        let at = self.after(40);
        self.record(Record::News { at, order, news })
    }

    pub(crate) fn acked(&mut self, order: OrderId, name: &str) {
        self.hears(order, OrderNews::Acked { venue_order: VenueOrderId(name.into()) });
    }

    pub(crate) fn filled(&mut self, order: OrderId, text: &str, px: &str) -> u64 {
        self.hears(order, OrderNews::Done { fills: fills(text, px), end: OrderEnd::Filled })
    }

    pub(crate) fn decides(&mut self, seq: u32, decision: Decision) -> u64 {
        let at = self.after(10);
        self.record(Record::Decided { at, round: id(seq), decision })
    }

    pub(crate) fn ends(&mut self, seq: u32) {
        let at = self.after(1);
        let outcome = self.live[&id(seq)].round.result();
        self.record(Record::Ended { at, round: id(seq), pair: PAIR, outcome });
    }

    /// A round in which everything goes as planned, up to the open position.
    pub(crate) fn enters(&mut self, seq: u32) {
        let (a, b) = (order_id(seq, LegId::A, Purpose::Entry, 1), order_id(seq, LegId::B, Purpose::Entry, 1));
        self.opens(seq);
        self.acked(a, &format!("v-{seq}"));
        self.filled(a, "0.1", "3500");
        self.acked(b, &format!("p-{seq}"));
        self.filled(b, "0.1", "3514");
        self.decides(seq, Decision::Entered);
    }

    /// Closes an open position of this size by plan.
    pub(crate) fn exits(&mut self, seq: u32, size: &str, reason: ExitReason, attempt: u16) {
        let spread = (reason == ExitReason::Spread).then(|| Rate::from_bps(-5));
        self.decides(seq, Decision::ExitBegun { reason, spread });
        self.places(seq, &[(LegId::A, Purpose::Exit, attempt, size), (LegId::B, Purpose::Exit, attempt, size)]);
        self.filled(order_id(seq, LegId::B, Purpose::Exit, attempt), size, "3503.5");
        self.filled(order_id(seq, LegId::A, Purpose::Exit, attempt), size, "3505");
        self.ends(seq);
    }

    /// A round that meets all that can go wrong in the middle and ends well.
    pub(crate) fn adventure(&mut self, seq: u32) {
        let (a, b) = (order_id(seq, LegId::A, Purpose::Entry, 1), order_id(seq, LegId::B, Purpose::Entry, 1));
        self.opens(seq);
        self.acked(a, &format!("v-{seq}"));
        self.hears(a, OrderNews::Filling { fills: fills("0.03", "3500") });
        self.filled(a, "0.1", "3500.5");
        self.now += 900;
        self.decides(seq, Decision::TimedOut(b));
        self.acked(b, &format!("p-{seq}"));
        let half = fills("0.04", "3514");
        self.hears(b, OrderNews::Done { fills: half, end: OrderEnd::Cancelled("IOC".into()) });
        self.decides(seq, Decision::GaveUp(GiveUp::Uncovered));
        self.places(seq, &[(LegId::A, Purpose::Close, 1, "0.06")]);
        self.filled(order_id(seq, LegId::A, Purpose::Close, 1), "0.06", "3499");
        self.decides(seq, Decision::Entered);
        self.now += 60_000;
        self.exits(seq, "0.04", ExitReason::Spread, 1);
    }

    /// A round of which neither leg came about.
    pub(crate) fn nothing(&mut self, seq: u32) {
        let (a, b) = (order_id(seq, LegId::A, Purpose::Entry, 1), order_id(seq, LegId::B, Purpose::Entry, 1));
        self.opens(seq);
        let refusal = domain::Refusal { kind: domain::RefusalKind::Margin, code: "4001".into() };
        self.hears(a, OrderNews::Done { fills: Fills::default(), end: OrderEnd::Refused(refusal) });
        self.hears(b, OrderNews::Unknown { why: "the socket closed".into() });
        self.now += 3_000;
        self.hears(b, OrderNews::Absent { as_of: at(self.now) });
        self.decides(seq, Decision::GaveUp(GiveUp::LegFailed));
        self.ends(seq);
    }

    /// A round that is over when a venue says that one more order filled.
    pub(crate) fn late_fill(&mut self, seq: u32) -> u64 {
        self.nothing(seq);
        self.now += 5_000;
        self.filled(order_id(seq, LegId::B, Purpose::Entry, 1), "0.1", "3514")
    }
}

pub(crate) fn fills(text: &str, px: &str) -> Fills {
    let size: Size = size(text);
    let cost = size.cost(price(px));
    Fills { size, cost, fee: cost.share_up(Rate::from_e8(3_000)), funding: Usd::from_e8(-7) }
}

/// All rows as text, in a fixed order, without the cursor.
pub(crate) async fn rows(store: &StateManager) -> String {
    let mut out = String::new();
    let time = |w: Wall| w.ms() - at(0).ms();
    let maybe = |w: Option<Wall>| w.map_or_else(|| "-".to_owned(), |w| time(w).to_string());
    let px = |p: Option<Price>| p.map_or_else(|| "-".to_owned(), |p| p.to_string());
    let mut all: Vec<RoundRow> = store.rounds(Rounds::All, 10_000).await.expect("read");
    all.sort_by_key(|r| r.round);
    for r in all {
        let ending = r.ending.map_or("-", |e| e.word());
        let exit = r.exit_reason.as_deref().unwrap_or("-");
        let exit_spread = r.exit_spread.map_or_else(|| "-".to_owned(), |s| s.to_string());
        let _ = writeln!(
            out,
            "round {} {} {}/{} {} spread={} threshold={} edge={} config={} opened={} exit={exit}@{exit_spread} ended={} {ending} \
             price={} fees={} funding={} net={} uncovered={}ms",
            r.round,
            r.pair,
            r.long,
            r.short,
            r.size,
            r.entry_spread,
            r.threshold,
            r.edge,
            r.config,
            time(r.opened_at),
            maybe(r.ended_at),
            r.price_result,
            r.fees,
            r.funding,
            r.net,
            r.uncovered_ms,
        );
        if let Some(p) = store.position(r.round).await.expect("read") {
            let _ = writeln!(
                out,
                "  position {} spread={} opened={} updated={} closed={}",
                p.pair,
                p.entry_spread,
                time(p.opened_at),
                time(p.updated_at),
                maybe(p.closed_at)
            );
            for leg in [p.long, p.short] {
                let names: Vec<&str> = leg.venue_orders.iter().map(|o| o.0.as_str()).collect();
                let _ = writeln!(out, "    {} {} @{} {names:?}", leg.venue, leg.size, px(leg.price));
            }
        }
        for o in store.orders_of(r.round).await.expect("read") {
            let OrderRow { id, venue, side, size, limit, status, reason, fills, .. } = &o;
            let name = o.venue_order.as_ref().map_or("-", |n| n.0.as_str());
            let _ = writeln!(
                out,
                "  order {id} {venue} {side:?} {size} @{limit} {:?} {:?} reduce={} key={:?} {name} {status:?} {reason:?} filled={} cost={} \
                 fee={} funding={} sent={} updated={}",
                o.kind,
                o.tif,
                o.reduce_only,
                o.key.hash,
                fills.size,
                fills.cost,
                fills.fee,
                fills.funding,
                time(o.sent_at),
                time(o.updated_at),
            );
        }
        for f in store.fills_of(r.round).await.expect("read") {
            let _ = writeln!(
                out,
                "  fill #{} {} {} {:?} +{} cost={} fee={} funding={} at={}",
                f.seq,
                f.order,
                f.venue,
                f.side,
                f.added.size,
                f.added.cost,
                f.added.fee,
                f.added.funding,
                time(f.at)
            );
        }
    }
    for i in store.incidents(10_000).await.expect("read").into_iter().rev() {
        let round = i.round.map_or_else(|| "-".to_owned(), |r| r.to_string());
        let pair = i.pair.map_or_else(|| "-".to_owned(), |p| p.to_string());
        let _ = writeln!(out, "incident #{} {} {round} {pair} at={}: {}", i.seq, i.event, time(i.at), i.text);
    }
    out
}
