//! `cargo xtask test [--quick] [--only STEP].. [--list]`: passes every test on a machine that has rustup's stable toolchain and a C
//! compiler, and installs by name what the tests need beside that.
//!
//! A list of steps, each a command that a person can run alone; its line is printed before it runs. A step that fails does not stop
//! those after it, so that one run shows all that is wrong. The last lines are a summary and what `cargo test` itself said at its
//! end. Exit code 0 when every step passed, 1 when one failed, 2 for wrong usage.

mod install;
mod steps;

use crate::workspace::Workspace;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use steps::{STEPS, Step, Work};

const USAGE: &str = "usage: cargo xtask test [--quick] [--only STEP].. [--list]";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    quick: bool,
    list: bool,
    only: Vec<String>,
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let (mut wish, mut rest) = (Self::default(), arguments.iter());
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--quick" => wish.quick = true,
                "--list" => wish.list = true,
                "--only" => {
                    let name = rest.next().ok_or("--only takes the name of a step")?;
                    if !STEPS.iter().any(|step| step.name == name) {
                        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
                        return Err(format!("{name:?} is no step; steps: {}", names.join(", ")));
                    }
                    wish.only.push(name.clone());
                }
                other => return Err(format!("{other:?} is not understood")),
            }
        }
        Ok(wish)
    }

    fn wants(&self, step: &Step) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == step.name)
    }
}

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Passed,
    /// Left out, and why.
    Skipped(String),
    /// Why in one line.
    Failed(String),
}

/// Runs the steps asked for.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let wish = match Wish::read(arguments) {
        Ok(wish) => wish,
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if wish.list {
        for step in STEPS {
            println!("{:<14} {}", step.name, step.why);
            for line in step.lines(wish.quick) {
                println!("{:<14}   $ {line}", "");
            }
        }
        return ExitCode::SUCCESS;
    }
    let workspace = match Workspace::open() {
        Ok(workspace) => workspace,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let mut ends = Vec::new();
    let mut closing = Vec::new();
    for step in STEPS.iter().filter(|step| wish.wants(step)) {
        let (from, mut said) = (Instant::now(), Vec::new());
        println!("\n== {} ({}), {} into the run", step.name, step.why, told(began.elapsed()));
        let end = perform(step, &workspace.root, wish.quick, &mut said);
        println!("== {}: {} in {}", step.name, word(&end), told(from.elapsed()));
        if step.name == steps::CARGO_TEST {
            closing = said.into_iter().filter(|line| is_closing(line)).collect();
        }
        ends.push((step.name, end, from.elapsed()));
    }
    print!("{}", summary(&ends, &closing, began.elapsed()));
    ExitCode::from(u8::from(ends.iter().any(|(_, end, _)| matches!(end, End::Failed(_)))))
}

fn perform(step: &Step, root: &Path, quick: bool, said: &mut Vec<String>) -> End {
    match step.work {
        Work::Install => {
            for line in step.lines(quick) {
                println!("$ {line}");
            }
            install::all(root).map_or_else(|error| End::Failed(format!("{error:#}")), |()| End::Passed)
        }
        Work::IfThere(program, without) => {
            let there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if there.is_ok_and(|status| status.success()) {
                commands(step, root, quick, said)
            } else {
                End::Skipped(without.to_owned())
            }
        }
        Work::Commands => commands(step, root, quick, said),
        Work::SameTwice(begins) => {
            let end = commands(step, root, quick, said);
            let told: Vec<&String> = said.iter().filter(|line| line.starts_with(begins)).collect();
            match (end, told.as_slice()) {
                (End::Passed, [first, second]) if first == second => End::Passed,
                (End::Passed, lines) => End::Failed(format!("two processes should have said one line alike, and said {lines:?}")),
                (other, _) => other,
            }
        }
    }
}

/// Runs the step's lines in order and stops at the first that fails. What they say on standard output is shown and kept.
fn commands(step: &Step, root: &Path, quick: bool, said: &mut Vec<String>) -> End {
    for line in step.lines(quick) {
        println!("$ {line}");
        if let Err(error) = command(&line, root, said) {
            return End::Failed(format!("`{line}` {error}"));
        }
    }
    End::Passed
}

fn command(line: &str, root: &Path, said: &mut Vec<String>) -> Result<(), String> {
    let mut command = parsed(line).ok_or("is no command")?;
    command.current_dir(root).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            println!("{line}");
            said.push(line);
        }
    }
    let status = child.wait().map_err(|error| format!("cannot be waited for: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("failed ({status})")) }
}

/// A line as a shell would read it: variables first, words parted by blanks, double quotes around a word that has some.
fn parsed(line: &str) -> Option<Command> {
    let mut words = Vec::new();
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 0 {
            words.extend(part.split(' ').filter(|word| !word.is_empty()).map(str::to_owned));
        } else {
            match words.last_mut() {
                Some(word) if word.ends_with('=') => word.push_str(part),
                _ => words.push(part.to_owned()),
            }
        }
    }
    let is_variable = |word: &String| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_')))
    };
    let variables = words.iter().take_while(|word| is_variable(word)).count();
    let program = words.get(variables)?;
    let mut command = Command::new(program);
    command.args(words.get(variables + 1..).unwrap_or_default());
    for (name, value) in words.iter().take(variables).filter_map(|word| word.split_once('=')) {
        command.env(name, value);
    }
    Some(command)
}

