//! The probe: everything that can be known before an order is sent, read and judged. `bot4 check` prints it, a live start
//! refuses by it.
//!
//! Owns the questions and their order. The answers come through the venues' own clients and sockets (`watch`, `line`), the
//! verdicts are pure (`verdict`), what lies on this machine is in `local`. Writes nothing anywhere, so that it may run
//! beside a bot that trades.

mod line;
mod local;
mod report;
mod verdict;
mod vest;
mod watch;

pub(crate) use line::{Answer, Line};
pub(crate) use report::{Report, Verdict};

use crate::config::{Config, Mode};
use crate::keys::{Keys, ParadexKeys, VestKeys};
use crate::wiring::{self, PARADEX, Places, VEST};
use anyhow::Context;
use config_manager::Environment;
use domain::VenueId;
use std::time::Duration;
use transport::{Clock, LinkConfig};
use verdict::{At, Held};
use watch::{Seen, watch};

/// How long a venue may take to show everything.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is to be looked at.
pub(crate) struct Probe<'a> {
    pub(crate) config: &'a Config,
    /// Without them Vest's market alone is looked at.
    pub(crate) vest: Option<&'a VestKeys>,
    /// Without them Paradex's market alone is looked at.
    pub(crate) paradex: Option<&'a ParadexKeys>,
    pub(crate) environment: &'a Environment,
    /// One venue alone.
    pub(crate) only: Option<VenueId>,
    /// Told what is being done, for a person who waits.
    pub(crate) progress: &'a dyn Fn(&str),
}

/// Sockets for single questions: no budget of the bot's, no order connection.
fn link(name: &str, (rest, ws): &(String, String), places: &Places) -> LinkConfig {
    LinkConfig { extra_roots: places.roots.clone(), ..LinkConfig::new(name, rest, ws) }
}

impl Probe<'_> {
    /// Looks at everything. Makes a runtime of its own.
    ///
    /// # Errors
    /// Something that the operator wrote cannot be used; nothing was connected.
    pub(crate) fn run(&self) -> anyhow::Result<Report> {
        let places = Places::configured(self.config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        tokio::task::LocalSet::new().block_on(&runtime, self.look(&places))
    }

    async fn look(&self, places: &Places) -> anyhow::Result<Report> {
        let mut report = Report::default();
        let clock = wiring::clock();
        (self.progress)("this machine");
        local::machine(self.config, self.environment, &mut report);
        local::database(self.config, self.environment, &mut report).await;
        let held = local::journal(self.config, &mut report);
        let wanted = |venue| self.only.is_none_or(|only| only == venue);
        let vest = if wanted(VEST) {
            (self.progress)("Vest");
            Some(self.vest(places, clock, &held, &mut report).await?)
        } else {
            None
        };
        let paradex = if wanted(PARADEX) {
            (self.progress)("Paradex");
            Some(self.paradex(places, clock, &held, &mut report).await?)
        } else {
            None
        };
        let sides: Vec<At<'_>> = [(vest.as_ref(), "vest", 0), (paradex.as_ref(), "paradex", 1)]
            .into_iter()
            .filter_map(|(seen, place, side)| Some(At { place, seen: seen?, side }))
            .collect();
        verdict::pairs(self.config, &sides, &mut report);
        Ok(report)
    }

    /// Says that there are no credentials, as loudly as the mode asks for.
    fn without_keys(&self, place: &str, names: &str, report: &mut Report) {
        if self.config.file.mode == Mode::Live {
            report.fail(place, "credentials", "none are set", format!("set {names} in .env or in the environment"));
        } else {
            let advice = format!("demo and paper need none; live trading needs {names}");
            report.warn(place, "credentials", "none are set", advice);
        }
    }

    async fn vest(&self, places: &Places, clock: Clock, held: &Held, report: &mut Report) -> anyhow::Result<Seen> {
        let v3 = (self.config.file.venues.vest.v3_rest.clone(), places.vest.1.clone());
        let v3 = Line::new(link("Vest v3", &v3, places), clock).context("venues.vest.v3_rest")?;
        let v2 = Line::new(link("Vest", &places.vest, places), clock).context("venues.vest")?;
        vest::generation(self.config, &v2, &v3, clock, report).await;
        v3.stop().await;
        let client = wiring::vest(self.config, vest_client::Access::DataOnly, 0)?;
        let place = wiring::vest_market(self.config, places);
        let seen = watch(Box::new(client), link("Vest", &place, places), clock, false, PATIENCE).await.context("venues.vest")?;
        let at = At { place: "vest", seen: &seen, side: 0 };
        verdict::reachable(at, report);
        match self.vest {
            None => self.without_keys("vest", "VEST_SIGNING_KEY and VEST_API_KEY", report),
            Some(keys) => {
                vest::permissions(keys, report);
                if let Some(account) = vest::account(&seen.instruments, keys, &v2, clock, report).await {
                    verdict::clock("vest", account.offset_ms, report);
                    verdict::account(at, &account.snapshot, self.config, held, report);
                    vest::extras(self.config, &account, report);
                }
            }
        }
        v2.stop().await;
        Ok(seen)
    }

    async fn paradex(&self, places: &Places, clock: Clock, held: &Held, report: &mut Report) -> anyhow::Result<Seen> {
        let mut config = self.config.clone();
        config.file.venues.paradex.onboard = false; // a check changes nothing
        let client = wiring::paradex(&config, self.paradex)?;
        let socket = link("Paradex", &places.paradex, places);
        let asks = self.paradex.is_some();
        let seen = watch(Box::new(client), socket.clone(), clock, asks, PATIENCE).await.context("venues.paradex")?;
        let at = At { place: "paradex", seen: &seen, side: 1 };
        verdict::reachable(at, report);
        verdict::clock("paradex", seen.offset_ms, report);
        let Some(keys) = self.paradex else {
            self.without_keys("paradex", "PARADEX_ACCOUNT and PARADEX_SIGNING_KEY", report);
            return Ok(seen);
        };
        let line = Line::new(socket, clock).context("venues.paradex")?;
        paradex_key(keys, &line, report).await;
        line.stop().await;
        match &seen.account {
            Some(account) => {
                report.ok("paradex", "credentials", "the signed login is accepted, and the account reads");
                verdict::account(at, account, self.config, held, report);
            }
            None => {
                let why = seen.fatal.as_ref().or(seen.trouble.as_ref()).map_or("no answer in time", String::as_str);
                let advice = "check PARADEX_ACCOUNT, and that the subkey is registered and active";
                report.fail("paradex", "credentials", format!("the account cannot be read: {why}"), advice);
            }
        }
        Ok(seen)
    }
}

