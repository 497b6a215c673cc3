//! `cargo xtask layers`: imports go downward, by one table, and pure crates stay pure.
//!
//! Three questions: is every edge of every manifest in the table and every row of the table in a manifest; does the table go
//! downward; is anything in the normal closure of a pure crate that brings a runtime, a socket or randomness. A binary that a pure
//! crate has to hold may see more, behind a feature that its library is judged without. Source code cannot cheat on this,
//! because a crate that no manifest names cannot be imported.

mod table;
#[cfg(test)]
mod tests;

use crate::check::Findings;
use crate::workspace::{Kind, Package, Workspace};
use std::collections::BTreeSet;

/// Runs the three questions.
///
/// # Errors
/// When cargo cannot read the manifests or tell a closure.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Findings> {
    let packages = workspace.packages()?;
    let mut findings = Findings::default();
    edges(&packages, table::EDGES, &mut findings);
    order(&packages, table::ORDER, table::EDGES, &mut findings);
    for pure in table::PURE {
        // The library alone: what a binary of the package needs stands behind a feature.
        let library =
            ["tree", "--edges", "normal", "--no-default-features", "--prefix", "depth", "--format", " {p}", "--package", pure];
        let tree = workspace.cargo(&library)?;
        purity(pure, &tree, &mut findings);
    }
    findings.seen = format!("{} packages, {} edges, {} pure closures", packages.len(), table::EDGES.len(), table::PURE.len());
    Ok(findings)
}

type Edge = (&'static str, Kind, &'static str, &'static str);

/// Manifests and table must agree in both directions.
fn edges(packages: &[Package], table: &[Edge], findings: &mut Findings) {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut found = BTreeSet::new();
    for package in packages {
        let inside = package.dependencies.iter().filter(|(_, to)| ours.contains(to.as_str()));
        found.extend(inside.map(|(kind, to)| (package.name.as_str(), *kind, to.as_str())));
    }
    let mut allowed = BTreeSet::new();
    for (from, kind, to, why) in table {
        if !allowed.insert((*from, *kind, *to)) {
            findings.broken(format!("the table names {} twice", told(from, *kind, to)));
        }
        if why.trim().is_empty() {
            findings.broken(format!("the table gives no reason for {}", told(from, *kind, to)));
        }
    }
    for (from, kind, to) in found.difference(&allowed) {
        findings.broken(format!(
            "{} is not allowed: drop it from the manifest, or give it a row with its reason",
            told(from, *kind, to)
        ));
    }
    for (from, kind, to) in allowed.difference(&found) {
        findings.broken(format!("the table allows {}, which no manifest has: drop the row", told(from, *kind, to)));
    }
    for (from, to, why) in table::NEVER {
        for (_, kind, _) in found.iter().filter(|(f, _, t)| f == from && t == to) {
            findings.broken(format!("{} may never be: {why}", told(from, *kind, to)));
        }
    }
}

/// Every package has its place, and whatever is not for tests or a binary alone goes downward.
fn order(packages: &[Package], order: &[(&str, u32)], table: &[Edge], findings: &mut Findings) {
    let place = |name: &str| order.iter().find(|(n, _)| *n == name).map(|(_, place)| *place);
    for package in packages {
        if place(&package.name).is_none() {
            findings.broken(format!("{} has no place in the order of layers", package.name));
        }
    }
    for (name, _) in order {
        if !packages.iter().any(|package| package.name == *name) {
            findings.broken(format!("the order of layers names {name}, which is no package"));
        }
    }
    for (from, kind, to, _) in table.iter().filter(|(_, kind, ..)| !matches!(kind, Kind::Dev | Kind::Binary)) {
        if let (Some(above), Some(below)) = (place(from), place(to))
            && below >= above
        {
            findings.broken(format!("{} does not go downward", told(from, *kind, to)));
        }
    }
}

/// Reads `cargo tree`'s lines (`DEPTH NAME VERSION ..`) and looks for what a pure crate must not bring along. A library may name
/// what it must not only by a row of its own.
fn purity(pure: &str, tree: &str, findings: &mut Findings) {
    let (mut above, mut told) = (Vec::<&str>::new(), BTreeSet::new());
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let (Some(depth), Some(name)) = (words.next().and_then(|depth| depth.parse::<usize>().ok()), words.next()) else {
            continue;
        };
        above.truncate(depth);
        let parent = above.last().copied().unwrap_or_default();
        above.push(name);
        let Some((_, what)) = table::IMPURE.iter().find(|(impure, _)| *impure == name) else { continue };
        let tolerated = table::TOLERATED.iter().any(|(library, impure, _)| *library == parent && *impure == name);
        // What a tolerated library brings with it is tolerated too.
        let under = above.iter().rev().skip(1).zip(above.iter().rev().skip(2));
        let inherited =
            under.into_iter().any(|(child, parent)| table::TOLERATED.iter().any(|(l, i, _)| l == parent && i == child));
        if !tolerated && !inherited && told.insert((parent, name)) {
            findings.broken(format!("{pure} is pure and yet brings {name} ({what}), by way of {}", above.join(" > ")));
        }
    }
    if above.is_empty() {
        findings.broken(format!("cargo told nothing of what {pure} brings along"));
    }
}

fn told(from: &str, kind: Kind, to: &str) -> String {
    let kind = match kind {
        Kind::Normal => "normal",
        Kind::Dev => "dev",
        Kind::Build => "build",
        Kind::Binary => "binary's",
    };
    format!("the {kind} edge {from} -> {to}")
}
