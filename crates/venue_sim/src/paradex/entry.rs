//! Orders at the door: what a request says, whether it may say so, and whether its signature covers it
//! (sections 3 and 4.3). Everything here is refused with a code and leaves no trace.

use serde_json::{Map, Value};

use super::crypto::{OrderTerms, Signature};
use super::state::*;
use super::{ParadexSim, Refusal};
use crate::exchange::Side;
use crate::exchange::decimal;

/// `recv_window` when absent, ms (section 3.6).
const RECV_WINDOW_MS: i64 = 300_000;

/// A checked order that is not in the books yet.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) market: usize,
    pub(super) side: Side,
    pub(super) kind: Kind,
    pub(super) instruction: u8,
    pub(super) flags: u8,
    pub(super) stp: u8,
    pub(super) size: i64,
    pub(super) price: i64,
    pub(super) trigger: i64,
    pub(super) client_id: String,
    pub(super) signed_ms: i64,
}

/// A checked modification.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) key: u32,
    pub(super) size: i64,
    pub(super) price: i64,
    pub(super) signed_ms: i64,
}

/// The members an order and a modification share.
struct Terms {
    market: usize,
    side: Side,
    kind: Kind,
    size: i64,
    price: i64,
    signed_ms: i64,
}

impl ParadexSim {
    /// Reads and checks `POST /orders` or `order.create`.
    pub(super) fn read_order(&mut self, account: usize, body: &Value) -> Result<Draft, Refusal> {
        let map = body.as_object().ok_or_else(|| Refusal::bad("BINDING_ERROR", "an order is a JSON object"))?;
        let terms = self.read_terms(account, map, None)?;
        let spec = &self.markets[terms.market].spec;
        let instruction = match optional_text(map, "instruction")?.unwrap_or("GTC") {
            "" => GTC,
            word => code(&INSTRUCTIONS, word).ok_or_else(|| validation(format!("invalid instruction {word}")))?,
        };
        if instruction == RPI {
            return Err(Refusal::bad("RPI_ACCOUNT_NOT_WHITELISTED", "account may not place RPI orders"));
        }
        let stp = match optional_text(map, "stp")?.unwrap_or("") {
            "" => EXPIRE_TAKER,
            word => code(&STPS, word).ok_or_else(|| validation(format!("invalid stp {word}")))?,
        };
        let client_id = optional_text(map, "client_id")?.unwrap_or("").to_owned();
        if client_id.len() > 64 {
            return Err(validation("client_id is longer than 64 characters"));
        }
        let mut flags = 0;
        for flag in map.get("flags").and_then(Value::as_array).into_iter().flatten() {
            let word = flag.as_str().unwrap_or_default();
            let known = FLAGS.iter().find(|(w, _)| *w == word).ok_or_else(|| validation(format!("invalid flag {word}")))?;
            flags |= known.1;
        }
        let trigger = match optional_text(map, "trigger_price")? {
            None | Some("") => 0,
            Some(t) => decimal::read(t).ok_or_else(|| validation("invalid trigger_price"))?.e8,
        };
        if terms.kind.is_triggered() {
            if trigger <= 0 || trigger % spec.tick != 0 {
                return Err(validation("trigger_price must be a positive multiple of price_tick_size"));
            }
            if flags & (BELOW | ABOVE) == 0 {
                let rises = (terms.side == Side::Buy) != terms.kind.is_take_profit();
                flags |= if rises { ABOVE } else { BELOW };
            }
        }
        let side = terms.side;
        let draft = Draft {
            market: terms.market,
            side,
            kind: terms.kind,
            instruction: if terms.kind.is_market() { IOC } else { instruction },
            flags,
            stp,
            size: terms.size,
            price: terms.price,
            trigger,
            client_id,
            signed_ms: terms.signed_ms,
        };
        self.check_state(&draft)?;
        let known = &self.accounts[account];
        if !draft.client_id.is_empty() && known.by_client_id.contains_key(&draft.client_id) {
            return Err(Refusal::bad("DUPLICATED_CLIENT_ID", "client_id is used by an open order"));
        }
        let open = known.open.iter().filter(|k| self.orders[**k as usize].market == draft.market).count();
        if open >= spec.max_open_orders {
            return Err(validation("too many open orders in this market"));
        }
        Ok(draft)
    }

