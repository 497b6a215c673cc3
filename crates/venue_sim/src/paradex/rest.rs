//! REST: faults at the door, limits, routing, and everything that needs no login (sections 4.1, 4.2).

use serde_json::{Value, json};

use super::limits::Scope;
use super::public_json::{bbo_json, trade_json};
use super::{HANG_US, ParadexSim, Refusal, crypto};
use crate::exchange::decimal::text;
use crate::exchange::ladder::Level;
use crate::{HttpRequest, SimAction};

/// What a route answers: a status and a value, or nothing because it has answered itself.
pub(super) type Routed = Result<Option<(u16, Value)>, Refusal>;

/// The query of a request.
#[derive(Clone, Copy)]
pub(super) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// A parameter as it is written; nothing this venue takes needs percent decoding.
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        self.0.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    pub(super) fn required(self, name: &str) -> Result<&'a str, Refusal> {
        self.get(name).filter(|v| !v.is_empty()).ok_or_else(|| missing(name))
    }

    /// A number, `otherwise` when absent.
    pub(super) fn number(self, name: &str, otherwise: i64) -> Result<i64, Refusal> {
        let wrong = || Refusal::bad("INVALID_REQUEST_PARAMETER", format!("{name} must be a number"));
        self.get(name).map_or(Ok(otherwise), |v| v.parse().map_err(|_| wrong()))
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::bad("INVALID_REQUEST_PARAMETER", format!("{name} is required"))
}

pub(super) fn not_found() -> Refusal {
    Refusal::new(404, "NOT_FOUND", "no such route")
}

impl ParadexSim {
    pub(super) fn on_http(&mut self, request: u64, http: HttpRequest<'_>, out: &mut Vec<SimAction>) {
        let (path, query) = http.target.split_once('?').unwrap_or((http.target, ""));
        if self.down {
            out.push(SimAction::Hang { request, after_us: HANG_US });
            return;
        }
        if let Some(f) = self.faults.hit_path("http_error", path) {
            let body = f.body.unwrap_or_else(|| json!({"error": "INTERNAL_ERROR", "message": "internal error"}).to_string());
            return self.reply(request, self.config.answer_us, f.status, body.into_bytes(), out);
        }
        if let Some(f) = self.faults.hit_path("rate_limit", path) {
            return self.too_many(request, f.retry_after_s, out);
        }
        let routed = match self.scope_of(&http, path) {
            Ok(scope) => match self.count(scope) {
                Ok(()) => self.route(request, &http, path, Query(query), scope, out),
                Err(wait_s) => return self.too_many(request, wait_s, out),
            },
            Err(refusal) => Err(refusal),
        };
        match routed {
            Ok(None) => {}
            Ok(Some((status, value))) => {
                let body = if value.is_null() { Vec::new() } else { value.to_string().into_bytes() };
                self.reply(request, self.config.answer_us, status, body, out);
            }
            Err(refusal) => self.refuse(&super::Via::Rest(request), &refusal, out),
        }
    }

    /// Counts a request; `Err` gives the seconds to wait.
    pub(super) fn count(&mut self, scope: Scope) -> Result<(), u64> {
        let counted = self.limits.take(scope, self.now.ms());
        if self.config.rate_limits { counted } else { Ok(()) }
    }

    fn too_many(&mut self, request: u64, wait_s: u64, out: &mut Vec<SimAction>) {
        let mut headers = self.limits.headers(self.now.ms());
        headers.push(("retry-after".to_owned(), wait_s.to_string()));
        let body = json!({"error": "RATE_LIMIT_EXCEEDED", "message": "too many requests"}).to_string().into_bytes();
        let after_us = self.config.answer_us.saturating_add(self.latency_us());
        out.push(SimAction::Reply { request, after_us, status: 429, headers, body });
    }

    /// What a request counts against; for private routes that includes who asks.
    fn scope_of(&self, http: &HttpRequest<'_>, path: &str) -> Result<Scope, Refusal> {
        let topic = path.split('/').nth(2).unwrap_or_default();
        match topic {
            "auth" => Ok(Scope::Login),
            "onboarding" if http.method == "POST" => Ok(Scope::Login),
            "orders" | "orders-history" | "fills" | "positions" | "balance" | "account" => self.private_scope(http, topic),
            "funding" if path.ends_with("/payments") => self.private_scope(http, topic),
            _ => Ok(Scope::Public),
        }
    }

