//! The mirror beside the trading: what DATABASE_URL asks for, what has to be known of it before a start, and its task.
//!
//! Owns the decision whether a start may go on: a local journal that is there needs no database; one that is gone cannot be
//! told from one that never was, so then the database must answer. Called by `run` and by `bot4 db`.

use crate::config::Config;
use crate::keys::DATABASE_URL;
use crate::source::Usage;
use crate::wiring;
use anyhow::Context;
use config_manager::Environment;
use journal::Identity;
use signing::SanitizedValue;
use state_store::postgres::{
    self, Address, MirrorConfig, MirrorError, MirrorHandle, MirrorService, Postgres, Restored, Settings,
};
use std::path::Path;
use std::time::{Duration, Instant};
use telemetry::Redactor;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long a start without a local journal waits for the database.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a start with one does: what is open there waits for nobody.
const GLANCE: Duration = Duration::from_secs(3);
/// Pause before the database is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// The database's address, if one is named. From here on no log line can show it.
///
/// # Errors
/// [`Usage`]: it cannot be used; the sentence says what to write instead.
pub(crate) fn address(config: &Config, environment: &Environment) -> anyhow::Result<Option<Address>> {
    let Some(url) = environment.secrets().get(DATABASE_URL).filter(|url| !url.expose_secret().trim().is_empty()) else {
        return Ok(None);
    };
    hide(&url);
    let section = &config.file.database;
    let settings = Settings {
        url,
        txn_pool: section.txn_pool,
        root_cert: section.root_cert.clone(),
        allow_unverified_tls: section.allow_unverified_tls,
    };
    Ok(Some(Address::parse(&settings).map_err(|e| Usage(e.to_string()))?))
}

fn hide(url: &SanitizedValue) {
    Redactor::global().register(url);
    let authority =
        url.expose_secret().split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password);
    if let Some(password) = password.filter(|p| !p.is_empty()) {
        Redactor::global().register(&SanitizedValue::from(password));
    }
}

/// A mirror that was looked at.
pub(crate) struct Ready {
    config: MirrorConfig,
    /// The last record it has; `None` if it did not answer.
    known: Option<u64>,
    /// Largest epoch that it, or the clock after a restore, can name.
    pub(crate) known_epoch: u32,
}

/// Looks at the mirror before anything is traded, and restores a local journal that is gone.
///
/// # Errors
/// The database is not this journal's mirror, or it does not answer and there is no local journal. The sentence says what
/// to do.
pub(crate) async fn prepare(address: Address, config: &Config, identity: Identity, journal: &Path) -> anyhow::Result<Ready> {
    let gone = !journal::holds_records(journal).with_context(|| format!("{} cannot be listed", journal.display()))?;
    let section = &config.file.database;
    let mirror = MirrorConfig {
        address,
        journal: journal.to_owned(),
        identity,
        lag_warn: Duration::from_secs(section.lag_warn_s),
        cap_records: section.cap_records,
    };
    let room = config.journal(|| wiring::clock().now().wall).disk_cap_bytes / 2;
    let patience = if gone || section.required { PATIENCE } else { GLANCE };
    let began = Instant::now();
    loop {
        let look = look(&mirror, gone, room);
        // A restore that has begun is not cut short.
        let found = if gone {
            look.await
        } else {
            let silent = Err(MirrorError::Silent { doing: "looking at", seconds: patience.as_secs() });
            tokio::time::timeout(patience, look).await.unwrap_or(silent)
        };
        let waited = began.elapsed() + AGAIN >= patience;
        match found {
            Ok((known, known_epoch)) => return Ok(Ready { config: mirror, known: Some(known), known_epoch }),
            Err(e) if e.needs_operator() => return Err(e.into()),
            Err(e) if !waited => {
                tracing::warn!(target: "bot4", "[STATE] The mirror does not answer yet: {:#}", anyhow::Error::from(e));
                tokio::time::sleep(AGAIN).await;
            }
            Err(e) if gone => {
                return Err(anyhow::Error::from(e).context(format!(
                    "there is no journal in {}, and the mirror that could restore it does not answer: bring the database back; only \
                     if there never was one, start once without {DATABASE_URL}",
                    journal.display()
                )));
            }
            Err(e) if section.required => {
                return Err(anyhow::Error::from(e).context("the mirror does not answer, and `database.required` is set"));
            }
            Err(e) => {
                let why = anyhow::Error::from(e);
                tracing::warn!(target: "bot4", "[STATE] The mirror does not answer, trading goes on with the local journal: {why:#}");
                return Ok(Ready { config: mirror, known: None, known_epoch: 0 });
            }
        }
    }
}

/// Asks once. Gives the last record that the mirror has, and the largest epoch that must be exceeded.
async fn look(mirror: &MirrorConfig, gone: bool, room: u64) -> Result<(u64, u32), MirrorError> {
    let pg = Postgres::connect(&mirror.address).await?;
    let known = postgres::probe(&pg, &mirror.identity).await?;
    if !gone {
        let mark = postgres::check(&pg, &mirror.journal, &mirror.identity).await?;
        return Ok((known, mark.epoch.unwrap_or(0)));
    }
    let Some(Restored { records, last_seq, epoch }) = postgres::restore(&pg, &mirror.journal, &mirror.identity, room).await?
    else {
        return Ok((known, 0));
    };
    tracing::warn!(
        target: "bot4",
        records,
        last_seq,
        "[STATE] The local journal was gone: {records} records written anew from the database"
    );
    pg.close().await;
    // Starts that the mirror never heard of took epochs too, but less than one a second.
    let seconds = wiring::clock().now().wall.0 / 1_000_000;
    Ok((last_seq, epoch.max(u32::try_from(seconds).unwrap_or(0))))
}

/// The mirror's task on the cold runtime.
pub(crate) struct Mirroring {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    pub(crate) handle: MirrorHandle,
}

impl Mirroring {
    /// Starts it. `synced` moves with what is on the disk.
    pub(crate) fn start(runtime: &tokio::runtime::Handle, ready: Ready, synced: watch::Receiver<u64>) -> Self {
        let (service, handle) = MirrorService::new(ready.config, synced, ready.known);
        let stop = CancellationToken::new();
        let task = runtime.spawn(service.run(stop.clone()));
        Self { stop, task, handle }
    }

    /// Sends what is left, for seconds at most, and ends.
    pub(crate) async fn finish(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::warn!(target: "bot4", "the mirror's task did not end properly; the next start sends what it lacks");
        }
    }
}
