//! The feed's WebSocket: subscriptions, acks that prove nothing, updates without sequence or time (section 5).

use super::AzuroSim;
use super::board::{Shown, game_id, odds_text, token_text};
use crate::sports::{Event, Sport, Venue};
use crate::{Message, SimAction, SimNow};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Most ids one connection may watch; more are cut off.
const WATCHED: usize = 20_000;

/// One connection to the feed.
#[derive(Debug, Default)]
pub(super) struct Conn {
    pub conditions: BTreeSet<String>,
    pub games: BTreeSet<String>,
    /// When it began, microseconds.
    pub since_us: i64,
}

impl AzuroSim {
    pub(super) fn stream_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        let Message::Text(text) = message else { return };
        let Ok(Value::Object(said)) = serde_json::from_str::<Value>(text) else { return };
        let (event, data) = (said.get("event").and_then(Value::as_str), said.get("data").unwrap_or(&Value::Null));
        let ids = |name: &str| -> Vec<String> {
            data[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let most = self.faults.on("ws_max_ids").map_or(WATCHED, |f| f.ids);
        let Some(watching) = self.conns.get_mut(&conn) else { return };
        let (word, key, ids) = match event {
            Some("SubscribeConditions") => {
                let ids = ids("conditionIds");
                watching.conditions.extend(ids.iter().take(most.saturating_sub(watching.conditions.len())).cloned());
                ("SubscribedToConditions", "conditionIds", ids)
            }
            Some("UnsubscribeConditions") => {
                let ids = ids("conditionIds");
                watching.conditions.retain(|c| !ids.contains(c));
                ("UnsubscribedFromConditions", "conditionIds", ids)
            }
            Some("SubscribeGames") => {
                let ids = ids("gameIds");
                watching.games.extend(ids.iter().take(most.saturating_sub(watching.games.len())).cloned());
                ("SubscribedToGames", "gameIds", ids)
            }
            Some("UnsubscribeGames") => {
                let ids = ids("gameIds");
                watching.games.retain(|g| !ids.contains(g));
                ("UnsubscribedFromGames", "gameIds", ids)
            }
            _ => return, // an unknown word is not answered
        };
        if self.faults.take("no_ack").is_none() {
            self.acks += 1;
            // Echoed without validation: an ack does not prove that a condition exists.
            let ack = json!({ "id": self.acks.to_string(), "event": word, "data": { key: ids } });
            self.say(conn, &ack, out);
        }
        if event == Some("SubscribeConditions") {
            self.begin_watching(conn, &ids, now, out);
        } else if event == Some("SubscribeGames") {
            for id in ids {
                if let Some(event) = self.event(&id, now) {
                    let state = self.game_state(&event, now);
                    self.told_games.entry(id).or_insert((state, event.starts_ms));
                }
            }
        }
    }

    /// What is current is not said, only what changes from here on; unless subscribing sends a snapshot (section 18, item 5).
    fn begin_watching(&mut self, conn: u64, ids: &[String], now: SimNow, out: &mut Vec<SimAction>) {
        let snapshot = self.faults.on("subscribe_snapshot").is_some();
        for id in ids {
            let Some(line) = self.line(id, now) else { continue };
            let shown = self.shown(&line, now);
            if snapshot {
                let update = self.condition_updated(id, &line.event, &shown, now);
                self.say(conn, &update, out);
            }
            self.told.entry(id.clone()).or_insert(shown);
        }
    }

    /// Says what has changed since the last tick.
    pub(super) fn publish(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        if let Some(most_s) = self.faults.on("ws_lifetime").map(|f| f.s) {
            let old = |c: &Conn| now.0.saturating_sub(c.since_us) >= most_s.saturating_mul(1_000_000);
            for conn in self.conns.iter().filter(|(_, c)| old(c)).map(|(conn, _)| *conn).collect::<Vec<_>>() {
                self.conns.remove(&conn);
                out.push(SimAction::Close { conn, after_us: 0, code: 1001 });
            }
        }
        let watched: BTreeSet<String> = self.conns.values().flat_map(|c| c.conditions.iter().cloned()).collect();
        self.told.retain(|id, _| watched.contains(id));
        let silent = self.faults.on("silent_feed").is_some();
        let mut updates = Vec::new();
        for id in watched {
            let Some(line) = self.line(&id, now) else { continue };
            let shown = self.shown(&line, now);
            let before = self.told.insert(id.clone(), shown.clone());
            if before.as_ref() == Some(&shown) {
                continue;
            }
            if let Some(before) = before.filter(|_| self.faults.on("swap_updates").is_some()) {
                // The newer one first: without sequence numbers nobody can tell (section 18, item 5).
                updates.push((id.clone(), self.condition_updated(&id, &line.event, &shown, now)));
                updates.push((id.clone(), self.condition_updated(&id, &line.event, &before, now)));
                self.told.remove(&id); // so that the next tick says how it really is
                continue;
            }
            updates.push((id.clone(), self.condition_updated(&id, &line.event, &shown, now)));
        }
        let twice = if self.faults.on("duplicate_updates").is_some() { 2 } else { 1 };
        if !silent {
            for (conn, update) in self.addressed(&updates, |c, id| c.conditions.contains(id)) {
                (0..twice).for_each(|_| self.say(conn, update, out));
            }
        }
        let updates = self.changed_games(now);
        if !silent {
            for (conn, update) in self.addressed(&updates, |c, id| c.games.contains(id)) {
                (0..twice).for_each(|_| self.say(conn, update, out));
            }
        }
    }

    fn addressed<'u>(&self, updates: &'u [(String, Value)], wants: impl Fn(&Conn, &str) -> bool) -> Vec<(u64, &'u Value)> {
        let mut all = Vec::new();
        for (id, update) in updates {
            let conns = self.conns.iter().filter(|(_, c)| wants(c, id));
            all.extend(conns.map(|(conn, _)| (*conn, update)));
        }
        all
    }

