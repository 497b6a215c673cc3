//! Variables, `.env` and credentials.

use config_manager::{Environment, EnvironmentError, Layers};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

fn dotenv(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    (folder, file)
}

fn process(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn the_process_wins_over_the_file_and_is_not_changed() {
    let (_folder, file) = dotenv("# keys\nVEST_KEY=\"from file\"\nPARADEX_KEY=p1\nexport OTHER='x y'\n");
    let environment = Environment::of(process(&[("VEST_KEY", "from process")]), Some(&file)).unwrap();
    let secrets = environment.secrets();
    assert_eq!(secrets.require("VEST_KEY").unwrap().expose_secret(), "from process");
    assert_eq!(secrets.require("PARADEX_KEY").unwrap().expose_secret(), "p1");
    assert_eq!(environment.get("OTHER"), Some("x y"));
    Environment::load(Some(&file)).unwrap();
    assert!(std::env::var_os("PARADEX_KEY").is_none());
}

#[test]
fn a_missing_credential_is_named_with_the_place_it_belongs_to() {
    let (_folder, file) = dotenv("EMPTY=\nBLANK=' '\n");
    let environment = Environment::of([], Some(&file)).unwrap();
    let secrets = environment.secrets();
    let place = format!("set it in the environment or in {}", file.display());
    assert_eq!(secrets.require("VEST_KEY").unwrap_err().to_string(), format!("credential VEST_KEY is missing: {place}"));
    assert_eq!(secrets.require("EMPTY").unwrap_err().to_string(), format!("credential EMPTY is empty: {place}"));
    assert!(secrets.get("BLANK").is_none() && environment.get("BLANK").is_none());
    let nowhere = Environment::of([], None).unwrap();
    assert_eq!(nowhere.secrets().require("K").unwrap_err().to_string(), "credential K is missing: set it in the environment");
    assert!(Environment::of([], Some(&file.with_file_name("none"))).unwrap().secrets().get("EMPTY").is_none());
}

#[test]
fn one_credential_is_enough_to_mean_business() {
    let environment = Environment::of(process(&[("A", ""), ("B", " key ")]), None).unwrap();
    let secrets = environment.secrets();
    assert!(secrets.any_present(&["A", "B"]) && !secrets.any_present(&["A", "C"]) && !secrets.any_present(&[]));
    assert_eq!(secrets.require("B").unwrap().expose_secret(), "key");
}

#[test]
fn a_malformed_line_is_counted_and_never_shown() {
    let (_folder, file) = dotenv("GOOD=1\n\nVEST KEY=hunter2\n");
    let error = Environment::of([], Some(&file)).unwrap_err();
    assert!(matches!(error, EnvironmentError::Line { line: 3, .. }), "{error}");
    assert!(!error.to_string().contains("hunter2") && !format!("{error:?}").contains("hunter2"));
}

#[test]
fn nothing_prints_a_value() {
    let environment = Environment::of(process(&[("KEY", "hunter2")]), None).unwrap();
    assert!(!format!("{environment:?} {:?}", environment.secrets()).contains("hunter2"));
}

#[test]
fn a_file_that_others_may_read_is_noticed() {
    let (_folder, file) = dotenv("A=1\n");
    assert!(!Environment::of([], Some(&file)).unwrap().readable_by_others());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Environment::of([], Some(&file)).unwrap().readable_by_others());
}

#[test]
fn what_stands_in_the_file_is_known_also_where_the_process_wins() {
    let (_folder, file) = dotenv("A=hunter22\nEMPTY=\n");
    let environment = Environment::of(process(&[("A", "hunter33"), ("B", "hunter44")]), Some(&file)).unwrap();
    let secrets = environment.secrets();
    assert!(secrets.any_in_file(&["A"]), "the file holds it, whoever wins");
    assert!(!secrets.any_in_file(&["B", "EMPTY"]));
    assert_eq!((secrets.file_of("A"), secrets.file_of("B"), secrets.file_of("C")), (None, None, None));
    let alone = Environment::of([], Some(&file)).unwrap();
    assert_eq!(alone.secrets().file_of("A"), Some(file.as_path()));
}

#[test]
fn settings_in_the_file_of_variables_say_so() {
    let (_folder, file) = dotenv("BOT4_MODE=life\n");
    let environment = Environment::of([], Some(&file)).unwrap();
    let layers = Layers::new().environment(&environment, "BOT4_", &[]).unwrap();
    let error = layers.set("pairs", "A-B", "--pairs").unwrap().load::<crate::settings::Settings>().unwrap_err();
    let place = format!("environment BOT4_MODE ({})", file.display());
    assert_eq!(error.to_string(), format!("{place}: mode: \"life\" is none of: demo, paper, live; did you mean `live`?"));
}
