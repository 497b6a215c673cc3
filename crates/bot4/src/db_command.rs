//! `bot4 db`: makes the mirror's tables, and says how it is.

use crate::cli::{FAILED, OK};
use crate::config::{Config, FileConfig};
use crate::keys::DATABASE_URL;
use crate::source::{Source, Usage, settings};
use crate::{keys, mirror, out};
use clap::{Args, Subcommand};
use journal::{ChainAt, Tail};
use serde_json::json;
use state_store::postgres::{Address, Status, TableSecurity, migrate};
use std::path::{Path, PathBuf};

/// Records read at a time, and bytes of them.
const CHUNK: (usize, usize) = (4_096, 4 << 20);

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Make the mirror's tables or bring them to this version, with row level security on. May be repeated.
    Migrate(Source),
    /// How the mirror is: tables, row level security, how far it is behind the local journal.
    Status(Source),
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &DbArgs, json: bool) -> u8 {
    let done = match &args.what {
        What::Migrate(source) => migrated(source, json).map(|text| (text, true)),
        What::Status(source) => status(source, json),
    };
    let good = done.as_ref().map_or(OK, |(_, good)| if *good { OK } else { FAILED });
    out::end(done.map(|(text, _)| text)).max(good)
}

/// The database's address and where the journal is.
fn places(source: &Source) -> anyhow::Result<(Address, PathBuf)> {
    let environment = Source::environment()?;
    keys::refuse_open_file(&environment)?;
    let config = if source.file().is_some() {
        source.load(&environment, &[])?.1
    } else {
        // The tables can be made before there is a configuration.
        let layers = source.over(settings().set("pairs", "[ETH-USD]", "bot4 db")?, &environment, &[])?;
        Config::resolve(&layers.load::<FileConfig>()?)?
    };
    let address = mirror::address(&config, &environment)?
        .ok_or_else(|| Usage(format!("there is no {DATABASE_URL}: set it in .env or in the environment")))?;
    Ok((address, config.file.state.join("journal")))
}

fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future))
}

fn migrated(source: &Source, json: bool) -> anyhow::Result<String> {
    let (address, _) = places(source)?;
    let steps = block_on(migrate(&address))??;
    if json {
        return Ok(json!({"database": address.to_string(), "steps": steps}).to_string());
    }
    let what = match steps {
        0 => "the tables were up to date".to_owned(),
        1 => "1 step was made".to_owned(),
        n => format!("{n} steps were made"),
    };
    Ok(format!("{address}: {what}; row level security is on, and no public role has any right.\n"))
}

/// What the local journal says to the mirror.
struct Local {
    /// Its last record.
    last_seq: u64,
    /// Whether the mirror is its beginning; `None` if that record is no longer kept.
    same: Option<bool>,
}

fn local(journal: &Path, status: &Status) -> anyhow::Result<Option<Local>> {
    if !journal::holds_records(journal)? {
        return Ok(None);
    }
    let mut tail = Tail::since_snapshot(journal, u64::MAX)?;
    let (mut last_seq, mut some) = (0, Vec::new());
    loop {
        some.clear();
        let reached = tail.read(u64::MAX - 1, CHUNK.0, CHUNK.1, &mut some)?;
        last_seq = some.last().map_or(last_seq, |c| c.record.seq);
        if reached != journal::Reached::Enough {
            break;
        }
    }
    let mark = status.mark;
    let same = match Tail::chain_at(journal, mark.seq)? {
        _ if mark.seq == 0 => Some(true),
        ChainAt::Known(here) => mark.chain.map(|there| here == there),
        ChainAt::Beyond => Some(false),
        ChainAt::Gone { .. } => None,
    };
    Ok(Some(Local { last_seq, same }))
}

