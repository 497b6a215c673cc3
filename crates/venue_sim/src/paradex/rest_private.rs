//! REST for one account: orders, history, fills, positions, money (section 4.3).

use serde_json::{Value, json};

use super::rest::{Query, Routed, not_found, page};
use super::state::*;
use super::{ParadexSim, Refusal, crypto};
use crate::exchange::decimal::text;
use crate::{HttpRequest, SimAction};

fn body(http: &HttpRequest<'_>) -> Result<Value, Refusal> {
    serde_json::from_slice(http.body).map_err(|e| Refusal::bad("BINDING_ERROR", e.to_string()))
}

impl ParadexSim {
    pub(super) fn private_route(
        &mut self,
        request: u64,
        http: &HttpRequest<'_>,
        rest: &[&str],
        query: Query<'_>,
        account: usize,
        out: &mut Vec<SimAction>,
    ) -> Routed {
        let via = Via::Rest(request);
        let wanted = query.get("market").filter(|m| !m.is_empty());
        match (http.method, rest) {
            ("POST", ["orders"]) => {
                let draft = self.read_order(account, &body(http)?)?;
                self.place(account, vec![draft], &via, |s, keys| keys.first().map_or(Value::Null, |k| s.order_rest(*k)), out);
                Ok(None)
            }
            ("POST", ["orders", "batch"]) => {
                let body = body(http)?;
                let list = body.as_array().ok_or_else(|| Refusal::bad("BINDING_ERROR", "a batch is an array of orders"))?;
                let drafts = self.read_batch(account, list)?;
                let answer = |s: &Self, keys: &[u32]| {
                    let orders: Vec<Value> = keys.iter().map(|k| s.order_rest(*k)).collect();
                    let errors = vec![Value::Null; keys.len()];
                    json!({"orders": orders, "errors": errors})
                };
                self.place(account, drafts, &via, answer, out);
                Ok(None)
            }
            ("PUT", ["orders", id]) => {
                let change = self.read_change(account, id, &body(http)?)?;
                self.modify(&change, &via, Self::order_rest, out);
                Ok(None)
            }
            ("DELETE", ["orders", "batch"]) => self.cancel_batch(account, &body(http)?, &via, out),
            ("DELETE", ["orders", "by_client_id", client_id]) => {
                let key = self.own_order_by_client_id(account, client_id)?;
                self.cancel_one(key, &via, out);
                Ok(None)
            }
            ("DELETE", ["orders", id]) => {
                let key = self.own_order(account, id)?;
                if self.orders[key as usize].is_closed() {
                    return Err(Refusal::bad("ORDER_IS_CLOSED", "order is closed"));
                }
                self.cancel_one(key, &via, out);
                Ok(None)
            }
            ("DELETE", ["orders"]) => {
                let market = wanted.map(|m| self.market_index(m)).transpose()?;
                let keys = self.open_orders(account, market);
                self.answer(&via, 200, &json!({}), self.config.answer_us, out);
                self.cancel_all_after(&keys, out);
                Ok(None)
            }
            ("GET", _) => self.read_route(rest, query, account, out).map(|v| Some((200, v))),
            ("POST", ["account", "keys", "subkeys"]) => self.register_subkey(account, &body(http)?).map(|v| Some((201, v))),
            _ => Err(not_found()),
        }
    }

    /// All or none: the first order that is wrong refuses the batch (section 4.3).
    pub(super) fn read_batch(&mut self, account: usize, list: &[Value]) -> Result<Vec<super::entry::Draft>, Refusal> {
        let most = usize::try_from(self.switches.batch_max).unwrap_or(0);
        if list.is_empty() || list.len() > most {
            return Err(Refusal::bad("BATCH_SIZE_OUT_OF_RANGE", format!("a batch has 1 to {most} orders")));
        }
        let mut drafts: Vec<super::entry::Draft> = Vec::with_capacity(list.len());
        for order in list {
            let draft = self.read_order(account, order)?;
            if !draft.client_id.is_empty() && drafts.iter().any(|d| d.client_id == draft.client_id) {
                return Err(Refusal::bad("DUPLICATED_CLIENT_ID", "client_id is used twice in the batch"));
            }
            drafts.push(draft);
        }
        Ok(drafts)
    }

    fn cancel_one(&mut self, key: u32, via: &Via, out: &mut Vec<SimAction>) {
        self.answer(via, 204, &Value::Null, self.config.answer_us, out);
        self.cancel_after(key, out);
    }

    fn cancel_batch(&mut self, account: usize, body: &Value, via: &Via, out: &mut Vec<SimAction>) -> Routed {
        let ids = |name: &str| -> Vec<String> {
            let list = body.get(name).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(|v| v.as_str().map(str::to_owned)).collect()
        };
        let (by_id, by_client_id) = (ids("order_ids"), ids("client_order_ids"));
        if by_id.is_empty() && by_client_id.is_empty() {
            return Err(Refusal::bad("VALIDATION_ERROR", "order_ids or client_order_ids is required"));
        }
        let mut results = Vec::new();
        let mut keys = Vec::new();
        let named = by_id.iter().map(|i| ("id", i)).chain(by_client_id.iter().map(|i| ("client_id", i)));
        for (name, id) in named {
            let key = match name {
                "id" => self.own_order(account, id).ok(),
                _ => self.own_order_by_client_id(account, id).ok(),
            };
            let status = self.cancel_status(key);
            results.push(match key.map(|k| &self.orders[k as usize]) {
                Some(o) => json!({"id": o.id.to_string(), "client_id": o.client_id, "account": self.accounts[account].hex,
                    "market": self.markets[o.market].spec.symbol, "status": status}),
                None => json!({name: id, "status": status}),
            });
            keys.extend(key);
        }
        self.answer(via, 200, &json!({"results": results}), self.config.answer_us, out);
        self.cancel_all_after(&keys, out);
        Ok(None)
    }

