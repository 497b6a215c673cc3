//! Error texts, as snapshots.

use crate::settings::{Settings, refusal};
use config_manager::Layers;
use expect_test::{Expect, expect};
use proptest::prelude::*;

#[track_caller]
fn check(yaml: &str, expect: Expect) {
    expect.assert_eq(&refusal(yaml, &[], &[]));
}

#[test]
fn an_unknown_name_comes_with_its_place_and_the_nearest_valid_one() {
    check(
        "pairs: []\nperps:\n  spread_entri: 1\n",
        expect![
            "config.yaml:3:3: perps.spread_entri: unknown, did you mean `spread_entry`?; known: spread_entry, spread_exit, max_retries, enabled, offset, ratio"
        ],
    );
    check(
        "pairs: []\nmodes: live\n",
        expect!["config.yaml:2:1: modes: unknown, did you mean `mode`?; known: pairs, mode, perps, per_pair, store, note"],
    );
    check(
        "pairs: []\nleverage: 3\n",
        expect!["config.yaml:2:1: leverage: unknown; known: pairs, mode, perps, per_pair, store, note"],
    );
    check(
        "pairs: []\nper_pair:\n  ETH-USD: {spreadExit: 1}\n",
        expect![
            "config.yaml:3:13: per_pair.ETH-USD.spreadExit: unknown, did you mean `spread_exit`?; known: spread_entry, spread_exit, max_retries, enabled, offset, ratio"
        ],
    );
    check(
        "pairs: []\nstore:\n  fille:\n    path: x\n",
        expect![[r#"config.yaml:3:3: store: "fille" is none of: memory, file; did you mean `file`?"#]],
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_placed_where_it_stands() {
    check(
        "pairs: []\nperps:\n  max_retries: many\n",
        expect![[r#"config.yaml:3:16: perps.max_retries: expected a whole number from 0 to 255, found "many""#]],
    );
    check(
        "pairs: []\nperps:\n  max_retries: 300\n",
        expect![[r#"config.yaml:3:16: perps.max_retries: expected a whole number from 0 to 255, found "300""#]],
    );
    check(
        "pairs: []\nperps:\n  max_retries: -1\n",
        expect![[r#"config.yaml:3:16: perps.max_retries: expected a whole number from 0 to 255, found "-1""#]],
    );
    check(
        "pairs: []\nperps:\n  max_retries:\n",
        expect!["config.yaml:3:14: perps.max_retries: expected a whole number from 0 to 255, found nothing"],
    );
    check(
        "pairs: []\nperps:\n  max_retries: [1]\n",
        expect!["config.yaml:3:16: perps.max_retries: expected a whole number from 0 to 255, found a list"],
    );
    check(
        "pairs: []\nperps:\n  enabled: yes\n",
        expect![[r#"config.yaml:3:12: perps.enabled: expected true or false, found "yes""#]],
    );
    check("pairs: []\nperps:\n  ratio: half\n", expect![[r#"config.yaml:3:10: perps.ratio: expected a number, found "half""#]]);
    check("pairs: []\nperps: fast\n", expect![[r#"config.yaml:2:8: perps: expected a section, found "fast""#]]);
    check("pairs: ETH-USD\n", expect![[r#"config.yaml:1:8: pairs: expected a list, found "ETH-USD""#]]);
    check(
        "pairs:\n  - ETH-USD\n  - ETHUSD\n",
        expect![[r#"config.yaml:3:5: pairs.1: "ETHUSD" is no pair, write it like ETH-USD"#]],
    );
    check(
        "pairs: []\nmode: life\n",
        expect![[r#"config.yaml:2:7: mode: "life" is none of: demo, paper, live; did you mean `live`?"#]],
    );
    check("pairs: []\nmode: [live]\n", expect!["config.yaml:2:7: mode: expected one of demo, paper, live, found a list"]);
    check(
        "pairs: []\nstore:\n  file:\n    path: x\n    size_mb: big\n",
        expect![[r#"config.yaml:5:14: store.file.size_mb: expected a whole number from 0 to 4294967295, found "big""#]],
    );
    check("- a\n- b\n", expect!["config.yaml:1:1: expected a section, found a list"]);
}

#[test]
fn what_is_missing_is_named() {
    check("mode: live\n", expect!["config.yaml:1:1: pairs: missing, it has no default"]);
    check("", expect!["pairs: missing, it has no default"]);
    check(
        "pairs: []\nstore:\n  file:\n    path: x\n",
        expect!["config.yaml:4:5: store.file.size_mb: missing, it has no default"],
    );
}

#[test]
fn what_is_set_twice_is_named() {
    check("pairs: []\nmode: live\nmode: paper\n", expect!["config.yaml:3:1: mode: set twice: first at config.yaml:2:1"]);
    check(
        "pairs: []\nperps:\n  spread_entry: 1\n  entry_threshold: 2\n",
        expect![
            "config.yaml:4:3: perps.entry_threshold: set twice: it is another name of `spread_entry`, which is set beside it"
        ],
    );
}

#[test]
fn what_is_no_yaml_is_placed() {
    check("pairs: [a\nmode: live\n", expect!["config.yaml:2:5: not YAML: illegal placement of ':' indicator"]);
    check(
        "pairs: []\n\tmode: live\n",
        expect!["config.yaml:2:2: not YAML: tabs disallowed within this context (block indentation)"],
    );
    check(
        "a: &x 1\nb: *x\n",
        expect!["config.yaml:1:7: anchors (&name) are not supported, write the value out where it is needed"],
    );
    check("a: !!str 1\n", expect!["config.yaml:1:10: tags (!name) are not supported"]);
    check("pairs: []\n---\nmode: live\n", expect!["config.yaml:2:1: a second document begins here, only one is read"]);
    check("? [a]\n: 1\n", expect!["config.yaml:1:3: a name must be a plain text"]);
    check(&format!("{}{}", "[".repeat(40), "]".repeat(40)), expect!["config.yaml:1:33: nested too deeply"]);
}

#[test]
fn variables_and_options_are_named_like_files() {
    let of = |variables: &[(&str, &str)], options: &[&str]| refusal("pairs: []", variables, options);
    expect!["environment BOT4_PERPS__MAX_RETRY: perps.max_retry: unknown, did you mean `max_retries`?; known: spread_entry, spread_exit, max_retries, enabled, offset, ratio"].assert_eq(&of(&[("BOT4_PERPS__MAX_RETRY", "3")], &[]));
    expect![[r#"environment BOT4_PERPS__MAX_RETRIES: perps.max_retries: expected a whole number from 0 to 255, found "three""#]]
        .assert_eq(&of(&[("BOT4_PERPS__MAX_RETRIES", "three")], &[]));
    expect![[r#"environment BOT4_PAIRS: pairs: "ETHUSD" is no pair, write it like ETH-USD"#]]
        .assert_eq(&of(&[("BOT4_PAIRS", "ETH-USD,ETHUSD")], &[]));
    expect!["environment BOT4_PAIRS: not YAML: unclosed bracket '['"].assert_eq(&of(&[("BOT4_PAIRS", "[ETH-USD")], &[]));
    expect![[r#"option --mode: mode: "love" is none of: demo, paper, live; did you mean `live`?"#]]
        .assert_eq(&of(&[], &["mode=love"]));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Layers::new().file(&folder.path().join("none.yaml"), "").unwrap_err().to_string();
    assert!(error.ends_with("none.yaml: cannot be read: No such file or directory (os error 2)"), "{error}");
    let big = folder.path().join("big.yaml");
    std::fs::write(&big, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(Layers::new().file(&big, "").is_err());
    std::fs::write(&big, [0xff, 0xfe, 0x00]).unwrap();
    assert!(Layers::new().file_if_present(&big, "").is_err(), "not UTF-8");
}

proptest! {
    /// Whatever a file holds, reading it ends in settings or in an error with a place: no panic.
    #[test]
    fn any_text_is_read_or_refused(text in "(pairs|mode|perps|[a-z]{1,3}|[-:\\[\\]{}#&*!|>'\"%@`, \n\t]|\\PC){0,40}") {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, &text).unwrap();
        if let Err(error) = Layers::new().file(&file, "").and_then(|l| l.load::<Settings>()) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn what_must_not_stand_among_settings_is_refused_with_its_reason_and_never_shown() {
    let said = |yaml: &str, options: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, yaml).unwrap();
        let mut layers =
            Layers::new().refuse("perps.url", "is a credential").refuse_text("perps", "is a section").file(&file, "").unwrap();
        for (path, value) in options {
            layers = layers.set(path, value, "--set").unwrap();
        }
        let error = layers.load::<serde_json::Value>().map_or_else(|e| e.to_string(), |_| "taken".to_owned());
        error.replace(&file.display().to_string(), "config.yaml")
    };
    assert_eq!(said("perps:\n  url: hunter22\n", &[]), "config.yaml:2:8: perps.url: is a credential");
    assert_eq!(said("perps: hunter22\n", &[]), "config.yaml:1:8: perps: is a section");
    assert_eq!(said("", &[("perps.url", "hunter22")]), "option --set: perps.url: is a credential");
    assert_eq!(said("perps:\n", &[]), "taken");
    assert_eq!(said("perps: { other: 1 }\nurl: fine\n", &[]), "taken");
}
