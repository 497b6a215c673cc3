//! `sim`: prove the bot on virtual time.

use serde_json::json;
use sim::{Bug, Coverage, Failure, Finished, KINDS, Report, Scenario, World, bets, crash_sweep, run_seed, sample_journal};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const USAGE: &str =
    "usage: sim seeds [--count N] [--from N] [--jobs N]   draw N worlds (1000) and hold every invariant; from 1000 worlds
                                                  on, every listed decision, ending and fault must have been met
       sim seed N                                 one world, told line by line, with its history hash
       sim kind NAME                              one named kind of round, told line by line
       sim bets [--count N] [--from N] [--jobs N]    the same for drawn worlds of bets: both betting clients, both venues
       sim bet N                                  one world of bets, told line by line
       sim crash [--kind NAME] [--jobs N]         every effect of every kind of round crashed once
       sim planted [--count N]                    planted bugs, three of rounds and three of bets, must each be found within
                                                  N worlds (400)
       sim journal FOLDER                         write a sample journal: framed bytes and JSON lines
       sim kinds                                  the names of the kinds
       sim help                                   this text
options: --json prints the report as one JSON object; progress goes to standard error
exit codes: 0 held, 1 an invariant broke or something was never met, 2 wrong usage";

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// From so many worlds on, everything listed must have been met.
const COVERED_FROM: u64 = 1_000;

struct Args {
    words: Vec<String>,
    json: bool,
}

impl Args {
    fn read() -> Self {
        let mut words: Vec<String> = std::env::args().skip(1).collect();
        let json = words.iter().any(|w| w == "--json");
        words.retain(|w| w != "--json");
        Self { words, json }
    }
    fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }
    fn text(&self, name: &str) -> Option<&str> {
        let at = self.words.iter().position(|w| w == name)?;
        self.words.get(at + 1).map(String::as_str)
    }
    fn number(&self, name: &str, default: u64) -> Result<u64, String> {
        if !self.words.iter().any(|w| w == name) {
            Ok(default)
        } else {
            self.text(name).and_then(|v| v.parse().ok()).ok_or_else(|| format!("{name} takes a number"))
        }
    }
}

fn named(name: &str) -> Result<Scenario, String> {
    Scenario::named(name).ok_or_else(|| format!("{name:?} is no kind; kinds: {}", KINDS.join(", ")))
}

fn main() -> ExitCode {
    let args = Args::read();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<bool, String> {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let jobs = args.number("--jobs", cores)?.max(1);
    match args.word(0) {
        "seeds" => {
            let drawn = Drawn { run: |seed| run_seed(seed, None), missing: Coverage::missing };
            Ok(seeds(&drawn, args.number("--from", 1)?, args.number("--count", 1_000)?, jobs, args.json))
        }
        "bets" => {
            let drawn = Drawn { run: |seed| bets::World::new(seed).run(), missing: bets::missing };
            Ok(seeds(&drawn, args.number("--from", 1)?, args.number("--count", 1_000)?, jobs, args.json))
        }
        "bet" => {
            let seed = args.word(1).parse().map_err(|_| "bet takes a number")?;
            let world = bets::World::new(seed);
            Ok(ended(if args.json { world } else { world.traced() }.run(), args.json))
        }
        "seed" => {
            let seed = args.word(1).parse().map_err(|_| "seed takes a number")?;
            Ok(one(World::new(seed, Scenario::drawn(seed)), args.json))
        }
        "kind" => Ok(one(World::new(1, named(args.word(1))?), args.json)),
        "crash" => {
            let kinds = match args.text("--kind") {
                Some(name) => vec![named(name).map(|_| name)?],
                None => KINDS.to_vec(),
            };
            Ok(crash(&kinds, jobs, args.json))
        }
        "planted" => Ok(planted(args.number("--count", 400)?, args.json)),
        "journal" if !args.word(1).is_empty() => journal(args.word(1)),
        "kinds" => {
            for k in KINDS {
                println!("{k}");
            }
            Ok(true)
        }
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(true)
        }
        _ => Err("what shall be run?".to_owned()),
    }
}

