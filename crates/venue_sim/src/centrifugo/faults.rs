//! What can be made to go wrong, by name. Nothing here is drawn: a switch says how often, and how late.

use super::{Hub, wire};
use serde_json::{Map, Value};
use std::collections::VecDeque;

/// Names of the switches, for the owner's own list of faults.
pub const SWITCHES: [&str; 14] = [
    "lose_history",
    "lose_publication",
    "double_publication",
    "late_publication",
    "merge_frames",
    "no_ping",
    "refuse_token_once",
    "close_inside_subscribe",
    "close_inside_recovery",
    "slow_reader",
    "new_epoch",
    "drop_connections",
    "unsubscribe",
    "disconnect_push",
];

/// Without `times`: until the switch is cleared.
const ALWAYS: u64 = u64::MAX;

/// What is switched on.
#[derive(Clone, Debug, Default)]
pub(super) struct Switches {
    lose_history: u64,
    lose_publication: u64,
    double_publication: u64,
    pub(super) late_ms: Option<i64>,
    pub(super) merge_ms: Option<i64>,
    pub(super) no_ping: bool,
    refuse_token: Option<(u64, u32)>,
    /// Subscribe commands until the one that is not answered.
    close_inside_subscribe: Option<u64>,
    /// The same of recovering ones, and whether that one is still answered.
    close_inside_recovery: Option<(u64, bool)>,
    pub(super) close_after_reply: Option<()>,
    pub(super) slow_reader: bool,
    acts: VecDeque<Act>,
}

/// Something to be done once, at the next opportunity.
#[derive(Clone, Debug)]
enum Act {
    NewEpoch { channel: Option<String>, told: bool },
    Drop { count: usize, code: u16, announced: bool },
    Unsubscribe { channel: String, code: u32 },
}

impl Switches {
    pub(super) fn is_due(&self) -> bool {
        !self.acts.is_empty()
    }
    pub(super) fn loses_history(&mut self) -> bool {
        spend(&mut self.lose_history)
    }
    pub(super) fn loses_publication(&mut self) -> bool {
        spend(&mut self.lose_publication)
    }
    pub(super) fn doubles_publication(&mut self) -> bool {
        spend(&mut self.double_publication)
    }
    /// The code with which a good token is refused.
    pub(super) fn refused_token(&mut self) -> Option<u32> {
        let (times, code) = self.refuse_token.as_mut()?;
        spend(times).then_some(*code)
    }
    pub(super) fn closes_inside_subscribe(&mut self) -> bool {
        count_down(&mut self.close_inside_subscribe)
    }
    /// Whether this recovery is cut before its answer; when it is to be cut behind it, that is noted.
    pub(super) fn closes_inside_recovery(&mut self) -> bool {
        let Some((mut left, replied)) = self.close_inside_recovery else { return false };
        left = left.saturating_sub(1);
        self.close_inside_recovery = (left > 0).then_some((left, replied));
        self.close_after_reply = (left == 0 && replied).then_some(());
        left == 0 && !replied
    }
}

fn spend(times: &mut u64) -> bool {
    let on = *times > 0;
    if *times != ALWAYS {
        *times = times.saturating_sub(1);
    }
    on
}

fn count_down(left: &mut Option<u64>) -> bool {
    let Some(before) = *left else { return false };
    *left = before.checked_sub(1).filter(|left| *left > 0);
    left.is_none()
}

