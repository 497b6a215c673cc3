//! Makes the two files at the root that show every setting, `config.example.yaml` and `docs/configuration.md`, from the
//! types: the words above each setting in the code are the only ones. A file that is stale fails its test;
//! `UPDATE_EXPECT=1` writes it anew. Holds the example of credentials to the names the code reads.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use crate::config::{Config, FileConfig, fields, schema};
use crate::keys;
use config_manager::{Environment, Layers, Origin};
use expect_test::expect_file;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Longest line of the example.
const WIDTH: usize = 120;

fn at_the_root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// One setting or section, out of the schema.
struct Setting {
    name: String,
    /// Its words, in one line.
    about: String,
    /// Its default; an example where it has none.
    value: Value,
    has_default: bool,
    /// What may be set in it; empty for a value.
    inner: Vec<Setting>,
    /// What a value may be, in words.
    kind: String,
}

/// Follows a reference into the definitions.
fn followed<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/"));
    name.map_or(schema, |name| &root["$defs"][name])
}

fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kind(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    }
    if let Some(words) = schema["oneOf"].as_array() {
        return words.iter().filter_map(|w| w["const"].as_str()).collect::<Vec<_>>().join(", ");
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect(),
        _ => Vec::new(),
    };
    match types.as_slice() {
        ["number", "string"] if schema["pattern"].as_str().is_some_and(|p| p.contains("venue")) => {
            "venue, or a number".to_owned()
        }
        ["number", "string"] => "number".to_owned(),
        ["integer"] => "whole number".to_owned(),
        ["boolean"] => "true, false".to_owned(),
        ["string"] => "text".to_owned(),
        ["array"] => "list".to_owned(),
        other => other.join(", "),
    }
}

/// What may be set in a section, in the order of its type.
fn settings(root: &Value, section: &Value, path: &str) -> Vec<Setting> {
    let order = fields(path);
    let properties = section["properties"].as_object().unwrap();
    assert_eq!(properties.len(), order.len(), "{path}: {order:?}");
    let one = |name: &&str| {
        let property = &properties[*name];
        let found = followed(root, property);
        let inner_path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
        let inner = if found["properties"].is_object() { settings(root, found, &inner_path) } else { Vec::new() };
        let has_default = property.get("default").is_some_and(|d| !d.is_null());
        let value = if has_default { property["default"].clone() } else { property["examples"][0].clone() };
        let own = about(property);
        let about = if own.is_empty() { about(found) } else { own };
        Setting { name: (*name).to_owned(), about, value, has_default, inner, kind: kind(found) }
    };
    order.iter().map(one).collect()
}

fn all() -> Vec<Setting> {
    let root = schema();
    settings(&root, &root, "")
}

/// Settings of one pair.
fn of_a_pair() -> Vec<Setting> {
    let root = schema();
    settings(&root, &root["$defs"]["PairEntry"], "pairs")
}

