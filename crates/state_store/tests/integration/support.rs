//! A life in batches, as the projector would make it, and a way to see all of it at once.

use domain::names::{Ending, EventType};
use domain::{Fills, LegId, OrderId, OrderType, Pair, Price, Purpose, Rate, RoundId, Side, Size};
use domain::{TimeInForce, Usd, VenueId, VenueKey, VenueOrderId, Wall};
use state_store::{Change, FillRow, IncidentRow, LegRow, OrderRow, OrderStatus, PositionState, RoundRow, Rounds, StateManager};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const VEST: VenueId = VenueId::new("vest");
pub(crate) const PARADEX: VenueId = VenueId::new("paradex");
pub(crate) const PAIR: Pair = Pair::new("ETH-USD");

pub(crate) fn folder() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("what? a name with 100% odd # characters.db");
    (dir, path)
}

pub(crate) async fn open(path: &Path) -> StateManager {
    StateManager::open(path).await.expect("opens")
}

pub(crate) fn size(text: &str) -> Size {
    Size::parse(text.as_bytes()).expect("a size")
}

pub(crate) fn price(text: &str) -> Price {
    Price::parse(text.as_bytes()).expect("a price")
}

pub(crate) fn usd(text: &str) -> Usd {
    Usd::parse(text.as_bytes()).expect("an amount")
}

pub(crate) fn round_id(seq: u32) -> RoundId {
    RoundId { epoch: 3, seq }
}

fn at(seq: u32, ms: i64) -> Wall {
    Wall::from_ms(1_780_000_000_000 + i64::from(seq) * 10_000 + ms)
}

pub(crate) fn round(seq: u32) -> RoundRow {
    RoundRow {
        round: round_id(seq),
        pair: PAIR,
        long: VEST,
        short: PARADEX,
        size: size("0.1"),
        entry_spread: Rate::from_bps(41),
        threshold: Rate::from_bps(30),
        edge: Rate::from_e8(123_457),
        config: "c0ffee".into(),
        opened_at: at(seq, 0),
        exit_spread: None,
        exit_reason: None,
        ended_at: None,
        ending: None,
        price_result: Usd::default(),
        fees: Usd::default(),
        funding: Usd::default(),
        net: Usd::default(),
        uncovered_ms: 0,
    }
}

pub(crate) fn order(seq: u32, leg: LegId) -> OrderRow {
    let id = OrderId { round: round_id(seq), leg, purpose: Purpose::Entry, attempt: 1 };
    let (venue, side, hash) = match leg {
        LegId::A => (VEST, Side::Buy, None),
        LegId::B => (PARADEX, Side::Sell, Some("0x5ea1".to_owned())),
    };
    OrderRow {
        id,
        pair: PAIR,
        venue,
        side,
        size: size("0.1"),
        limit: price("3500.25"),
        kind: OrderType::Limit,
        tif: TimeInForce::Ioc,
        reduce_only: false,
        key: VenueKey { key: id.to_string(), hash, dead_after: at(seq, 2_000) },
        venue_order: None,
        status: OrderStatus::Sent,
        fills: Fills::default(),
        reason: None,
        sent_at: at(seq, 1),
        updated_at: at(seq, 1),
    }
}

fn filled(order: OrderRow, part: &str) -> OrderRow {
    let size = size(part);
    let fills = Fills { size, cost: size.cost(order.limit), fee: usd("0.00000001"), funding: usd("-0.02") };
    let (venue_order, status) = (Some(VenueOrderId("a \"name\", with, odd marks".into())), OrderStatus::Live);
    OrderRow { fills, venue_order, status, updated_at: at(order.id.round.seq, 40), ..order }
}

fn fill(order: &OrderRow, seq: u64) -> FillRow {
    let OrderRow { id, pair, venue, side, fills, updated_at, .. } = order.clone();
    FillRow { order: id, seq, pair, venue, side, added: fills, at: updated_at }
}

pub(crate) fn position(seq: u32) -> PositionState {
    let leg = |venue, text: &str| LegRow {
        venue,
        size: size("0.1"),
        price: Some(price(text)),
        venue_orders: vec![VenueOrderId("1001".into()), VenueOrderId("a \"name\", with, odd marks".into())],
    };
    PositionState {
        round: round_id(seq),
        pair: PAIR,
        entry_spread: Rate::from_bps(41),
        opened_at: at(seq, 40),
        updated_at: at(seq, 40),
        closed_at: None,
        long: leg(VEST, "3500.25"),
        short: LegRow { price: None, ..leg(PARADEX, "1") },
    }
}