    fn private_scope(&self, http: &HttpRequest<'_>, topic: &str) -> Result<Scope, Refusal> {
        let header = http.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("authorization"));
        let bearer = header.and_then(|(_, v)| v.strip_prefix("Bearer "));
        let bearer = bearer.ok_or_else(|| Refusal::new(401, "UNAUTHORIZED_ERROR", "bearer token is missing"))?;
        let (account, _) = self.check_token(bearer)?;
        Ok(if topic == "orders" && http.method != "GET" { Scope::Orders(account) } else { Scope::Reads(account) })
    }

    fn route(
        &mut self,
        request: u64,
        http: &HttpRequest<'_>,
        path: &str,
        query: Query<'_>,
        scope: Scope,
        out: &mut Vec<SimAction>,
    ) -> Routed {
        let segments: Vec<&str> = path.split('/').skip(1).filter(|s| !s.is_empty()).collect();
        let Some((version, rest)) = segments.split_first() else { return Err(not_found()) };
        if *version != "v1" {
            // Version 2 knows only logins of EVM accounts, which cannot sign orders (section 2.2).
            return Err(not_found());
        }
        if let Scope::Orders(account) | Scope::Reads(account) = scope {
            return self.private_route(request, http, rest, query, account, out);
        }
        match (http.method, rest) {
            ("POST", ["onboarding"]) => self.onboard(http).map(|()| Some((200, json!({})))),
            ("POST", ["auth"]) => self.login(http, None).map(|t| Some((200, json!({"jwt_token": t})))),
            ("POST", ["auth", key]) => self.login(http, Some(key)).map(|t| Some((200, json!({"jwt_token": t})))),
            ("GET", rest) => self.public_route(rest, query, out).map(|v| Some((200, v))),
            _ => Err(not_found()),
        }
    }

    fn public_route(&mut self, rest: &[&str], query: Query<'_>, out: &mut Vec<SimAction>) -> Result<Value, Refusal> {
        match rest {
            ["system", "time"] => Ok(json!({"server_time": self.clock_ms().to_string()})),
            ["system", "state"] => Ok(json!({"status": self.system_state()})),
            ["system", "config"] => Ok(self.system_config()),
            ["jwks.json"] => Ok(json!({"keys": [{"kty": "EC", "crv": "P-384", "use": "sig", "alg": "ES384", "kid": "simulator",
                "x": "AAAA", "y": "AAAA"}]})),
            ["markets"] => {
                let wanted = query.get("market").filter(|m| !m.is_empty());
                Ok(json!({"results": self.listed(wanted)}))
            }
            ["markets", "summary"] => {
                let wanted = query.required("market")?;
                let markets = match wanted {
                    "ALL" => (0..self.markets.len()).collect(),
                    symbol => vec![self.market_index(symbol)?],
                };
                for m in &markets {
                    self.refresh(*m, out);
                }
                Ok(json!({"results": markets.iter().map(|m| self.summary_json(*m)).collect::<Vec<_>>()}))
            }
            ["bbo", symbol] | ["bbo", symbol, "interactive"] => {
                let m = self.market_index(symbol)?;
                self.refresh(m, out);
                Ok(bbo_json(&self.markets[m]))
            }
            ["orderbook", symbol] | ["orderbook", symbol, "interactive"] => {
                let m = self.market_index(symbol)?;
                self.refresh(m, out);
                let depth = query.number("depth", 20)?.clamp(1, 1_000) as usize;
                Ok(self.book_json(m, depth))
            }
            ["trades"] => {
                let m = self.market_index(query.required("market")?)?;
                self.refresh(m, out);
                let market = &self.markets[m];
                page(query, market.trades.len(), |i| {
                    let t = &market.trades[i];
                    Some((t.created / 1_000, trade_json(market, t)))
                })
            }
            ["funding", "data"] => {
                let m = self.market_index(query.required("market")?)?;
                self.refresh(m, out);
                Ok(json!({"next": null, "prev": null, "results": [self.funding_json(m)]}))
            }
            ["onboarding"] => self.onboarding_check(query),
            _ => Err(not_found()),
        }
    }

    fn onboarding_check(&self, query: Query<'_>) -> Result<Value, Refusal> {
        if query.get("account_signer_type") != Some("starknet") {
            return Err(Refusal::bad("INVALID_REQUEST_PARAMETER", "only account_signer_type=starknet is known here"));
        }
        let key = crypto::felt(query.required("public_key")?);
        let key = key.ok_or_else(|| Refusal::bad("PUBLIC_KEY_INVALID", "public_key is not a felt"))?;
        let address = self.chain.account_address(&key);
        Ok(json!({
            "account_signer_type": "starknet", "address": address.to_hex_string(),
            "exists": self.by_address.contains_key(&address),
            "derivation_info": {"class_hash": self.config.account_hash, "proxy_class_hash": self.config.proxy_hash},
        }))
    }

    fn book_json(&self, m: usize, depth: usize) -> Value {
        let (bids, asks) = self.view(m);
        let market = &self.markets[m];
        // While the feed is frozen the book goes on all the same, about ten numbers a second (section 7.3).
        let sent = market.sent_at / 1_000;
        let frozen = self.faults.get("freeze_book").is_some();
        let updated = if frozen { self.clock_ms() } else { sent };
        let seq = market.seq.saturating_add((updated - sent).max(0) / 100);
        let side =
            |levels: &[Level]| -> Vec<[String; 2]> { levels.iter().take(depth).map(|l| [text(l.price), text(l.size)]).collect() };
        let (bids, asks) = (side(&bids), side(&asks));
        let best = |levels: &[[String; 2]]| levels.first().cloned().unwrap_or(["0".to_owned(), "0".to_owned()]);
        json!({
            "market": market.spec.symbol, "seq_no": seq, "last_updated_at": updated,
            "best_bid_api": best(&bids), "best_ask_api": best(&asks), "best_bid_interactive": best(&bids),
            "best_ask_interactive": best(&asks), "bids": bids, "asks": asks,
        })
    }

    pub(super) fn market_json(&self, market: &super::state::MarketState) -> Value {
        let spec = &market.spec;
        let fee = |e8: i64| json!({"fee": text(e8), "fee_cap": "0.5", "fee_floor": "-0.5"});
        let pair = |maker, taker| json!({"maker_fee": fee(maker), "taker_fee": fee(taker)});
        let (maker, taker) = (self.config.maker_fee_e8, self.config.taker_fee_e8);
        json!({
            "symbol": spec.symbol, "base_currency": spec.base, "quote_currency": "USD", "settlement_currency": "USDC",
            "price_tick_size": text(spec.tick), "order_size_increment": text(spec.step),
            "min_notional": text(spec.min_notional), "max_order_size": text(spec.max_order_size),
            "max_open_orders": spec.max_open_orders, "position_limit": text(spec.position_limit),
            "price_bands_width": text(spec.band_bps * 10_000), "max_slippage": text(spec.band_bps * 10_000),
            "max_tob_spread": "0.2", "asset_kind": "PERP", "market_kind": "cross", "trading_mode": "STANDARD",
            "open_at": 1_698_756_879_745i64, "expiry_at": market.expiry_ms, "strike_price": "", "option_type": "", "iv_bands_width": "",
            "price_feed_id": format!("SIMULATED-{}", spec.base), "oracle_ewma_factor": "0.2", "funding_period_hours": 8,
            "funding_multiplier": 1, "interest_rate": "0.0001", "clamp_rate": "0.0005", "max_funding_rate": "0.02",
            "max_funding_rate_change": "0.0005", "tags": [],
            "delta1_cross_margin_params": {
                "imf_base": text(spec.imf_bps * 10_000), "imf_factor": "0", "imf_shift": "0", "mmf_factor": "0.5",
            },
            "fee_config": {
                "api_fee": pair(maker, taker), "interactive_fee": pair(0, 0), "rpi_fee": pair(maker, taker),
            },
        })
    }

    /// Addresses are made up; a client needs the chain and the class hashes.
    fn system_config(&self) -> Value {
        json!({
            "starknet_chain_id": self.config.chain_id, "starknet_gateway_url": "https://localhost/gateway",
            "starknet_fullnode_rpc_url": "https://localhost/rpc", "starknet_fullnode_rpc_base_url": "https://localhost",
            "block_explorer_url": "https://localhost/", "environment": "simulated",
            "l1_chain_id": self.config.l1_chain_id.to_string(),
            "l1_core_contract_address": "0x0000000000000000000000000000000000000001",
            "l1_operator_address": "0x0000000000000000000000000000000000000002",
            "l1_relayer_address": "0x0000000000000000000000000000000000000003", "l2_relayer_address": "0x4",
            "paraclear_address": "0x5", "paraclear_decimals": 8, "paraclear_account_hash": self.config.account_hash,
            "paraclear_account_proxy_hash": self.config.proxy_hash, "paraclear_evm_account_hash": "0x6",
            "universal_deployer_address": "0x7", "oracle_address": "0x8", "liquidation_fee": "0.2",
            "partial_liquidation_buffer": "0.2", "partial_liquidation_share_increment": "0.05",
            "assets_limit_per_account": 10,
            "bridged_tokens": [{
                "name": "SIMULATED USDC", "symbol": "USDC", "decimals": 6,
                "l1_token_address": "0x0000000000000000000000000000000000000009",
                "l1_bridge_address": "0x000000000000000000000000000000000000000a",
                "l2_token_address": "0xb", "l2_bridge_address": "0xc",
            }],
        })
    }
}