/// The lines by which each test program ends.
fn is_closing(line: &str) -> bool {
    line.starts_with("test result: ")
}

fn word(end: &End) -> &str {
    match end {
        End::Passed => "passed",
        End::Skipped(_) => "skipped",
        End::Failed(_) => "FAILED",
    }
}

fn told(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{:.1} s", time.as_secs_f64()) } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

fn summary(ends: &[(&str, End, Duration)], closing: &[String], took: Duration) -> String {
    let mut lines = vec![String::new(), "== summary".to_owned()];
    for (name, end, time) in ends {
        let why = match end {
            End::Passed => String::new(),
            End::Skipped(why) | End::Failed(why) => format!(": {why}"),
        };
        lines.push(format!("{name:<14} {:<8} {:>12}{why}", word(end), told(*time)));
    }
    let failed = ends.iter().filter(|(_, end, _)| matches!(end, End::Failed(_))).count();
    let passed = ends.iter().filter(|(_, end, _)| *end == End::Passed).count();
    lines.push(format!("{passed} steps passed, {failed} failed, {} skipped in {}", ends.len() - passed - failed, told(took)));
    if !closing.is_empty() {
        lines.push(format!("\n== what cargo test said at the end of its {} programs", closing.len()));
        lines.extend(closing.iter().cloned());
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_asked_for_is_understood_or_refused_by_name() {
        let quick = Wish { quick: true, ..Wish::default() };
        assert_eq!(Wish::read(&words("--quick")), Ok(quick));
        assert_eq!(Wish::read(&words("--only fmt --only tidy")).unwrap().only, ["fmt", "tidy"]);
        assert!(Wish::read(&words("--only dance")).unwrap_err().contains("steps: tools, fmt"));
        assert!(Wish::read(&words("--only")).unwrap_err().contains("takes the name"));
        assert!(Wish::read(&words("--fast")).unwrap_err().contains("not understood"));
    }

    #[test]
    fn a_line_runs_as_a_shell_would_run_it() {
        let command = parsed("A_B=\"-D x\" C=1 cargo doc --x=y \"two words\"").unwrap();
        assert_eq!(command.get_program(), "cargo");
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["doc", "--x=y", "two words"]);
        let variables: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_str().unwrap(), value.unwrap().to_str().unwrap())).collect();
        assert_eq!(variables, [("A_B", "-D x"), ("C", "1")]);
        assert!(parsed("A=1").is_none() && parsed("").is_none());
    }

    #[test]
    fn a_step_fails_with_its_first_failing_line_and_keeps_what_was_said() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let step = |lines: &'static [&'static str], work| Step { name: "x", why: "y", lines, quick: &[], work };
        let check = |step: Step, expect: &str, lines: &[&str]| {
            let mut said = Vec::new();
            let end = perform(&step, root, false, &mut said);
            let told = match end {
                End::Passed => "passed".to_owned(),
                End::Skipped(why) | End::Failed(why) => why,
            };
            assert!(told.contains(expect), "{told}");
            assert_eq!(said, lines);
        };
        check(step(&["echo one", "echo two"], Work::Commands), "passed", &["one", "two"]);
        check(step(&["echo one", "false", "echo two"], Work::Commands), "`false` failed", &["one"]);
        check(step(&["no-such-program-here"], Work::Commands), "cannot be started", &[]);
        check(step(&["echo one"], Work::IfThere("no-such-program-here", "is not there")), "is not there", &[]);
        check(step(&["echo h 1", "echo h 1"], Work::SameTwice("h ")), "passed", &["h 1", "h 1"]);
        check(step(&["echo h 1", "echo h 2"], Work::SameTwice("h ")), "alike", &["h 1", "h 2"]);
        check(step(&["echo h 1"], Work::SameTwice("h ")), "alike", &["h 1"]);
    }

    #[test]
    fn the_summary_ends_with_what_cargo_test_said() {
        let second = Duration::from_secs(1);
        let ends = [("fmt", End::Passed, second), ("tests", End::Failed("`cargo test` failed".to_owned()), second * 61)];
        let said = ["running 1 test", "test result: FAILED. 0 passed; 1 failed"].map(str::to_owned);
        let closing: Vec<String> = said.into_iter().filter(|line| is_closing(line)).collect();
        let text = summary(&ends, &closing, second * 62);
        assert!(text.contains("1 steps passed, 1 failed, 0 skipped in 1 min 02 s"), "{text}");
        assert!(text.contains("FAILED     1 min 01 s: `cargo test` failed"), "{text}");
        assert!(text.ends_with("of its 1 programs\ntest result: FAILED. 0 passed; 1 failed\n"), "{text}");
    }
}
