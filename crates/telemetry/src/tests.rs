//! What comes out, byte for byte where it can be said.

use crate::logs::{Format, LogOptions, build, report};
use crate::redact::Redactor;
use serde_json::Value;
use signing::SanitizedValue;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use tracing::{debug, error, info, info_span, trace, warn};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn redactor() -> &'static Redactor {
    Box::leak(Box::default())
}

/// Everything that is written while `act` runs.
fn captured(filter: &str, format: Format, terminal: bool, redactor: &'static Redactor, act: impl FnOnce()) -> String {
    let out = Captured::default();
    let options = LogOptions { filter: Some(filter.to_owned()), format };
    let (subscriber, guard) = build(&options, out.clone(), terminal, None, redactor).unwrap();
    tracing::subscriber::with_default(subscriber, act);
    drop(guard);
    let bytes = out.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn json(act: impl FnOnce()) -> Vec<Value> {
    let text = captured("trace", Format::Auto, false, redactor(), act);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_is_one_flat_json_object() {
    let lines = json(|| {
        info!(pair = "ETH-USD", spread_bps = 41i64, size = 2u64, live = true, ratio = 0.5, note = ?Some("a\"b\n"), "[TRADE] Entry executed");
    });
    let line = &lines[0];
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == 27 && timestamp.ends_with('Z') && timestamp.contains('T'), "{timestamp}");
    let mut rest = line.clone();
    rest.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(
        rest,
        serde_json::json!({
            "level": "INFO", "target": "telemetry::tests", "message": "[TRADE] Entry executed", "pair": "ETH-USD",
            "spread_bps": 41, "size": 2, "live": true, "ratio": 0.5, "note": "Some(\"a\\\"b\\n\")",
        })
    );
}

#[test]
fn odd_values_and_names_stay_valid_json() {
    let lines = json(|| {
        let failed = io::Error::other("control \u{1} and \u{7f}");
        warn!(
            level = "mine",
            timestamp = 7,
            big = u128::MAX,
            nan = f64::NAN,
            error = &failed as &dyn std::error::Error,
            "née \\ \"x\""
        );
        info!(only = "fields");
    });
    assert_eq!(lines[0]["level"], "WARN");
    assert_eq!(lines[0]["level_"], "mine");
    assert_eq!(lines[0]["timestamp_"], 7);
    assert_eq!(lines[0]["big"], u128::MAX.to_string());
    assert_eq!(lines[0]["nan"], "NaN");
    assert_eq!(lines[0]["error"], "control \u{1} and \u{7f}");
    assert_eq!(lines[0]["message"], "née \\ \"x\"");
    assert_eq!((lines[1]["message"].as_str(), lines[1]["only"].as_str()), (Some(""), Some("fields")));
}

#[test]
fn fields_of_spans_stand_beside_those_of_the_event() {
    let lines = json(|| {
        let round = info_span!("round", round = "1-7", leg = tracing::field::Empty);
        let _in = round.enter();
        round.record("leg", "A");
        info!(order = 3, "sent");
    });
    assert_eq!((&lines[0]["round"], &lines[0]["leg"], &lines[0]["order"]), (&"1-7".into(), &"A".into(), &3.into()));
}

#[test]
fn people_on_a_terminal_get_colours_and_a_pipe_gets_none() {
    let act = || info!(pair = "ETH-USD", note = "two words", "[CONFIG] Loaded \"x\"\nforged line");
    let plain = captured("info", Format::Human, false, redactor(), act);
    assert_eq!(
        plain.get(16..).unwrap(),
        "INFO  [CONFIG] Loaded \"x\"\\nforged line pair=ETH-USD note=\"two words\"  telemetry::tests\n"
    );
    let coloured = captured("info", Format::Auto, true, redactor(), act);
    assert!(coloured.contains("\x1b[32mINFO \x1b[0m") && coloured.ends_with("\x1b[0m\n"), "{coloured:?}");
}

#[test]
fn people_are_not_told_twice() {
    let act = || info!(event_type = "ORDER_PLACED", pair = "ETH-USD", price = "3100", why = "a b", "Order placed: pair=ETH-USD");
    let plain = captured("info", Format::Human, false, redactor(), act);
    assert_eq!(plain.get(16..).unwrap(), "INFO  Order placed: pair=ETH-USD price=3100 why=\"a b\"  telemetry::tests\n");
}

#[test]
fn the_filter_decides_and_a_bad_one_is_named() {
    let act = || {
        debug!("no");
        warn!("yes");
    };
    assert_eq!(captured("warn", Format::Human, false, redactor(), act).lines().count(), 1);
    assert_eq!(captured("off,telemetry=debug", Format::Human, false, redactor(), act).lines().count(), 2);
    let refused = |filter: Option<&str>, rust_log: Option<&str>| {
        let options = LogOptions { filter: filter.map(str::to_owned), format: Format::Json };
        build(&options, io::sink(), false, rust_log.map(str::to_owned), redactor()).err().map(|e| e.to_string())
    };
    let hint = "is not a log filter; write a level (error, warn, info, debug, trace) or TARGET=LEVEL, separated by commas";
    assert_eq!(refused(Some("a=loud"), None), Some(format!("--log=\"a=loud\" {hint}")));
    assert_eq!(refused(None, Some("a=loud")), Some(format!("RUST_LOG=\"a=loud\" {hint}")));
    assert_eq!(refused(Some("info"), Some("a=loud")), None, "what is not used is not judged");
}

#[test]
fn a_secret_shows_nowhere_at_no_level_in_no_format() {
    for (format, terminal) in [(Format::Json, false), (Format::Human, true)] {
        let secrets = redactor();
        secrets.register(&SanitizedValue::from("0x01c0ffee254729296a45a3885639ac7e"));
        secrets.register(&SanitizedValue::from("quote\"d secret"));
        let text = captured("trace", format, terminal, secrets, || {
            let span = info_span!("s", key = "01C0FFEE254729296A45A3885639AC7E");
            let _in = span.enter();
            trace!(body = "{\"k\":\"1c0ffee254729296a45a3885639ac7e\"}", "sending quote\"d secret");
            error!(debugged = ?Some("quote\"d secret"), "0x1c0ffee254729296a45a3885639ac7e");
            info!("decimal {}", 0x01c0_ffee_2547_2929_6a45_a388_5639_ac7e_u128);
        });
        let lower = text.to_lowercase();
        assert!(!lower.contains("c0ffee") && !lower.contains("d secret") && !lower.contains("23311470"), "{text}");
        assert_eq!(text.matches("[REDACTED]").count(), 8, "{text}");
    }
}

#[test]
fn a_secret_registered_after_the_line_was_logged_is_still_hidden_while_the_line_waits() {
    let secrets = redactor();
    let (gate, out) = Gate::closed();
    let options = LogOptions { filter: Some("info".into()), format: Format::Human };
    let (subscriber, guard) = build(&options, gate, false, None, secrets).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        info!("first, holds the writer up");
        out.arrived();
        info!("new key: hunter22");
        secrets.register(&SanitizedValue::from("hunter22"));
        out.open();
        assert!(guard.flush());
    });
    assert!(!out.text().contains("hunter22"));
    assert!(out.text().contains("new key: [REDACTED]"));
}