/// A page of a list that is kept oldest first and shown newest first. `row` gives a row and its time in ms, or
/// nothing if it is filtered out. The cursor is the number of rows seen.
pub(super) fn page(query: Query<'_>, len: usize, row: impl Fn(usize) -> Option<(i64, Value)>) -> Result<Value, Refusal> {
    let size = query.number("page_size", 100)?.clamp(1, 1_000) as usize;
    let (from, to) = (query.number("start_at", 0)?, query.number("end_at", i64::MAX)?);
    let cursor = query.get("cursor").filter(|c| !c.is_empty());
    let wrong = || Refusal::bad("INVALID_REQUEST_PARAMETER", "cursor is not one of ours");
    let skip: usize = cursor.map_or(Ok(0), |c| c.strip_prefix('n').and_then(|n| n.parse().ok()).ok_or_else(wrong))?;
    let rows = (0..len).rev().filter_map(row).filter(|(at, _)| (from..=to).contains(at)).map(|(_, v)| v);
    let mut results: Vec<Value> = rows.skip(skip).take(size + 1).collect();
    let more = results.len() > size;
    results.truncate(size);
    let next = if more { json!(format!("n{}", skip + size)) } else { Value::Null };
    let prev = if skip > 0 { json!(format!("n{}", skip.saturating_sub(size))) } else { Value::Null };
    Ok(json!({"next": next, "prev": prev, "results": results}))
}
