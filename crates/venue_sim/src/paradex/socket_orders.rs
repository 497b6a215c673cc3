//! Order methods of the WebSocket (section 6.3).

use serde_json::{Value, json};

use super::socket::RpcError;
use super::state::*;
use super::{ParadexSim, Refusal};
use crate::SimAction;

impl ParadexSim {
    /// Performs one order method and answers it. `Err` is for what is wrong with the request as such; refused orders
    /// are answered here.
    pub(super) fn socket_order(
        &mut self,
        conn: u64,
        method: &str,
        params: Value,
        via: &Via,
        out: &mut Vec<SimAction>,
    ) -> Result<(), RpcError> {
        let account = self.socket_account(conn)?;
        let refused = match method {
            "order.create" => self.socket_create(account, &params, via, out),
            "order.create_batch" => self.socket_create_batch(account, params, via, out)?,
            "order.modify" => self.socket_modify(account, &params, via, out),
            "order.cancel" => self.socket_cancel(account, &params, via, out),
            "order.cancel_batch" => {
                let list = params.get("order_ids").and_then(Value::as_array).filter(|l| !l.is_empty());
                let list = list.ok_or_else(|| RpcError::params("order_ids is required"))?;
                self.socket_cancel_batch(account, list, via, out);
                Ok(())
            }
            "order.cancel_all" => self.socket_cancel_all(account, &params, via, out),
            "order.cancel_on_disconnect" => {
                let enabled = params.get("enabled").and_then(Value::as_bool);
                let enabled = enabled.ok_or_else(|| RpcError::params("enabled is required"))?;
                if let Some(c) = self.conns.get_mut(&conn) {
                    c.cancel_on_disconnect = enabled;
                }
                self.answer(via, 200, &json!({"enabled": enabled}), 1_000, out);
                Ok(())
            }
            _ => return Err(RpcError(-32_601, "method does not exist", None)),
        };
        if let Err(refusal) = refused {
            self.refuse(via, &refusal, out);
        }
        Ok(())
    }

    fn acknowledgement(&self, key: u32) -> Value {
        let o = &self.orders[key as usize];
        json!({
            "order": self.order_rest(key), "created_at": o.created / 1_000, "received_at": o.created.saturating_mul(1_000),
        })
    }

    fn socket_create(&mut self, account: usize, params: &Value, via: &Via, out: &mut Vec<SimAction>) -> Result<(), Refusal> {
        let draft = self.read_order(account, params)?;
        let answer = |s: &Self, keys: &[u32]| keys.first().map_or(Value::Null, |k| s.acknowledgement(*k));
        self.place(account, vec![draft], via, answer, out);
        Ok(())
    }

    fn socket_create_batch(
        &mut self,
        account: usize,
        params: Value,
        via: &Via,
        out: &mut Vec<SimAction>,
    ) -> Result<Result<(), Refusal>, RpcError> {
        let shape = self.switches.batch_params.as_str();
        let list = match params {
            Value::Array(list) if shape != "object" => list,
            Value::Object(mut map) if shape != "array" => match map.remove("orders") {
                Some(Value::Array(list)) => list,
                _ => return Err(RpcError::params("orders is required")),
            },
            _ => return Err(RpcError::params("params have the wrong shape")),
        };
        let drafts = match self.read_batch(account, &list) {
            Ok(drafts) => drafts,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let answer = |s: &Self, keys: &[u32]| {
            let results: Vec<Value> = keys.iter().map(|k| s.acknowledgement(*k)).collect();
            json!({"results": results})
        };
        self.place(account, drafts, via, answer, out);
        Ok(Ok(()))
    }

    fn socket_modify(&mut self, account: usize, params: &Value, via: &Via, out: &mut Vec<SimAction>) -> Result<(), Refusal> {
        let id = params.get("id").and_then(Value::as_str).unwrap_or_default();
        let change = self.read_change(account, id, params)?;
        self.modify(&change, via, |s, key| json!({"order": s.order_rest(key)}), out);
        Ok(())
    }

    fn socket_cancel(&mut self, account: usize, params: &Value, via: &Via, out: &mut Vec<SimAction>) -> Result<(), Refusal> {
        let member = |name: &str| params.get(name).and_then(Value::as_str);
        let key = match (member("id"), member("client_id")) {
            (Some(id), _) => self.own_order(account, id)?,
            (None, Some(client_id)) => {
                let key = self.own_order_by_client_id(account, client_id)?;
                let market = self.market_index(member("market").unwrap_or_default())?;
                if self.orders[key as usize].market != market {
                    return Err(Refusal::bad("CLIENT_ORDER_ID_NOT_FOUND", "no such order in this market"));
                }
                key
            }
            (None, None) => return Err(Refusal::bad("VALIDATION_ERROR", "id, or client_id and market, is required")),
        };
        let o = &self.orders[key as usize];
        if o.is_closed() {
            return Err(Refusal::bad("ORDER_IS_CLOSED", "order is closed"));
        }
        let answer = json!({"order_id": o.id.to_string(), "status": "QUEUED_FOR_CANCELLATION"});
        self.answer(via, 200, &answer, self.config.answer_us, out);
        self.cancel_after(key, out);
        Ok(())
    }

    fn socket_cancel_batch(&mut self, account: usize, list: &[Value], via: &Via, out: &mut Vec<SimAction>) {
        let mut results = Vec::new();
        let mut keys = Vec::new();
        for id in list.iter().map(|v| v.as_str().unwrap_or_default()) {
            let key = self.own_order(account, id).ok();
            let status = self.cancel_status(key);
            results.push(match key {
                Some(k) => {
                    let market = &self.markets[self.orders[k as usize].market].spec.symbol;
                    json!({"id": id, "market": market, "status": status})
                }
                None => json!({"id": id, "status": status}),
            });
            keys.extend(key);
        }
        self.answer(via, 200, &json!({"results": results}), self.config.answer_us, out);
        self.cancel_all_after(&keys, out);
    }

    fn socket_cancel_all(&mut self, account: usize, params: &Value, via: &Via, out: &mut Vec<SimAction>) -> Result<(), Refusal> {
        let market = params.get("market").and_then(Value::as_str).filter(|m| !m.is_empty());
        let market = market.map(|m| self.market_index(m)).transpose()?;
        let keys = self.open_orders(account, market);
        self.answer(via, 200, &json!({"status": "ok"}), self.config.answer_us, out);
        self.cancel_all_after(&keys, out);
        Ok(())
    }
}
