//! Which layer wins, and what is remembered about it.

use crate::settings::{Mode, Perps, Settings, Store, load};
use config_manager::{Environment, Layers, Origin, Provenance};
use expect_test::expect;

const FILE: &str = "\
# A comment
pairs: [ETH-USD, BTC-USD]
perps:
  spread_entry: 0.450
  max_retries: 5
per_pair:
  ETH-USD:
    spread_entry: '0.30'
store:
  file:
    path: state.db
    size_mb: 20
";

/// `config.yaml:4:17` without the folder of the moment.
fn origin(origin: &Origin) -> String {
    origin.to_string().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn later_layers_win_and_every_value_knows_where_it_came_from() {
    let variables = [("BOT4_MODE", "live"), ("BOT4_PERPS__MAX_RETRIES", "7"), ("BOT4_PER_PAIR__ETH_USD__SPREAD_EXIT", "0.05")];
    let loaded = load(FILE, &variables, &["perps.max_retries=9", "perps.offset=-4"]).unwrap();
    let line = |p: &Provenance| format!("{} = {}  [{}]", p.path, p.value, origin(&p.origin));
    let text = loaded.provenance.iter().map(line).collect::<Vec<_>>().join("\n");
    expect![[r#"
        mode = "live"  [environment BOT4_MODE]
        note = null  [default]
        pairs.0 = "ETH-USD"  [config.yaml:2:9]
        pairs.1 = "BTC-USD"  [config.yaml:2:18]
        per_pair.ETH-USD.enabled = true  [default]
        per_pair.ETH-USD.max_retries = 3  [default]
        per_pair.ETH-USD.offset = 0  [default]
        per_pair.ETH-USD.ratio = 0.5  [default]
        per_pair.ETH-USD.spread_entry = "0.30"  [config.yaml:8:19]
        per_pair.ETH-USD.spread_exit = "0.05"  [environment BOT4_PER_PAIR__ETH_USD__SPREAD_EXIT]
        perps.enabled = true  [default]
        perps.max_retries = 9  [option --perps.max_retries]
        perps.offset = -4  [option --perps.offset]
        perps.ratio = 0.5  [default]
        perps.spread_entry = "0.450"  [config.yaml:4:17]
        perps.spread_exit = "0.10"  [default]
        store.file.path = "state.db"  [config.yaml:11:11]
        store.file.size_mb = 20  [config.yaml:12:14]"#]]
    .assert_eq(&text);
    assert_eq!(loaded.config.mode, Mode::Live);
    assert_eq!(loaded.config.store, Store::File { path: "state.db".into(), size_mb: 20 });
}

#[test]
fn a_decimal_keeps_the_digits_it_was_written_with() {
    assert_eq!(load(FILE, &[], &[]).unwrap().config.perps.spread_entry, "0.450");
    assert_eq!(load("pairs: []", &[("BOT4_PERPS__SPREAD_ENTRY", "0.10")], &[]).unwrap().config.perps.spread_entry, "0.10");
}

#[test]
fn lists_in_one_text_are_written_with_commas_or_brackets() {
    for value in ["ETH-USD,BTC-USD", "[ETH-USD, \"BTC-USD\"]", " ETH-USD , BTC-USD "] {
        let loaded = load("pairs: [SOL-USD]", &[("BOT4_PAIRS", value)], &[]).unwrap();
        assert_eq!(serde_json::to_string(&loaded.config.pairs).unwrap(), r#"["ETH-USD","BTC-USD"]"#, "{value}");
        assert_eq!(loaded.origin("pairs.1").to_string(), "environment BOT4_PAIRS");
    }
}

#[test]
fn older_names_are_understood_and_the_present_one_is_shown() {
    let loaded = load("pairs: []\nperps:\n  entry_threshold: 0.7", &[], &[]).unwrap();
    assert_eq!(loaded.config.perps.spread_entry, "0.7");
    assert_eq!(origin(loaded.origin("perps.spread_entry")), "config.yaml:3:20");
    let over = load("pairs: []\nperps: {spread_entry: 0.7}", &[("BOT4_PERPS__ENTRY_THRESHOLD", "0.8")], &[]).unwrap();
    assert_eq!(over.config.perps.spread_entry, "0.8");
}

#[test]
fn empty_variables_empty_sections_and_variables_of_others_set_nothing() {
    let variables = [("BOT4_MODE", ""), ("BOT4_CONFIG", "other.yaml"), ("BOT4_", "x"), ("BOTTLE", "x"), ("VEST_KEY", "x")];
    let loaded = load("pairs: []\nperps:\nnote:\nstore: memory", &variables, &[]).unwrap();
    assert_eq!((loaded.config.mode, loaded.config.note, loaded.config.store), (Mode::Paper, None, Store::Memory));
    assert_eq!(loaded.config.perps, Perps::default());
}

#[test]
fn the_hash_is_of_the_values_and_not_of_how_they_were_set() {
    let hash = |yaml: &str, variables: &[(&str, &str)]| load(yaml, variables, &[]).unwrap().hash;
    let one = hash("pairs: [A-B]\nmode: paper\nperps: {max_retries: 3}", &[]);
    assert_eq!(one.len(), 64);
    assert_eq!(one, hash("# other\nperps:\n\npairs:\n- A-B\n", &[]), "defaults and order make no difference");
    assert_eq!(one, hash("pairs: [C-D]", &[("BOT4_PAIRS", "A-B")]));
    assert_ne!(one, hash("pairs: [A-B]\nmode: live", &[]));
    assert_ne!(hash("pairs: [A-B, C-D]", &[]), hash("pairs: [A-B]", &[]));
    assert_ne!(hash("pairs: []\nnote: a", &[]), hash("pairs: []\nnote: b", &[]));
}

#[test]
fn a_file_may_belong_to_a_section_and_the_later_file_wins() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let main = write("config.yaml", "pairs: [A-B]\nperps: {max_retries: 1, offset: 1}");
    let perps = write("perps.yml", "max_retries: 2");
    let layers = Layers::new().file(&main, "").and_then(|l| l.file_if_present(&perps, "perps"));
    let layers = layers.and_then(|l| l.file_if_present(&folder.path().join("none.yml"), "perps")).unwrap();
    let loaded = layers.clone().load::<Settings>().unwrap();
    assert_eq!((loaded.config.perps.max_retries, loaded.config.perps.offset), (2, 1));
    assert_eq!(origin(loaded.origin("perps.max_retries")), "perps.yml:1:14");
    let environment = Environment::of([("BOT4_PERPS".to_owned(), "{max_retries: 4}".to_owned())], None).unwrap();
    let loaded = layers.environment(&environment, "BOT4_", &[]).unwrap().load::<Settings>().unwrap();
    assert_eq!((loaded.config.perps.max_retries, loaded.config.perps.offset), (4, 1), "sections are joined");
}

#[test]
fn a_check_of_meaning_is_placed_like_every_other_error() {
    let loaded = load(FILE, &[], &["perps.spread_exit=0.9"]).unwrap();
    let why = "must be below spread_entry (0.450)";
    assert_eq!(
        loaded.complain("perps.spread_exit", why).to_string(),
        format!("option --perps.spread_exit: perps.spread_exit: {why}")
    );
    assert!(
        loaded.complain("perps.spread_entry", why).to_string().ends_with(&format!("config.yaml:4:17: perps.spread_entry: {why}"))
    );
    assert_eq!(loaded.complain("perps.ratio", why).to_string(), format!("perps.ratio: {why}"), "a default was written nowhere");
}