#[test]
fn an_output_that_does_not_keep_up_costs_lines_and_no_time_and_the_loss_is_told() {
    let (gate, out) = Gate::closed();
    let options = LogOptions { filter: Some("info".into()), format: Format::Json };
    let (subscriber, guard) = build(&options, gate, false, None, redactor()).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        info!("first, holds the writer up");
        out.arrived();
        for n in 0..10_000 {
            info!(n, "more than the queue holds");
        }
        assert_eq!(guard.dropped(), 10_000 - 8_192);
        out.open();
        assert!(guard.flush());
    });
    let text = out.text();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["message"], "log lines were dropped, the output does not keep up");
    assert_eq!(last["dropped"], 10_000 - 8_192);
}

#[test]
fn a_panic_becomes_a_redacted_error_line() {
    let secrets = redactor();
    secrets.register(&SanitizedValue::from("hunter22"));
    let text = captured("error", Format::Json, false, secrets, || {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(report));
        let result = std::panic::catch_unwind(|| panic!("no such key: {}", "hunter22"));
        std::panic::set_hook(before);
        assert!(result.is_err());
    });
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["message"], "panic: no such key: [REDACTED]");
    assert_eq!(line["level"], "ERROR");
    assert!(line["location"].as_str().unwrap().contains("tests.rs"));
}

#[test]
fn a_very_long_value_is_cut() {
    let lines = json(|| info!(frame = "é".repeat(100_000), "sent"));
    let kept = lines[0]["frame"].as_str().unwrap();
    assert!(kept.len() <= 16 * 1024 && kept.chars().all(|c| c == 'é'));
}

/// An output that holds everything up until it is opened.
struct Gate {
    out: Captured,
    waiting: Option<(Sender<()>, Receiver<()>)>,
}

struct Opener {
    out: Captured,
    arrived: Receiver<()>,
    open: Sender<()>,
}

impl Gate {
    fn closed() -> (Self, Opener) {
        let (out, (arriving, arrived), (open, opened)) = (Captured::default(), channel(), channel());
        (Self { out: out.clone(), waiting: Some((arriving, opened)) }, Opener { out, arrived, open })
    }
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((arriving, opened)) = self.waiting.take() {
            arriving.send(()).unwrap();
            opened.recv().unwrap();
        }
        self.out.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Opener {
    fn arrived(&self) {
        self.arrived.recv().unwrap();
    }
    fn open(&self) {
        self.open.send(()).unwrap();
    }
    fn text(&self) -> String {
        String::from_utf8(self.out.0.lock().unwrap().clone()).unwrap()
    }
}
