#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
use super::manifests::{dependencies, has};
use super::messages::{holes, says};
use super::prose::links;
use super::rust::{machine_path, unfinished};
use super::*;

#[test]
fn what_is_unfinished_is_found_in_code_and_comments_and_not_in_strings() {
    let check = |text: &str, expect: usize| {
        let found = unfinished("a.rs", text, &RustSource::read(text));
        assert_eq!(found.len(), expect, "{text}: {found:?}");
    };
    check("fn a() { todo!() }", 1);
    check("fn a() { unimplemented!(\"later\") }", 1);
    check("#[test]\n#[ignore = \"slow\"]\nfn a() {}", 1);
    check("// FIXME: later", 1);
    check("let a = 1; // TODO", 1);
    check("let a = \"todo!\"; let b = \"TODO\";", 0);
    check("// nothing to do", 0);
}

#[test]
fn a_folder_of_one_machine_is_told_from_a_part_of_a_path() {
    let check = |text: &str, expect: bool| assert_eq!(machine_path(text), expect, "{text}");
    check("/tmp/x", true);
    check("in /home/somebody/x", true);
    check("`/root/.cargo`", true);
    check("/templates/x", false);
    check("https://host.example/work/x", false);
    check("{}/tmp/x", false);
    check("./tmp/x", false);
}

#[test]
fn tests_are_known_by_folder_by_module_and_by_the_file_of_a_test_module() {
    let files = [
        ("crates/a/src/lib.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n}\n#[cfg(test)]\nmod rig;\nmod room;\n"),
        ("crates/a/src/rig.rs", "fn f() {}\n"),
        ("crates/a/src/room.rs", "#[cfg(test)]\nmod tests;\n"),
        ("crates/a/src/room/tests.rs", "fn f() {}\n"),
        ("crates/a/tests/all.rs", "fn f() {}\n"),
    ];
    let sources = Sources::of(files.iter().map(|(file, text)| ((*file).to_owned(), RustSource::read(text))).collect());
    let check = |file: &str, line: usize, expect: bool| assert_eq!(sources.for_tests(file, line), expect, "{file}:{line}");
    check("crates/a/src/lib.rs", 1, false);
    check("crates/a/src/lib.rs", 3, true);
    check("crates/a/src/rig.rs", 1, true);
    check("crates/a/src/room.rs", 1, false);
    check("crates/a/src/room/tests.rs", 1, true);
    check("crates/a/tests/all.rs", 1, true);
}

#[test]
fn prose_points_at_files_by_links_and_by_paths_in_code_marks() {
    let check = |line: &str, expect: &[&str]| assert_eq!(links(line), expect, "{line}");
    check("see [the map](../ARCHITECTURE.md#layers) and [a page](https://example.org/x)", &["../ARCHITECTURE.md#layers"]);
    check("`crates/saga/src/round.rs::name` shows it", &["crates/saga/src/round.rs::name"]);
    check("`crates/*/src` and `docs/adr/NNNN-title.md` and `cargo xtask tidy`", &[]);
    check("[here](#below)", &[]);
}

#[test]
fn a_dependency_is_inherited_and_used_as_a_word_of_its_own() {
    let text = "[package]\nname = \"a\"\n[dependencies]\n# why\none.workspace = true\ntwo = { workspace = true, features = [\"x\"] }\n\
                three = \"1\"\n[dev-dependencies]\nfour-five.workspace = true\n[lints]\nworkspace = true\n";
    let found: Vec<_> =
        dependencies(text).into_iter().map(|named| (named.line, named.dev, named.name, named.inherited)).collect();
    let expect = [(5, false, "one", true), (6, false, "two", true), (7, false, "three", false), (9, true, "four-five", true)];
    assert_eq!(found, expect);
    assert!(has("use one::Two;", "one") && has("one::two()", "one") && !has("use someone::x;", "one") && !has("ones", "one"));
}

#[test]
fn a_message_is_said_by_a_format_string_that_begins_with_it() {
    let check = |text: &str, message: &str, expect: bool| assert_eq!(says(&holes(text), &holes(message)), expect, "{text}");
    check("[TRADE] Auto-closed: spread={s}%", "[TRADE] Auto-closed: spread={X}%", true);
    check("{name} WebSocket connected", "{venue} WebSocket connected", true);
    check("[SHUTDOWN] Clean exit, no pending orders", "[SHUTDOWN] Clean exit, no pending orders", true);
    check("Clean exit, no pending orders", "[SHUTDOWN] Clean exit, no pending orders", false);
    check("Orderbook updatedly", "Orderbook updated", false);
    check("Order placed: size={size}, side={}", "Order placed: side={}, pair={}, size={}", false);
}

#[test]
fn the_workspace_is_tidy() {
    let findings = check(&Workspace::open().unwrap()).unwrap();
    assert!(findings.broken.is_empty(), "{:#?}", findings.broken);
}
