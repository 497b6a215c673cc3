//! Events as short texts, for tables: `S 10 b100x1 b99x2 a101x1` is a snapshot at sequence 10, `D` a change, `T` the
//! venue's best bid and offer, `L` a lost book, `M 100` a mark price. Prices and sizes are plain decimals; `!` instead
//! of a size says that the price is negative.

use domain::{BookKind, InstrumentId, Level, MarketEvent, Price, parse_e8};

/// The instrument of all tests.
pub(crate) const US: InstrumentId = InstrumentId(7);

/// An event with its level buffer.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) event: MarketEvent,
    pub(crate) levels: Vec<Level>,
}

/// A book event from levels.
pub(crate) fn book(kind: BookKind, seq: u64, bids: &[Level], asks: &[Level]) -> Told {
    let (b, a) = (bids.len() as u32, asks.len() as u32);
    let event = MarketEvent::Book { instrument: US, kind, seq, venue_time: None, bids: 0..b, asks: b..b + a };
    Told { event, levels: bids.iter().chain(asks).copied().collect() }
}

/// Reads a text.
pub(crate) fn told(text: &str) -> Told {
    let mut words = text.split_whitespace();
    let what = words.next().expect("a first word");
    if what == "L" {
        return Told { event: MarketEvent::BookLost { instrument: US, why: "disconnect" }, levels: vec![] };
    }
    let number = words.next().expect("a number");
    if what == "M" {
        let mark = Price::parse(number.as_bytes()).expect("a price");
        return Told { event: MarketEvent::Mark { instrument: US, mark }, levels: vec![] };
    }
    let seq = number.parse().expect("a sequence number");
    let (mut bids, mut asks) = (vec![], vec![]);
    for word in words {
        let (side, rest) = word.split_at(1);
        let level = match rest.split_once('x') {
            Some((price, size)) => Level {
                price: parse_e8(price.as_bytes()).expect("a decimal"),
                size: parse_e8(size.as_bytes()).expect("a decimal"),
            },
            None => Level { price: -1, size: 1 },
        };
        if side == "b" { bids.push(level) } else { asks.push(level) }
    }
    match what {
        "S" => book(BookKind::Snapshot, seq, &bids, &asks),
        "D" => book(BookKind::Delta, seq, &bids, &asks),
        "T" => {
            let (bid, ask) = (bids.first().copied(), asks.first().copied());
            Told { event: MarketEvent::Top { instrument: US, seq, bid, ask }, levels: vec![] }
        }
        other => panic!("no event {other}"),
    }
}
