//! Public data in JSON: REST replies and notifications of sessions without SBE.

use serde_json::{Value, json};

use super::ParadexSim;
use super::state::{MarketState, PublicTrade};
use crate::Message;
use crate::exchange::decimal::text;
use crate::exchange::ladder::Level;

impl ParadexSim {
    pub(super) fn summary_json(&self, m: usize) -> Value {
        let market = &self.markets[m];
        let best = |l: Option<&Level>| (l.map_or(String::new(), |l| text(l.price)), l.map_or(String::new(), |l| text(l.size)));
        let ((bid, bid_size), (ask, ask_size)) = (best(market.sent_bids.first()), best(market.sent_asks.first()));
        json!({
            "symbol": market.spec.symbol, "mark_price": text(self.mark_price(m)),
            "last_traded_price": market.trades.last().map_or(String::new(), |t| text(t.price)),
            "bid": bid, "bid_size": bid_size, "ask": ask, "ask_size": ask_size,
            "volume_24h": text(self.volume(m)), "total_volume": text(self.volume(m)),
            "underlying_price": text(self.index_price(m)), "external_fair_price": text(self.index_price(m)),
            "open_interest": "0", "funding_rate": text(self.funding_rate()), "price_change_rate_24h": "0",
            "created_at": self.clock_ms(),
        })
    }

    pub(super) fn funding_json(&self, m: usize) -> Value {
        let market = &self.markets[m];
        json!({
            "market": market.spec.symbol, "created_at": self.clock_ms(), "funding_rate": text(self.funding_rate()),
            "funding_rate_8h": text(self.funding_rate()), "funding_premium": text(self.funding_premium(m)),
            "funding_index": text(market.funding_index), "funding_period_hours": 8,
        })
    }
}

/// Best bid, its size, best ask, its size; `empty` where there is none.
pub(super) fn best_of(market: &MarketState, empty: i64) -> [i64; 4] {
    let bid = market.sent_bids.first().map_or([empty; 2], |l| [l.price, l.size]);
    let ask = market.sent_asks.first().map_or([empty; 2], |l| [l.price, l.size]);
    [bid[0], bid[1], ask[0], ask[1]]
}

/// A JSON notification of section 6.2.
pub(super) fn notification(channel: &str, data: &Value) -> Message {
    Message::Text(json!({"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}).to_string())
}

fn json_levels<'a>(levels: impl Iterator<Item = (&'a str, &'a Level)>) -> Vec<Value> {
    levels.map(|(side, l)| json!({"side": side, "price": text(l.price), "size": text(l.size)})).collect()
}

pub(super) fn json_snapshot(market: &MarketState, bids: &[Level], asks: &[Level]) -> Value {
    let all = bids.iter().map(|l| ("BUY", l)).chain(asks.iter().map(|l| ("SELL", l)));
    json!({
        "seq_no": market.seq, "market": market.spec.symbol, "last_updated_at": market.sent_at / 1_000, "update_type": "s",
        "inserts": json_levels(all), "updates": [], "deletes": [],
    })
}

pub(super) fn json_delta(market: &MarketState, changed: &[Vec<Level>; 2], old: &(Vec<Level>, Vec<Level>)) -> Value {
    let known = |side: &str, l: &Level| {
        let levels = if side == "BUY" { &old.0 } else { &old.1 };
        levels.iter().any(|o| o.price == l.price)
    };
    let all = || changed[0].iter().map(|l| ("BUY", l)).chain(changed[1].iter().map(|l| ("SELL", l)));
    json!({
        "seq_no": market.seq, "market": market.spec.symbol, "last_updated_at": market.sent_at / 1_000, "update_type": "d",
        "inserts": json_levels(all().filter(|(s, l)| l.size > 0 && !known(s, l))),
        "updates": json_levels(all().filter(|(s, l)| l.size > 0 && known(s, l))),
        "deletes": json_levels(all().filter(|(_, l)| l.size == 0)),
    })
}

/// Best prices, as REST and JSON channels write them.
pub(super) fn bbo_json(market: &MarketState) -> Value {
    let side = |l: Option<&Level>| l.map_or(("0".to_owned(), "0".to_owned()), |l| (text(l.price), text(l.size)));
    let ((bid, bid_size), (ask, ask_size)) = (side(market.sent_bids.first()), side(market.sent_asks.first()));
    json!({
        "market": market.spec.symbol, "seq_no": market.seq, "bid": bid, "bid_size": bid_size, "ask": ask,
        "ask_size": ask_size, "last_updated_at": market.sent_at / 1_000,
    })
}

pub(super) fn trade_json(market: &MarketState, t: &PublicTrade) -> Value {
    json!({
        "id": t.id.to_string(), "market": market.spec.symbol, "side": super::view::side_word(t.side), "size": text(t.size),
        "price": text(t.price), "created_at": t.created / 1_000, "trade_type": if t.liquidation { "LIQUIDATION" } else { "FILL" },
    })
}
