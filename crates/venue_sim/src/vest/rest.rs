//! The REST side: headers, faults that hit any request, and the table of routes (vest.md sections 3, 8, 9, 11).

use super::VestSim;
use super::answer::{Answer, INVALID_ACCOUNT_GROUP, RATE_LIMITED, Refused, UNAUTHORIZED};
use super::wire::Target;
use crate::{HttpRequest, SimAction, SimNow};
use serde_json::{Value, json};

/// How long a request to a venue that is down stays open.
const SILENCE_US: u64 = 30_000_000;

impl VestSim {
    pub(super) fn request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        if self.down {
            out.push(SimAction::Hang { request, after_us: SILENCE_US });
            return;
        }
        let read_us = self.cfg.latencies.read_us.max(0) as u64;
        let hits = |f: &super::Fault| f.path.as_ref().is_none_or(|p| http.target.contains(p.as_str()));
        if let Some(fault) = self.faults.take_if("http_error", hits) {
            let page = fault.body.unwrap_or_else(|| super::error_page(fault.status));
            return self.reply(request, read_us, fault.status, Vec::new(), page.into_bytes(), out);
        }
        if let Some(fault) = self.faults.take_if("rate_limit", |_| true) {
            let refused = Refused(RATE_LIMITED);
            let headers = fault.retry_after_s.map(|s| ("retry-after".to_owned(), s.to_string())).into_iter().collect();
            let body = refused.body(self.cfg.switches.flat_errors).to_string().into_bytes();
            return self.reply(request, read_us, 429, headers, body, out);
        }
        let target = Target::read(http.target);
        if target.path.starts_with("/v3/") && self.faults.on("v3_gone").is_none() {
            return self.request_v3(request, http.method, &target, now, out);
        }
        let here = self.faults.on("v2_gone").is_none();
        let Some(path) = target.path.strip_prefix("/v2").filter(|_| here) else {
            return self.no_route(request, 404, "Not Found", out);
        };
        if !group_fits(http.header("xrestservermm"), self.cfg.acc_group) {
            return self.refuse(request, read_us, Refused(INVALID_ACCOUNT_GROUP), out);
        }
        if path == "/exchangeInfo" && self.faults.on("v2_degraded").is_some() {
            return self.no_route(request, 404, "Not Found", out);
        }
        let account = http.header("x-api-key").and_then(|key| self.by_key.get(key)).copied();
        let mine = account.ok_or(Refused(UNAUTHORIZED));
        if (http.method, path) == ("POST", "/orders") {
            return match mine {
                Ok(account) => self.post_order(request, account, http.body, now, out),
                Err(refused) => self.refuse(request, read_us, refused, out),
            };
        }
        let answer: Answer = match (http.method, path) {
            ("GET", "/exchangeInfo") => self.exchange_info(&target),
            ("GET", "/ticker/latest") => self.ticker_latest(&target, now),
            ("GET", "/ticker/24hr") => self.ticker_24hr(&target, now),
            ("GET", "/funding/history") => self.funding_history(&target, now),
            ("GET", "/klines") => self.klines(&target, now),
            ("GET", "/trades") => self.trades(&target, now),
            ("GET", "/depth") => self.depth(&target, now),
            ("GET", "/oi") => Ok(self.oi()),
            ("POST", "/register") => self.register(http.body, now),
            ("GET", "/account") => mine.map(|a| self.account(a, now)),
            ("GET", "/account/nonce") => mine.map(|a| json!({ "lastNonce": self.accounts[a].last_nonce })),
            ("POST", "/account/leverage") => mine.and_then(|a| self.set_leverage(a, http.body)),
            ("GET", "/orders") => mine.and_then(|a| self.list_orders(a, &target)),
            ("POST", "/orders/cancel") => mine.and_then(|a| self.cancel_order(a, http.body, now)),
            ("GET", "/lp") => mine.and_then(|a| self.list_movements(a, false, &target)),
            ("POST", "/lp") => mine.and_then(|a| self.post_pool(a, http.body, now)),
            ("GET", "/transfer") => mine.and_then(|a| self.list_movements(a, true, &target)),
            ("POST", "/transfer/withdraw") => mine.and_then(|a| self.post_withdraw(a, http.body, now)),
            ("POST", "/account/listenKey") => mine.map(|a| self.open_listen_key(a, now)),
            ("PUT", "/account/listenKey") => mine.and_then(|a| self.extend_listen_key(a, now)),
            ("DELETE", "/account/listenKey") => mine.map(|a| self.close_listen_key(a, out)),
            (_, known) if ROUTES.contains(&known) => return self.no_route(request, 405, "Method Not Allowed", out),
            _ => return self.no_route(request, 404, "Not Found", out),
        };
        let us = if path == "/orders/cancel" { self.ack_us() } else { read_us };
        match answer {
            Ok(body) => self.answer(request, us, &body, out),
            Err(refused) => self.refuse(request, us, refused, out),
        }
    }

    /// Answers 200 with a body.
    pub(super) fn answer(&self, request: u64, us: u64, body: &Value, out: &mut Vec<SimAction>) {
        self.reply(request, us, 200, Vec::new(), body.to_string().into_bytes(), out);
    }

    /// Answers with a refusal in the envelope of the switch.
    pub(super) fn refuse(&self, request: u64, us: u64, refused: Refused, out: &mut Vec<SimAction>) {
        let status = refused.status(self.cfg.switches.unauthorized_status);
        let body = refused.body(self.cfg.switches.flat_errors).to_string().into_bytes();
        self.reply(request, us, status, Vec::new(), body, out);
    }

    pub(super) fn reply(
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

    /// What the framework behind the venue seems to say of unknown paths (section 11, a guess).
    pub(super) fn no_route(&self, request: u64, status: u16, detail: &str, out: &mut Vec<SimAction>) {
        self.reply(request, 0, status, Vec::new(), json!({ "detail": detail }).to_string().into_bytes(), out);
    }
}

const ROUTES: &[&str] = &[
    "/exchangeInfo",
    "/ticker/latest",
    "/ticker/24hr",
    "/funding/history",
    "/klines",
    "/trades",
    "/depth",
    "/oi",
    "/register",
    "/account",
    "/account/nonce",
    "/account/leverage",
    "/account/listenKey",
    "/orders",
    "/orders/cancel",
    "/lp",
    "/transfer",
    "/transfer/withdraw",
];

/// `restserver{group}`; absent means group 0 (section 16.1).
pub(super) fn group_fits(header: Option<&str>, group: u32) -> bool {
    match header {
        None => group == 0,
        Some(text) => text.strip_prefix("restserver").and_then(|n| n.parse::<u32>().ok()) == Some(group),
    }
}
