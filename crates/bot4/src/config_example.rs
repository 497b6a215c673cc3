//! Holds the two example files at the root to what the code reads: nothing missing, nothing else, the same defaults.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use crate::config::{Base, Config, Dollars, FileConfig, PairEntry, Percent};
use crate::keys;
use config_manager::{Environment, Layers, Origin};
use domain::{Rate, Size, Usd};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn at_the_root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

#[test]
fn the_example_configuration_shows_every_setting_with_its_default() {
    let file = at_the_root("config.example.yaml");
    let loaded = Layers::new().file(&file, "").unwrap().load::<FileConfig>().unwrap();
    let pairs = loaded.config.pairs.clone();
    assert_eq!(loaded.config, FileConfig { pairs, ..FileConfig::default() });
    assert_eq!(Config::resolve(&loaded).unwrap().pair_list(), "[ETH-USD, BTC-USD]");
    // A pair written as a name alone has no further place of its own.
    let set = |path: &str| path.starts_with("pairs.") || *loaded.origin(path) != Origin::Default;
    let unset: Vec<&str> = loaded.provenance.iter().map(|p| p.path.as_str()).filter(|path| !set(path)).collect();
    assert!(unset.is_empty(), "not in the example: {unset:?}");
}

#[test]
fn settings_without_a_default_are_shown_as_comments() {
    let text = std::fs::read_to_string(at_the_root("config.example.yaml")).unwrap();
    let percent = Some(Percent(Rate::from_bps(1)));
    let pair = PairEntry {
        pair: "ETH-USD".parse().unwrap(),
        size: Some(Base(Size::ZERO)),
        notional_usd: Some(Dollars(Usd::ZERO)),
        spread_entry: percent,
        spread_exit: percent,
        vest: Some(String::new()),
        paradex: Some(String::new()),
    };
    let pair = serde_json::to_value(pair).unwrap();
    let of_a_pair = pair.as_object().unwrap().keys().map(|name| format!("#     {name}: "));
    let others = ["# max_holding_s: ", "    # ca: vest.pem", "    # ca: paradex.pem"].map(str::to_owned);
    for line in of_a_pair.chain(others) {
        let line = line.replace("#     pair", "#   - pair");
        assert!(text.lines().any(|l| l.starts_with(&line)), "no {line:?}");
    }
}

#[test]
fn the_example_of_credentials_names_every_one_and_holds_none() {
    let file = at_the_root(".env.example");
    let text = std::fs::read_to_string(&file).unwrap();
    let names: BTreeSet<&str> = text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| Some(l.split_once('=')?.0)).collect();
    assert_eq!(names, BTreeSet::from(keys::ALL));
    let environment = Environment::of([], Some(&file)).unwrap();
    assert!(!environment.secrets().any_present(&keys::ALL), "an example with a value is a leak or a trap");
}
