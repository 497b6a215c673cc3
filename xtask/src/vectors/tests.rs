//! The checker checked: on the golden files everything passes, and whatever expected value is altered, exactly its entry fails.

use super::azuro;
use super::paradex::{self, Wallets};
use super::report::{Outcome, Report, Row};
use super::vest::{self, Signed};
use super::{check, elements, read};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

fn document(path: &str) -> Map<String, Value> {
    read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a golden file")
}

fn paradex_file() -> Map<String, Value> {
    document("../crates/signing/testdata/paradex.json")
}

fn vest_file() -> Map<String, Value> {
    document("../crates/signing/testdata/vest.json")
}

fn azuro_file() -> Map<String, Value> {
    document("../crates/azuro_client/testdata/vectors.json")
}

fn tally(rows: &[Row]) -> (usize, usize, usize) {
    let count = |wanted: fn(&Outcome) -> bool| rows.iter().filter(|row| wanted(&row.outcome)).count();
    (
        count(|o| matches!(o, Outcome::Passed(_))),
        count(|o| matches!(o, Outcome::Failed(_))),
        count(|o| matches!(o, Outcome::Unsupported(_))),
    )
}

#[test]
fn every_entry_of_the_golden_files_passes() {
    let check = |document: &Map<String, Value>, entries: usize| {
        let rows = check(document);
        assert_eq!(tally(&rows), (entries, 0, 0), "{rows:#?}");
    };
    check(&paradex_file(), 24);
    check(&vest_file(), 28 + 7 + 1);
    check(&azuro_file(), 7 + 13 + 15 + 5 + 11 + 19 + 4 + 12);
    check(&document("../crates/sx_client/testdata/vectors.json"), 20 + 9 + 12 + 29);
}

/// Every leaf of a value, as a path of keys and indices.
fn leaves(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.iter().for_each(|(key, below)| leaves(below, &format!("{path}/{}", key.replace('/', "~1")), out));
        }
        Value::Array(list) if !list.is_empty() => {
            list.iter().enumerate().for_each(|(index, below)| leaves(below, &format!("{path}/{index}"), out));
        }
        _ => out.push(path.to_owned()),
    }
}

/// The same kind of value, but another one.
fn altered(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => json!(number.as_u64().expect("whole") + 1),
        Value::String(text) => {
            let mut text = text.clone();
            let last = match text.pop() {
                Some('1') => '2',
                Some(_) => '1',
                None => 'x',
            };
            text.push(last);
            json!(text)
        }
        _ => json!("something"),
    }
}

/// The paths of an entry that are computed: all but those it brings along.
fn computed(entry: &Value, given: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    leaves(entry, "", &mut all);
    let given: Vec<String> = given.iter().map(|path| format!("/{}", path.replace('.', "/"))).collect();
    all.retain(|leaf| !given.iter().any(|path| leaf == path || leaf.starts_with(&format!("{path}/"))));
    all
}

/// Alters every computed leaf of every entry of a section, one at a time, and drops it too.
///
/// `others_see` is all that the other entries see of the file besides themselves; as long as it stays as it was, they cannot have
/// changed, and only the altered entry is checked again.
fn alter_everything<C: PartialEq + std::fmt::Debug>(
    file: &Map<String, Value>,
    section: &str,
    given: impl Fn(&Value) -> &'static [&'static str],
    others_see: impl Fn(&Map<String, Value>) -> C,
    check_entry: impl Fn(&Value, &C) -> Outcome,
) -> usize {
    let context = others_see(file);
    let mut file = file.clone();
    let mut count = 0;
    for index in 0..elements(&file, section).len() {
        let entry = file[section][index].clone();
        let paths = computed(&entry, given(&entry));
        assert!(paths.len() >= 2, "{section} {index} has computed fields");
        for path in paths {
            let mut other = entry.clone();
            let leaf = other.pointer_mut(&path).expect("a path of this entry");
            *leaf = altered(leaf);
            file[section][index] = other.clone();
            assert_eq!(others_see(&file), context, "{section} {index} {path}: other entries see the change");
            let outcome = check_entry(&other, &context);
            assert!(matches!(outcome, Outcome::Failed(_)), "{section} {index} {path}: {outcome:?}");
            count += 1;
            let (parent, key) = path.rsplit_once('/').expect("a leaf has a parent");
            let mut less = entry.clone();
            if let Some(Value::Object(parent)) = less.pointer_mut(parent) {
                parent.remove(&key.replace("~1", "/"));
                assert!(matches!(check_entry(&less, &context), Outcome::Failed(_)), "{section} {index} without {path}");
            }
        }
        file[section][index] = entry;
    }
    count
}

#[test]
fn altering_or_dropping_any_expected_value_fails_exactly_its_entry() {
    let count = alter_everything(
        &paradex_file(),
        "vectors",
        |entry| paradex::given(entry["kind"].as_str().expect("a kind")),
        Wallets::of,
        paradex::check_entry,
    );
    assert!(count > 800, "{count}");
    let vest_file = vest_file();
    let mut count = 0;
    for section in ["cases", "negative_cases", "external_cases"] {
        count += alter_everything(
            &vest_file,
            section,
            |entry| vest::given(section, entry),
            Signed::of,
            |entry, signed| vest::check_entry(section, entry, signed),
        );
    }
    assert!(count > 500, "{count}");
    // Of combos and cash-outs only what is signed is rebuilt: the client sends neither.
    let mut azuro_file = azuro_file();
    azuro_file["eip712"].as_array_mut().expect("a list").retain(|entry| entry["kind"] == "single");
    let mut count = 0;
    for section in ["eip712", "odds", "event_logs"] {
        count += alter_everything(
            &azuro_file,
            section,
            |_| azuro::given(section),
            |file| file["eip712_types"].clone(),
            |entry, types| azuro::check_entry(section, entry, types),
        );
    }
    assert!(count > 200, "{count}");
}

