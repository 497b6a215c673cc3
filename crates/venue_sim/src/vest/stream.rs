//! The WebSocket side: connecting, subscriptions, market data by the clock and private events (section 10).

use super::Print;
use super::public::interval_ms;
use super::rest::group_fits;
use super::wire::{self, Target};
use super::{Generation, VestSim};
use crate::{Message, SimAction, SimNow};
use serde_json::{Value, json};

/// Tickers and klines are sent this often (measured on the newer generation, section 15).
const TICK_US: i64 = 750_000;
/// Levels a side on the stream.
const STREAM_LEVELS: usize = 20;

const WRONG_VERSION: u16 = 4000;
const GROUP_NOT_FOUND: u16 = 4001;
const GROUP_INVALID: u16 = 4002;
const LISTEN_KEY_REQUIRED: u16 = 4003;
const LISTEN_KEY_NOT_FOUND: u16 = 4004;
const LISTEN_KEY_EXPIRED: u16 = 4005;

/// What can be subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Channel {
    Tickers,
    Depth(usize),
    Trades(usize),
    /// Symbol, length in ms, the interval's word.
    Kline(usize, i64, String),
    /// v3: one symbol's ticker.
    Ticker(usize),
    Private,
}

/// One connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Conn {
    /// Whose listen key it came with.
    pub account: Option<usize>,
    /// Which API it speaks.
    pub generation: Generation,
    channels: Vec<Channel>,
}

impl VestSim {
    pub(super) fn connect(
        &mut self,
        conn: u64,
        target: &str,
        _headers: &[(String, String)],
        now: SimNow,
        out: &mut Vec<SimAction>,
    ) {
        let target = Target::read(target);
        if self.down {
            return out.push(SimAction::RefuseUpgrade { conn, status: 503 });
        }
        let generation = match target.path {
            "/ws-api" if self.faults.on("v2_gone").is_none() => Generation::V2,
            "/ws" if self.faults.on("v3_gone").is_none() => Generation::V3,
            // The account's own stream of v3 wants a login that machines do not have (section 15).
            "/ws/private" => return out.push(SimAction::RefuseUpgrade { conn, status: 401 }),
            _ => return out.push(SimAction::RefuseUpgrade { conn, status: 404 }),
        };
        out.push(SimAction::Accept { conn });
        match self.admit(&target, generation, now) {
            Ok(account) => {
                self.conns.insert(conn, Conn { account, generation, channels: Vec::new() });
            }
            Err(code) => out.push(SimAction::Close { conn, after_us: self.faults.latency_us(), code }),
        }
    }

    /// Whose connection it is, or the code it is closed with (section 10.4).
    fn admit(&self, target: &Target<'_>, generation: Generation, now: SimNow) -> Result<Option<usize>, u16> {
        if target.get("version") != Some("1.0") {
            return Err(WRONG_VERSION);
        }
        if generation == Generation::V3 {
            return Ok(None);
        }
        let listen_key = target.get("listenKey");
        let name = if listen_key.is_some() && self.cfg.switches.websocketserver { "websocketserver" } else { "xwebsocketserver" };
        match target.get(name) {
            None if listen_key.is_some() || self.cfg.switches.ws_group_required => return Err(GROUP_NOT_FOUND),
            None => {}
            Some(group) if group_fits(Some(group), self.cfg.acc_group) => {}
            Some(group) if group.strip_prefix("restserver").is_some_and(|n| n.parse::<u32>().is_ok()) => {
                return Err(GROUP_NOT_FOUND);
            }
            Some(_) => return Err(GROUP_INVALID),
        }
        let Some(key) = listen_key else { return Ok(None) };
        let owner = self.accounts.iter().position(|a| a.listen_key.as_ref().is_some_and(|k| k.key == key));
        let owner = owner.ok_or(LISTEN_KEY_NOT_FOUND)?;
        let until = self.accounts[owner].listen_key.as_ref().map_or(0, |k| k.until_ms);
        if until <= self.clock_ms(now) { Err(LISTEN_KEY_EXPIRED) } else { Ok(Some(owner)) }
    }