    /// Reads and checks `PUT /orders/{id}` or `order.modify`.
    pub(super) fn read_change(&mut self, account: usize, id: &str, body: &Value) -> Result<Change, Refusal> {
        let map = body.as_object().ok_or_else(|| Refusal::bad("BINDING_ERROR", "a modification is a JSON object"))?;
        let key = self.own_order(account, id)?;
        let order = &self.orders[key as usize];
        let (number, closed) = (order.id, order.is_closed());
        let same = (order.market, order.side, order.kind);
        if optional_text(map, "id")?.is_some_and(|i| i != id) {
            return Err(validation("id of body and path differ"));
        }
        if closed {
            return Err(Refusal::bad("ORDER_IS_CLOSED", "order is closed"));
        }
        let terms = self.read_terms(account, map, Some(number))?;
        if same != (terms.market, terms.side, terms.kind) {
            return Err(validation("market, side and type of an order cannot be modified"));
        }
        let order = &self.orders[key as usize];
        let resting = matches!(order.status, Status::Open | Status::Untriggered) && !order.deferred;
        if !resting {
            return Err(Refusal::bad("ORDER_IS_NOT_OPEN", "order is not open"));
        }
        if (order.size, order.price) == (terms.size, terms.price) {
            return Err(validation("no order parameters changed"));
        }
        Ok(Change { key, size: terms.size, price: terms.price, signed_ms: terms.signed_ms })
    }

    fn read_terms(&mut self, account: usize, map: &Map<String, Value>, modifies: Option<u128>) -> Result<Terms, Refusal> {
        let market_word = text(map, "market")?;
        let side = match text(map, "side")? {
            "BUY" => Side::Buy,
            "SELL" => Side::Sell,
            word => return Err(validation(format!("invalid side {word}"))),
        };
        let kind_word = text(map, "type")?;
        let (_, kind) =
            *Kind::ALL.iter().find(|(w, _)| *w == kind_word).ok_or_else(|| validation(format!("invalid type {kind_word}")))?;
        let size_text = text(map, "size")?;
        let size = decimal::read(size_text).filter(|d| d.e8 > 0);
        let size = size.ok_or_else(|| Refusal::bad("INVALID_ORDER_SIZE", format!("invalid size {size_text}")))?;
        let price_text = optional_text(map, "price")?.unwrap_or("0");
        let price = decimal::read(if price_text.is_empty() { "0" } else { price_text }).filter(|d| d.e8 >= 0);
        let price = price.ok_or_else(|| validation(format!("invalid price {price_text}")))?;
        let signature_text = text(map, "signature")?;
        let signature = Signature::parse(signature_text)
            .ok_or_else(|| Refusal::bad("INVALID_ORDER_SIGNATURE", "signature is not two decimal numbers"))?;
        let signed_ms = map.get("signature_timestamp").and_then(Value::as_i64).filter(|t| *t > 0);
        let signed_ms = signed_ms.ok_or_else(|| validation("signature_timestamp is required"))?;
        let market = self.market_index(market_word)?;
        if self.markets[market].gone {
            return Err(Refusal::bad("MARKET_NOT_FOUND", format!("market {market_word} not found")));
        }
        self.check_time(map, signed_ms)?;
        let terms = OrderTerms {
            timestamp: signed_ms.unsigned_abs(),
            market: market_word,
            side: super::view::side_code(side),
            kind: kind_word,
            size: size.e8,
            price: if kind.is_market() { 0 } else { price.e8 },
        };
        self.check_signature(account, &terms, modifies, &signature)?;
        let spec = &self.markets[market].spec;
        if !size.exact || size.e8 % spec.step != 0 || size.e8 > spec.max_order_size {
            let sentence = "size must be a multiple of order_size_increment and at most max_order_size";
            return Err(Refusal::bad("INVALID_ORDER_SIZE", sentence));
        }
        let needs_price = !kind.is_market();
        if needs_price && (price.e8 == 0 || !price.exact || price.e8 % spec.tick != 0) {
            return Err(validation("price must be a positive multiple of price_tick_size"));
        }
        Ok(Terms { market, side, kind, size: size.e8, price: if needs_price { price.e8 } else { 0 }, signed_ms })
    }