/// A kind of drawn worlds.
struct Drawn {
    run: fn(u64) -> Result<Finished, Failure>,
    /// What a thousand of them must have met and have not.
    missing: fn(&Coverage) -> Vec<String>,
}

fn one(world: World, json: bool) -> bool {
    ended(if json { world } else { world.traced() }.run(), json)
}

fn ended(run: Result<Finished, Failure>, json: bool) -> bool {
    match run {
        Ok(done) if json => {
            println!(
                "{}",
                json!({
                    "held": true, "history": done.history, "effects": done.effects, "deaths": done.deaths,
                    "uncovered_ms": done.uncovered_ms, "uncovered_calm_ms": done.uncovered_calm_ms,
                    "virtual_ms": done.took_ms, "coverage": done.coverage.counts(),
                })
            );
            true
        }
        Ok(done) => {
            println!(
                "held: {:?}, {} effects, {} deaths, uncovered at most {} ms, {} ms of virtual time",
                done.coverage.counts().get("ending"),
                done.effects,
                done.deaths,
                done.uncovered_ms,
                done.took_ms
            );
            println!("history {}", done.history);
            true
        }
        Err(failure) => {
            broken(&failure, json);
            false
        }
    }
}

fn broken(failure: &Failure, json: bool) {
    if json {
        println!("{}", json!({ "held": false, "scenario": failure.scenario, "what": failure.what, "tail": failure.tail }));
    } else {
        println!("BROKEN: {failure}");
    }
}

fn seeds(drawn: &Drawn, from: u64, count: u64, jobs: u64, json: bool) -> bool {
    let began = Instant::now();
    let (next, done) = (AtomicU64::new(from), AtomicBool::new(false));
    let (report, broken) = (Mutex::new(Report::default()), Mutex::new(Vec::<(u64, Failure)>::new()));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        let too_many = broken.lock().is_ok_and(|b| b.len() >= 10);
                        if seed >= from.saturating_add(count) || too_many {
                            return;
                        }
                        match (drawn.run)(seed) {
                            Ok(run) => {
                                if let Ok(mut report) = report.lock() {
                                    report.add(&run);
                                }
                            }
                            Err(failure) => {
                                if let Ok(mut broken) = broken.lock() {
                                    broken.push((seed, failure));
                                }
                            }
                        }
                    }
                })
            })
            .collect();
        let (report, done) = (&report, &done);
        scope.spawn(move || {
            let mut told = Instant::now();
            while !done.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(200));
                if told.elapsed() >= TELL_EVERY {
                    told = Instant::now();
                    let runs = report.lock().map_or(0, |r| r.runs);
                    eprintln!("{runs} of {count} worlds, {:.0} s", began.elapsed().as_secs_f64());
                }
            }
        });
        let fell = workers.into_iter().filter_map(|w| w.join().err()).count();
        if let (true, Ok(mut broken)) = (fell > 0, broken.lock()) {
            let what = format!("{fell} workers panicked");
            broken.push((0, Failure { scenario: "seeds".to_owned(), what, tail: String::new() }));
        }
        done.store(true, Ordering::Relaxed);
    });
    let mut broken = broken.into_inner().unwrap_or_default();
    broken.sort_by_key(|(seed, _)| *seed);
    let report = report.into_inner().unwrap_or_default();
    let missing = if report.runs >= COVERED_FROM { (drawn.missing)(&report.coverage) } else { Vec::new() };
    let seconds = began.elapsed().as_secs_f64();
    if json {
        let mut out = report.to_json(seconds);
        out["held"] = json!(broken.is_empty() && missing.is_empty());
        out["broken"] = broken.iter().map(|(seed, f)| json!({ "seed": seed, "what": f.what })).collect();
        println!("{out}");
    } else {
        for (seed, failure) in &broken {
            println!("seed {seed} BROKEN: {}", failure.what);
        }
        if let Some((seed, failure)) = broken.first() {
            println!("first, seed {seed}: {failure}");
        }
        print!("{}", report.table());
        println!("{}", report.line(seconds));
        for m in &missing {
            println!("NEVER MET: {m}");
        }
    }
    broken.is_empty() && missing.is_empty()
}