/// Whether the signing key is a subkey: the venue tells publicly which account a main key belongs to (venues/paradex.md 2.1).
async fn paradex_key(keys: &ParadexKeys, line: &Line, report: &mut Report) {
    let Ok(key) = signing::StarkKey::from_hex(&keys.signing) else {
        return report.fail("paradex", "permissions", "PARADEX_SIGNING_KEY is no key", "write the subkey, 0x and hexadecimal");
    };
    let public = key.public_key().to_hex_string();
    let answer = line.get(format!("/onboarding?account_signer_type=starknet&public_key={public}"), Vec::new()).await;
    match key_of(&answer) {
        KeyOf::Account(account) => {
            let found = format!("PARADEX_SIGNING_KEY is the main key of {account}: it can withdraw everything");
            report.fail("paradex", "permissions", found, "make a subkey in the venue's web application and use that");
        }
        KeyOf::NoAccount => report.ok("paradex", "permissions", "a subkey: it trades and cannot withdraw"),
        KeyOf::Untold => {
            let found = "whether the key is a subkey could not be asked";
            report.warn("paradex", "permissions", found, "see that it is one: a subkey cannot withdraw");
        }
    }
}

/// What the venue says about a key.
#[derive(Debug, PartialEq, Eq)]
enum KeyOf {
    /// The main key of this account.
    Account(String),
    /// The main key of none.
    NoAccount,
    /// It did not say.
    Untold,
}

fn key_of(answer: &Answer) -> KeyOf {
    let Answer::Said { status: 200..=299, body } = answer else { return KeyOf::Untold };
    let row: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    match row["exists"].as_bool() {
        Some(true) => KeyOf::Account(row["address"].as_str().unwrap_or("an account").chars().take(70).collect()),
        Some(false) => KeyOf::NoAccount,
        None => KeyOf::Untold,
    }
}

/// The probe before a live start: every finding into the log, and a refusal that names each reason.
///
/// # Errors
/// Live trading must not begin.
pub(crate) fn before_live(config: &Config, keys: &Keys, environment: &Environment) -> anyhow::Result<()> {
    tracing::info!(target: "bot4", "Live: looking at both venues before anything is sent");
    let (vest, paradex) = (Some(&keys.vest), Some(&keys.paradex));
    let report = Probe { config, vest, paradex, environment, only: None, progress: &|_| {} }.run()?;
    for row in &report.rows {
        let (place, what, found) = (row.place.as_str(), row.what, row.found.as_str());
        let advice = row.advice.as_deref().unwrap_or_default();
        match row.verdict {
            Verdict::Ok => tracing::info!(target: "bot4", place, what, "[CHECK] {place} {what}: {found}"),
            Verdict::Warn => tracing::warn!(target: "bot4", place, what, advice, "[CHECK] {place} {what}: {found}"),
            Verdict::Fail => tracing::error!(target: "bot4", place, what, advice, "[CHECK] {place} {what}: {found}"),
        }
    }
    let reasons: Vec<String> = report.reasons().collect();
    if reasons.is_empty() {
        return Ok(());
    }
    anyhow::bail!("live trading does not begin; {} against it: {}", reasons.len(), reasons.join(". "))
}
