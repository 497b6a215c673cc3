//! `sim`: prove the bot on virtual time.

use sim::{Bug, Failure, KINDS, Report, Scenario, World, crash_sweep, run_seed};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const USAGE: &str = "usage: sim seeds [--count N] [--from N] [--jobs N]   draw N worlds and hold every invariant
       sim seed N                                     one world, told line by line, with its history hash
       sim kind NAME                                  one named kind of round, told line by line
       sim crash [--jobs N]                           every effect of every kind of round crashed once
       sim planted [--count N]                        three planted bugs must each be found
exit codes: 0 held, 1 an invariant broke, 2 wrong usage";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str, default: u64| -> Result<u64, String> {
        match args.iter().position(|a| a == name) {
            None => Ok(default),
            Some(i) => args.get(i + 1).and_then(|v| v.parse().ok()).ok_or_else(|| format!("{name} takes a number")),
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let run = || -> Result<bool, String> {
        match args.first().map(String::as_str) {
            Some("seeds") => Ok(seeds(flag("--from", 1)?, flag("--count", 1_000)?, flag("--jobs", cores)?)),
            Some("seed") => {
                let seed = args.get(1).and_then(|v| v.parse().ok()).ok_or("seed takes a number")?;
                Ok(one(World::new(seed, Scenario::drawn(seed))))
            }
            Some("kind") => {
                let name = args.get(1).map_or("", String::as_str);
                let scenario = Scenario::named(name).ok_or_else(|| format!("{name:?} is no kind; kinds: {}", KINDS.join(", ")))?;
                Ok(one(World::new(1, scenario)))
            }
            Some("crash") => Ok(crash(flag("--jobs", cores)?)),
            Some("planted") => Ok(planted(flag("--count", 400)?)),
            _ => Err("what shall be run?".to_owned()),
        }
    };
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn one(world: World) -> bool {
    match world.traced().run() {
        Ok(done) => {
            println!(
                "held: {:?}, {} effects, {} deaths, uncovered at most {} ms, {} ms of virtual time",
                done.rounds, done.effects, done.deaths, done.uncovered_ms, done.took_ms
            );
            println!("history {}", done.history);
            true
        }
        Err(failure) => {
            println!("BROKEN: {failure}");
            false
        }
    }
}

fn show(report: &Report, began: Instant) {
    println!(
        "{} runs in {:.1} s; rounds {:?}; deaths {}; uncovered at most {} ms; records {:?}",
        report.runs,
        began.elapsed().as_secs_f64(),
        report.rounds,
        report.deaths,
        report.uncovered_ms,
        report.records
    );
}

fn seeds(from: u64, count: u64, jobs: u64) -> bool {
    let began = Instant::now();
    let (next, report, broken) = (AtomicU64::new(from), Mutex::new(Report::default()), Mutex::new(Vec::<(u64, Failure)>::new()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let too_many = broken.lock().is_ok_and(|b| b.len() >= 10);
                    if seed >= from + count || too_many {
                        return;
                    }
                    match run_seed(seed, None) {
                        Ok(done) => {
                            if let Ok(mut report) = report.lock() {
                                report.add(&done);
                                if report.runs.is_multiple_of(1_000) {
                                    eprintln!("{} of {count} worlds, {:.0} s", report.runs, began.elapsed().as_secs_f64());
                                }
                            }
                        }
                        Err(failure) => {
                            if let Ok(mut broken) = broken.lock() {
                                broken.push((seed, failure));
                            }
                        }
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_default();
    for (seed, failure) in &broken {
        println!("seed {seed} BROKEN: {}", failure.what);
    }
    if let Some((seed, failure)) = broken.first() {
        println!("first, seed {seed}: {failure}");
    }
    show(&report.into_inner().unwrap_or_default(), began);
    broken.is_empty()
}

fn crash(jobs: u64) -> bool {
    let began = Instant::now();
    let mut held = true;
    for kind in KINDS {
        let report = Mutex::new(Report::default());
        let broken = Mutex::new(None::<Failure>);
        std::thread::scope(|scope| {
            for offset in 0..jobs.max(1) {
                let (report, broken) = (&report, &broken);
                scope.spawn(move || {
                    let result = crash_sweep(kind, jobs.max(1), offset, |done| {
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
        print!("{kind:>18}: ");
        show(&report.into_inner().unwrap_or_default(), began);
        if let Some(failure) = broken.into_inner().unwrap_or_default() {
            println!("BROKEN: {failure}");
            held = false;
        }
    }
    held
}

fn planted(count: u64) -> bool {
    let mut all = true;
    for bug in Bug::ALL {
        let found = (1..=count).find_map(|seed| run_seed(seed, Some(bug)).err().map(|f| (seed, f.what)));
        match found {
            Some((seed, what)) => println!("{bug:?}: found at seed {seed}: {what}"),
            None => {
                println!("{bug:?}: NOT FOUND in {count} worlds");
                all = false;
            }
        }
    }
    all
}