fn status(source: &Source, json: bool) -> anyhow::Result<(String, bool)> {
    let (address, journal) = places(source)?;
    let status = block_on(Status::ask(&address))??;
    let local = local(&journal, &status)?;
    let lag = local.as_ref().map(|l| l.last_seq.saturating_sub(status.mark.seq));
    let current = status.schema.pending == 0 && !status.schema.newer;
    let closed = current && status.tables.iter().all(TableSecurity::closed);
    let same = local.as_ref().is_none_or(|l| l.same != Some(false));
    let good = current && closed && same;
    let text = if json { as_json(&status, local.as_ref(), lag, good) } else { as_table(&status, local.as_ref(), lag, good) };
    Ok((text, good))
}

fn as_json(status: &Status, local: Option<&Local>, lag: Option<u64>, good: bool) -> String {
    let tables: serde_json::Map<String, serde_json::Value> = status
        .tables
        .iter()
        .map(|t| (t.table.clone(), json!({"row_level_security": t.secured, "policies": t.policies, "granted": t.granted})))
        .collect();
    json!({
        "good": good,
        "database": status.place,
        "tls": status.tls,
        "transaction_pooler": status.pooled,
        "schema": {"steps": status.schema.all, "pending": status.schema.pending, "newer": status.schema.newer},
        "identity": status.identity,
        "records": status.records,
        "cursor": status.mark.seq,
        "epoch": status.mark.epoch,
        "chain": status.mark.chain.map(|c| c.to_string()),
        "journal": local.map(|l| json!({"last": l.last_seq, "same": l.same})),
        "lag": lag,
        "tables": tables,
    })
    .to_string()
}

fn as_table(status: &Status, local: Option<&Local>, lag: Option<u64>, good: bool) -> String {
    let Status { place, tls, pooled, schema, tables, identity, mark, records } = status;
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut row = |name: &str, text: String| rows.push([name.to_owned(), text]);
    row("database", place.clone());
    row("TLS", tls.clone().unwrap_or_else(|| "none".to_owned()));
    row(
        "pooler",
        if *pooled { "transaction mode (needs `database.txn_pool: true`)" } else { "none, or one with sessions" }.to_owned(),
    );
    let steps = match (schema.newer, schema.pending) {
        (true, _) => "made by a later version of bot4".to_owned(),
        (false, 0) => format!("version {}, up to date", schema.all),
        (false, pending) => format!("{pending} of {} steps are missing: run `bot4 db migrate`", schema.all),
    };
    row("tables", steps);
    if schema.pending == 0 && !schema.newer {
        let whose = identity.as_ref().map_or_else(
            || "nobody's yet".to_owned(),
            |i| format!("{}, {}", i.mode, i.accounts.iter().map(|(v, a)| format!("{v} {a}")).collect::<Vec<_>>().join(", ")),
        );
        row("mirror of", whose);
        let epoch = mark.epoch.map_or_else(String::new, |e| format!(", epoch {e}"));
        row("last record", format!("{}{epoch} ({records} in all)", mark.seq));
    }
    let here = match local {
        None => "there is none here; a start restores it from the mirror".to_owned(),
        Some(Local { last_seq, same }) => {
            let same = match same {
                Some(true) => "the mirror is its beginning",
                Some(false) => "THE MIRROR IS NOT ITS BEGINNING",
                None => "the mirror's last record is no longer kept here",
            };
            format!("last record {last_seq}; {same}")
        }
    };
    row("local journal", here);
    row("behind", lag.map_or_else(|| "-".to_owned(), |n| format!("{n} records")));
    for t in tables {
        let closed = match (t.secured, t.policies) {
            (false, _) => "ROW LEVEL SECURITY IS OFF".to_owned(),
            (true, 0) => "row level security on".to_owned(),
            (true, n) => format!("row level security on, BUT {n} POLICIES LET SOMEBODY IN"),
        };
        let granted = if t.granted.is_empty() { String::new() } else { format!("; granted to {} (sees no row)", t.granted) };
        row(&format!("  {}", t.table), format!("{closed}{granted}"));
    }
    let mut text = out::columns(&rows);
    text.push_str(if good { "\nAll is well.\n" } else { "\nSomething above is not right.\n" });
    text
}
