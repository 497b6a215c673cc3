//! The code one would write first, kept to compare with: owned JSON, decimals in sorted maps, stock signatures.

use crate::frames::sides;
use crate::signers::{VestStock, stark_stock};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Row {
    side: String,
    price: String,
    size: String,
}
#[derive(Deserialize)]
struct Book {
    inserts: Vec<Row>,
}
#[derive(Deserialize)]
struct Params {
    data: Book,
}
#[derive(Deserialize)]
struct Message {
    params: Params,
}

/// A book frame in the JSON form that Paradex had before it was binary.
pub(crate) fn json_frame(mid: i64, draw: u64) -> String {
    let mut rows = Vec::new();
    for (word, side) in ["BUY", "SELL"].iter().zip(sides(mid, draw)) {
        for l in side {
            let text = |v: i64| Decimal::from_i128_with_scale(i128::from(v), 8).normalize().to_string();
            rows.push(format!(r#"{{"side":"{word}","price":"{}","size":"{}"}}"#, text(l.price), text(l.size)));
        }
    }
    let inserts = rows.join(",");
    format!(
        r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"order_book.ETH-USD-PERP.snapshot@15@50ms","data":{{"seq_no":{draw},"market":"ETH-USD-PERP","last_updated_at":1763712000123,"update_type":"s","inserts":[{inserts}],"updates":[],"deletes":[]}}}}}}"#
    )
}

type Side = BTreeMap<Decimal, Decimal>;

/// Two books and the keys.
pub(crate) struct Usual {
    bids: Side,
    asks: Side,
    other: [Side; 2],
    vest: VestStock,
    turn: u64,
}

fn average<'a>(levels: impl Iterator<Item = (&'a Decimal, &'a Decimal)>, size: Decimal) -> Option<Decimal> {
    let (mut left, mut cost) = (size, Decimal::ZERO);
    for (price, there) in levels {
        let take = left.min(*there);
        cost += take * *price;
        left -= take;
        if left.is_zero() {
            return Some(cost / size);
        }
    }
    None
}

impl Usual {
    pub(crate) fn new() -> Self {
        let e8 = |v: i64| Decimal::from_i128_with_scale(i128::from(v), 8);
        let other = sides(crate::MID, 7).map(|side| side.iter().map(|l| (e8(l.price), e8(l.size))).collect());
        Self { bids: Side::new(), asks: Side::new(), other, vest: VestStock::new(), turn: 0 }
    }

    /// Text of a frame to the bodies of both orders, if they are worth it.
    pub(crate) fn on_frame(&mut self, text: &str) -> Option<(String, String)> {
        let message: Message = serde_json::from_str(text).expect("JSON");
        self.bids.clear();
        self.asks.clear();
        for row in &message.params.data.inserts {
            let side = if row.side == "BUY" { &mut self.bids } else { &mut self.asks };
            side.insert(row.price.parse().expect("a decimal"), row.size.parse().expect("a decimal"));
        }
        let (size, threshold) = (Decimal::from(2), Decimal::new(25, 4));
        let there = (average(self.bids.iter().rev(), size)?, average(self.other[1].iter(), size)?);
        let back = (average(self.other[0].iter().rev(), size)?, average(self.asks.iter(), size)?);
        let edge = |(sold, bought): (Decimal, Decimal)| (sold - bought) / bought - Decimal::new(11, 4);
        let (sold, bought) = [there, back].into_iter().find(|pair| edge(*pair) >= threshold - Decimal::new(11, 4))?;
        self.turn += 1;
        let signature = stark_stock(self.turn);
        let paradex = serde_json::json!({
            "jsonrpc": "2.0", "id": self.turn, "method": "order.create",
            "params": {
                "market": "ETH-USD-PERP", "side": "SELL", "type": "LIMIT", "instruction": "IOC",
                "size": size.to_string(), "price": sold.round_dp(2).to_string(), "client_id": format!("order-{}", self.turn),
                "signature": format!("[\"{}\",\"{}\"]", signature.r, signature.s),
                "signature_timestamp": 1_763_712_000_123u64 + self.turn, "recv_window": 1_500,
            },
        });
        let vest = serde_json::json!({
            "order": {
                "time": 1_763_712_000_123u64 + self.turn, "nonce": 1_763_712_000_123u64 + 3 * self.turn, "symbol": "ETH-PERP",
                "isBuy": true, "size": size.to_string(), "orderType": "LIMIT", "limitPrice": bought.round_dp(2).to_string(),
                "reduceOnly": false, "timeInForce": "FOK",
            },
            "recvWindow": 5_000, "signature": self.vest.sign(self.turn),
        });
        Some((paradex.to_string(), vest.to_string()))
    }
}