    fn changed_games(&mut self, now: SimNow) -> Vec<(String, Value)> {
        let watched: BTreeSet<String> = self.conns.values().flat_map(|c| c.games.iter().cloned()).collect();
        self.told_games.retain(|id, _| watched.contains(id));
        let mut updates = Vec::new();
        for id in watched {
            let Some(event) = self.event(&id, now) else { continue };
            let is = (self.game_state(&event, now), event.starts_ms);
            if self.told_games.insert(id.clone(), is).is_some_and(|before| before != is) {
                updates.push((id, self.game_updated(&event, is.0)));
            }
        }
        updates
    }

    fn condition_updated(&self, id: &str, event: &Event, shown: &Shown, now: SimNow) -> Value {
        let Some(line) = self.line(id, now) else { return Value::Null };
        if self.faults.on("old_shapes").is_some() {
            let outcomes = line.market.outcomes.iter().zip(&shown.odds_e2).map(|(o, odds)| {
                json!({ "id": format!("{id}-{}", o.id), "outcomeId": o.id, "title": line.title_of(o), "currentOdds": odds_text(*odds) })
            });
            let data = json!({
                "id": id, "conditionId": id, "title": line.market.name, "state": shown.state, "isPrematchEnabled": true,
                "isLiveEnabled": true, "isExpressForbidden": false, "outcomes": outcomes.collect::<Vec<_>>(),
            });
            return json!({ "event": "ConditionUpdated", "data": data });
        }
        // Whatever happened to them, outcomes of a condition that is not active are all said to be stopped.
        let state = if shown.state == "Active" { "Active" } else { "Stopped" };
        let outcomes = line.market.outcomes.iter().zip(&shown.odds_e2).map(|(o, odds)| {
            let (turnover, loss) = self.exposure(id, o.id);
            json!({
                "outcomeId": o.id,
                "title": null,
                "currentOdds": odds_text(*odds),
                "turnover": token_text(turnover),
                "potentialLoss": token_text(loss),
                "state": state,
                "hidden": shown.hidden,
            })
        });
        let outcomes: Vec<Value> = outcomes.collect();
        let loss = line.market.outcomes.iter().map(|o| self.exposure(id, o.id).1).max().unwrap_or(0);
        json!({
            "id": id,
            "event": "ConditionUpdated",
            "data": {
                "id": id,
                "gameId": game_id(event),
                "maxConditionPotentialLoss": token_text(self.cfg.max_loss_raw.saturating_mul(2)),
                "maxOutcomePotentialLoss": token_text(self.cfg.max_loss_raw),
                "currentConditionPotentialLoss": token_text(loss),
                "isPrematchEnabled": true,
                "isLiveEnabled": true,
                "isCashoutEnabled": false,
                "state": shown.state,
                "hidden": shown.hidden,
                "outcomes": outcomes,
            },
        })
    }

    fn game_updated(&self, event: &Event, state: &str) -> Value {
        let id = game_id(event);
        let names = event.names(Venue::Azuro);
        let starts_at = event.starts_ms_at(Venue::Azuro) / 1_000;
        if self.faults.on("old_shapes").is_some() {
            let who = |(i, n): (usize, &str)| json!({ "name": n, "image": "", "sortOrder": i + 1 });
            let data = json!({
                "id": id, "gameId": id, "title": format!("{} vs {}", names[0], names[1]), "startsAt": starts_at.to_string(),
                "state": state, "participants": names.into_iter().enumerate().map(who).collect::<Vec<_>>(),
                "league": { "name": event.league.azuro_name, "country": { "name": event.league.azuro_country } },
            });
            return json!({ "event": "GameUpdated", "data": data });
        }
        let sport_id = match event.sport {
            Sport::Soccer => 33,
            Sport::Basketball => 31,
            Sport::Tennis => 45,
        };
        json!({
            "event": "GameUpdated",
            "data": {
                "id": id,
                "sportId": sport_id,
                "country": event.league.azuro_country,
                "league": event.league.azuro_name,
                "state": state,
                "startsAt": starts_at,
                "participants": names,
                "title": null,
            },
        })
    }

    pub(super) fn say(&self, conn: u64, value: &Value, out: &mut Vec<SimAction>) {
        let message = Message::Text(value.to_string());
        out.push(SimAction::Send { conn, after_us: self.faults.latency_us(), message });
    }
}
