//! The REST side: faults that hit any request, the table of routes, and the node at `/rpc`.

use super::wire::{self, Answer, Target, not_found};
use super::{AzuroSim, ChainSide};
use crate::{HttpRequest, SimAction, SimNow};
use serde_json::{Value, json};

/// What every path of the API begins with (section 1).
const PREFIX: &str = "/api/v1/public";
/// Where the chain's node answers.
const RPC: &str = "/rpc";
/// How long a request to a venue that is down stays open.
const SILENCE_US: u64 = 30_000_000;

impl AzuroSim {
    pub(super) fn request(&mut self, request: u64, http: &HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        let target = Target::read(http);
        if target.path == RPC {
            return self.node(request, http, out);
        }
        if self.faults.on("down").is_some() {
            return out.push(SimAction::Hang { request, after_us: SILENCE_US });
        }
        let us = self.draw_us(self.cfg.latencies.read_us);
        if let Some(fault) =
            self.faults.take_if("http_error", |f| f.path.as_ref().is_none_or(|p| http.target.contains(p.as_str())))
        {
            let page = fault.body.unwrap_or_else(|| super::error_page(fault.status));
            return self.reply_bytes(request, us, fault.status, Vec::new(), page.into_bytes(), out);
        }
        if let Some(fault) = self.faults.take("rate_limit") {
            let headers = fault.retry_after_s.map(|s| ("retry-after".to_owned(), s.to_string())).into_iter().collect();
            let body = json!({ "statusCode": 429, "errorMessage": "ThrottlerException: Too Many Requests" });
            return self.reply_bytes(request, us, 429, headers, body.to_string().into_bytes(), out);
        }
        let Some(path) = target.path.strip_prefix(PREFIX) else {
            let (status, body) = not_found();
            return self.reply(request, us, status, &body, out);
        };
        if (http.method, path) == ("POST", "/bet/orders/ordinar") {
            return self.post_order(request, http, now, out);
        }
        let (status, body) = self.route(http, path, &target, now).unwrap_or_else(|refused| refused);
        self.reply(request, us, status, &body, out);
    }

    fn route(&mut self, http: &HttpRequest<'_>, path: &str, target: &Target<'_>, now: SimNow) -> Result<Answer, Answer> {
        match (http.method, path) {
            ("GET", "/market-manager/games-by-filters") => self.games_by_filters(target, now),
            ("POST", "/market-manager/games-by-ids") => self.games_by_ids(&wire::body(http)?, now),
            ("POST", "/market-manager/conditions-by-game-ids") => self.conditions_by_game_ids(&wire::body(http)?, now),
            ("POST", "/market-manager/condition-batch") => self.condition_batch(&wire::body(http)?, now),
            ("GET", "/market-manager/navigation") => self.navigation(target, now),
            ("GET", "/market-manager/search") => self.search(target, now),
            ("POST", "/bet/calculation") => self.calculation(&wire::body(http)?, now),
            ("GET", "/bet/gas-info") => {
                self.environment(target.must("environment")?)?;
                Ok((200, self.gas_info()))
            }
            ("POST", "/bet/orders/combo") => {
                Ok((409, json!({ "statusCode": 409, "errorMessage": "Different games in one order" })))
            }
            ("GET", _) => match path.strip_prefix("/bet/orders/") {
                Some(rest) => match rest.strip_prefix("bettor/") {
                    Some(bettor) => self.list_orders(bettor, target, now),
                    None => Ok(self.get_order(rest, now)),
                },
                None => Ok(not_found()),
            },
            _ => Ok(not_found()), // cash-out among them (section 11)
        }
    }

    /// The node of the chain.
    fn node(&mut self, request: u64, http: &HttpRequest<'_>, out: &mut Vec<SimAction>) {
        let us = self.draw_us(self.cfg.latencies.read_us);
        if let Some(fault) = self.faults.take("node_error") {
            let page = super::error_page(fault.status);
            return self.reply_bytes(request, us, fault.status, Vec::new(), page.into_bytes(), out);
        }
        if self.faults.take("node_silent").is_some() {
            return out.push(SimAction::Hang { request, after_us: SILENCE_US });
        }
        if http.method != "POST" || self.cfg.chain == ChainSide::Outside {
            let (status, body) = not_found();
            return self.reply(request, us, status, &body, out);
        }
        let answer = self.chain.rpc(http.body);
        self.reply(request, us, 200, &answer, out);
    }

    pub(super) fn reply(&self, request: u64, us: u64, status: u16, body: &Value, out: &mut Vec<SimAction>) {
        self.reply_bytes(request, us, status, Vec::new(), body.to_string().into_bytes(), out);
    }

    pub(super) fn reply_bytes(
        &self,
        request: u64,
        us: u64,
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        out: &mut Vec<SimAction>,
    ) {
        out.push(SimAction::Reply { request, after_us: us + self.faults.latency_us(), status, headers, body });
    }
}
