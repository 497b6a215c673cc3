//! OB-2, NFR4: no credential, token or signature leaves the process but to its venue. Searched for in everything the bot
//! prints at TRACE and in every file it writes, in every form that somebody could read back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

mod support;

use aho_corasick::AhoCorasick;
use signing::SanitizedValue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::{Bot, Tape, Venues, keys, run_to_end, working_folder, write};

const SOON: Duration = Duration::from_secs(30);

/// Every form of every secret with its name: texts are compared without regard to case, bytes as they are.
#[derive(Default)]
struct Forms {
    texts: Vec<(String, String)>,
    bytes: Vec<(String, Vec<u8>)>,
}

impl Forms {
    /// Written independently of the code under test, so that both can disagree.
    fn add(&mut self, name: &str, secret: &str) {
        let mut texts = BTreeSet::from([secret.to_owned(), percent(secret.as_bytes()), base64(secret.as_bytes(), false)]);
        texts.insert(base64(secret.as_bytes(), true));
        let digits = secret.strip_prefix("0x").unwrap_or(secret);
        if digits.len() >= 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            let even = if digits.len().is_multiple_of(2) { digits.to_owned() } else { format!("0{digits}") };
            let number: Vec<u8> = (0..even.len()).step_by(2).map(|i| u8::from_str_radix(&even[i..i + 2], 16).unwrap()).collect();
            let list = |between: &str| number.iter().map(u8::to_string).collect::<Vec<_>>().join(between);
            texts.extend([digits.trim_start_matches('0').to_owned(), decimal(&number), list(","), list(", "), percent(&number)]);
            texts.extend([base64(&number, false), base64(&number, true)]);
            self.bytes.push((format!("{name} as bytes"), number.clone()));
            self.bytes.push((format!("{name} as bytes, least first"), number.into_iter().rev().collect()));
        }
        // Upper and lower case, with and without 0x and padding, are all found by the shortest text without its case.
        self.texts.extend(texts.into_iter().filter(|t| t.len() >= 16).map(|t| (format!("{name}: {t}"), t)));
    }

    fn of(name: &str, secret: &str) -> Self {
        let mut forms = Self::default();
        forms.add(name, secret);
        forms
    }

    /// Which forms of which secrets show in these places.
    fn found_in<'a>(&self, places: impl IntoIterator<Item = &'a [u8]>) -> BTreeSet<&str> {
        let mut build = AhoCorasick::builder();
        let texts = build.ascii_case_insensitive(true).build(self.texts.iter().map(|(_, text)| text)).unwrap();
        let bytes = AhoCorasick::new(self.bytes.iter().map(|(_, bytes)| bytes)).unwrap();
        let mut found = BTreeSet::new();
        for place in places {
            found.extend(texts.find_overlapping_iter(place).map(|m| self.texts[m.pattern().as_usize()].0.as_str()));
            found.extend(bytes.find_overlapping_iter(place).map(|m| self.bytes[m.pattern().as_usize()].0.as_str()));
        }
        found
    }
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("%{b:02x}")).collect()
}

/// Without padding, so that it is found with and without.
fn base64(bytes: &[u8], url: bool) -> String {
    let letters: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(if url { ['-', '_'] } else { ['+', '/'] }).collect();
    let bits: Vec<u8> = bytes.iter().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1)).collect();
    let value = |six: &[u8]| (0..6).fold(0, |v, i| v * 2 + usize::from(six.get(i).copied().unwrap_or(0)));
    bits.chunks(6).map(|six| letters[value(six)]).collect()
}

fn decimal(bytes: &[u8]) -> String {
    let mut digits = vec![0u32]; // least significant first
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 10;
            carry /= 10;
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits.iter().rev().map(u32::to_string).collect()
}

