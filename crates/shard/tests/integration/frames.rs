//! Book frames of both venues in their own formats, made for the purpose: 15 levels a side around a mid of our choice.
//!
//! Layouts: paradex.md section 7.2 (template 3, version 1), vest.md section 10.3. The benches use this module too.

use domain::Level;
use venue_sim::Message;

/// Level of the made books, at 1e-8: 3,100 USD, where the simulated market stands within a quarter of a per cent.
pub(crate) const MID: i64 = 310_000_000_000;
/// Price step of the made books, at 1e-8.
const TICK: i64 = 1_000_000;
/// Levels a side.
pub(crate) const DEPTH: i64 = 15;
const MARKET: &str = "ETH-USD-PERP";

/// Bids and asks around `mid`; sizes from 0.1 to 1 by `draw`, a number that should differ from frame to frame.
pub(crate) fn sides(mid: i64, draw: u64) -> [Vec<Level>; 2] {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ (draw + 1);
    let mut size = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        10_000_000 + (state % 901) as i64 * 100_000
    };
    [-1, 1].map(|sign| (1..=DEPTH).map(|i| Level { price: mid + sign * i * TICK, size: size() }).collect())
}

/// A Paradex book frame: the whole book, 598 bytes and the market's name.
pub(crate) fn paradex_snapshot(seq: u64, mid: i64, draw: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(640);
    for word in [89u16, 3, 1, 1] {
        out.extend(word.to_le_bytes());
    }
    out.extend(1_763_712_000_000_000i64.to_le_bytes());
    out.extend(seq.to_le_bytes());
    out.push(0);
    out.extend(std::iter::repeat_n(i64::MIN.to_le_bytes(), 9).flatten());
    for side in sides(mid, draw) {
        out.extend(16u16.to_le_bytes());
        out.extend((side.len() as u16).to_le_bytes());
        for l in side {
            out.extend(l.price.to_le_bytes());
            out.extend(l.size.to_le_bytes());
        }
    }
    out.push(MARKET.len() as u8);
    out.extend(MARKET.bytes());
    out
}

/// Template and sequence number of a Paradex frame.
pub(crate) fn numbered(message: &Message) -> Option<(u16, u64)> {
    let Message::Binary(frame) = message else { return None };
    let template = u16::from_le_bytes(frame.get(2..4)?.try_into().ok()?);
    Some((template, u64::from_le_bytes(frame.get(16..24)?.try_into().ok()?)))
}

/// The same book as Vest writes it: prices with two decimals, sizes with three.
pub(crate) fn vest_depth(mid: i64, draw: u64) -> String {
    let [bids, asks] = sides(mid, draw).map(|side| {
        let row = |l: &Level| {
            let (price, size) = (l.price / TICK, l.size / 100_000);
            format!(r#"["{}.{:02}","{}.{:03}"]"#, price / 100, price % 100, size / 1_000, size % 1_000)
        };
        side.iter().map(row).collect::<Vec<_>>().join(",")
    });
    format!(r#"{{"channel":"ETH-PERP@depth","data":{{"bids":[{bids}],"asks":[{asks}]}}}}"#)
}