fn crash(kinds: &[&str], jobs: u64, json: bool) -> bool {
    let mut held = true;
    let mut rows = Vec::new();
    for kind in kinds {
        let began = Instant::now();
        let report = Mutex::new(Report::default());
        let broken = Mutex::new(None::<Failure>);
        std::thread::scope(|scope| {
            for offset in 0..jobs {
                let (report, broken) = (&report, &broken);
                scope.spawn(move || {
                    let result = crash_sweep(kind, jobs, offset, |done| {
                        if let Ok(mut report) = report.lock() {
                            report.add(done);
                        }
                    });
                    if let (Err(failure), Ok(mut broken)) = (result, broken.lock()) {
                        broken.get_or_insert(failure);
                    }
                });
            }
        });
        let (report, seconds) = (report.into_inner().unwrap_or_default(), began.elapsed().as_secs_f64());
        let failure = broken.into_inner().unwrap_or_default();
        held &= failure.is_none();
        if json {
            let mut row = report.to_json(seconds);
            row["kind"] = json!(kind);
            row["broken"] = json!(failure.map(|f| format!("{}: {}", f.scenario, f.what)));
            rows.push(row);
        } else {
            println!("{kind:>18}: {}", report.line(seconds));
            if let Some(failure) = failure {
                println!("BROKEN: {failure}");
            }
        }
    }
    if json {
        println!("{}", json!({ "held": held, "kinds": rows }));
    }
    held
}

fn planted(count: u64, json: bool) -> bool {
    let mut rows = Vec::new();
    let mut look = |name: String, run: &dyn Fn(u64) -> Result<Finished, Failure>| {
        let found = (1..=count).find_map(|seed| run(seed).err().map(|f| (seed, f.what)));
        if !json {
            match &found {
                Some((seed, what)) => println!("{name}: found at seed {seed}: {what}"),
                None => println!("{name}: NOT FOUND in {count} worlds"),
            }
        }
        rows.push((name, found));
    };
    for bug in Bug::ALL {
        look(format!("{bug:?}"), &|seed| run_seed(seed, Some(bug)));
    }
    for bug in bets::Bug::ALL {
        look(format!("bets {bug:?}"), &|seed| bets::World::new(seed).with_bug(bug).run());
    }
    let all = rows.iter().all(|(_, found)| found.is_some());
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(bug, found)| json!({ "bug": bug, "seed": found.as_ref().map(|f| f.0), "what": found.as_ref().map(|f| &f.1) }))
            .collect();
        println!("{}", json!({ "held": all, "planted": rows }));
    }
    all
}

fn journal(folder: &str) -> Result<bool, String> {
    let sample = match sample_journal() {
        Ok(sample) => sample,
        Err(failure) => {
            broken(&failure, false);
            return Ok(false);
        }
    };
    let mut lines = String::new();
    for record in &sample.records {
        lines.push_str(&serde_json::to_string(record).map_err(|e| e.to_string())?);
        lines.push('\n');
    }
    let path = std::path::Path::new(folder);
    let write = |name: &str, bytes: &[u8]| std::fs::write(path.join(name), bytes).map_err(|e| format!("{name}: {e}"));
    std::fs::create_dir_all(path).map_err(|e| e.to_string())?;
    write("sample.journal", &sample.framed)?;
    write("sample.jsonl", lines.as_bytes())?;
    println!("{} records, {} bytes", sample.records.len(), sample.framed.len());
    Ok(true)
}