#[test]
fn the_search_itself_finds_a_secret_in_every_form() {
    let forms = Forms::of("key", "0x0d9e21f37ab05c84e16f0b3d7c92a845");
    let number = 0x0d9e_21f3_7ab0_5c84_e16f_0b3d_7c92_a845_u128;
    for place in [
        "key=0x0d9e21f37ab05c84e16f0b3d7c92a845!".to_owned(),
        "D9E21F37AB05C84E16F0B3D7C92A845".to_owned(),
        format!("felt {number}"),
        format!("{:?}", number.to_be_bytes()),
        // Made with another implementation of base64.
        "DZ4h83qwXIThbws9fJKoRQ==".to_owned(),
        "MHgwZDllMjFmMzdhYjA1Yzg0ZTE2ZjBiM2Q3YzkyYTg0NQ==".to_owned(),
        "%30%78%30%64%39%65%32%31%66%33%37%61%62%30%35%63%38%34%65%31%36%66%30%62%33%64%37%63%39%32%61%38%34%35".to_owned(),
    ] {
        assert!(!forms.found_in([place.as_bytes()]).is_empty(), "{place}");
    }
    assert!(!forms.found_in([&number.to_le_bytes()[..]]).is_empty());
    assert_eq!(forms.found_in([&b"0x0d9e21f37ab05c84 and 0x0d9e"[..]]), BTreeSet::new());
}

/// What came to be at run time and would be worth stealing, by name: read off the wires.
fn learned(vest: &Tape, paradex: &Tape) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut add = |name: &str, value: &str| {
        let n = found.len();
        if !found.values().any(|v: &String| v == value) {
            found.insert(format!("{name} {n}"), value.to_owned());
        }
    };
    for body in &vest.answered {
        let Ok(body) = serde_json::from_str::<serde_json::Value>(body) else { continue };
        for name in ["apiKey", "listenKey"] {
            if let Some(value) = body[name].as_str() {
                add(name, value);
            }
        }
    }
    for request in &vest.requests {
        let Ok(body) = serde_json::from_str::<serde_json::Value>(&request.body) else { continue };
        if let Some(signature) = body["signature"].as_str() {
            add("Vest signature", signature);
        }
    }
    for request in &paradex.requests {
        for (name, value) in &request.headers {
            if name == "authorization" {
                add("JWT", value.trim_start_matches("Bearer "));
            }
            if name == "paradex-starknet-signature" {
                stark(value, |n| add("Paradex request signature", n));
            }
        }
    }
    for said in &paradex.said {
        let Ok(said) = serde_json::from_str::<serde_json::Value>(said) else { continue };
        if let Some(signature) = said["params"]["signature"].as_str() {
            stark(signature, |n| add("Paradex order signature", n));
        }
    }
    found
}

/// The two numbers of `["r","s"]`.
fn stark(signature: &str, mut add: impl FnMut(&str)) {
    for number in signature.split('"').filter(|part| part.len() > 30 && part.bytes().all(|b| b.is_ascii_digit())) {
        add(number);
    }
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, into) } else { into.push(path) }
    }
}

#[test]
fn no_secret_planted_or_learned_shows_in_any_output_at_trace_or_in_any_file() {
    let venues = Venues::start(11);
    let folder = working_folder(&venues, "spread_entry: 0.30\nspread_exit: 0.10\non_stop: flatten\nmax_holding_s: 6\n");
    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json", "--log", "trace"]);
    bot.until("[TRADE] Entry executed: spread=", SOON);
    // A session that falls over says more than one that goes well.
    for venue in [&venues.vest, &venues.paradex] {
        venue.server.fault("drop_sockets", &serde_json::json!({})).unwrap();
    }
    bot.until_that("", SOON, |l| l["event_type"] == "ROUND_ENDED");
    // Files are looked at while they are written: afterwards the database's log has been folded into it.
    let mut places = contents(folder.path());
    bot.interrupt();
    let ended = bot.finish(SOON);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    places.extend(contents(folder.path()));
    assert!(ended.log.iter().all(|l| l["dropped"].is_null()), "lines were dropped, and what is not there cannot be searched");
    places.push(("stdout".into(), ended.stdout.into_bytes()));
    places.push(("stderr".into(), ended.stderr.into_bytes()));
    for file in ["journal", "-wal"] {
        assert!(places.iter().any(|(p, b)| p.contains(file) && !b.is_empty()), "nothing was read from {file}");
    }

    let mut secrets = Forms::default();
    keys::SECRETS.iter().for_each(|(name, secret)| secrets.add(name, secret));
    let learned = learned(&venues.vest.tape.lock().unwrap(), &venues.paradex.tape.lock().unwrap());
    for kind in ["apiKey", "listenKey", "Vest signature", "JWT", "Paradex request signature", "Paradex order signature"] {
        assert!(learned.keys().any(|name| name.starts_with(kind)), "no {kind} was seen on the wires: {:?}", learned.keys());
    }
    learned.iter().for_each(|(name, secret)| secrets.add(name, secret));
    for (place, bytes) in &places {
        let leaks = secrets.found_in([bytes.as_slice()]);
        assert!(leaks.is_empty(), "{place} shows {leaks:#?}");
    }
}

