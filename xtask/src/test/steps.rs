//! The steps of `cargo xtask test`, cheap ones first. Every line can be run alone, from the root of the workspace.

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Name for `--only`.
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) why: &'static str,
    /// Its commands.
    pub(super) lines: &'static [&'static str],
    /// Its commands with `--quick`, when they differ.
    pub(super) quick: &'static [&'static str],
    /// How it is performed.
    pub(super) work: Work,
}

/// How a step is performed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    /// Its commands in order.
    Commands,
    /// What is missing is installed; the commands are what is done at most.
    Install,
    /// Its commands, when this program is there; else the step is left out, and says so.
    IfThere(&'static str, &'static str),
    /// Its commands, which must say one line that begins so, twice and alike.
    SameTwice(&'static str),
}

impl Step {
    /// The commands to run.
    pub(super) fn lines(&self, quick: bool) -> Vec<String> {
        let lines = if quick && !self.quick.is_empty() { self.quick } else { self.lines };
        lines.iter().map(|line| (*line).to_owned()).collect()
    }
}

/// The step whose closing lines end the run.
pub(super) const CARGO_TEST: &str = "tests";

/// All steps, in order.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "tools",
        why: "what the tests need beside Rust, installed when missing",
        lines: &[
            "rustup component add rustfmt clippy",
            "apt-get install --yes --no-install-recommends python3-venv python3-dev bsdutils build-essential postgresql-15 pgbouncer nodejs npm",
            "python3 -m venv target/paradex-py-venv",
            "target/paradex-py-venv/bin/python3 -m pip install --requirement tests/interop/paradex_py/requirements.txt",
            "install -D tests/interop/azuro/package.json target/node-azuro/package.json",
            "npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error --prefix target/node-azuro",
            "install -D tests/interop/sx/package.json target/node-sx/package.json",
            "npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error --prefix target/node-sx",
        ],
        quick: &[],
        work: Work::Install,
    },
    Step { name: "fmt", why: "one way to lay out code", lines: &["cargo fmt --all --check"], quick: &[], work: Work::Commands },
    Step { name: "layers", why: "imports go downward", lines: &["cargo xtask layers"], quick: &[], work: Work::Commands },
    Step {
        name: "tidy",
        why: "house rules that no compiler knows",
        lines: &["cargo xtask tidy"],
        quick: &[],
        work: Work::Commands,
    },
    Step {
        name: "requirements",
        why: "every place that shows a requirement exists",
        lines: &["cargo xtask requirements"],
        quick: &[],
        work: Work::Commands,
    },
    Step {
        name: "vectors",
        why: "golden vectors, each entry rebuilt from its inputs",
        lines: &[
            "cargo xtask vectors crates/signing/testdata/paradex.json crates/signing/testdata/vest.json crates/sx_client/testdata/vectors.json crates/azuro_client/testdata/vectors.json",
        ],
        quick: &[],
        work: Work::Commands,
    },
    Step {
        name: "deny",
        why: "licences, bans and sources of dependencies",
        lines: &["cargo-deny --offline check bans licenses sources"],
        quick: &[],
        work: Work::IfThere(
            "cargo-deny",
            "cargo-deny is not installed (cargo install --locked cargo-deny); its rules are in deny.toml",
        ),
    },
    Step {
        name: "clippy",
        why: "no warning anywhere",
        lines: &["cargo clippy --workspace --all-targets -- -D warnings"],
        quick: &[],
        work: Work::Commands,
    },
    Step {
        name: "doc",
        why: "documentation without a broken link",
        lines: &["RUSTDOCFLAGS=\"-D warnings\" cargo doc --workspace --no-deps"],
        quick: &[],
        work: Work::Commands,
    },
    Step {
        name: "sim",
        why: "the whole bot on virtual time: drawn worlds, every effect crashed once, planted bugs found",
        lines: &[
            "cargo build --release --package sim",
            "cargo run --quiet --release --package sim -- seeds --count 10000",
            "cargo run --quiet --release --package sim -- bets --count 1000",
            "cargo run --quiet --release --package sim -- crash",
            "cargo run --quiet --release --package sim -- planted",
        ],
        quick: &[
            "cargo build --release --package sim",
            "cargo run --quiet --release --package sim -- seeds --count 500",
            "cargo run --quiet --release --package sim -- bets --count 100",
            "cargo run --quiet --release --package sim -- crash",
            "cargo run --quiet --release --package sim -- planted",
        ],
        work: Work::Commands,
    },
    Step {
        name: "same-seed",
        why: "one seed, two processes, one history",
        lines: &["cargo run --quiet --release --package sim -- seed 7", "cargo run --quiet --release --package sim -- seed 7"],
        quick: &[],
        work: Work::SameTwice("history "),
    },
    Step {
        name: "queue",
        why: "a million records wait for a dead database under the disk's cap, stop entries, and drain",
        lines: &["BOT4_QUEUE_RECORDS=1000000 cargo test --quiet --workspace --test postgres -- --nocapture queue::"],
        quick: &["BOT4_QUEUE_RECORDS=50000 cargo test --quiet --workspace --test postgres -- --nocapture queue::"],
        work: Work::Commands,
    },
    Step {
        name: CARGO_TEST,
        why: "every test of the workspace",
        lines: &["cargo test --workspace --no-fail-fast"],
        quick: &[],
        work: Work::Commands,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_own_name_and_something_to_do() {
        for (index, step) in STEPS.iter().enumerate() {
            assert!(!step.lines.is_empty() && !step.why.is_empty(), "{}", step.name);
            assert!(STEPS.iter().skip(index + 1).all(|other| other.name != step.name), "{}", step.name);
        }
        assert_eq!(STEPS.last().map(|step| step.name), Some(CARGO_TEST), "its closing lines are to be the last");
    }

    #[test]
    fn quick_makes_counts_small_and_leaves_no_step_out() {
        for step in STEPS {
            let (whole, quick) = (step.lines(false), step.lines(true));
            assert_eq!(whole.len(), quick.len(), "{}", step.name);
        }
    }
}
