//! A hub with virtual time and a list of what each connection heard.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use venue_sim::centrifugo::{Gate, Hub, HubConfig, Refusal};
use venue_sim::{Message, SimAction, SimNow};

pub(crate) const OWNER: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
pub(crate) const BOOK: &str = "orderbook_v3:0xaa";
/// Second in which every world begins.
pub(crate) const START_S: i64 = 1_800_000_000;

/// Refuses what it is told to refuse.
#[derive(Default)]
pub(crate) struct Doors {
    pub(crate) channels_shut: BTreeSet<String>,
    pub(crate) users_shut: BTreeSet<String>,
}

impl Gate for Doors {
    fn may_subscribe(&mut self, _user: &str, channel: &str) -> Result<(), Refusal> {
        if self.channels_shut.contains(channel) { Err(Refusal::internal()) } else { Ok(()) }
    }
    fn may_connect(&mut self, user: &str) -> Result<(), Refusal> {
        if self.users_shut.contains(user) { Err(Refusal::of(101, "unauthorized")) } else { Ok(()) }
    }
}

pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) now: SimNow,
    pub(crate) doors: Doors,
    out: Vec<SimAction>,
    frames: BTreeMap<u64, Vec<String>>,
    closed: BTreeMap<u64, u16>,
}

impl World {
    pub(crate) fn new(config: HubConfig) -> Self {
        Self {
            hub: Hub::new(config),
            now: SimNow(START_S * 1_000_000),
            doors: Doors::default(),
            out: Vec::new(),
            frames: BTreeMap::new(),
            closed: BTreeMap::new(),
        }
    }

    pub(crate) fn plain() -> Self {
        Self::new(HubConfig::new(1))
    }

    /// A world with one connection, number 1, that has said its `connect`.
    pub(crate) fn connected() -> Self {
        let mut world = Self::plain();
        world.open(1);
        world
    }

    /// Upgrades and connects as the owner with a token for an hour; what `connect` was answered.
    pub(crate) fn open(&mut self, conn: u64) -> Value {
        self.upgrade(conn);
        let token = self.hub.mint(OWNER, 3_600, self.now);
        self.ask(conn, json!({"id": 1, "connect": {"token": token}}))
    }

    pub(crate) fn upgrade(&mut self, conn: u64) {
        self.hub.on_connect(conn, self.now, &mut self.out);
        self.settle();
    }

    pub(crate) fn send(&mut self, conn: u64, frame: &str) {
        self.hub.on_message(conn, &Message::Text(frame.to_owned()), self.now, &mut self.doors, &mut self.out);
        self.settle();
    }

    /// Sends one command and gives the one object that is heard at once.
    pub(crate) fn ask(&mut self, conn: u64, command: Value) -> Value {
        self.heard(conn);
        self.send(conn, &command.to_string());
        let mut heard = self.heard(conn);
        assert_eq!(heard.len(), 1, "{command} was answered {heard:?}, closed: {:?}", self.closed.get(&conn));
        heard.remove(0)
    }

    pub(crate) fn subscribe(&mut self, conn: u64, channel: &str) -> Value {
        self.ask(conn, subscribe_command(2, channel))
    }

    pub(crate) fn recover(&mut self, conn: u64, channel: &str, epoch: &str, offset: u64) -> Value {
        self.ask(conn, recover_command(2, channel, epoch, offset))["subscribe"].take()
    }

    pub(crate) fn publish(&mut self, channel: &str, data: &Value) -> Option<u64> {
        let offset = self.hub.publish(channel, data, self.now, &mut self.out);
        self.settle();
        offset
    }

    pub(crate) fn act(&mut self, act: impl FnOnce(&mut Hub, SimNow, &mut Vec<SimAction>)) {
        act(&mut self.hub, self.now, &mut self.out);
        self.settle();
    }

    /// Lets time pass and wakes the hub whenever it asked for it.
    pub(crate) fn advance_ms(&mut self, ms: i64) {
        let until = SimNow(self.now.0 + ms * 1_000);
        let mut idle = 0;
        while let Some(at) = self.hub.next_wake().filter(|at| *at <= until) {
            idle = if at > self.now { 0 } else { idle + 1 };
            assert!(idle < 100, "the hub wants to be woken at {at:?} again and again");
            self.now = self.now.max(at);
            self.hub.on_wake(self.now, &mut self.out);
            self.settle();
        }
        self.now = until;
    }

    pub(crate) fn advance_s(&mut self, seconds: i64) {
        self.advance_ms(seconds * 1_000);
    }

    pub(crate) fn switch(&mut self, name: &str, parameters: Value) {
        self.hub.set_switch(name, &parameters).unwrap();
        self.advance_ms(0);
    }

    pub(crate) fn clear(&mut self, name: &str) {
        self.hub.clear_switch(name);
        self.advance_ms(0);
    }

    /// Frames since the last look.
    pub(crate) fn frames(&mut self, conn: u64) -> Vec<String> {
        self.frames.remove(&conn).unwrap_or_default()
    }

    /// Objects since the last look, across frames.
    pub(crate) fn heard(&mut self, conn: u64) -> Vec<Value> {
        let frames = self.frames(conn);
        frames.iter().flat_map(|frame| frame.split('\n')).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The code with which a connection was closed.
    pub(crate) fn closed(&self, conn: u64) -> Option<u16> {
        self.closed.get(&conn).copied()
    }

    fn settle(&mut self) {
        for action in self.out.drain(..) {
            match action {
                SimAction::Send { conn, message: Message::Text(text), .. } => {
                    assert!(!self.closed.contains_key(&conn), "said {text} to connection {conn} after its close");
                    self.frames.entry(conn).or_default().push(text);
                }
                SimAction::Close { conn, code, .. } => {
                    assert_eq!(self.closed.insert(conn, code), None, "closed connection {conn} twice");
                }
                SimAction::Accept { .. } => {}
                other => panic!("a hub does not do {other:?}"),
            }
        }
    }
}

pub(crate) fn subscribe_command(id: u32, channel: &str) -> Value {
    json!({"id": id, "subscribe": {"channel": channel, "positioned": true, "recoverable": true}})
}

pub(crate) fn recover_command(id: u32, channel: &str, epoch: &str, offset: u64) -> Value {
    json!({"id": id, "subscribe": {
        "channel": channel, "positioned": true, "recoverable": true, "recover": true, "epoch": epoch, "offset": offset,
    }})
}

/// The push of a publication.
pub(crate) fn pushed(channel: &str, data: &Value, offset: u64) -> Value {
    json!({"push": {"channel": channel, "pub": {"data": data, "offset": offset}}})
}
