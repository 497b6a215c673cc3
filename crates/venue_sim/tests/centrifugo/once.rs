//! The promise of a position: a client that behaves sees each publication exactly once, or is told to start over.
//!
//! The client below is the smallest one that behaves: it remembers epoch and offset, drops what it has, recovers after
//! every loss, and starts over when a recovery is not confirmed. Whatever the hub is made to do, for every publication
//! one of these holds: it was applied once, in order, with its own data; or a start-over lies behind it.

use crate::world::{BOOK, OWNER, World, recover_command, subscribe_command};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use venue_sim::centrifugo::{HubConfig, Namespace};

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    Publish(u8),
    Drop(u16),
    Vanish,
    Read,
    Wait(i64),
    On(&'static str, Value),
    Off(&'static str),
}

fn event() -> impl Strategy<Value = Event> {
    let on = |name: &'static str, parameters: Value| Just(Event::On(name, parameters));
    prop_oneof![
        6 => (1u8..6).prop_map(Event::Publish),
        1 => (40u8..60).prop_map(Event::Publish),
        2 => prop::sample::select(vec![0u16, 3000, 3001, 3012]).prop_map(Event::Drop),
        1 => Just(Event::Vanish),
        6 => Just(Event::Read),
        2 => (0i64..5_000).prop_map(Event::Wait),
        1 => (5_000i64..60_000).prop_map(Event::Wait),
        1 => (0u64..3).prop_flat_map(move |times| prop_oneof![
            on("lose_history", json!({"times": times})),
            on("lose_publication", json!({"times": times})),
            on("double_publication", json!({"times": times})),
            on("refuse_token_once", json!({"times": times})),
            on("close_inside_subscribe", json!({"after": times + 1})),
            on("close_inside_recovery", json!({"after": times + 1, "replied": false})),
            on("close_inside_recovery", json!({"after": times + 1, "replied": true})),
            on("late_publication", json!({"ms": times * 700})),
            on("merge_frames", json!({"ms": times * 50})),
            on("slow_reader", json!({})),
            on("no_ping", json!({})),
            on("new_epoch", json!({"told": true})),
            on("new_epoch", json!({"told": false})),
            on("unsubscribe", json!({"channel": BOOK})),
            on("disconnect_push", json!({"code": 3011})),
        ]),
        2 => prop::sample::select(vec!["late_publication", "merge_frames", "slow_reader", "lose_history"]).prop_map(Event::Off),
    ]
}

/// The smallest client that behaves.
#[derive(Default)]
struct Client {
    conn: u64,
    open: bool,
    subscribed: bool,
    at: Option<(String, u64)>,
    /// What was applied, by epoch and offset.
    applied: BTreeMap<(String, u64), Value>,
    /// Where it started over: epoch, and the offset that it knows the rest up to by other means.
    starts: Vec<(String, u64)>,
}

impl Client {
    fn connect(&mut self, world: &mut World) {
        self.conn += 1;
        (self.open, self.subscribed) = (true, false);
        world.upgrade(self.conn);
        let token = world.hub.mint(OWNER, 86_400, world.now);
        world.send(self.conn, &json!({"id": 1, "connect": {"token": token}}).to_string());
    }

    /// Reads what has arrived and does what follows from it, once.
    fn read(&mut self, world: &mut World) {
        for heard in world.heard(self.conn) {
            self.hear(world, &heard);
        }
        if world.closed(self.conn).is_some() {
            self.open = false;
        }
    }

    fn hear(&mut self, world: &mut World, heard: &Value) {
        if *heard == json!({}) {
            world.send(self.conn, "{}");
        } else if heard["connect"].is_object() {
            self.subscribe(world);
        } else if let Some(code) = heard["error"]["code"].as_u64() {
            assert_eq!(code, 109, "{heard}");
            world.act(|hub, now, out| hub.drop_connections(None, 3000, now, out));
        } else if heard["subscribe"].is_object() {
            self.subscribed = true;
            let reply = &heard["subscribe"];
            let here = (reply["epoch"].as_str().unwrap().to_owned(), reply["offset"].as_u64().unwrap_or(0));
            if reply["recovered"] == true {
                assert_eq!(self.at.as_ref(), Some(&here), "a recovery goes on from where the client was");
                reply["publications"].as_array().into_iter().flatten().for_each(|publication| self.apply(publication));
            } else {
                self.starts.push(here.clone());
                self.at = Some(here);
            }
        } else if heard["push"]["pub"].is_object() {
            if self.subscribed {
                self.apply(&heard["push"]["pub"]);
            }
        } else if let Some(code) = heard["push"]["unsubscribe"]["code"].as_u64() {
            assert_eq!(code, 2500);
            self.subscribed = false;
            self.subscribe(world);
        } else {
            assert!(heard["push"]["disconnect"].is_object(), "{heard}");
        }
    }

    fn subscribe(&mut self, world: &mut World) {
        let command = match &self.at {
            Some((epoch, offset)) => recover_command(2, BOOK, epoch, *offset),
            None => subscribe_command(2, BOOK),
        };
        world.send(self.conn, &command.to_string());
    }

    fn apply(&mut self, publication: &Value) {
        let offset = publication["offset"].as_u64().unwrap();
        let (epoch, here) = self.at.as_mut().unwrap();
        if offset <= *here {
            return; // it has that one
        }
        assert_eq!(offset, *here + 1, "a gap that nobody told of");
        *here = offset;
        let before = self.applied.insert((epoch.clone(), offset), publication["data"].clone());
        assert_eq!(before, None, "applied twice");
    }
}

/// Plays the events; the client at the end, what was published, and whether anything was done that may lose history.
fn play(events: &[Event], shows_rest_of_gap: bool) -> (Client, BTreeMap<(String, u64), Value>) {
    let namespaces = [("orderbook_v3".to_owned(), Namespace { history_s: 60, ..Namespace::remembering(64) })].into();
    let config = HubConfig { namespaces, recovery_max: 48, queue_bytes_max: 4_000, shows_rest_of_gap, ..HubConfig::new(3) };
    let mut world = World::new(config);
    let mut client = Client::default();
    let mut truth = BTreeMap::new();
    let mut serial = 0u64;
    let mut publish = |world: &mut World, truth: &mut BTreeMap<_, _>| {
        serial += 1;
        let offset = world.publish(BOOK, &json!(serial)).unwrap();
        truth.insert((world.hub.position(BOOK).unwrap().0.to_owned(), offset), json!(serial));
    };
    client.connect(&mut world);
    for event in events {
        match event {
            Event::Publish(count) => (0..*count).for_each(|_| publish(&mut world, &mut truth)),
            Event::Drop(code) => world.act(|hub, now, out| hub.drop_connections(None, *code, now, out)),
            Event::Vanish => {
                // The line breaks: what is on its way is gone, and the server hears of it.
                world.frames(client.conn);
                world.hub.on_disconnect(client.conn);
                client.open = false;
            }
            Event::Read if client.open => client.read(&mut world),
            Event::Read => client.connect(&mut world),
            Event::Wait(ms) => world.advance_ms(*ms),
            Event::On(name, parameters) => world.switch(name, parameters.clone()),
            Event::Off(name) => world.clear(name),
        }
    }
    // Everything is well again, and the client has time.
    venue_sim::centrifugo::SWITCHES.iter().for_each(|name| world.clear(name));
    for _ in 0..30 {
        world.advance_ms(2_000);
        if client.open {
            client.read(&mut world);
        } else {
            client.connect(&mut world);
        }
        client.read(&mut world);
    }
    publish(&mut world, &mut truth);
    for _ in 0..4 {
        client.read(&mut world);
    }
    assert!(client.open && client.subscribed, "the client ended outside");
    let (epoch, top) = world.hub.position(BOOK).unwrap();
    assert_eq!(client.at, Some((epoch.to_owned(), top)), "the client ended behind");
    (client, truth)
}

fn judge(client: &Client, truth: &BTreeMap<(String, u64), Value>) {
    for ((epoch, offset), data) in &client.applied {
        assert_eq!(truth.get(&(epoch.clone(), *offset)), Some(data), "{epoch} {offset} is not what was published");
    }
    let last = client.at.as_ref().unwrap();
    for (epoch, offset) in truth.keys() {
        let applied = client.applied.contains_key(&(epoch.clone(), *offset));
        let covered = client.starts.iter().any(|(start, from)| start == epoch && offset <= from) || *epoch != last.0;
        assert!(applied || covered, "{epoch} {offset} was neither seen nor told to be lost: {:?}", client.starts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_publication_is_seen_exactly_once_or_told_to_be_lost(events in prop::collection::vec(event(), 1..60), rest in any::<bool>()) {
        let (client, truth) = play(&events, rest);
        judge(&client, &truth);
    }

    #[test]
    fn nothing_is_told_to_be_lost_while_the_history_reaches(
        events in prop::collection::vec(
            event().prop_filter("within the history", |event| !matches!(
                event,
                Event::Publish(6..) | Event::Wait(500..) | Event::On("lose_history" | "new_epoch" | "late_publication", _)
            )),
            1..10,
        ),
    ) {
        let (client, truth) = play(&events, false);
        judge(&client, &truth);
        prop_assert_eq!(client.starts.len(), 1, "only the first subscribe starts over: {:?}", client.starts);
    }
}
