//! A journal as the bot would have left it: three rounds and what was seen between them.

use domain::names::{Ending, SkipReason};
use domain::record::{
    Decision, ExitReason, Intended, LegPlan, Lines, Outcome, Policy, Record, RoundPlan, SCHEMA, Sighting, Waterfall,
};
use domain::{
    Fills, InstrumentId, LegId, OrderEnd, OrderId, OrderNews, OrderSpec, OrderType, Pair, Price, Purpose, Rate, Refusal,
    RefusalKind, RoundId, Side, Size, TimeInForce, Usd, VenueId, VenueKey, VenueOrderId, Wall,
};
use journal::{Identity, Journal, Mode, Options};
use std::collections::BTreeMap;
use std::path::Path;

/// 2026-11-21 10:00:00 UTC.
const TEN: i64 = 1_795_255_200_000_000;
const VEST: VenueId = VenueId::new("vest");
const PARADEX: VenueId = VenueId::new("paradex");
pub(super) const ETH: Pair = Pair::new("ETH-USD");

fn at(us: i64) -> Wall {
    Wall(TEN + us)
}

fn usd(e8: i64) -> Usd {
    Usd::from_e8(e8)
}

fn size(e8: i64) -> Size {
    Size::from_e8(e8).unwrap()
}

fn plan(seq: u32, us: i64) -> RoundPlan {
    let leg = |venue, n| LegPlan { venue, instrument: InstrumentId(n), lot: size(1_000_000) };
    let rate = Rate::from_bps;
    RoundPlan {
        id: RoundId { epoch: 3, seq },
        pair: ETH,
        legs: [leg(VEST, 0), leg(PARADEX, 1)],
        size: size(25_000_000),
        spread: rate(35),
        threshold: rate(30),
        waterfall: Waterfall {
            gross: rate(36),
            conversion: rate(0),
            depth: rate(-1),
            fees: rate(-8),
            funding: rate(1),
            buffers: rate(0),
            edge: rate(28),
        },
        reserved: usd(1_500 * 100_000_000),
        worst_loss: usd(16 * 100_000_000),
        worst_fills: [size(25_000_000), size(0)],
        quoted: None,
        at: at(us),
        decided_ns: 41_700,
        policy: Policy::default(),
        config: "445d54ecac711a6c5325598eeb53a51862a78ca7939c42d651120f27e197b268".to_owned(),
    }
}

fn id(seq: u32, leg: LegId, purpose: Purpose) -> OrderId {
    OrderId { round: RoundId { epoch: 3, seq }, leg, purpose, attempt: 1 }
}

fn order(seq: u32, leg: LegId, purpose: Purpose) -> Intended {
    let opens_long = (leg == LegId::A) == (purpose == Purpose::Entry);
    let spec = OrderSpec {
        id: id(seq, leg, purpose),
        venue: if leg == LegId::A { VEST } else { PARADEX },
        instrument: InstrumentId(u16::from(leg == LegId::B)),
        side: if opens_long { Side::Buy } else { Side::Sell },
        size: size(25_000_000),
        limit: Price::from_e8(if opens_long { 300_200_000_000 } else { 300_500_000_000 }).unwrap(),
        kind: OrderType::Limit,
        tif: TimeInForce::Ioc,
        reduce_only: purpose != Purpose::Entry,
    };
    Intended { spec, key: VenueKey { key: "k".to_owned(), hash: None, dead_after: at(60_000_000) } }
}

fn news(us: i64, order: OrderId, news: OrderNews) -> Record {
    Record::News { at: at(us), order, news }
}

fn filled(us: i64, order: OrderId, price_e8: i64) -> Record {
    let fills = Fills { size: size(25_000_000), cost: usd(price_e8 / 4), fee: usd(30_000_000), funding: Usd::ZERO };
    news(us, order, OrderNews::Done { fills, end: OrderEnd::Filled })
}

fn acked(us: i64, order: OrderId, name: &str) -> Record {
    news(us, order, OrderNews::Acked { venue_order: VenueOrderId(name.to_owned()) })
}