    /// The window of section 3.6.
    fn check_time(&self, map: &Map<String, Value>, signed_ms: i64) -> Result<(), Refusal> {
        let window = match map.get("recv_window") {
            None | Some(Value::Null) => RECV_WINDOW_MS,
            Some(v) => v.as_i64().filter(|w| *w >= 10).ok_or_else(|| validation("recv_window must be at least 10 ms"))?,
        };
        let now = self.clock_ms();
        if now > signed_ms.saturating_add(window) || signed_ms > now.saturating_add(self.switches.future_skew_ms) {
            return Err(Refusal::bad("INVALID_TIMESTAMP", "signature_timestamp is outside of the accepted window"));
        }
        Ok(())
    }

    fn check_signature(
        &mut self,
        account: usize,
        terms: &OrderTerms<'_>,
        modifies: Option<u128>,
        signature: &Signature,
    ) -> Result<(), Refusal> {
        let known = &self.accounts[account];
        let hash = match modifies {
            None => self.chain.order_hash(&known.prefix, terms),
            Some(id) => self.chain.modify_hash(&known.prefix, terms, id),
        };
        let wrong = || Refusal::bad("INVALID_ORDER_SIGNATURE", "signature does not verify");
        let hash = hash.ok_or_else(wrong)?;
        if !known.keys.iter().any(|k| k.verifies(&hash, signature)) {
            return Err(wrong());
        }
        if self.switches.same_hash == "refuse" {
            if known.hashes.contains(&hash) {
                return Err(validation("an order with the same hash was placed before"));
            }
            self.accounts[account].hashes.push(hash);
        }
        Ok(())
    }

    fn check_state(&self, draft: &Draft) -> Result<(), Refusal> {
        let refused = |code: &str| Err(Refusal::new(503, code, "the exchange does not accept this order now"));
        match self.system_state() {
            "maintenance" => Err(Refusal::bad("MARKET_NOT_OPEN", "market is not open")),
            "cancel_only" => refused("SYSTEM_STATUS_CANCEL_ONLY"),
            "post_only" if draft.instruction != POST_ONLY => refused("SYSTEM_STATUS_POST_ONLY"),
            _ => Ok(()),
        }
    }

    pub(super) fn market_index(&self, symbol: &str) -> Result<usize, Refusal> {
        let found = self.by_symbol.get(symbol).copied();
        found.ok_or_else(|| Refusal::bad("MARKET_NOT_FOUND", format!("market {symbol} not found")))
    }

    /// An order of this account by its id.
    pub(super) fn own_order(&self, account: usize, id: &str) -> Result<u32, Refusal> {
        let key = id.parse::<u128>().ok().and_then(|n| self.by_id.get(&n)).copied();
        key.filter(|k| self.orders[*k as usize].account == account)
            .ok_or_else(|| Refusal::new(404, "ORDER_ID_NOT_FOUND", format!("order {id} not found")))
    }

    /// An open order of this account by its client id.
    pub(super) fn own_order_by_client_id(&self, account: usize, client_id: &str) -> Result<u32, Refusal> {
        let key = self.accounts[account].by_client_id.get(client_id).copied();
        key.ok_or_else(|| Refusal::new(404, "CLIENT_ORDER_ID_NOT_FOUND", format!("client order id {client_id} not found")))
    }
}

fn code(words: &[&str], word: &str) -> Option<u8> {
    words.iter().position(|w| *w == word).map(|i| i as u8 + 1)
}

fn validation(sentence: impl Into<String>) -> Refusal {
    Refusal::bad("VALIDATION_ERROR", sentence)
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Result<&'a str, Refusal> {
    optional_text(map, key)?.ok_or_else(|| validation(format!("{key} is required")))
}

/// A text member; null and absence are the same. Numbers where the document says text are a binding error.
fn optional_text<'a>(map: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>, Refusal> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) => Ok(Some(s)),
        Some(_) => Err(Refusal::bad("BINDING_ERROR", format!("{key} must be a text"))),
    }
}
