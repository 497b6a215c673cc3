//! `bot4 config`: what is in effect and why, whether it is right, and what could be set.

use crate::config::{fields, schema};
use crate::source::Source;
use crate::{keys, out};
use anyhow::Context;
use clap::{Args, Subcommand};
use config_manager::{Environment, Provenance};
use serde_json::{Value, json};
use std::fmt::Write as _;
use telemetry::Redactor;

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Every value, and the file and line, variable or option it comes from.
    Show(Source),
    /// Whether the configuration is right; names the first place where it is not.
    Check(Source),
    /// The hash of all values, as every round records it.
    Hash(Source),
    /// What can be set, as a JSON Schema for editors.
    Schema,
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &ConfigArgs, json: bool) -> u8 {
    out::end(match &args.what {
        What::Show(source) => show(source, json),
        What::Check(source) => check(source, json),
        What::Hash(source) => hash(source, json),
        What::Schema => serde_json::to_string_pretty(&schema()).context("the schema"),
    })
}

/// One credential, never its value.
struct Credential {
    name: &'static str,
    /// Where it is set, if it is.
    place: Option<String>,
}

fn credentials(environment: &Environment) -> Vec<Credential> {
    let secrets = environment.secrets();
    let one = |name: &'static str| {
        let value = secrets.get(name);
        if let Some(value) = &value {
            Redactor::global().register(value);
        }
        let place = || secrets.file_of(name).map_or_else(|| "environment".to_owned(), |file| file.display().to_string());
        Credential { name, place: value.map(|_| place()) }
    };
    keys::ALL.into_iter().chain([keys::DATABASE_URL]).map(one).collect()
}

/// A value without the part of a URL that names a user.
fn masked(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rfind('@') {
        Some(at) => format!("{scheme}://[REDACTED]{}", rest.get(at..).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// A URL without what follows its host: the path of a node's may be a key.
fn host_alone(url: &str) -> String {
    let from = url.find("://").map_or(0, |at| at.saturating_add(3));
    match url.get(from..).and_then(|rest| rest.find(['/', '?', '#'])) {
        Some(at) => format!("{}/[REDACTED]", url.get(..from.saturating_add(at)).unwrap_or_default()),
        None => url.to_owned(),
    }
}

/// The value for people: a text without its quotes.
fn plain(setting: &Provenance) -> Value {
    match serde_json::from_str(&setting.value) {
        Ok(Value::String(url)) if setting.path == "venues.azuro.rpc" => Value::String(host_alone(&masked(&url))),
        Ok(Value::String(text)) => Value::String(masked(&text)),
        Ok(other) => other,
        Err(_) => Value::String(setting.value.clone()),
    }
}

/// Where a setting stands in its section, and that in its own: the order of the example file.
fn rank(path: &str) -> Vec<usize> {
    let mut rank = Vec::new();
    let mut section = String::new();
    for name in path.split('.') {
        let at = name.parse().ok().or_else(|| fields(&section).iter().position(|f| *f == name));
        rank.push(at.unwrap_or(usize::MAX));
        if name.parse::<usize>().is_err() {
            section = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        }
    }
    rank
}

fn show(source: &Source, json: bool) -> anyhow::Result<String> {
    let environment = Source::environment()?;
    let credentials = credentials(&environment);
    let (loaded, config) = source.load(&environment, &[])?;
    if json {
        let settings = loaded.provenance.iter().map(|s| json!({"name": s.path, "value": plain(s), "from": s.origin.to_string()}));
        let credentials = credentials.iter().map(|c| json!({"name": c.name, "set": c.place.is_some(), "from": c.place}));
        let whole = json!({
            "hash": config.hash,
            "settings": settings.collect::<Vec<_>>(),
            "credentials": credentials.collect::<Vec<_>>(),
        });
        return serde_json::to_string_pretty(&whole).context("the settings");
    }
    let mut settings: Vec<&Provenance> = loaded.provenance.iter().collect();
    settings.sort_by_key(|s| rank(&s.path));
    let head = ["setting", "value", "from"].map(str::to_owned);
    let rows = settings.into_iter().map(|s| {
        let value = match plain(s) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        [s.path.clone(), value, s.origin.to_string()]
    });
    let credentials = credentials.into_iter().map(|c| {
        let value = if c.place.is_some() { "[REDACTED]" } else { "not set" };
        [c.name.to_owned(), value.to_owned(), c.place.unwrap_or_default()]
    });
    let rows: Vec<[String; 3]> = std::iter::once(head).chain(rows).chain(credentials).collect();
    let mut text = out::columns(&rows);
    let _ = writeln!(text, "\nhash {}", config.hash); // a String takes everything
    if environment.readable_by_others() {
        text.push_str("\n.env can be read by other users of this machine: `chmod 600 .env`\n");
    }
    Ok(text)
}

fn check(source: &Source, json: bool) -> anyhow::Result<String> {
    let environment = Source::environment()?;
    credentials(&environment);
    let (_, config) = source.load(&environment, &[])?;
    keys::refuse_open_file(&environment)?;
    let mode = serde_json::to_value(config.file.mode).context("the mode")?;
    let mode = mode.as_str().unwrap_or_default();
    if json {
        let pairs: Vec<String> = config.pairs.iter().map(|p| p.pair.to_string()).collect();
        return Ok(json!({"ok": true, "mode": mode, "pairs": pairs, "hash": config.hash}).to_string());
    }
    Ok(format!("right: mode {mode}, pairs {}, hash {}", config.pair_list(), config.hash))
}

fn hash(source: &Source, json: bool) -> anyhow::Result<String> {
    let (_, config) = source.load(&Source::environment()?, &[])?;
    Ok(if json { json!({"hash": config.hash}).to_string() } else { config.hash })
}
