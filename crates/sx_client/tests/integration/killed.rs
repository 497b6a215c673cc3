//! A process that bets is killed with SIGKILL right after each record of a bet, and before the first one reaches the venue. Its next life
//! folds the journal, asks the venue, and comes to what the venue knows; no order was sent twice.
//!
//! The process is this test binary itself, started with [`LIFE`] in its environment.

use crate::sandbox::rig::{LIMIT, Venue, on_sockets, quick, ready, spec};
use crate::shell::{Shell, known_bets};
use crate::venue;
use domain::record::Record;
use domain::{BetStatus, Stake, TimeInForce};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use sx_client::state::{Bet, BetEvent};

/// What a life is told, as JSON: where the venue is, where its journal lies, and after which record it waits to be killed.
const LIFE: &str = "SX_CLIENT_TEST_LIFE";

/// What is made to happen to the bet.
#[derive(Clone, Copy)]
struct Story {
    name: &'static str,
    tif: TimeInForce,
    fault: Option<(&'static str, &'static str)>,
    /// The event ends with this once the bet stands; `None` leaves it.
    ends: Option<&'static str>,
    /// Statuses that the bet may stand at in the end: the second where it never reached the venue.
    end: BetStatus,
}

const STORIES: &[Story] = &[
    Story { name: "settled", tif: TimeInForce::Fok, fault: None, ends: Some(r#"{"one":2,"two":1}"#), end: BetStatus::Settled },
    Story { name: "void", tif: TimeInForce::Fok, fault: None, ends: Some("{}"), end: BetStatus::Void },
    Story {
        name: "partial",
        tif: TimeInForce::Ioc,
        fault: Some(("partial_fill", r#"{"share_bps":4000}"#)),
        ends: None,
        end: BetStatus::Partial,
    },
    Story { name: "failed", tif: TimeInForce::Fok, fault: Some(("fail_fills", "{}")), ends: None, end: BetStatus::Refused },
    Story {
        name: "refused",
        tif: TimeInForce::Fok,
        fault: Some(("refuse_order", r#"{"reason":"MATCH_STATE_INVALID"}"#)),
        ends: None,
        end: BetStatus::Refused,
    },
    Story { name: "lost", tif: TimeInForce::Fok, fault: Some(("lose_order_answer", "{}")), ends: None, end: BetStatus::Accepted },
];

/// One life: bets if its journal knows no bet, then follows it. Prints each record; after the one it was told it waits for its end.
#[test]
fn a_life() {
    let Ok(told) = std::env::var(LIFE) else { return };
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let text = |name: &str| told[name].as_str().expect(name).to_owned();
    let wait_after = told["wait_after"].as_u64();
    let count = std::cell::Cell::new(0);
    let wait = move |what: &str| {
        println!("RECORD {what}");
        count.set(count.get() + 1);
        if wait_after == Some(count.get()) {
            println!("WAITS");
            // Nothing that follows from the record happens any more: the one thread stands still until it is killed.
            std::thread::park();
            unreachable!("nobody wakes it");
        }
    };
    on_sockets(async {
        let ca = std::fs::read_to_string(text("ca")).expect("the authority");
        let link = venue::link(&text("rest"), &text("realtime"), Some(&ca));
        let folder = text("journal");
        let known = known_bets(records(Path::new(&folder)).into_iter());
        let wait = std::rc::Rc::new(wait);
        let on_report = {
            let wait = std::rc::Rc::clone(&wait);
            Box::new(move |report: &venue_api::BetReport| wait(&report.fact))
        };
        let shell = Shell::start(quick(), link, Path::new(&folder), on_report).expect("a shell");
        let id = if let Some(known) = known.first() {
            known.spec.id
        } else {
            let watched = ready(&shell, 1).await;
            let tif: TimeInForce = serde_json::from_value(told["tif"].clone()).expect("a word");
            let mut spec = spec(&shell, 1, watched[0].market, tif);
            let now = shell.link.look(|_, now| now.wall);
            spec.expires = now.plus_ms(9_000);
            let id = spec.id;
            println!("EVENT {}", watched[0].event);
            let prepared = shell.link.with(|client, now, _| venue_api::BetClient::prepare(client, spec, now)).expect("prepared");
            shell.intend(&prepared);
            wait("intended");
            shell.send(prepared);
            id
        };
        let wanted: Vec<BetStatus> = serde_json::from_value(told["until"].clone()).expect("statuses");
        let stands = |status: BetStatus| wanted.contains(&status);
        let folded = folded(Path::new(&folder)).map(|bet| bet.status());
        let came = folded.is_some_and(stands)
            || shell.seen.until(LIMIT, |seen| seen.last(id).is_some_and(|report| stands(report.status))).await;
        assert!(came, "{id} stands at {:?}", shell.seen.last(id));
        println!("DONE");
    });
}

fn records(folder: &Path) -> Vec<Record> {
    let Ok(history) = journal::History::open(folder, 1) else { return Vec::new() };
    let read = |record: Result<journal::Record, _>| serde_json::from_slice(&record.expect("a sound journal").body).ok();
    history.filter_map(read).collect()
}

/// The bet as its journal has it.
fn folded(folder: &Path) -> Option<Bet> {
    let known = known_bets(records(folder).into_iter()).pop()?;
    let mut bet = Bet::new(known.spec.stake.e6());
    for fact in &known.facts {
        let event: BetEvent = serde_json::from_str(fact).expect("a fact");
        bet.learn(&event);
    }
    Some(bet)
}

fn live(venue: &Venue, ca: &Path, journal: &Path, story: &Story, wait_after: Option<u64>, until: &[BetStatus]) -> Child {
    let told = json!({
        "rest": venue.server.rest_url(), "realtime": venue.server.ws_url(), "ca": ca, "journal": journal,
        "wait_after": wait_after, "tif": story.tif, "until": until,
    });
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "killed::a_life", "--nocapture", "--test-threads", "1"])
        .env(LIFE, told.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process")
}

/// Reads what a life prints until it waits (true) or is done, and hands on each line.
fn follow(child: &mut Child, mut each: impl FnMut(&str)) -> bool {
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut waits = false;
    for line in lines.map_while(Result::ok) {
        // The harness prints its own words on the same line.
        for word in ["EVENT ", "RECORD ", "WAITS", "DONE"] {
            if let Some(at) = line.find(word) {
                each(&line[at..]);
            }
        }
        if line.ends_with("WAITS") {
            waits = true;
            break;
        }
    }
    if waits {
        child.kill().expect("it is killed");
    }
    let end = child.wait().expect("its end");
    assert!(waits || end.success(), "a life failed");
    waits
}

/// Kills a bet's process after every record in turn; gives the kinds of record that it was killed at.
async fn kill_at_each(story: &Story) -> Vec<String> {
    let (mut killed_at, mut after) = (Vec::new(), 1);
    loop {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = folder.path().join("journal");
        let venue = Venue::start(20 + after, 1, |config| config.latencies.lock_ms = (200, 400));
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, venue.server.ca_pem()).expect("written");
        if let Some((name, parameters)) = story.fault {
            let mut parameters: Value = serde_json::from_str(parameters).expect("JSON");
            parameters["count"] = json!(1);
            venue.fault(name, &parameters);
        }
        let venue = std::sync::Arc::new(venue);
        let run = |wait_after: Option<u64>, until: Vec<BetStatus>| {
            let (venue, ca, journal, story) = (std::sync::Arc::clone(&venue), ca.clone(), journal.clone(), *story);
            tokio::task::spawn_blocking(move || {
                let mut child = live(&venue, &ca, &journal, &story, wait_after, &until);
                let (mut event, mut last) = (None, String::new());
                let waited = follow(&mut child, |line| {
                    if let Some(id) = line.strip_prefix("EVENT ") {
                        event = Some(id.to_owned());
                    } else if let Some(record) = line.strip_prefix("RECORD ") {
                        last = kind(record);
                        // Once it is locked its event ends, so that its last records come too.
                        if let (Some(ends), Some(event)) = (story.ends, &event)
                            && record.contains("\"locked\"")
                        {
                            let mut parameters: Value = serde_json::from_str(ends).expect("JSON");
                            parameters["event"] = json!(event);
                            venue.fault("end_event", &parameters);
                        }
                    }
                });
                (waited, event, last)
            })
        };
        let (waited, event, last) = run(Some(after), vec![story.end]).await.expect("a life");
        if !waited {
            return killed_at;
        }
        killed_at.push(last);
        // The next life, and the one after it that finds everything told: both come to what the venue knows.
        let known = known_bets(records(&journal).into_iter()).pop().expect("intended");
        let sent = venue.posts().iter().any(|body| body.contains(&known.spec.id.to_string()));
        let rests = if story.ends.is_some() { vec![BetStatus::Accepted, story.end] } else { vec![story.end] };
        let until = if sent { rests } else { vec![BetStatus::Refused] };
        run(None, until).await.expect("the second life");
        if let (Some(ends), Some(event), true) = (story.ends, event, sent) {
            let mut parameters: Value = serde_json::from_str(ends).expect("JSON");
            parameters["event"] = json!(event);
            // It may have ended before.
            let _ = venue.server.fault("end_event", &parameters);
            run(None, vec![story.end]).await.expect("the third life");
        }
        let state = folded(&journal).expect("a bet");
        let truth = venue.bet(&known.key.key);
        let (locked, paid) = truth.as_ref().map_or((0, 0), |bet| (bet.locked, bet.paid));
        let name = story.name;
        assert_eq!(Stake::from_e6(state.taken()), Stake::from_e6(locked.unsigned_abs()), "{name} {after}: {state:?} {truth:?}");
        assert_eq!(state.paid().0, paid.unsigned_abs(), "{name} {after}: {state:?} {truth:?}");
        let expect = if sent { story.end } else { BetStatus::Refused };
        assert_eq!(state.status(), expect, "{name} {after}: {state:?}");
        let posts = venue.posts();
        assert!(posts.len() <= 1, "{name} {after}: sent {} times", posts.len());
        venue.sound();
        after += 1;
    }
}

/// `intended`, or the kind of the fact.
fn kind(record: &str) -> String {
    let word = |text: &str| text.trim_matches('"').to_owned();
    match serde_json::from_str::<Value>(record) {
        Ok(Value::Object(fact)) => {
            let (name, inner) = fact.iter().next().expect("one kind");
            inner.pointer("/fill/rank").and_then(Value::as_str).map_or(word(name), |rank| format!("{name} {rank}"))
        }
        _ => word(record),
    }
}

fn check(name: &str, expect: &[&str]) {
    let story = STORIES.iter().find(|story| story.name == name).expect("a story");
    let killed_at = on_sockets(kill_at_each(story));
    println!("{name}: killed after {}", killed_at.join(", "));
    for kind in expect {
        assert!(killed_at.iter().any(|at| at == kind), "{name} was not killed after {kind}: {killed_at:?}");
    }
}

#[test]
fn a_bet_that_is_paid_survives_a_kill_after_each_of_its_records() {
    check("settled", &["intended", "sent", "over", "fill matched", "fill locked", "fill settled"]);
}
#[test]
fn a_bet_that_is_called_off_survives_a_kill_after_each_of_its_records() {
    check("void", &["intended", "sent", "over", "fill matched", "fill locked", "fill settled"]);
}
#[test]
fn a_bet_that_is_taken_in_part_survives_a_kill_after_each_of_its_records() {
    check("partial", &["intended", "sent", "over", "fill matched", "fill locked"]);
}
#[test]
fn a_bet_that_fails_on_chain_survives_a_kill_after_each_of_its_records() {
    check("failed", &["intended", "sent", "over", "fill matched", "fill failed"]);
}
#[test]
fn a_bet_that_is_refused_survives_a_kill_after_each_of_its_records() {
    check("refused", &["intended", "sent", "refused"]);
}
#[test]
fn a_bet_whose_answer_is_lost_survives_a_kill_after_each_of_its_records() {
    check("lost", &["intended", "sent", "over", "fill matched", "fill locked"]);
}