    fn read_route(
        &mut self,
        rest: &[&str],
        query: Query<'_>,
        account: usize,
        out: &mut Vec<SimAction>,
    ) -> Result<Value, Refusal> {
        let wanted = query.get("market").filter(|m| !m.is_empty());
        let market = wanted.map(|m| self.market_index(m)).transpose()?;
        for m in 0..self.markets.len() {
            if self.watched(m) {
                self.refresh(m, out);
            }
        }
        match rest {
            ["orders"] => {
                let keys = self.open_orders(account, market);
                Ok(json!({"results": keys.iter().map(|k| self.order_rest(*k)).collect::<Vec<_>>()}))
            }
            ["orders", "by_client_id", id] => self.own_order_by_client_id(account, id).map(|k| self.order_rest(k)),
            ["orders", id] => {
                let key = self.own_order(account, id)?;
                if self.orders[key as usize].is_closed() && self.switches.get_order == "open" {
                    return Err(Refusal::new(404, "ORDER_ID_NOT_FOUND", format!("order {id} not found")));
                }
                Ok(self.order_rest(key))
            }
            ["orders-history"] => self.history(account, query, market),
            ["fills"] => page(query, self.accounts[account].fills.len(), |i| {
                let f = &self.accounts[account].fills[i];
                let fits = market.is_none_or(|m| f.market == m) && f.listed <= self.clock();
                fits.then(|| (f.created / 1_000, self.fill_json(account, i)))
            }),
            ["positions"] => {
                let touched = |m: &usize| self.accounts[account].holdings[*m].created != 0;
                let rest_seq = |m: usize| self.accounts[account].holdings[m].updated.saturating_mul(1_000);
                let all = (0..self.markets.len()).filter(touched);
                Ok(json!({"results": all.map(|m| self.position_json(account, m, rest_seq(m))).collect::<Vec<_>>()}))
            }
            ["balance"] => {
                let a = &self.accounts[account];
                let cash = text(a.cash);
                Ok(json!({"results": [{"token": "USDC", "size": cash, "cost": cash, "cost_usd": cash,
                    "average_entry_price": "1", "average_entry_price_usd": "1", "last_updated_at": a.cash_updated / 1_000}]}))
            }
            ["account"] => Ok(self.account_json(account, self.clock().saturating_mul(1_000))),
            ["account", "info"] => Ok(json!({"results": [self.account_info(account)]})),
            ["account", "keys", "subkeys"] => {
                let keys = self.accounts[account].keys.iter().skip(1).map(|k| json!({"public_key": k.x.to_hex_string()}));
                Ok(json!({"results": keys.collect::<Vec<_>>()}))
            }
            ["funding", "payments"] => {
                query.required("market")?;
                page(query, self.accounts[account].payments.len(), |i| {
                    let p = &self.accounts[account].payments[i];
                    (Some(p.market) == market).then(|| (p.created / 1_000, self.payment_json(account, i)))
                })
            }
            _ => Err(not_found()),
        }
    }

    fn history(&self, account: usize, query: Query<'_>, market: Option<usize>) -> Result<Value, Refusal> {
        let list = &self.accounts[account].orders;
        let fits = |name: &str, value: &str| query.get(name).filter(|v| !v.is_empty()).is_none_or(|v| v == value);
        page(query, list.len(), |i| {
            let o = &self.orders[list[i] as usize];
            let wanted = market.is_none_or(|m| o.market == m)
                && fits("client_id", &o.client_id)
                && fits("side", super::view::side_word(o.side))
                && fits("status", o.status.word())
                && fits("type", o.kind.word());
            wanted.then(|| (o.created / 1_000, self.order_rest(list[i])))
        })
    }

    fn account_info(&self, account: usize) -> Value {
        let a = &self.accounts[account];
        let [maker, taker] = self.rates().map(text);
        json!({
            "account": a.hex, "kind": "main", "parent_account": "", "username": "", "isolated_market": "",
            "public_key": a.keys.first().map_or(String::new(), |k| k.x.to_hex_string()),
            "fees": {
                "maker_rate": maker, "taker_rate": taker, "spot_maker_rate": maker, "spot_taker_rate": taker,
                "dated_option_maker_rate": maker, "dated_option_taker_rate": taker,
                "perp_option_maker_rate": maker, "perp_option_taker_rate": taker,
            },
        })
    }

    fn register_subkey(&mut self, account: usize, body: &Value) -> Result<Value, Refusal> {
        let key = body.get("public_key").and_then(Value::as_str).and_then(crypto::felt).and_then(crypto::PublicKey::new);
        let key = key.ok_or_else(|| Refusal::bad("PUBLIC_KEY_INVALID", "public_key is not a point of the curve"))?;
        let hex = key.x.to_hex_string();
        self.accounts[account].keys.push(key);
        Ok(json!({"public_key": hex}))
    }
}