/// A round that goes well and one whose second leg is refused, a minute of looking, and a position that nobody explains.
pub(super) fn history() -> Vec<Record> {
    use LegId::{A, B};
    use Purpose::{Close, Entry, Exit};
    let lines = Lines {
        gross: usd(270_000_000),
        slippage: usd(-10_000_000),
        exit: usd(5_000_000),
        fees: usd(-120_000_000),
        ..Lines::default()
    };
    let outcome = |ending, lines: Lines, uncovered_ms| Outcome {
        ending,
        price: lines.sum().minus(lines.fees),
        fees: lines.fees.negated(),
        funding: Usd::ZERO,
        net: lines.sum(),
        uncovered_ms,
        lines: Some(lines),
    };
    let refused = OrderEnd::Refused(Refusal { kind: RefusalKind::Margin, code: "NOT_ENOUGH_MARGIN".to_owned() });
    let timed = |us, order, way: &str, network_ns| Record::Timed {
        at: at(us),
        order,
        way: way.to_owned(),
        sign_ns: 21_300,
        encode_ns: 4_150,
        network_ns,
        parse_ns: 9_900,
    };
    vec![
        Record::Started { at: at(-60_000_000), epoch: 3, config: "445d".to_owned() },
        Record::Opened { at: at(0), plan: Box::new(plan(1, 0)), orders: vec![order(1, A, Entry), order(1, B, Entry)] },
        acked(104_233, id(1, A, Entry), "7001"),
        timed(104_240, id(1, A, Entry), "REST", 103_900_000),
        filled(104_233, id(1, A, Entry), 300_100_000_000),
        acked(98_004, id(1, B, Entry), "px-1"),
        filled(121_540, id(1, B, Entry), 301_200_000_000),
        Record::Decided { at: at(121_540), round: RoundId { epoch: 3, seq: 1 }, decision: Decision::Entered },
        Record::Decided {
            at: at(75_000_000),
            round: RoundId { epoch: 3, seq: 1 },
            decision: Decision::ExitBegun { reason: ExitReason::Spread, spread: Some(Rate::from_bps(4)) },
        },
        Record::Intended {
            at: at(75_000_050),
            round: RoundId { epoch: 3, seq: 1 },
            orders: vec![order(1, A, Exit), order(1, B, Exit)],
        },
        filled(75_110_000, id(1, A, Exit), 300_700_000_000),
        filled(75_120_000, id(1, B, Exit), 300_680_000_000),
        Record::Ended {
            at: at(75_120_000),
            round: RoundId { epoch: 3, seq: 1 },
            pair: ETH,
            outcome: outcome(Ending::Completed, lines, 17),
        },
        Record::Opened {
            at: at(90_000_000),
            plan: Box::new(plan(2, 90_000_000)),
            orders: vec![order(2, A, Entry), order(2, B, Entry)],
        },
        filled(90_104_000, id(2, A, Entry), 300_100_000_000),
        news(90_110_000, id(2, B, Entry), OrderNews::Done { fills: Fills::default(), end: refused }),
        Record::Decided {
            at: at(90_110_000),
            round: RoundId { epoch: 3, seq: 2 },
            decision: Decision::GaveUp(domain::record::GiveUp::LegFailed),
        },
        Record::Intended { at: at(90_110_100), round: RoundId { epoch: 3, seq: 2 }, orders: vec![order(2, A, Close)] },
        news(90_160_000, id(2, A, Close), OrderNews::Unknown { why: "no answer within 1 s".to_owned() }),
        filled(90_310_000, id(2, A, Close), 300_000_000_000),
        Record::Ended {
            at: at(90_310_000),
            round: RoundId { epoch: 3, seq: 2 },
            pair: ETH,
            outcome: outcome(
                Ending::AutoClosed,
                Lines { safety: usd(-25_000_000), fees: usd(-60_000_000), ..Lines::default() },
                206,
            ),
        },
        Record::Watched {
            at: at(180_000_000),
            sightings: vec![
                Sighting {
                    pair: ETH,
                    long: VEST,
                    short: PARADEX,
                    since: at(120_000_000),
                    looks: 412,
                    best_at: at(151_000_000),
                    spread: Some(Rate::from_bps(27)),
                    threshold: Rate::from_bps(30),
                    edge: Some(Rate::from_bps(19)),
                    edge_min: Rate::ZERO,
                    binding: SkipReason::SpreadTooSmall,
                    detail: "0.27% of 0.30%".to_owned(),
                    skips: vec![(SkipReason::BookStale, 12), (SkipReason::SpreadTooSmall, 400)],
                },
                Sighting {
                    pair: ETH,
                    long: PARADEX,
                    short: VEST,
                    since: at(120_000_000),
                    looks: 412,
                    best_at: at(180_000_000),
                    spread: None,
                    threshold: Rate::from_bps(30),
                    edge: None,
                    edge_min: Rate::ZERO,
                    binding: SkipReason::BookStale,
                    detail: String::new(),
                    skips: vec![(SkipReason::BookStale, 412)],
                },
            ],
        },
        Record::Mismatch {
            at: at(200_000_000),
            venue: PARADEX,
            pair: Some(ETH),
            evidence: "the venue holds -0.10, the journal 0".to_owned(),
        },
    ]
}

/// Writes a journal as a bot of this account would have, and keeps it open as long as the result lives.
pub(super) fn written(folder: &Path, records: &[Record]) -> Journal {
    let identity = Identity {
        mode: Mode::Demo,
        accounts: BTreeMap::from([("vest".to_owned(), "0xa".to_owned()), ("paradex".to_owned(), "0xb".to_owned())]),
        chains: BTreeMap::new(),
    };
    let mut journal =
        Journal::open(&folder.join("state/journal"), identity, "a test", Options::new(|| Wall(TEN))).unwrap().journal;
    for record in records {
        journal.append(record.kind(), SCHEMA, &serde_json::to_vec(record).unwrap()).unwrap();
    }
    journal.wait_synced().unwrap();
    journal
}
