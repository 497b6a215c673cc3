//! Comparing an entry with the one rebuilt from its inputs.

use super::report::Outcome;
use serde_json::Value;

/// Compares an entry with its rebuilt twin. `given` are the dotted paths of what the entry brings along (inputs, labels): they are taken
/// over, everything else must have been computed.
pub(super) fn outcome(entry: &Value, rebuilt: anyhow::Result<Value>, given: &[&str], detail: &str) -> Outcome {
    let mut rebuilt = match rebuilt {
        Ok(rebuilt) => rebuilt,
        Err(error) => return Outcome::Failed(format!("{error:#}")),
    };
    for path in given {
        let steps: Vec<&str> = path.split('.').collect();
        take_over(entry, &mut rebuilt, &steps);
    }
    let mut differences = Differences::default();
    differences.walk("", entry, &rebuilt);
    if !differences.wrong.is_empty() {
        Outcome::Failed(differences.wrong.join("; "))
    } else if !differences.unknown.is_empty() {
        Outcome::Unsupported(format!("nothing here computes {}", differences.unknown.join(", ")))
    } else {
        Outcome::Passed(detail.to_owned())
    }
}

fn take_over(from: &Value, into: &mut Value, steps: &[&str]) {
    let [first, rest @ ..] = steps else { return };
    let Some(value) = from.get(first) else { return };
    let Some(object) = into.as_object_mut() else { return };
    if rest.is_empty() {
        object.insert((*first).to_owned(), value.clone());
    } else if value.is_object() {
        let below = object.entry(*first).or_insert_with(|| Value::Object(serde_json::Map::new()));
        take_over(value, below, rest);
    }
}

#[derive(Default)]
struct Differences {
    wrong: Vec<String>,
    unknown: Vec<String>,
}

impl Differences {
    fn walk(&mut self, path: &str, entry: &Value, rebuilt: &Value) {
        match (entry, rebuilt) {
            (Value::Object(entry), Value::Object(rebuilt)) => {
                let name = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                for (key, value) in entry {
                    match rebuilt.get(key) {
                        Some(expect) => self.walk(&name(key), value, expect),
                        None => self.unknown.push(name(key)),
                    }
                }
                for key in rebuilt.keys().filter(|key| !entry.contains_key(*key)) {
                    self.wrong.push(format!("{} is missing", name(key)));
                }
            }
            _ if entry == rebuilt => {}
            _ => self.wrong.push(format!("{path}: the file has {}, we compute {}", short(entry), short(rebuilt))),
        }
    }
}

/// A value for a row: long ones are cut.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 90 { text } else { format!("{}...", text.chars().take(87).collect::<String>()) }
}

/// The text of a field.
pub(super) fn text<'a>(entry: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    entry.get(field).and_then(Value::as_str).ok_or_else(|| anyhow::anyhow!("{field} is not a text"))
}

/// The whole number in a field.
pub(super) fn number(entry: &Value, field: &str) -> anyhow::Result<u64> {
    entry.get(field).and_then(Value::as_u64).ok_or_else(|| anyhow::anyhow!("{field} is not a whole number"))
}
