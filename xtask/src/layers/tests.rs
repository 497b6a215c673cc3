#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
use super::*;

fn package(name: &str, dependencies: &[(Kind, &str)]) -> Package {
    let dependencies = dependencies.iter().map(|(kind, to)| (*kind, (*to).to_owned())).collect();
    Package { name: name.to_owned(), dependencies, targets: Vec::new() }
}

#[test]
fn manifests_and_table_must_agree_in_both_directions() {
    let check = |dependencies: &[(Kind, &str)], table: &[Edge], expect: &[&str]| {
        let packages = [package("upper", dependencies), package("lower", &[])];
        let mut findings = Findings::default();
        edges(&packages, table, &mut findings);
        assert_eq!(findings.broken.len(), expect.len(), "{:?}", findings.broken);
        for (sentence, expect) in findings.broken.iter().zip(expect) {
            assert!(sentence.contains(expect), "{sentence}");
        }
    };
    let row: Edge = ("upper", Kind::Normal, "lower", "needed");
    check(&[(Kind::Normal, "lower"), (Kind::Normal, "serde")], &[row], &[]);
    check(&[(Kind::Normal, "lower")], &[], &["the normal edge upper -> lower is not allowed"]);
    check(&[(Kind::Dev, "lower"), (Kind::Normal, "lower")], &[row], &["the dev edge upper -> lower is not allowed"]);
    check(&[(Kind::Build, "lower"), (Kind::Normal, "lower")], &[row], &["the build edge upper -> lower is not allowed"]);
    check(&[], &[row], &["allows the normal edge upper -> lower, which no manifest has"]);
    check(&[(Kind::Normal, "lower")], &[row, row], &["twice"]);
    check(&[(Kind::Normal, "lower")], &[("upper", Kind::Normal, "lower", " ")], &["no reason"]);
}

#[test]
fn a_simulator_never_sees_the_code_it_judges_even_for_tests() {
    for kind in [Kind::Normal, Kind::Dev, Kind::Build] {
        let packages = [package("venue_sim", &[(kind, "signing")]), package("signing", &[])];
        let mut findings = Findings::default();
        edges(&packages, &[("venue_sim", kind, "signing", "a reason does not help")], &mut findings);
        assert!(findings.broken.iter().any(|sentence| sentence.contains("may never be")), "{:?}", findings.broken);
    }
}

#[test]
fn edges_go_downward_and_every_package_has_a_place() {
    let check = |kind: Kind, places: &[(&str, u32)], expect: Option<&str>| {
        let packages = [package("upper", &[]), package("lower", &[])];
        let mut findings = Findings::default();
        order(&packages, places, &[("lower", kind, "upper", "why")], &mut findings);
        match expect {
            None => assert!(findings.broken.is_empty(), "{:?}", findings.broken),
            Some(words) => assert!(findings.broken.iter().any(|s| s.contains(words)), "{words}: {:?}", findings.broken),
        }
    };
    check(Kind::Normal, &[("upper", 1), ("lower", 2)], None);
    check(Kind::Normal, &[("upper", 2), ("lower", 1)], Some("does not go downward"));
    check(Kind::Build, &[("upper", 1), ("lower", 1)], Some("does not go downward"));
    check(Kind::Dev, &[("upper", 2), ("lower", 1)], None);
    check(Kind::Binary, &[("upper", 2), ("lower", 1)], None);
    check(Kind::Normal, &[("upper", 1)], Some("lower has no place"));
    check(Kind::Normal, &[("upper", 1), ("lower", 2), ("gone", 3)], Some("names gone, which is no package"));
}

#[test]
fn a_pure_crate_brings_no_runtime_and_no_randomness_but_by_a_row() {
    let check = |tree: &str, expect: Option<&str>| {
        let mut findings = Findings::default();
        purity("saga", tree, &mut findings);
        match expect {
            None => assert!(findings.broken.is_empty(), "{:?}", findings.broken),
            Some(words) => assert!(findings.broken.iter().any(|s| s.contains(words)), "{words}: {:?}", findings.broken),
        }
    };
    check("0 saga v1 (x)\n1 serde v1\n2 serde_derive v1", None);
    check("0 saga v1 (x)\n1 rand v0.8", Some("brings rand (randomness), by way of saga > rand"));
    check("0 saga v1 (x)\n1 bytes v1\n1 helper v1\n2 tokio v1", Some("saga > helper > tokio"));
    check("0 saga v1 (x)\n1 lambdaworks-math v0\n2 rand v0.8\n3 rand_core v0.6\n4 getrandom v0.2", None);
    check("0 saga v1 (x)\n1 lambdaworks-math v0\n2 tokio v1", Some("brings tokio"));
    check("", Some("told nothing"));
}

#[test]
fn the_workspace_keeps_its_layers() {
    let findings = check(&Workspace::open().unwrap()).unwrap();
    assert!(findings.broken.is_empty(), "{:#?}", findings.broken);
}