impl Hub {
    /// Turns one of [`SWITCHES`] on. Parameters, all optional unless said otherwise:
    ///
    /// * `lose_history`, `double_publication`, `lose_publication`: `times` (else until cleared);
    /// * `refuse_token_once`: `times` (1), `code` (109; from 3000 on the connection is closed with it);
    /// * `late_publication`: `ms` (200); `merge_frames`: `ms` (5);
    /// * `close_inside_subscribe`: `after` (1): the connection drops at this subscribe command, unanswered;
    /// * `close_inside_recovery`: `after` (1), `replied` (false): the same at a recovering one, or right behind its answer;
    /// * `no_ping`, `slow_reader`: while on;
    /// * `new_epoch`: `channel` (else all), `told` (true); `drop_connections`: `count` (else all), `code` (3000; 0 drops
    ///   without a word); `disconnect_push`: the same, announced by a push; `unsubscribe`: `channel` (needed), `code` (2500).
    ///   These four act at the next wake, which is at once.
    ///
    /// # Errors
    /// A sentence that names the known switches or the parameter that is wrong.
    pub fn set_switch(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        let mut given = Given::new(name, parameters)?;
        let mut switches = self.switches.clone(); // so that a wrong parameter changes nothing
        let mut act = None;
        match name {
            "lose_history" => switches.lose_history = given.number("times", ALWAYS)?,
            "lose_publication" => switches.lose_publication = given.number("times", ALWAYS)?,
            "double_publication" => switches.double_publication = given.number("times", ALWAYS)?,
            "late_publication" => switches.late_ms = Some(given.number("ms", 200)?),
            "merge_frames" => switches.merge_ms = Some(given.number("ms", 5)?),
            "no_ping" => switches.no_ping = true,
            "slow_reader" => switches.slow_reader = true,
            "refuse_token_once" => switches.refuse_token = Some((given.number("times", 1)?, given.number("code", 109)?)),
            "close_inside_subscribe" => switches.close_inside_subscribe = Some(given.number("after", 1)?),
            "close_inside_recovery" => {
                switches.close_inside_recovery = Some((given.number("after", 1)?, given.flag("replied", false)?));
            }
            "new_epoch" => act = Some(Act::NewEpoch { channel: given.text("channel")?, told: given.flag("told", true)? }),
            "drop_connections" | "disconnect_push" => {
                let (count, code) = (given.number("count", usize::MAX)?, given.number("code", 3000)?);
                act = Some(Act::Drop { count, code, announced: name == "disconnect_push" });
            }
            "unsubscribe" => {
                let channel = given.text("channel")?.ok_or("unsubscribe needs {\"channel\": \"…\"}")?;
                act = Some(Act::Unsubscribe { channel, code: given.number("code", 2500)? });
            }
            _ => return Err(format!("no switch {name:?}; known: {}", SWITCHES.join(", "))),
        }
        given.nothing_left()?;
        switches.acts.extend(act);
        self.switches = switches;
        Ok(())
    }

    /// Turns a switch off; unknown names are ignored.
    pub fn clear_switch(&mut self, name: &str) {
        let switches = &mut self.switches;
        match name {
            "lose_history" => switches.lose_history = 0,
            "lose_publication" => switches.lose_publication = 0,
            "double_publication" => switches.double_publication = 0,
            "late_publication" => switches.late_ms = None,
            "merge_frames" => switches.merge_ms = None,
            "no_ping" => switches.no_ping = false,
            "slow_reader" => switches.slow_reader = false,
            "refuse_token_once" => switches.refuse_token = None,
            "close_inside_subscribe" => switches.close_inside_subscribe = None,
            "close_inside_recovery" => switches.close_inside_recovery = None,
            _ => {}
        }
    }

    /// Does what the switches that act once ask for.
    pub(super) fn act_on_switches(&mut self) {
        while let Some(act) = self.switches.acts.pop_front() {
            match act {
                Act::NewEpoch { channel, told } => self.renew_epochs(channel.as_deref(), told),
                Act::Drop { count, code, announced } => {
                    for connection in self.connections.values_mut().take(count) {
                        if announced {
                            connection.say(wire::disconnect_push(code));
                        }
                        connection.close(code);
                    }
                }
                Act::Unsubscribe { channel, code } => self.end_subscriptions(&channel, code),
            }
        }
    }
}

/// A switch's parameters; each is taken once, and none may be left.
struct Given<'a> {
    switch: &'a str,
    left: Map<String, Value>,
}

impl<'a> Given<'a> {
    fn new(switch: &'a str, parameters: &Value) -> Result<Self, String> {
        match parameters {
            Value::Null => Ok(Self { switch, left: Map::new() }),
            Value::Object(left) => Ok(Self { switch, left: left.clone() }),
            _ => Err(format!("{switch} wants its parameters as one JSON object")),
        }
    }
    fn number<N: TryFrom<u64>>(&mut self, name: &str, default: N) -> Result<N, String> {
        let Some(value) = self.left.remove(name) else { return Ok(default) };
        let number = value.as_u64().and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| format!("{}: {name} is a whole number, not {value}", self.switch))
    }
    fn flag(&mut self, name: &str, default: bool) -> Result<bool, String> {
        let Some(value) = self.left.remove(name) else { return Ok(default) };
        value.as_bool().ok_or_else(|| format!("{}: {name} is true or false, not {value}", self.switch))
    }
    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.left.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value) => Err(format!("{}: {name} is a text, not {value}", self.switch)),
        }
    }
    fn nothing_left(self) -> Result<(), String> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("{} knows no parameter {name:?}", self.switch)),
        }
    }
}
