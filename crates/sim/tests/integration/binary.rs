//! The binary: the same seed in two processes, what it prints, how it exits.

use std::process::{Command, Output};

fn sim(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim")).args(args).output().expect("the built binary starts")
}

fn stdout(args: &[&str]) -> String {
    let out = sim(args);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stdout));
    String::from_utf8(out.stdout).expect("text")
}

#[test]
fn the_same_seed_in_two_processes_gives_the_same_history_hash() {
    for seed in ["3", "36"] {
        let (one, two) = (stdout(&["seed", seed]), stdout(&["seed", seed]));
        let hash = |text: &str| text.lines().rev().find_map(|l| l.strip_prefix("history ")).map(str::to_owned);
        assert!(hash(&one).is_some_and(|h| h.len() == 64));
        assert_eq!(one, two, "everything that is told is the same, not only the hash");
    }
    assert_ne!(stdout(&["seed", "3", "--json"]), stdout(&["seed", "4", "--json"]));
}

#[test]
fn the_report_is_one_json_object() {
    let report: serde_json::Value = serde_json::from_str(&stdout(&["seeds", "--count", "3", "--json"])).expect("JSON");
    assert_eq!((&report["held"], &report["runs"]), (&serde_json::json!(true), &serde_json::json!(3)));
    assert!(report["coverage"]["record"]["opened"].as_u64().is_some_and(|n| n > 0));
}

/// Arguments, exit code.
#[test]
fn wrong_usage_is_told_with_the_usage_and_exit_code_two() {
    fn check(args: &[&str], code: i32) {
        let out = sim(args);
        assert_eq!(out.status.code(), Some(code), "{args:?}");
        let text = [out.stdout, out.stderr].concat();
        assert!(String::from_utf8_lossy(&text).contains("usage: sim seeds"), "{args:?}");
    }
    check(&["--help"], 0);
    check(&["help"], 0);
    check(&[], 2);
    check(&["seed", "many"], 2);
    check(&["seeds", "--count", "-1"], 2);
    check(&["kind", "no_such"], 2);
}

#[test]
fn the_kept_journal_is_what_this_build_writes() {
    let folder = std::env::temp_dir().join(format!("sim-journal-{}", std::process::id()));
    stdout(&["journal", folder.to_str().expect("a plain path")]);
    let bytes = std::fs::read(folder.join("sample.journal")).expect("written");
    let lines = std::fs::read_to_string(folder.join("sample.jsonl")).expect("written");
    std::fs::remove_dir_all(&folder).expect("removed");
    assert!(bytes.len() > lines.len(), "frames around the same records");
    assert!(lines.lines().count() > 20);
}