/// One round from its decision to its end, in five batches; the cursors go on from `after`.
pub(crate) fn batches(seq: u32, after: u64, ending: Ending) -> Vec<(Vec<Change>, u64)> {
    let boxed = |o: OrderRow| Change::Order(Box::new(o));
    let (a, b) = (filled(order(seq, LegId::A), "0.04"), filled(order(seq, LegId::B), "0.1"));
    let incident = IncidentRow {
        seq: after + 4,
        event: EventType::SafetyClose,
        round: Some(round_id(seq)),
        pair: Some(PAIR),
        text: "closing 0.06".into(),
        at: at(seq, 1_500),
    };
    let done = PositionState { closed_at: Some(at(seq, 9_000)), updated_at: at(seq, 9_000), ..position(seq) };
    let over = RoundRow {
        exit_spread: Some(Rate::from_bps(-5)),
        exit_reason: Some("spread".into()),
        ended_at: Some(at(seq, 9_000)),
        ending: Some(ending),
        price_result: usd("1.5"),
        fees: usd("0.7"),
        funding: usd("-0.02"),
        net: usd("0.78"),
        uncovered_ms: 35,
        ..round(seq)
    };
    vec![
        (vec![Change::Round(Box::new(round(seq))), boxed(order(seq, LegId::A)), boxed(order(seq, LegId::B))], after + 1),
        (vec![Change::Fill(fill(&a, after + 2)), boxed(a.clone()), Change::Position(Box::new(position(seq)))], after + 2),
        (vec![Change::Fill(fill(&b, after + 3)), boxed(OrderRow { status: OrderStatus::Filled, ..b })], after + 3),
        (
            vec![
                Change::Incident(incident.clone()),
                Change::Incident(IncidentRow { event: EventType::NeedsOperator, round: None, pair: None, ..incident }),
                boxed(OrderRow { status: OrderStatus::Cancelled, reason: Some("IOC".into()), ..a }),
            ],
            after + 4,
        ),
        (vec![Change::Position(Box::new(done)), Change::Round(Box::new(over))], after + 7),
    ]
}

/// Two rounds, the second one still open.
pub(crate) fn life() -> Vec<(Vec<Change>, u64)> {
    let mut all = batches(1, 0, Ending::Completed);
    all.extend(batches(2, 7, Ending::AutoClosed).into_iter().take(4));
    all
}

pub(crate) async fn apply_all(store: &StateManager, batches: &[(Vec<Change>, u64)]) {
    for (batch, cursor) in batches {
        store.apply(batch.clone(), *cursor).await.expect("applied");
    }
}

/// All that can be asked, in one comparable value.
#[derive(Debug, PartialEq)]
pub(crate) struct Everything {
    pub(crate) cursor: u64,
    pub(crate) open: Vec<PositionState>,
    pub(crate) positions: Vec<Option<PositionState>>,
    pub(crate) rounds: Vec<RoundRow>,
    pub(crate) orders: Vec<Vec<OrderRow>>,
    pub(crate) fills: Vec<Vec<FillRow>>,
    pub(crate) incidents: Vec<IncidentRow>,
}

pub(crate) async fn everything(store: &StateManager) -> Everything {
    let mut all = Everything {
        cursor: store.cursor().await.expect("read"),
        open: store.open_positions().await.expect("read"),
        positions: Vec::new(),
        rounds: store.rounds(Rounds::All, 100).await.expect("read"),
        orders: Vec::new(),
        fills: Vec::new(),
        incidents: store.incidents(100).await.expect("read"),
    };
    for seq in 1..=3 {
        all.positions.push(store.position(round_id(seq)).await.expect("read"));
        all.orders.push(store.orders_of(round_id(seq)).await.expect("read"));
        all.fills.push(store.fills_of(round_id(seq)).await.expect("read"));
    }
    all
}

/// What a fresh database holds after these batches.
pub(crate) async fn expected(batches: &[(Vec<Change>, u64)]) -> Everything {
    let (_dir, path) = folder();
    let store = open(&path).await;
    apply_all(&store, batches).await;
    everything(&store).await
}