/// A value as YAML, in one line.
fn yaml(value: &Value) -> String {
    match value {
        Value::String(text) if text.starts_with("0x") || text.contains(' ') || text.is_empty() => format!("{text:?}"),
        Value::String(text) => text.clone(),
        Value::Array(values) => format!("[{}]", values.iter().map(yaml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Words as comment lines.
fn comment(out: &mut String, indent: &str, text: &str) {
    let mut line = format!("{indent}#");
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            writeln!(out, "{line}").unwrap();
            line = format!("{indent}#");
        }
        write!(line, " {word}").unwrap();
    }
    writeln!(out, "{line}").unwrap();
}

const HEAD: &str = "\
# Every setting with its default, its unit, and what it is for. `bot4 init` writes this file as config.yaml; keep what you
# change: a setting that is left out has the value shown here. Only `pairs` has no default.
#
# The same settings can be given as variables (`BOT4_RISK__OPEN_ROUNDS=3`, two underscores between section and name) and on
# the command line (`--set risk.open_rounds=3`). Command line wins over variable, variable over file, file over default;
# `bot4 config show` says what is in effect and where it came from. A change begins with the next start.
# Percentages are written as numbers: 0.30 is 0.30 %. Keys, passwords and DATABASE_URL never stand here; see `.env.example`.
";

fn example() -> String {
    fn write(out: &mut String, settings: &[Setting], indent: &str) {
        for setting in settings {
            if indent.is_empty() && (!setting.inner.is_empty() || matches!(setting.name.as_str(), "mode" | "pairs")) {
                out.push('\n');
            }
            if !setting.about.is_empty() {
                comment(out, indent, &setting.about);
            }
            if setting.name == "pairs" {
                for (n, own) in of_a_pair().iter().enumerate() {
                    let (dash, set) = (if n == 0 { "- " } else { "  " }, format!("{}: {}", own.name, yaml(&own.value)));
                    let about = if n == 0 { String::new() } else { format!("# {}", own.about) };
                    writeln!(out, "{}", format!("#   {dash}{set:<24} {about}").trim_end()).unwrap();
                }
                out.push_str("pairs:\n  - ETH-USD\n  - BTC-USD\n");
            } else if setting.inner.is_empty() {
                let off = if setting.has_default { "" } else { "# " };
                writeln!(out, "{indent}{off}{}: {}", setting.name, yaml(&setting.value)).unwrap();
            } else {
                writeln!(out, "{indent}{}:", setting.name).unwrap();
                write(out, &setting.inner, &format!("{indent}  "));
            }
        }
    }
    let mut out = HEAD.to_owned();
    write(&mut out, &all(), "");
    out
}

const REFERENCE_HEAD: &str = "\
# Configuration

Made from the types by a test (`crates/bot4/src/config_example.rs`), as is `config.example.yaml`; `bot4 config schema` prints
the same as a JSON Schema for editors. How settings are laid over one another stands at the head of `config.example.yaml`;
`bot4 config show` prints what is in effect and where each value came from.

A change begins with the next start, and with new rounds only: a round keeps the way it is driven (`execution`) and the hash
of the configuration it was opened under.
";

fn reference() -> String {
    fn cell(text: &str) -> String {
        text.replace('|', "\\|")
    }
    fn table(out: &mut String, settings: &[Setting]) {
        out.push_str("\n| setting | value | default | meaning |\n|---|---|---|---|\n");
        for s in settings.iter().filter(|s| s.inner.is_empty()) {
            let default = if s.has_default && s.name != "pairs" { format!("`{}`", yaml(&s.value)) } else { "none".to_owned() };
            writeln!(out, "| `{}` | {} | {} | {} |", s.name, cell(&s.kind), cell(&default), cell(&s.about)).unwrap();
        }
    }
    fn sections(out: &mut String, settings: &[Setting], path: &str) {
        for s in settings.iter().filter(|s| !s.inner.is_empty()) {
            let path = if path.is_empty() { s.name.clone() } else { format!("{path}.{}", s.name) };
            write!(out, "\n## {path}\n\n{}\n", s.about).unwrap();
            if s.inner.iter().any(|i| i.inner.is_empty()) {
                table(out, &s.inner);
            }
            sections(out, &s.inner, &path);
        }
    }
    let mut out = REFERENCE_HEAD.to_owned();
    let all = all();
    out.push_str("\n## The whole\n");
    table(&mut out, &all);
    out.push_str("\n## One of `pairs`\n\nA name alone, or a map:\n");
    table(&mut out, &of_a_pair());
    sections(&mut out, &all, "");
    out
}

#[test]
fn the_example_and_the_reference_are_what_the_types_say() {
    expect_file![at_the_root("config.example.yaml")].assert_eq(&example());
    expect_file![at_the_root("docs/configuration.md")].assert_eq(&reference());
}

/// What a schema says against a value, if anything; of patterns only that they are there. Panics at a keyword it does not
/// know, so that nothing passes unread.
fn against(root: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    let schema = followed(root, schema);
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => unreachable!("type {other}"),
    };
    let checked = |(keyword, wanted): (&String, &Value)| -> Option<String> {
        let right = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "examples" | "format" | "pattern" => true,
            "type" => wanted.as_str().map_or_else(|| wanted.as_array().unwrap().iter().any(|t| is(t.as_str().unwrap())), is),
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|v| v >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|v| v <= wanted.as_f64().unwrap()),
            "oneOf" | "anyOf" => wanted.as_array().unwrap().iter().any(|s| against(root, s, value, path).is_none()),
            "required" => wanted.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "items" => {
                return value.as_array()?.iter().enumerate().find_map(|(n, v)| against(root, wanted, v, &format!("{path}.{n}")));
            }
            "properties" => {
                let inside = |(name, v): (&String, &Value)| against(root, wanted.get(name)?, v, &format!("{path}.{name}"));
                return value.as_object()?.iter().find_map(inside);
            }
            "additionalProperties" => {
                assert_eq!(*wanted, Value::Bool(false));
                value.as_object().is_none_or(|o| o.keys().all(|name| schema["properties"].get(name).is_some()))
            }
            other => unreachable!("keyword {other}"),
        };
        (!right).then(|| format!("{path}: {keyword} {wanted} does not take {value}"))
    };
    schema.as_object().unwrap().iter().find_map(checked)
}

#[test]
fn the_schema_takes_the_example_and_refuses_what_the_bot_refuses() {
    let root = schema();
    let folder = tempfile::tempdir().unwrap();
    let said = |text: &str| {
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, text).unwrap();
        // As any reader of YAML sees it: no type of ours takes part.
        let value = Layers::new().file(&file, "").unwrap().load::<Value>().unwrap().config;
        let ours = Layers::new().file(&file, "").unwrap().load::<FileConfig>();
        (against(&root, &root, &value, "").is_none(), ours.is_ok())
    };
    assert_eq!(said(&std::fs::read_to_string(at_the_root("config.example.yaml")).unwrap()), (true, true));
    assert_eq!(said("pairs:\n  - pair: BTC-USD\n    spread_entry: 0.4 %\n  - ETH-USD\nfunding: -0.01\n"), (true, true));
    for wrong in [
        "pair: [ETH-USD]\n",
        "pairs: ETH-USD\n",
        "pairs: [{ size: 1 }]\n",
        "pairs: [{ pair: ETH-USD, sizes: 1 }]\n",
        "mode: dmo\n",
        "confirm_ticks: many\n",
        "confirm_ticks: -1\n",
        "risk: { open_round: 1 }\n",
        "venues: { vest: { data: v4 } }\n",
        "venues: { paradex: { onboard: maybe } }\n",
        "execution: { entry_even: trimm }\n",
    ] {
        assert_eq!(said(wrong), (false, false), "{wrong}");
    }
}

