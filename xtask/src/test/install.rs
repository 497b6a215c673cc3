//! What the tests need beside rustup's stable toolchain: one list, each entry with what needs it, installed only when missing.

use anyhow::{Context, bail, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

/// A component of the toolchain: what answers when it is there, its name.
const COMPONENTS: [(&[&str], &str); 2] =
    [(&["cargo", "fmt", "--version"], "rustfmt"), (&["cargo", "clippy", "--version"], "clippy")];

/// One package of the system.
struct Need {
    /// Answers with success when it is there.
    probe: &'static [&'static str],
    /// Its name for apt-get.
    package: &'static str,
    /// What needs it.
    needed_by: &'static str,
}

/// The packages of the system, on Debian 12.
const NEEDS: [Need; 8] = [
    Need {
        probe: &["python3", "-c", "import ensurepip, venv"],
        package: "python3-venv",
        needed_by: "crates/venue_sim/tests/paradex_py.rs, which runs the venue's official Python client",
    },
    Need {
        probe: &[
            "python3",
            "-c",
            "import os, sysconfig; open(os.path.join(sysconfig.get_paths()['include'], 'Python.h')).close()",
        ],
        package: "python3-dev",
        needed_by: "two of that client's own dependencies, which pip builds from source",
    },
    Need {
        probe: &["script", "--version"],
        package: "bsdutils",
        needed_by: "crates/bot4/tests/demo.rs, which gives the bot a terminal",
    },
    Need {
        probe: &["cc", "--version"],
        package: "build-essential",
        needed_by: "ring, secp256k1 and SQLite, which are written in C",
    },
    Need {
        probe: &["/usr/lib/postgresql/15/bin/postgres", "--version"],
        package: "postgresql-15",
        needed_by: "crates/state_store/tests/postgres and crates/bot4/tests/postgres, which start a real database and end it",
    },
    Need {
        probe: &["pgbouncer", "--version"],
        package: "pgbouncer",
        needed_by: "crates/state_store/tests/postgres/pooled.rs, which puts a real transaction pooler in front of that database",
    },
    Need {
        probe: &["node", "--version"],
        package: "nodejs",
        needed_by: "the tests of tests/interop/azuro and tests/interop/sx, which compile contracts and run official clients",
    },
    Need { probe: &["npm", "--version"], package: "npm", needed_by: "the folders of pinned packages below tests/interop" },
];

/// Folders of pinned npm packages: where their list stands and where they are installed, below target/ for the same reason as
/// [`VENV`].
const NODE_FOLDERS: [(&str, &str); 2] =
    [("tests/interop/azuro/package.json", "target/node-azuro"), ("tests/interop/sx/package.json", "target/node-sx")];

/// What the official Python client is, with its pinned versions.
const REQUIREMENTS: &str = "tests/interop/paradex_py/requirements.txt";
/// Where it is installed: below target/, so that nothing of the machine is changed and `cargo clean` takes it away.
const VENV: &str = "target/paradex-py-venv";

/// Installs what is missing.
///
/// # Errors
/// Names what is missing, what needs it and what could not be done about it.
pub(super) fn all(root: &Path) -> anyhow::Result<()> {
    let missing: Vec<&str> = COMPONENTS.iter().filter(|(probe, _)| !answers(probe)).map(|(_, name)| *name).collect();
    if !missing.is_empty() {
        shown(Command::new("rustup").args(["component", "add"]).args(&missing))?;
    }
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !answers(need.probe)).collect();
    for need in &missing {
        println!("{} is missing; needed by {}", need.package, need.needed_by);
    }
    if !missing.is_empty() {
        let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
        apt(&["update"])?;
        apt(&[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat())?;
    }
    python(root)?;
    NODE_FOLDERS.iter().try_for_each(|(list, folder)| node(root, list, folder))
}

/// A folder with the pinned npm packages of a list, filled anew when one is missing or has another version. There is no lock file:
/// such a file names the registry it was made with, and the list pins every version exactly. No package's install script runs.
fn node(root: &Path, list: &str, folder: &str) -> anyhow::Result<()> {
    let (list_path, place) = (root.join(list), root.join(folder));
    let wanted = std::fs::read_to_string(&list_path).with_context(|| format!("cannot read {list}"))?;
    let version_of = |package: &str| {
        let text = std::fs::read(place.join("node_modules").join(package).join("package.json")).ok()?;
        serde_json::from_slice::<serde_json::Value>(&text).ok()?["version"].as_str().map(str::to_owned)
    };
    if node_satisfied(&wanted, version_of).with_context(|| format!("{list} does not read"))? {
        println!("{folder} has what {list} asks for");
        return Ok(());
    }
    std::fs::create_dir_all(&place).with_context(|| format!("cannot make {folder}"))?;
    std::fs::copy(&list_path, place.join("package.json")).with_context(|| format!("cannot copy {list} to {folder}"))?;
    let quiet = ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    shown(Command::new("npm").args(quiet).arg("--prefix").arg(&place))
}

/// Whether every package of a list is installed in its version. An optional one may be absent: it is for another machine.
fn node_satisfied(list: &str, version_of: impl Fn(&str) -> Option<String>) -> anyhow::Result<bool> {
    let list: serde_json::Value = serde_json::from_str(list)?;
    let pins = |kind: &str| {
        let rows = list[kind].as_object().into_iter().flatten();
        rows.map(|(name, version)| (name.clone(), version.as_str().unwrap_or_default().to_owned())).collect::<Vec<_>>()
    };
    let there = |(name, version): &(String, String)| version_of(name).as_ref() == Some(version);
    let fits = |pin: &(String, String)| version_of(&pin.0).is_none() || there(pin);
    Ok(pins("dependencies").iter().all(there) && pins("optionalDependencies").iter().all(fits))
}