/// Everything the bot wrote, by name; `.env` is where the secrets belong.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    files_below(folder, &mut files);
    files.retain(|f| !f.ends_with(".env"));
    files.into_iter().filter_map(|f| Some((f.display().to_string(), std::fs::read(&f).ok()?))).collect()
}

#[test]
fn credentials_that_are_wrong_are_named_and_not_shown() {
    let secret = "hunter22-is-not-a-key";
    let venues = Venues::start(12);
    for name in ["VEST_SIGNING_KEY", "VEST_PRIMARY_KEY", "PARADEX_SIGNING_KEY", "VEST_ACCOUNT_GROUP"] {
        let folder = working_folder(&venues, "");
        write(folder.path(), ".env", &format!("{}{name}={secret}\n", keys::dotenv()));
        let ended = run_to_end(folder.path(), &["--venues", "external", "--json", "--log", "trace"], &[]);
        assert_eq!(ended.code, Some(2), "{name}: {ended:?}");
        for text in [&ended.stdout, &ended.stderr] {
            assert!(!text.contains("hunter22"), "{name}: {text}");
        }
    }
    let folder = working_folder(&venues, "");
    write(folder.path(), ".env", &format!("VEST_SIGNING_KEY {secret}\n"));
    let ended = run_to_end(folder.path(), &["--venues", "external"], &[]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.log[0]["message"], ".env:1: not NAME=value (the line is not shown, it may hold a secret)");
    assert!(!ended.stdout.contains("hunter22") && !ended.stderr.contains("hunter22"));
}

/// Set for the child of the test below: then this binary is the process that panics.
const PANICS: &str = "BOT4_TEST_PANICS";

#[test]
fn a_panic_shows_no_secret_in_any_form() {
    let secret = keys::PARADEX_SIGNING_KEY;
    if std::env::var_os(PANICS).is_some() {
        // The log set up as the bot sets it up, and a panic that carries the key in the worst ways, on another thread too.
        let options = telemetry::LogOptions { filter: Some("trace".into()), format: telemetry::Format::Json };
        let guard = telemetry::init(&options).unwrap();
        telemetry::Redactor::global().register(&SanitizedValue::from(secret));
        let texts = Forms::of("key", secret).texts.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        let on_a_thread = texts.clone();
        std::thread::Builder::new()
            .name("worker".into())
            .spawn(move || panic!("on a thread: {on_a_thread:?}"))
            .unwrap()
            .join()
            .ok();
        drop(guard);
        panic!("no such key: {} {texts:?}", secret.to_uppercase());
    }
    let this = std::env::current_exe().unwrap();
    let child = Command::new(this)
        .args(["--exact", "a_panic_shows_no_secret_in_any_form", "--nocapture", "--test-threads=1"])
        .env(PANICS, "1")
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    assert!(!child.status.success(), "the child panicked");
    let output = [child.stdout, child.stderr].concat();
    let text = String::from_utf8_lossy(&output);
    assert!(text.contains("panic: no such key: [REDACTED]"), "the panic is told: {text}");
    assert!(text.contains("panic: on a thread: "), "and the one of the thread: {text}");
    let forms = Forms::of("key", secret);
    let leaks = forms.found_in([output.as_slice()]);
    assert!(leaks.is_empty(), "{leaks:#?}");
}