    pub(super) fn message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        if !self.conns.contains_key(&conn) {
            return;
        }
        let bytes = match message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        };
        let read: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let params: Option<Vec<&str>> =
            read["params"].as_array().and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        match (read["method"].as_str(), params, read["id"].as_i64()) {
            (Some("PING"), _, _) => self.send(conn, &json!({ "data": "PONG" }).to_string(), out),
            (Some("SUBSCRIBE"), Some(params), _) if self.conns.get(&conn).is_some_and(|c| c.generation == Generation::V3) => {
                self.subscribe_v3(conn, &params, now, out);
            }
            (Some("SUBSCRIBE"), Some(params), Some(id)) => {
                self.send(conn, &json!({ "result": null, "id": id }).to_string(), out);
                self.subscribe(conn, &params, now, out);
            }
            (Some("UNSUBSCRIBE"), Some(params), Some(id)) => {
                let gone: Vec<Channel> = params.iter().filter_map(|p| self.channel(p)).collect();
                if let Some(known) = self.conns.get_mut(&conn) {
                    known.channels.retain(|c| !gone.contains(c));
                }
                self.send(conn, &json!({ "result": null, "id": id }).to_string(), out);
            }
            // Not documented; a client that speaks like this has to notice.
            _ => self.send(conn, &json!({ "code": 1130, "msg": "Invalid parameter" }).to_string(), out),
        }
    }

    fn subscribe(&mut self, conn: u64, params: &[&str], now: SimNow, out: &mut Vec<SimAction>) {
        let asked: Vec<Option<Channel>> = params.iter().map(|p| self.channel(p)).collect();
        if self.cfg.switches.bad_channel_silences && asked.contains(&None) {
            return; // one bad name and the whole list stays silent (section 10.2)
        }
        let Some(known) = self.conns.get(&conn) else { return };
        if asked.contains(&Some(Channel::Private)) && known.account.is_none() {
            self.conns.remove(&conn);
            out.push(SimAction::Close { conn, after_us: self.faults.latency_us(), code: LISTEN_KEY_REQUIRED });
            return;
        }
        self.add_channels(conn, asked.into_iter().flatten(), now);
    }

    /// v3 answers each name by itself (section 15).
    fn subscribe_v3(&mut self, conn: u64, params: &[&str], now: SimNow, out: &mut Vec<SimAction>) {
        let asked: Vec<Option<Channel>> = params.iter().map(|p| self.channel_v3(p)).collect();
        let outcome = |(name, channel): (&&str, &Option<Channel>)| match channel {
            Some(_) => json!({ "requested": name, "status": "registered" }),
            None => json!({ "requested": name, "status": "rejected", "reason": "invalid_stream" }),
        };
        let outcomes: Vec<Value> = params.iter().zip(&asked).map(outcome).collect();
        self.send(conn, &json!({ "subscription_outcomes": outcomes }).to_string(), out);
        self.add_channels(conn, asked.into_iter().flatten(), now);
    }

    fn add_channels(&mut self, conn: u64, channels: impl Iterator<Item = Channel>, now: SimNow) {
        let Some(known) = self.conns.get_mut(&conn) else { return };
        for channel in channels {
            if !known.channels.contains(&channel) {
                known.channels.push(channel);
            }
        }
        if self.next_tick_us <= now.0 {
            self.next_tick_us = now.0 + TICK_US;
        }
        for symbol in 0..self.books.len() {
            if self.wants_depth(symbol) {
                self.refresh(symbol, now);
                // What is current now was issued before: the newcomer waits for the next one.
                self.published[symbol] = self.books[symbol].issue;
            }
        }
    }

    fn channel(&self, name: &str) -> Option<Channel> {
        match name {
            "tickers" => return Some(Channel::Tickers),
            "account_private" => return Some(Channel::Private),
            _ => {}
        }
        let (symbol, kind) = name.split_once('@')?;
        let symbol = self.symbol(symbol).ok()?;
        match kind {
            "depth" => Some(Channel::Depth(symbol)),
            "trades" => Some(Channel::Trades(symbol)),
            _ => {
                let word = kind.strip_prefix("kline_")?;
                Some(Channel::Kline(symbol, interval_ms(word)?, word.to_owned()))
            }
        }
    }

    /// Depth, trades and ticker; no candles.
    fn channel_v3(&self, name: &str) -> Option<Channel> {
        let (symbol, kind) = name.split_once('@')?;
        let symbol = self.symbol(symbol).ok()?;
        match kind {
            "depth" => Some(Channel::Depth(symbol)),
            "trades" => Some(Channel::Trades(symbol)),
            "ticker" => Some(Channel::Ticker(symbol)),
            _ => None,
        }
    }

    fn wants_depth(&self, symbol: usize) -> bool {
        !self.delisted[symbol] && self.conns.values().any(|c| c.channels.contains(&Channel::Depth(symbol)))
    }

    fn wants_ticks(&self) -> bool {
        let ticking = |c: &Channel| matches!(c, Channel::Tickers | Channel::Ticker(_) | Channel::Kline(..) | Channel::Trades(_));
        self.conns.values().any(|conn| conn.channels.iter().any(ticking))
    }

    /// When the streams next want to speak or an armed order wants to look, microseconds of the shell.
    pub(super) fn next_stream_us(&self) -> Option<i64> {
        let mut next = self.wants_ticks().then_some(self.next_tick_us);
        let mut sooner = |at: i64| next = Some(next.map_or(at, |n: i64| n.min(at)));
        for (symbol, book) in self.books.iter().enumerate() {
            if self.wants_depth(symbol) {
                // Read over REST meanwhile, so it was issued; the stream still owes it.
                sooner(if self.published[symbol] == book.issue { book.next_us } else { book.issued_us });
            } else if self.armed.iter().any(|&o| self.orders[o].symbol == symbol) {
                sooner(book.next_us);
            }
        }
        let offset_ms = self.clock_ms(SimNow(0));
        for account in self.conns.values().filter_map(|c| c.account) {
            if let Some(key) = &self.accounts[account].listen_key {
                sooner(key.until_ms.saturating_sub(offset_ms).saturating_mul(1_000).max(self.last_now.0));
            }
        }
        next
    }

    /// Books whose time has come, then tickers and klines.
    pub(super) fn publish_market(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        for symbol in 0..self.books.len() {
            let (streamed, watched) = (self.wants_depth(symbol), self.armed.iter().any(|&o| self.orders[o].symbol == symbol));
            if !streamed && !watched {
                continue;
            }
            let before = self.books[symbol].issue;
            self.refresh(symbol, now);
            let issue = self.books[symbol].issue;
            if streamed && self.published[symbol] != issue {
                self.published[symbol] = issue;
                self.send_depth(symbol, out);
            }
            if watched && before != issue {
                self.try_armed(symbol, now, out);
            }
        }
        if now.0 >= self.next_tick_us && self.wants_ticks() {
            let since = SimNow(self.next_tick_us - TICK_US);
            self.next_tick_us = now.0 + TICK_US;
            if !self.down && self.faults.on("freeze_book").is_none() {
                self.send_ticks(since, now, out);
            }
        }
    }

    fn send_depth(&self, symbol: usize, out: &mut Vec<SimAction>) {
        let name = &self.cfg.symbols[symbol].symbol;
        if self.down || self.faults.on_symbol("freeze_book", name).is_some() {
            return;
        }
        let data = self.depth_text(symbol, STREAM_LEVELS);
        let wanted = |c: &Conn, g| c.generation == g && c.channels.contains(&Channel::Depth(symbol));
        let text = format!("{{\"channel\":\"{name}@depth\",\"data\":{data}}}");
        self.send_to(|c| wanted(c, Generation::V2), &text, out);
        let issued_ms = self.clock_ms(SimNow(self.books[symbol].issued_us));
        let text = format!("{{\"channel\":\"{name}@depth\",\"data\":{data},\"tsMs\":{issued_ms}}}");
        self.send_to(|c| wanted(c, Generation::V3), &text, out);
    }

    fn send_ticks(&self, since: SimNow, now: SimNow, out: &mut Vec<SimAction>) {
        if self.conns.values().any(|c| c.channels.contains(&Channel::Tickers)) {
            let text = json!({ "channel": "tickers", "data": self.stream_tickers(now) }).to_string();
            self.send_to(|c| c.channels.contains(&Channel::Tickers), &text, out);
        }
        for (&conn, known) in &self.conns {
            for channel in &known.channels {
                if let Channel::Ticker(symbol) = channel
                    && !self.delisted[*symbol]
                {
                    let name = format!("{}@ticker", self.cfg.symbols[*symbol].symbol);
                    let message = json!({ "channel": name, "data": self.ticker_v3(*symbol, now), "tsMs": self.clock_ms(now) });
                    self.send(conn, &message.to_string(), out);
                }
                if let Channel::Kline(symbol, every, word) = channel {
                    let name = format!("{}@kline_{word}", self.cfg.symbols[*symbol].symbol);
                    let data = self.stream_kline(*symbol, *every, now);
                    self.send(conn, &json!({ "channel": name, "data": data }).to_string(), out);
                }
            }
        }
        for symbol in 0..self.books.len() {
            if let Some(print) = self.own_print_since(symbol, since, now) {
                self.send_print(&print, out);
            }
        }
    }

    pub(super) fn send_print(&self, print: &Print, out: &mut Vec<SimAction>) {
        let wanted = Channel::Trades(print.symbol);
        if self.faults.on("freeze_book").is_some() || !self.conns.values().any(|c| c.channels.contains(&wanted)) {
            return;
        }
        let name = format!("{}@trades", self.cfg.symbols[print.symbol].symbol);
        let text = json!({ "channel": name, "data": self.stream_print(print) }).to_string();
        self.send_to(|c| c.generation == Generation::V2 && c.channels.contains(&wanted), &text, out);
        let data = self.print_v3(print);
        let text = json!({ "channel": name, "data": data, "tsMs": print.time_ms }).to_string();
        self.send_to(|c| c.generation == Generation::V3 && c.channels.contains(&wanted), &text, out);
    }

    /// A private event to everyone who listens for this account, as the faults will have it.
    pub(super) fn publish(&mut self, account: usize, held: bool, event: &'static str, args: Value, out: &mut Vec<SimAction>) {
        if held {
            self.held_events.push((account, event, args));
            return;
        }
        if self.down || self.faults.on("silent_private").is_some() {
            return;
        }
        let text = json!({ "channel": "account_private", "data": { "event": event, "args": args } }).to_string();
        let times = if self.faults.on("duplicate_events").is_some() { 2 } else { 1 };
        for _ in 0..times {
            self.send_to(|c| c.account == Some(account) && c.channels.contains(&Channel::Private), &text, out);
        }
    }

    fn send_to(&self, whom: impl Fn(&Conn) -> bool, text: &str, out: &mut Vec<SimAction>) {
        for (&conn, _) in self.conns.iter().filter(|(_, c)| whom(c)) {
            self.send(conn, text, out);
        }
    }

    fn send(&self, conn: u64, text: &str, out: &mut Vec<SimAction>) {
        let message = wire::frame(text, self.cfg.switches.frames);
        out.push(SimAction::Send { conn, after_us: self.faults.latency_us(), message });
    }

    /// Drops every connection without a close frame.
    pub(super) fn drop_all(&mut self, out: &mut Vec<SimAction>) {
        for conn in std::mem::take(&mut self.conns).into_keys() {
            out.push(SimAction::Close { conn, after_us: 0, code: 0 });
        }
    }

    /// Drops the connections of one generation without a close frame.
    pub(super) fn drop_generation(&mut self, generation: Generation, out: &mut Vec<SimAction>) {
        self.conns.retain(|&conn, known| {
            let goes = known.generation == generation;
            if goes {
                out.push(SimAction::Close { conn, after_us: 0, code: 0 });
            }
            !goes
        });
    }

    /// Closes the private connections of keys that have run out.
    pub(super) fn expire_listen_keys(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        let clock = self.clock_ms(now);
        let dead: Vec<usize> = (0..self.accounts.len())
            .filter(|&a| self.accounts[a].listen_key.as_ref().is_some_and(|k| k.until_ms <= clock))
            .collect();
        if !dead.is_empty() {
            self.end_private(|conn| conn.account.is_some_and(|a| dead.contains(&a)), out);
        }
    }

    /// Closes private connections with LISTEN_KEY_EXPIRED.
    pub(super) fn end_private(&mut self, whom: impl Fn(&Conn) -> bool, out: &mut Vec<SimAction>) {
        let after_us = self.faults.latency_us();
        self.conns.retain(|&conn, known| {
            let ends = known.account.is_some() && whom(known);
            if ends {
                out.push(SimAction::Close { conn, after_us, code: LISTEN_KEY_EXPIRED });
            }
            !ends
        });
    }
}