/// A virtual environment with the pinned client, made anew when it lacks a line of the list.
fn python(root: &Path) -> anyhow::Result<()> {
    let (venv, wanted) = (root.join(VENV), root.join(REQUIREMENTS));
    let wanted_text = std::fs::read_to_string(&wanted).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let python = venv.join("bin/python3");
    let freeze =
        Command::new(&python).args(["-m", "pip", "freeze", "--disable-pip-version-check"]).stderr(Stdio::null()).output();
    if freeze.is_ok_and(|done| done.status.success() && satisfied(&wanted_text, &String::from_utf8_lossy(&done.stdout))) {
        println!("{VENV} has what {REQUIREMENTS} asks for");
        return Ok(());
    }
    if venv.exists() {
        std::fs::remove_dir_all(&venv).with_context(|| format!("cannot remove the old {VENV}"))?;
    }
    shown(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"];
    shown(Command::new(&python).args(pip).arg(&wanted))
}

/// Whether every pinned line is among the installed ones. A name counts the same with `-` and `_`.
fn satisfied(wanted: &str, installed: &str) -> bool {
    let same = |line: &str| line.trim().to_lowercase().replace('_', "-");
    let installed: Vec<String> = installed.lines().map(same).collect();
    wanted.lines().map(same).filter(|line| !line.is_empty() && !line.starts_with('#')).all(|line| installed.contains(&line))
}

/// apt-get as root, or by sudo when that asks for nothing.
fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout.trim_ascii() == b"0");
    let mut command = if root {
        Command::new("apt-get")
    } else if quiet(Command::new("sudo").args(["--non-interactive", "true"])) {
        let mut command = Command::new("sudo");
        command.args(["--non-interactive", "--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
        command
    } else {
        bail!("apt-get {} needs root, or sudo without a password: run that line yourself", arguments.join(" "));
    };
    shown(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn answers(probe: &[&str]) -> bool {
    let Some((program, arguments)) = probe.split_first() else { return false };
    quiet(Command::new(program).args(arguments))
}

fn quiet(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn shown(command: &mut Command) -> anyhow::Result<()> {
    let words: Vec<_> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    let line = words.join(" ");
    println!("$ {line}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{line}`"))?;
    ensure!(status.success(), "`{line}` failed ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_tells_what_is_there_from_what_is_not() {
        assert!(answers(&["true"]) && !answers(&["false"]) && !answers(&["no-such-program-here"]) && !answers(&[]));
    }

    #[test]
    fn an_environment_is_kept_only_when_every_pinned_line_is_installed() {
        let check = |wanted: &str, installed: &str, expect: bool| assert_eq!(satisfied(wanted, installed), expect, "{wanted}");
        check("# why\na-b==1.0\nc==2\n", "C==2\nd==4\na_b==1.0\n", true);
        check("a==1.0", "a==1.1", false);
        check("a==1.0\nb==2", "a==1.0", false);
        check("a==1.0", "", false);
    }

    #[test]
    fn a_node_folder_is_kept_only_when_every_package_has_its_pinned_version() {
        let list = r#"{"dependencies": {"a": "1.0.0", "@b/c": "2.0.0"}, "optionalDependencies": {"for-arm": "3.0.0"}}"#;
        let check = |installed: &[(&str, &str)], expect: bool| {
            let version_of = |name: &str| installed.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            assert_eq!(node_satisfied(list, version_of).ok(), Some(expect), "{installed:?}");
        };
        check(&[("a", "1.0.0"), ("@b/c", "2.0.0")], true);
        check(&[("a", "1.0.0"), ("@b/c", "2.0.0"), ("for-arm", "3.0.0")], true);
        check(&[("a", "1.0.0"), ("@b/c", "2.0.0"), ("for-arm", "3.0.1")], false);
        check(&[("a", "1.0.1"), ("@b/c", "2.0.0")], false);
        check(&[("a", "1.0.0")], false);
        check(&[], false);
        assert!(node_satisfied("no JSON", |_| None).is_err());
    }

    #[test]
    fn every_node_list_is_where_the_tests_say_and_pins_every_version() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (list, _) in NODE_FOLDERS {
            let text = std::fs::read_to_string(root.join(list)).unwrap_or_default();
            let list: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let pins: Vec<_> = ["dependencies", "optionalDependencies"]
                .iter()
                .flat_map(|kind| list[*kind].as_object().into_iter().flatten())
                .map(|(_, version)| version.as_str().unwrap_or_default())
                .collect();
            let exact = |v: &str| v.split('.').count() == 3 && v.chars().all(|c| c.is_ascii_digit() || c == '.');
            assert!(!pins.is_empty() && pins.iter().all(|version| exact(version)), "{pins:?}");
        }
    }

    #[test]
    fn the_clients_list_is_where_the_test_says_and_pins_every_version() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = std::fs::read_to_string(root.join(REQUIREMENTS)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
        assert!(
            lines.iter().any(|line| line.starts_with("paradex-py==")) && lines.iter().all(|line| line.contains("==")),
            "{lines:?}"
        );
    }
}