#[test]
fn an_altered_file_fails_in_one_row_and_the_rest_still_passes() {
    let mut file = paradex_file();
    file["vectors"][1]["expected"]["account_address"] = json!("0x1");
    assert_eq!(tally(&check(&file)), (23, 1, 0));
    let mut file = vest_file();
    file["cases"][3]["signature"]["v"] = json!(28);
    let rows = check(&file);
    assert_eq!(tally(&rows), (35, 1, 0));
    let failed = rows.iter().find(|row| matches!(row.outcome, Outcome::Failed(_))).expect("one");
    assert_eq!(failed.id, "limit-long-btc");
    assert_eq!(failed.outcome, Outcome::Failed("signature.v: the file has 28, we compute 27".to_owned()));
}

#[test]
fn altering_an_input_fails_whatever_is_made_from_it() {
    let check = |section: &str, index: usize, pointer: &str, value: Value| {
        let mut file = if section == "vectors" { paradex_file() } else { vest_file() };
        *file[section][index].pointer_mut(pointer).expect("an input") = value;
        let (_, failed, _) = tally(&check(&file));
        assert!(failed >= 1, "{section} {index} {pointer}");
    };
    check("vectors", 10, "/inputs/size", json!("0.014"));
    check("vectors", 10, "/inputs/size", json!("1e3"));
    check("vectors", 10, "/inputs/instruction", json!("IOC"));
    check("vectors", 10, "/account_address", json!("0x1"));
    check("vectors", 10, "/l2_private_key", json!("0x1"));
    check("vectors", 10, "/environment", json!("prod"));
    check("vectors", 10, "/environment", json!("moon"));
    check("vectors", 5, "/inputs/action", json!("Offboarding"));
    check("vectors", 0, "/inputs/paraclear_account_hash", json!("0x1"));
    check("cases", 3, "/inputs/isBuy", json!(false));
    check("cases", 3, "/inputs/size", json!(1));
    check("cases", 3, "/request_body/recvWindow", json!(60_001));
    check("cases", 0, "/inputs/domain/name", json!("VestRouterV3"));
    check("negative_cases", 0, "/inputs/isBuy", json!(true));
    check("negative_cases", 0, "/signature_of", json!("limit-short-btc"));
    check("negative_cases", 5, "/inputs/isBuy", json!(false));
}

#[test]
fn what_no_code_here_knows_is_unsupported_and_never_passes() {
    let mut file = paradex_file();
    file["vectors"][10]["expected"]["gas"] = json!(1);
    file["vectors"][11]["kind"] = json!("withdraw");
    file.insert("more_vectors".to_owned(), json!([{ "id": "a" }, {}]));
    assert_eq!(tally(&check(&file)), (22, 0, 4));
    let check = |text: &str| {
        let document: Map<String, Value> = serde_json::from_str(text).expect("an object");
        assert_eq!(tally(&check(&document)), (0, 0, 1), "{text}");
    };
    check("{}");
    check(r#"{"vectors": []}"#);
    check(r#"{"vectors": 7}"#);
    check(r#"{"vectors": [7]}"#);
    check(r#"{"something": [1, 2]}"#);
}

#[test]
fn wrong_constants_fail_in_a_row_of_their_own() {
    let mut file = paradex_file();
    file["constants"]["curve_order_n"] = json!("0x1");
    assert_eq!(tally(&check(&file)), (24, 1, 0));
}

#[test]
fn the_report_ends_with_the_totals_and_its_code_says_the_worst() {
    let passed = || Row::new("a", "1", Outcome::Passed("fine".to_owned()));
    let failed = || Row::new("a", "2", Outcome::Failed("x: the file has 1, we compute 2".to_owned()));
    let unsupported = || Row::new("b", "-", Outcome::Unsupported("unknown".to_owned()));
    let check = |rows: Vec<Row>, code: u8, end: &str| {
        let mut report = Report::default();
        report.add("f.json", rows);
        assert_eq!(report.code(), code);
        let text = report.to_string();
        assert!(text.ends_with(end), "{text}");
    };
    check(vec![passed()], 0, "ok           f.json a 1  fine\n1 passed, 0 failed\n");
    check(vec![passed(), unsupported()], 2, "unsupported  f.json b -  unknown\nunsupported: 1\n1 passed, 0 failed\n");
    check(vec![failed(), unsupported()], 1, "unsupported: 1\n0 passed, 1 failed\n");
    check(vec![failed()], 1, "FAILED       f.json a 2  x: the file has 1, we compute 2\n0 passed, 1 failed\n");
    let mut report = Report::default();
    report.add("f.json", vec![passed()]);
    report.unreadable("g.json", &anyhow::anyhow!("no such file"));
    assert_eq!(report.code(), 2);
    assert!(report.to_string().ends_with("unreadable   g.json  no such file\n1 passed, 0 failed\n"));
}

#[test]
fn a_file_that_is_missing_or_no_json_object_is_an_error_that_names_it() {
    let error = read(&PathBuf::from("/nowhere/x.json")).expect_err("missing");
    assert_eq!(error.to_string(), "cannot read /nowhere/x.json");
    let list = std::env::temp_dir().join(format!("xtask-vectors-{}.json", std::process::id()));
    std::fs::write(&list, "[]").expect("written");
    assert!(read(&list).expect_err("a list").to_string().ends_with("is not a JSON object"));
    std::fs::remove_file(&list).expect("removed");
}
