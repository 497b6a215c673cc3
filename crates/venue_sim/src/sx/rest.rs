//! The REST side: gateway, keys, limits, faults that hit any request, and the table of routes (sx.md sections 3, 12, 13).

use super::orders::SILENCE_US;
use super::wire::{Answer, Refused, Target};
use super::{SxSim, sign};
use crate::{HttpRequest, SimAction, SimNow};
use serde_json::{Value, json};

/// Routes of the second order book, which are gone (section 0).
const GONE: &[&str] = &[
    "/metadata",
    "/orders",
    "/orders/new",
    "/orders/fill",
    "/orders/fill/v2",
    "/orders/cancel/v2",
    "/orders/cancel/event",
    "/orders/cancel/all",
    "/orders/odds/best",
    "/trades",
    "/heartbeat",
];
/// How far the time of a gateway's signature may be off, ms.
const GATEWAY_SKEW_MS: i64 = 60_000;
/// What a client waits when 429 does not say (section 13).
const RETRY_USUAL_S: u64 = 30;

impl SxSim {
    pub(super) fn request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow) {
        let read_us = self.cfg.latencies.read_us.max(0) as u64;
        if self.faults.on("down").is_some() {
            self.out.push(SimAction::Hang { request, after_us: SILENCE_US });
            return;
        }
        if let Some(fault) = self.faults.take_at("http_error", http.target) {
            let page = fault.body.unwrap_or_else(|| format!("<html><body><h1>{}</h1></body></html>", fault.status));
            return self.reply(request, read_us, fault.status, Vec::new(), page.into_bytes());
        }
        if self.faults.take_at("forbidden", http.target).is_some() {
            return self.reply(request, read_us, 403, Vec::new(), Vec::new());
        }
        if let Some(fault) = self.faults.take_at("rate_limit", http.target) {
            return self.too_many(request, fault.retry_after_s);
        }
        if !self.passes_gateway(&http, now) {
            return self.refuse(request, read_us, &Refused::with(401, "BAD_REQUEST_SIGNATURE"));
        }
        let target = Target::read(http.target);
        match self.public(http.method, &target, now) {
            Some(answer) => return self.answer(request, read_us, answer),
            None if GONE.contains(&target.path) => {
                return self.refuse(request, read_us, &Refused::code("OrderBook V2 is no longer supported"));
            }
            None => {}
        }
        let account = match self.account_of(http.header("x-sx-api-key")) {
            Ok(account) => account,
            Err(refused) => return self.refuse(request, read_us, &refused),
        };
        let is_order = http.method != "GET" && target.path.starts_with("/orders-v3");
        if self.spent(account, is_order, now) {
            return self.too_many(request, None);
        }
        if (http.method, target.path) == ("POST", "/orders-v3") {
            return self.post_orders(request, account, http.body, now);
        }
        let us = if is_order { self.draw_us(self.cfg.latencies.ack_us) as u64 } else { read_us };
        let answer = self.private_route(account, http.method, &target, http.body, now);
        if target.path == "/user/realtime-token-v3/api-key"
            && !self.cfg.switches.token_wrapped
            && let Ok(token) = &answer
        {
            return self.reply(request, us, 200, Vec::new(), token.to_string().into_bytes());
        }
        self.answer(request, us, answer);
    }

    /// Routes that need no key.
    fn public(&mut self, method: &str, target: &Target<'_>, now: SimNow) -> Option<Answer> {
        if method != "GET" {
            return None;
        }
        Some(match target.path {
            "/metadata/obv3" => Ok(self.metadata()),
            "/markets/active" => self.active_markets(target),
            "/markets/find" => self.find_markets(target),
            "/markets/popular" => Ok(self.popular_markets()),
            "/search" => self.search(target),
            "/sports" => Ok(Self::sports_list()),
            "/leagues" => Ok(self.leagues(target, false)),
            "/leagues/active" => Ok(self.leagues(target, true)),
            "/leagues/teams" => Ok(self.league_teams(target)),
            "/fixture/active" => self.active_fixtures(target, now),
            "/fixture/status" => self.fixture_statuses(target, now),
            "/live-scores" => self.live_scores(target, now),
            "/orderbook-v3/snapshot" => self.snapshot(target, now),
            "/trades-v3/public" => self.public_trades(target),
            _ => return None,
        })
    }

    fn private_route(&mut self, account: usize, method: &str, target: &Target<'_>, body: &[u8], now: SimNow) -> Answer {
        match (method, target.path) {
            ("GET", "/orderbook-v3/snapshot/event") => self.event_snapshot(target, now),
            ("GET", "/orders-v3/odds/best") => self.best_odds(target, now),
            ("GET", "/orders-v3") => self.list_orders(account, target),
            ("DELETE", "/orders-v3") => self.cancel_listed(account, body, now),
            ("DELETE", "/orders-v3/all") => self.cancel_many(account, None, now),
            ("DELETE", "/orders-v3/event") => {
                let event = target.get("eventId").ok_or_else(|| Refused::listed("eventId must be a string"))?.to_owned();
                self.cancel_many(account, Some(&event), now)
            }
            ("GET", "/fills-v3") => self.list_fills(account, target, now),
            ("GET", "/trades-v3") => self.list_trades(account, target, now),
            ("GET", "/positions-v3") => self.positions(account, target),
            ("GET", "/user/balance-v3") => Ok(self.balance(account)),
            ("GET", "/user/fees-v3") => Ok(self.fees()),
            ("GET", "/user/proxy") => Ok(self.proxy(account)),
            ("GET", "/user/realtime-token-v3/api-key") => {
                let owner = self.accounts[account].owner.to_string();
                Ok(json!({ "token": self.hub.mint(&owner, self.cfg.token_s, now) }))
            }
            ("POST", "/heartbeat/v3") => self.heartbeat(account, body, now),
            ("GET", path) => match path.strip_prefix("/orders-v3/") {
                Some(id) => self.one_order(account, id, now),
                None => Err(no_route(method, path)),
            },
            (_, path) => Err(no_route(method, path)),
        }
    }

    fn account_of(&self, key: Option<&str>) -> Result<usize, Refused> {
        let key = key.filter(|k| !k.trim().is_empty()).ok_or_else(|| Refused::with(401, "BAD_AUTH"))?;
        let known = self.accounts.iter().position(|a| !a.api_key.is_empty() && a.api_key == key);
        known.ok_or_else(|| Refused::with(401, "INVALID_USER"))
    }

    fn passes_gateway(&self, http: &HttpRequest<'_>, now: SimNow) -> bool {
        let Some(key) = &self.cfg.gateway_key else { return true };
        let (Some(named), Some(signature), Some(stamp)) =
            (http.header("x-request-key"), http.header("x-request-signature"), http.header("x-request-timestamp"))
        else {
            return false;
        };
        let fresh =
            stamp.parse::<i64>().is_ok_and(|ms| ms.saturating_sub(self.clock_ms(now)).saturating_abs() <= GATEWAY_SKEW_MS);
        let named = named.strip_prefix("0x").unwrap_or(named).eq_ignore_ascii_case(&hex::encode(key));
        let parts = [stamp.as_bytes(), http.method.as_bytes(), http.target.as_bytes(), http.body];
        fresh && named && sign::gateway_holds(key, signature, parts)
    }

    /// Counts a request of a key; true if its minute is used up.
    fn spent(&mut self, account: usize, is_order: bool, now: SimNow) -> bool {
        let minute = now.ms().div_euclid(60_000);
        let terms = self.cfg.terms;
        let counts = &mut self.accounts[account].minute;
        if counts.0 != minute {
            *counts = (minute, 0, 0);
        }
        let (count, most) =
            if is_order { (&mut counts.1, terms.orders_per_minute) } else { (&mut counts.2, terms.reads_per_minute) };
        *count = count.saturating_add(1);
        *count > most
    }

    fn too_many(&mut self, request: u64, seconds: Option<u64>) {
        let shown = self.cfg.switches.retry_after || seconds.is_some();
        let headers = shown.then(|| ("retry-after".to_owned(), seconds.unwrap_or(RETRY_USUAL_S).to_string()));
        let body = Refused::with(429, "ThrottlerException: Too Many Requests").body(false).to_string().into_bytes();
        self.reply(request, 0, 429, headers.into_iter().collect(), body);
    }

    fn answer(&mut self, request: u64, us: u64, answer: Answer) {
        match answer {
            Ok(data) => {
                let body = json!({ "status": "success", "data": data }).to_string().into_bytes();
                self.reply(request, us, 200, Vec::new(), body);
            }
            Err(refused) => self.refuse(request, us, &refused),
        }
    }

    pub(super) fn refuse(&mut self, request: u64, us: u64, refused: &Refused) {
        let body = refused.body(self.cfg.switches.failure_form).to_string().into_bytes();
        self.reply(request, us, refused.status, Vec::new(), body);
    }

    pub(super) fn reply(&mut self, request: u64, us: u64, status: u16, headers: Vec<(String, String)>, body: Vec<u8>) {
        let after_us = us.saturating_add(self.faults.latency_us());
        self.out.push(SimAction::Reply { request, after_us, status, headers, body });
    }

    /// Answers that were held go out.
    pub(super) fn release_answers(&mut self) {
        for (request, body) in std::mem::take(&mut self.held_answers) {
            let body: Value = body;
            self.reply(request, 0, 200, Vec::new(), body.to_string().into_bytes());
        }
    }
}

fn no_route(method: &str, path: &str) -> Refused {
    Refused::with(404, &format!("Cannot {method} {}", path.chars().take(100).collect::<String>()))
}
