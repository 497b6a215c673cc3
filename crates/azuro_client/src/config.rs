//! What the client runs with.

use crate::environment::Environment;
use crate::error::Error;
use signing::SanitizedValue;
use signing::eip712::Address;

/// The sports that have a word in `domain`.
const SPORTS: [u32; 12] = [33, 31, 45, 32, 28, 44, 26, 36, 1000, 1002, 1045, 1061];

/// Options of the client; [`AzuroConfig::new`] has the defaults.
#[derive(Clone, Debug)]
pub struct AzuroConfig {
    /// Where.
    pub environment: &'static Environment,
    /// The bettor's key. Without it the client reads quotes only.
    pub key: Option<SanitizedValue>,
    /// Whether there is a node of the chain behind [`venue_api::Lane::Chain`]. Quotes need none; without one nothing is asked there, and
    /// a key is refused, since the fate of a lost bet could not be asked for.
    pub node: bool,
    /// Wallet credited with bets. `None`: the bettor's own, the safe choice (spec 7.2).
    pub affiliate: Option<Address>,
    /// Consent text inside every bet, at most 160 characters.
    pub attention: String,
    /// Longest life of a bet, s: 5 to 120. What the venue takes beyond that is disputed between its own pages (spec section 16).
    pub ttl_s_max: u64,
    /// A prematch bet must expire this long before kick-off, s (spec 7.2).
    pub kickoff_margin_s: u64,
    /// How far the chain's time must be past `expiresAt` before an unused nonce counts as dead, s: a block, a reorganisation, a
    /// clock.
    pub fence_margin_s: u64,
    /// Largest nonce ever given out, by the journal.
    pub last_nonce: u64,
    /// How often an open bet is asked about, ms.
    pub poll_ms: u64,
    /// How often an accepted bet is asked about, ms: it can still be called off.
    pub watch_ms: u64,
    /// The venue's numbers of the sports whose markets are listed (spec section 3): 33 football, 31 basketball, 45 tennis. Empty: nothing is
    /// listed, so nothing can be watched.
    pub sports: Vec<u32>,
    /// Games that begin within so many hours are listed.
    pub horizon_h: u32,
    /// How long after the end of one walk through the lists the next begins, ms.
    pub list_ms: u64,
    /// How often all watched conditions are read anew, ms; a condition not heard of for twice as long is not quoted.
    pub refresh_ms: u64,
    /// How long the limits of an outcome count after they were read, ms: quoted with and bet within, while newer ones cannot be had. They
    /// are asked for anew when half of it has passed or the odds moved; more than three times `refresh_ms` keeps quotes whole.
    pub limits_ms: u64,
    /// How often the relayer's fee and the funds are read, ms; what is older than three times this stops bets.
    pub fee_ms: u64,
    /// When to give up on a POST, ms.
    pub order_timeout_ms: u64,
    /// When to give up on anything else, ms.
    pub read_timeout_ms: u64,
}

impl AzuroConfig {
    /// The defaults for an environment: read only until a key is set.
    pub fn new(environment: &'static Environment) -> Self {
        Self {
            environment,
            key: None,
            node: true,
            affiliate: None,
            attention: String::new(),
            ttl_s_max: 60,
            kickoff_margin_s: 30,
            fence_margin_s: 12,
            last_nonce: 0,
            poll_ms: 500,
            watch_ms: 10_000,
            sports: SPORTS.to_vec(),
            horizon_h: 48,
            list_ms: 300_000,
            refresh_ms: 15_000,
            limits_ms: 60_000,
            fee_ms: 10_000,
            order_timeout_ms: 2_500,
            read_timeout_ms: 5_000,
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Config`] names the value and what would be valid.
    pub fn check(&self) -> Result<(), Error> {
        let between = |name: &str, value: u64, low: u64, high: u64| {
            let fits = (low..=high).contains(&value);
            fits.then_some(()).ok_or_else(|| Error::Config(format!("{name} is {value}; valid is {low} to {high}")))
        };
        between("ttl_s_max", self.ttl_s_max, 5, 120)?;
        between("kickoff_margin_s", self.kickoff_margin_s, 30, 3_600)?;
        between("fence_margin_s", self.fence_margin_s, 4, 600)?;
        between("poll_ms", self.poll_ms, 250, 10_000)?;
        between("watch_ms", self.watch_ms, 1_000, 600_000)?;
        between("refresh_ms", self.refresh_ms, 1_000, 600_000)?;
        between("limits_ms", self.limits_ms, 1_000, 600_000)?;
        between("horizon_h", u64::from(self.horizon_h), 1, 720)?;
        between("list_ms", self.list_ms, 1_000, 86_400_000)?;
        between("fee_ms", self.fee_ms, 1_000, 60_000)?;
        between("order_timeout_ms", self.order_timeout_ms, 100, 60_000)?;
        between("read_timeout_ms", self.read_timeout_ms, 100, 60_000)?;
        if self.attention.chars().count() > 160 {
            return Err(Error::Config("attention has more than the 160 characters that are valid".to_owned()));
        }
        if self.key.is_some() && !self.node {
            return Err(Error::Config("no node of the chain is configured: nothing can be bet".to_owned()));
        }
        if self.key.is_some() && !self.environment.tradable {
            return Err(Error::Config(format!("{} is read only: valid without a key", self.environment.name)));
        }
        Ok(())
    }
}
