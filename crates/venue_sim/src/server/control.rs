//! `/_sim`: turning faults on and off over the venue's own port, for people and scripts outside this process.

use super::desk::Desk;
use serde::Deserialize;
use serde_json::{Value, json};

/// Paths below this are ours, never the venue's.
pub(super) const PREFIX: &str = "/_sim/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultBody {
    name: String,
    #[serde(default = "no_parameters")]
    parameters: Value,
}

fn no_parameters() -> Value {
    json!({})
}

/// Answers one control request: status and JSON body.
pub(super) fn answer(desk: &Desk, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let (status, value) = match (method, path.strip_prefix(PREFIX).unwrap_or_default()) {
        ("GET", "faults") => (200, desk.faults()),
        ("POST", "fault") => match serde_json::from_slice::<FaultBody>(body) {
            Err(e) => (400, json!({ "error": format!("expected {{\"name\": .., \"parameters\": {{..}}}}: {e}") })),
            Ok(fault) => match desk.set_fault(&fault.name, &fault.parameters) {
                Ok(()) => (200, desk.faults()),
                Err(why) => (422, json!({ "error": why })),
            },
        },
        ("DELETE", rest) if rest.strip_prefix("fault/").is_some_and(|name| !name.is_empty()) => {
            desk.clear_fault(rest.strip_prefix("fault/").unwrap_or_default());
            (200, desk.faults())
        }
        _ => (404, json!({ "error": "known: GET /_sim/faults, POST /_sim/fault, DELETE /_sim/fault/NAME" })),
    };
    (status, value.to_string().into_bytes())
}
