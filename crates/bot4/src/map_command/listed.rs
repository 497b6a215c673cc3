//! What both venues list: from a file, or by asking them.

use crate::bets_wiring::{AZURO, BetFeeds, BetPlaces, SX, SxKeys};
use crate::config::Config;
use crate::quotes_command::EmbeddedBets;
use crate::source::Usage;
use crate::wiring::clock;
use anyhow::Context;
use domain::Listing;
use std::io::{BufRead as _, BufReader, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

/// A venue that has not told all by then has its reason told instead.
const AT_MOST: Duration = Duration::from_mins(1);
/// A longer wait is told about.
const PROGRESS: Duration = Duration::from_secs(2);
/// A line of a listing has some hundred bytes.
const LINE_MAX: usize = 1 << 20;

/// The listings of both venues.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) sx: Vec<Listing>,
    pub(super) azuro: Vec<Listing>,
}

impl Listed {
    /// From a file with one listing of either venue per line.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let cannot = |e: &dyn std::fmt::Display| Usage(format!("{}: cannot be read: {e}", path.display()));
        let file = std::fs::File::open(path).map_err(|e| cannot(&e))?;
        let mut out = Self::default();
        for (n, line) in BufReader::new(file).lines().enumerate() {
            let place = format!("{}:{}", path.display(), n + 1);
            let line = line.map_err(|e| cannot(&e))?;
            if line.trim().is_empty() {
                continue;
            }
            if line.len() > LINE_MAX {
                return Err(Usage(format!("{place}: too long for a listing")).into());
            }
            let listing: Listing = serde_json::from_str(&line)
                .map_err(|e| Usage(format!("{place}: not a listing as `bot4 map propose --save` writes it: {e}")))?;
            match listing.venue {
                SX => out.sx.push(listing),
                AZURO => out.azuro.push(listing),
                other => return Err(Usage(format!("{place}: {other} is no betting venue: {SX} or {AZURO}")).into()),
            }
        }
        Ok(out)
    }

    /// As [`Self::read`] reads it.
    pub(super) fn lines(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        for listing in self.sx.iter().chain(&self.azuro) {
            text.push_str(&serde_json::to_string(listing).context("a listing cannot be written")?);
            text.push('\n');
        }
        Ok(text)
    }

    /// From the venues: the embedded simulators' in the demo, the configured ones otherwise.
    pub(super) fn ask(config: &Config, keys: Option<&SxKeys>, demo: bool) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listed = tokio::task::LocalSet::new().block_on(&runtime, async {
            let embedded = match (keys, demo) {
                (Some(keys), true) => Some(EmbeddedBets::start(clock().now().wall.0.unsigned_abs(), keys)?),
                _ => None,
            };
            let places = match &embedded {
                Some(embedded) => embedded.places(),
                None => BetPlaces::configured(config)?,
            };
            let feeds = BetFeeds::start(config, keys, &places, |_, _, _| {})?;
            let listed = heard(&feeds).await;
            feeds.stop().await;
            if let Some(embedded) = embedded {
                embedded.stop().await;
            }
            listed
        });
        runtime.shutdown_timeout(Duration::from_secs(2));
        listed
    }
}

/// Waits until both have told all.
async fn heard(feeds: &BetFeeds) -> anyhow::Result<Listed> {
    let all = async {
        while [SX, AZURO].into_iter().any(|venue| feeds.session(venue).listed.is_none() && feeds.session(venue).fatal.is_none()) {
            feeds.heard().await;
        }
    };
    let progress = async {
        let mut every = tokio::time::interval(PROGRESS);
        every.tick().await;
        loop {
            every.tick().await;
            if std::io::stderr().is_terminal() {
                let [sx, azuro] = [SX, AZURO].map(|venue| feeds.listing_count(venue));
                eprintln!("reading what both venues list: SX Bet {sx}, Azuro {azuro} markets so far");
            }
        }
    };
    let ended = tokio::select! {
        () = all => true,
        () = progress => false,
        () = tokio::time::sleep(AT_MOST) => false,
    };
    for (name, venue) in [("SX Bet", SX), ("Azuro", AZURO)] {
        let session = feeds.session(venue);
        if session.listed.is_none() {
            let why = session.fatal.or(session.trouble).unwrap_or_else(|| "no answer".to_owned());
            let waited = if ended { "" } else { " in time" };
            anyhow::bail!("{name} has not told what it lists{waited}: {why}");
        }
    }
    Ok(Listed { sx: feeds.listings(SX), azuro: feeds.listings(AZURO) })
}
