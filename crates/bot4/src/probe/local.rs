//! What can be looked at on this machine: files, disk, the journal.

use super::report::Report;
use super::verdict::Held;
use crate::config::Config;
use crate::{keys, mirror, replay, wiring};
use config_manager::Environment;
use domain::LegId;
use engine::Engine;
use state_store::postgres::{Status, TableSecurity};
use std::path::Path;
use std::time::Duration;

const PLACE: &str = "here";
/// Less than this beside the journal's own cap is worth a word, bytes.
const ROOM: u64 = 256 << 20;
/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// `.env`, folder and disk.
pub(crate) fn machine(config: &Config, environment: &Environment, report: &mut Report) {
    let in_file = environment.secrets().any_in_file(&keys::ALL);
    match (in_file, environment.readable_by_others()) {
        (true, true) => report.fail(PLACE, ".env", "other users of this machine can read it", "chmod 600 .env"),
        (true, false) => report.ok(PLACE, ".env", "readable by its owner alone"),
        (false, _) => report.ok(PLACE, ".env", "holds no credential"),
    }
    folder(&config.file.state, report);
    disk(&config.file.state, config.file.journal.cap_mb.saturating_mul(1 << 20), report);
}

/// The copy of the journal, if one is configured.
pub(crate) async fn database(config: &Config, environment: &Environment, report: &mut Report) {
    let address = match mirror::address(config, environment) {
        Ok(Some(address)) => address,
        Ok(None) => return report.ok(PLACE, "database", "not configured: the journal on this disk is the only copy"),
        Err(e) => return report.fail(PLACE, "database", format!("{e:#}"), "correct DATABASE_URL or the section `database`"),
    };
    let asked = tokio::time::timeout(PATIENCE, Status::ask(&address)).await;
    let status = match asked.map_err(|_| "no answer in time".to_owned()).and_then(|s| s.map_err(|e| e.to_string())) {
        Ok(status) => status,
        Err(why) => {
            let (found, advice) = (format!("{address} cannot be asked: {why}"), "`bot4 db status` says more");
            return if config.file.database.required {
                report.fail(PLACE, "database", found, advice);
            } else {
                report.warn(PLACE, "database", found, advice);
            };
        }
    };
    if status.schema.newer {
        report.fail(PLACE, "database", format!("{address} was made by a newer bot4"), "update this one");
    } else if status.schema.pending > 0 {
        report.fail(PLACE, "database", format!("{address} has not all of its tables"), "run `bot4 db migrate`");
    } else if !status.tables.iter().all(TableSecurity::closed) {
        report.fail(
            PLACE,
            "database",
            format!("others can read tables of {address}"),
            "run `bot4 db migrate`, see `bot4 db status`",
        );
    } else {
        report.ok(PLACE, "database", format!("{address} answers, its tables are up to date and closed"));
    }
}

fn folder(state: &Path, report: &mut Report) {
    let shown = state.display();
    // Asked by trying: rights, read-only mounts and full quotas all show that way.
    let made = !state.exists();
    let target = state.ancestors().find(|a| a.exists()).unwrap_or(Path::new("."));
    let target = if target.as_os_str().is_empty() { Path::new(".") } else { target };
    let file = target.join(format!(".bot4-check-{}", std::process::id()));
    match std::fs::write(&file, b"bot4 check") {
        Ok(()) => {
            let _ = std::fs::remove_file(&file); // made a moment ago by us; a leftover of ten bytes hurts nobody
            let found = if made { format!("{shown} will be made") } else { format!("{shown} can be written") };
            report.ok(PLACE, "state", found);
        }
        Err(e) => {
            let advice = "give the bot's user the right to write there, or name another folder with `state`";
            report.fail(PLACE, "state", format!("{shown} cannot be written: {e}"), advice);
        }
    }
}

fn disk(state: &Path, cap: u64, report: &mut Report) {
    let at = state.ancestors().find(|a| a.exists()).unwrap_or(Path::new("."));
    match rustix::fs::statvfs(at) {
        Ok(fs) => {
            let free = fs.f_bavail.saturating_mul(fs.f_frsize);
            let found = format!("{} MiB free, the journal takes up to {} MiB", free >> 20, cap >> 20);
            if free < ROOM {
                report.fail(PLACE, "disk", found, "make room: without a journal nothing is traded");
            } else if free < cap.saturating_add(ROOM) {
                report.warn(PLACE, "disk", found, "make room, or lower `journal.cap_mb`");
            } else {
                report.ok(PLACE, "disk", found);
            }
        }
        Err(e) => report.warn(PLACE, "disk", format!("the free space cannot be read: {e}"), "look at it by hand"),
    }
}

/// Folds the journal, if there is one, into what it says we hold. Reads beside a running bot.
pub(crate) fn journal(config: &Config, report: &mut Report) -> Held {
    let folder = config.file.state.join("journal");
    if !folder.exists() {
        report.ok(PLACE, "journal", "none yet: this is the first start here");
        return Held::default();
    }
    match fold(config, &folder) {
        Ok(held) => {
            report.ok(PLACE, "journal", format!("reads back, {} open rounds", held.rounds));
            held
        }
        Err(e) => {
            let advice = "keep the folder, do not trade on it, and name another one with `state`";
            report.fail(PLACE, "journal", format!("does not read back: {e:#}"), advice);
            Held::default()
        }
    }
}

fn fold(config: &Config, folder: &Path) -> anyhow::Result<Held> {
    let mut frames = Vec::new();
    for frame in journal::History::open(folder, 1)? {
        let frame = frame?;
        if frame.kind == journal::KIND_SNAPSHOT {
            frames.clear(); // it holds everything before it
        }
        if frame.kind == journal::KIND_SNAPSHOT || frame.kind >= 16 {
            frames.push(frame);
        }
    }
    let mut engine = Engine::new(wiring::engine(config));
    for record in replay::records(&frames)? {
        engine.fold(&record)?;
    }
    let mut held = Held { rounds: engine.rounds().count(), ..Held::default() };
    for round in engine.rounds() {
        for leg in LegId::BOTH {
            let held_here = round.held(leg);
            let signed = if leg == LegId::A { held_here } else { held_here.saturating_neg() };
            let slot = held.positions.entry(round.plan.legs[leg.index()].instrument).or_insert(0);
            *slot = slot.saturating_add(signed);
        }
        held.orders.extend(round.orders.iter().filter(|o| o.is_live()).map(|o| o.key.key.clone()));
    }
    Ok(held)
}
