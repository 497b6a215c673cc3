//! A process that bets is killed with SIGKILL right after each record of a bet, and before the first one reaches the venue. Its next life
//! folds the journal, asks the venue, and comes to what the venue knows; no order was sent twice.
//!
//! The process is this test binary itself, started with [`LIFE`] in its environment.

use crate::sandbox::rig::{ALONE, LIMIT, Venue, on_sockets, quick, ready, spec};
use crate::shell::{Shell, known_bets};
use crate::venue;
use domain::record::Record;
use domain::{BetStatus, Stake, TimeInForce};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use sx_client::state::{Bet, BetEvent};

/// What a life is told, as JSON: where the venue is, where its journal lies, and after which kind of record it waits to be killed.
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
    let wait_after = told["wait_after"].as_str().map(str::to_owned);
    let wait = move |what: &str| {
        println!("RECORD {what}");
        if wait_after == Some(kind(what)) {
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

fn live(venue: &Venue, folder: &Path, story: &Story, wait_after: Option<&'static str>, until: &[BetStatus]) -> Child {
    let told = json!({
        "rest": venue.server.rest_url(), "realtime": venue.server.ws_url(), "ca": folder.join("ca.pem"),
        "journal": folder.join("journal"), "wait_after": wait_after, "tif": story.tif, "until": until,
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

/// How often a bet's process is killed after each kind of record.
const TIMES: u64 = 3;

/// Ends the event that was bet on, as the story has it.
fn end(venue: &Venue, story: &Story, event: &str) {
    if let Some(ends) = story.ends {
        let mut parameters: Value = serde_json::from_str(ends).expect("JSON");
        parameters["event"] = json!(event);
        // In an earlier life it may have ended already.
        let _ = venue.server.fault("end_event", &parameters);
    }
}

/// What one life did.
struct Lived {
    /// It waited to be killed, and was.
    killed: bool,
    event: Option<String>,
}

async fn lived(
    venue: &Arc<Venue>,
    folder: &Path,
    story: Story,
    wait_after: Option<&'static str>,
    until: Vec<BetStatus>,
) -> Lived {
    let (venue, folder) = (Arc::clone(venue), folder.to_owned());
    let life = tokio::task::spawn_blocking(move || {
        let mut child = live(&venue, &folder, &story, wait_after, &until);
        let mut lived = Lived { killed: false, event: None };
        lived.killed = follow(&mut child, |line| {
            if let Some(id) = line.strip_prefix("EVENT ") {
                lived.event = Some(id.to_owned());
            } else if let Some(record) = line.strip_prefix("RECORD ") {
                // Once it is locked its event ends, so that its last records come too.
                if let Some(event) = lived.event.as_ref().filter(|_| record.contains("\"locked\"")) {
                    end(&venue, &story, event);
                }
            }
        });
        lived
    });
    life.await.expect("a life")
}

/// Kills a bet's process after its first record of this kind.
async fn kill_after(story: Story, after: &'static str, seed: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let venue = Venue::start(seed, 1, |config| config.latencies.lock_ms = (200, 400));
    std::fs::write(folder.path().join("ca.pem"), venue.server.ca_pem()).expect("written");
    if let Some((name, parameters)) = story.fault {
        let mut parameters: Value = serde_json::from_str(parameters).expect("JSON");
        parameters["count"] = json!(1);
        venue.fault(name, &parameters);
    }
    let venue = Arc::new(venue);
    let Lived { killed, event } = lived(&venue, folder.path(), story, Some(after), vec![story.end]).await;
    assert!(killed, "{} was not killed after {after}", story.name);
    let journal = folder.path().join("journal");
    let known = known_bets(records(&journal).into_iter()).pop().expect("intended");
    let sent = !venue.posts().is_empty();
    // The next life; then its event ends, if it has not, and one more sees that.
    let rests = if story.ends.is_some() { vec![BetStatus::Accepted, story.end] } else { vec![story.end] };
    lived(&venue, folder.path(), story, None, if sent { rests } else { vec![BetStatus::Refused] }).await;
    if let (true, Some(event)) = (sent && story.ends.is_some(), event) {
        end(&venue, &story, &event);
        lived(&venue, folder.path(), story, None, vec![story.end]).await;
    }
    let (state, truth) = (folded(&journal).expect("a bet"), venue.bet(&known.key.key));
    let (locked, paid) = truth.as_ref().map_or((0, 0), |bet| (bet.locked, bet.paid));
    let name = story.name;
    assert_eq!(Stake::from_e6(state.taken()), Stake::from_e6(locked.unsigned_abs()), "{name} {after}: {state:?} {truth:?}");
    assert_eq!(state.paid().0, paid.unsigned_abs(), "{name} {after}: {state:?} {truth:?}");
    let expect = if sent { story.end } else { BetStatus::Refused };
    assert_eq!(state.status(), expect, "{name} {after}: {state:?}");
    let posts = venue.posts();
    assert!(posts.len() <= 1, "{name} {after}: sent {} times", posts.len());
    venue.sound();
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

fn check(name: &str, kinds: &[&'static str]) {
    let _beside = ALONE.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    let story = *STORIES.iter().find(|story| story.name == name).expect("a story");
    on_sockets(async {
        let times = |kind: &&'static str| (0..TIMES).map(|time| (*kind, time)).collect::<Vec<_>>();
        let all = kinds.iter().flat_map(times).map(|(kind, time)| tokio::task::spawn_local(kill_after(story, kind, 20 + time)));
        for one in all.collect::<Vec<_>>() {
            one.await.expect("no kill breaks it");
        }
    });
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