#[test]
fn every_setting_explains_itself() {
    fn explained(settings: &[Setting]) {
        for s in settings {
            assert!(s.about.ends_with('.'), "{}: {:?}", s.name, s.about);
            assert!(!s.inner.is_empty() || !s.value.is_null(), "{} has neither a default nor an example", s.name);
            assert!(!s.inner.is_empty() || !s.kind.is_empty(), "{} does not say what it may be", s.name);
            explained(&s.inner);
        }
    }
    explained(&all());
    explained(&of_a_pair());
}

#[test]
fn the_example_configuration_shows_every_setting_with_its_default() {
    let file = at_the_root("config.example.yaml");
    let loaded = Layers::new().file(&file, "").unwrap().load::<FileConfig>().unwrap();
    let pairs = loaded.config.pairs.clone();
    assert_eq!(loaded.config, FileConfig { pairs, ..FileConfig::default() });
    assert_eq!(Config::resolve(&loaded).unwrap().pair_list(), "[ETH-USD, BTC-USD]");
    // A pair written as a name alone has no further place of its own; an empty list has none inside it.
    let set = |path: &str| path.starts_with("pairs.") || *loaded.origin(path) != Origin::Default;
    let unset: Vec<&str> = loaded.provenance.iter().map(|p| p.path.as_str()).filter(|path| !set(path)).collect();
    assert!(unset.is_empty(), "not in the example: {unset:?}");
}

#[test]
fn what_the_example_shows_as_a_comment_can_be_set() {
    let text = std::fs::read_to_string(at_the_root("config.example.yaml")).unwrap();
    let pair: String = text.lines().filter_map(|l| l.strip_prefix("#   ")).map(|l| format!("  {l}\n")).collect();
    // Both sizes are shown, one may be set.
    let pair: String = pair.lines().filter(|l| !l.contains("size:")).map(|l| format!("{l}\n")).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, format!("max_holding_s: 3600\nvenues: {{ vest: {{ quote_usd: 1.0000 }} }}\npairs:\n{pair}")).unwrap();
    let loaded = Layers::new().file(&file, "").unwrap().load::<FileConfig>().unwrap();
    let config = Config::resolve(&loaded).unwrap();
    let shown = serde_json::to_value(&config.file.pairs[0]).unwrap();
    assert_eq!(shown.as_object().unwrap().len() + 1, of_a_pair().len(), "{shown}");
    let limits = config.entry_rules().pairs;
    let of_pair = limits.values().next().unwrap();
    assert_eq!(of_pair.max_holding_ms, Some(1_800_000));
    assert!(of_pair.notional.is_some() && of_pair.worst_loss.is_some(), "{of_pair:?}");
}

#[test]
fn quiet_windows_reach_the_engine_with_their_venue_and_days() {
    let text = "pairs: [ETH-USD]\nexecution: { warm_up_ms: 750 }\nvenues: { vest: { quiet: [\"23:50-00:10 sun\"] } }\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, text).unwrap();
    let rules = Config::resolve(&Layers::new().file(&file, "").unwrap().load().unwrap()).unwrap().entry_rules();
    assert_eq!(rules.warm_up_ms, 750);
    // 2026-11-22 is a Sunday, 2026-11-23 a Monday.
    let quiet = |at: &str| {
        let at = crate::when::parse(at, domain::Wall(0)).unwrap();
        rules.quiet.iter().filter(|w| w.covers(at)).map(|w| w.venue.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(quiet("2026-11-22T23:55"), ["vest"]);
    assert_eq!(quiet("2026-11-23T00:05"), ["vest"]);
    assert_eq!(quiet("2026-11-22T00:05"), Vec::<String>::new());
    assert_eq!(quiet("2026-11-23T04:30"), ["paradex"]);
    assert_eq!(quiet("2026-11-22T04:30"), Vec::<String>::new());
}

#[test]
fn the_example_of_credentials_names_every_one_and_holds_none() {
    let file = at_the_root(".env.example");
    let text = std::fs::read_to_string(&file).unwrap();
    let names: BTreeSet<&str> = text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| Some(l.split_once('=')?.0)).collect();
    let all: BTreeSet<&str> = keys::ALL.into_iter().chain([keys::DATABASE_URL]).collect();
    assert_eq!(names, all);
    let environment = Environment::of([], Some(&file)).unwrap();
    assert!(!environment.secrets().any_present(&keys::ALL), "an example with a value is a leak or a trap");
}
