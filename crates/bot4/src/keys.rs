//! Credentials: by name from the environment or `.env`, or thrown away after a demo.

use config_manager::Environment;
use rustls::crypto::ring::default_provider;
use signing::{EvmKey, SanitizedValue, StarkKey};
use telemetry::Redactor;

/// Private key that signs Vest's orders.
pub(crate) const VEST_SIGNING_KEY: &str = "VEST_SIGNING_KEY";
/// Private key of the Vest account's wallet: registers the signing key at start, where no API key is given.
pub(crate) const VEST_PRIMARY_KEY: &str = "VEST_PRIMARY_KEY";
/// What registering returned.
pub(crate) const VEST_API_KEY: &str = "VEST_API_KEY";
/// Account group that registering returned.
pub(crate) const VEST_ACCOUNT_GROUP: &str = "VEST_ACCOUNT_GROUP";
/// Address of the Paradex account.
pub(crate) const PARADEX_ACCOUNT: &str = "PARADEX_ACCOUNT";
/// Private key that signs Paradex's orders: a subkey.
pub(crate) const PARADEX_SIGNING_KEY: &str = "PARADEX_SIGNING_KEY";
/// Address of the wallet behind the Paradex account; only needed where it is onboarded at start.
pub(crate) const PARADEX_L1_ADDRESS: &str = "PARADEX_L1_ADDRESS";

/// The SX Bet account's API key: its realtime feed and its account.
pub(crate) const SX_API_KEY: &str = "SX_API_KEY";
/// Private key of the SX Bet account: signs its orders; the API key belongs to its address.
pub(crate) const SX_ACCOUNT_KEY: &str = "SX_ACCOUNT_KEY";
/// Seed of the Ed25519 key that signs requests for a gateway of the operator's own, where `venues.sx.sign_requests` is on.
pub(crate) const SX_REQUEST_SEED: &str = "SX_REQUEST_SEED";
/// Private key of the wallet that bets on Azuro.
pub(crate) const AZURO_ACCOUNT_KEY: &str = "AZURO_ACCOUNT_KEY";
/// Nodes of Azuro's chain, where their URLs hold keys.
pub(crate) const AZURO_RPC_URL: &str = "AZURO_RPC_URL";

/// Where the copy of the journal lies, password included. Needed for nothing, and no wish to trade.
pub(crate) const DATABASE_URL: &str = "DATABASE_URL";

/// Every name: one of them set means that somebody wants to trade with it.
pub(crate) const ALL: [&str; 12] = [
    VEST_SIGNING_KEY,
    VEST_PRIMARY_KEY,
    VEST_API_KEY,
    VEST_ACCOUNT_GROUP,
    PARADEX_ACCOUNT,
    PARADEX_SIGNING_KEY,
    PARADEX_L1_ADDRESS,
    SX_API_KEY,
    SX_ACCOUNT_KEY,
    SX_REQUEST_SEED,
    AZURO_ACCOUNT_KEY,
    AZURO_RPC_URL,
];
/// Those of Vest alone.
pub(crate) const OF_VEST: [&str; 4] = [VEST_SIGNING_KEY, VEST_PRIMARY_KEY, VEST_API_KEY, VEST_ACCOUNT_GROUP];
/// Those of Paradex alone.
pub(crate) const OF_PARADEX: [&str; 3] = [PARADEX_ACCOUNT, PARADEX_SIGNING_KEY, PARADEX_L1_ADDRESS];

/// Those of SX Bet alone.
pub(crate) const OF_SX: [&str; 3] = [SX_API_KEY, SX_ACCOUNT_KEY, SX_REQUEST_SEED];

/// The file that credentials stand in is open to others.
#[derive(Debug, thiserror::Error)]
#[error(".env holds credentials and can be read by other users of this machine; `chmod 600 .env` ends that, then start again")]
pub(crate) struct OpenToOthers;

/// Refuses credentials that stand in a file which others can read.
///
/// # Errors
/// [`OpenToOthers`].
pub(crate) fn refuse_open_file(environment: &Environment) -> Result<(), OpenToOthers> {
    let secrets = environment.secrets();
    let holds = secrets.any_in_file(&ALL) || secrets.any_in_file(&[DATABASE_URL]);
    if environment.readable_by_others() && holds { Err(OpenToOthers) } else { Ok(()) }
}

/// A credential is not what its name says. Never shows it.
#[derive(Debug, thiserror::Error)]
#[error("credential {name} is not {what}")]
pub(crate) struct WrongCredential {
    name: &'static str,
    what: String,
}

impl WrongCredential {
    fn of(name: &'static str, what: &str) -> Self {
        Self { name, what: what.to_owned() }
    }
}

/// A key of Vest's kind by the name of its credential.
///
/// # Errors
/// It is none; the sentence names it and does not show it.
pub(crate) fn evm_key(name: &'static str, key: &SanitizedValue) -> Result<EvmKey, WrongCredential> {
    EvmKey::from_hex(key).map_err(|e| WrongCredential::of(name, &format!("a key: {e}")))
}

/// What both clients need.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) vest: VestKeys,
    pub(crate) paradex: ParadexKeys,
}

/// What Vest's client needs.
#[derive(Clone, Debug)]
pub(crate) struct VestKeys {
    pub(crate) signing: SanitizedValue,
    pub(crate) primary: Option<SanitizedValue>,
    pub(crate) api_key: Option<SanitizedValue>,
    pub(crate) group: u32,
}

/// What Paradex's client needs.
#[derive(Clone, Debug)]
pub(crate) struct ParadexKeys {
    pub(crate) account: String,
    pub(crate) signing: SanitizedValue,
    pub(crate) l1: Option<String>,
}

impl Keys {
    /// From the environment. Every one is registered with the log before it is used, and checked before anything is
    /// begun with it: a journal belongs to its accounts for good.
    pub(crate) fn from_environment(environment: &Environment) -> anyhow::Result<Self> {
        Ok(Self { vest: VestKeys::from_environment(environment)?, paradex: ParadexKeys::from_environment(environment)? })
    }

    /// The same for live trading, where no key that could move money away has a place: Paradex by a subkey, Vest by a
    /// signing key that is registered already.
    pub(crate) fn for_live(environment: &Environment) -> anyhow::Result<Self> {
        let secrets = environment.secrets();
        for name in [VEST_SIGNING_KEY, VEST_API_KEY, PARADEX_ACCOUNT, PARADEX_SIGNING_KEY] {
            secrets.require(name)?;
        }
        let misplaced = [
            (
                VEST_PRIMARY_KEY,
                "a key for live trading: it can move the account's money. Register the signing key with `bot4 register vest`, which keeps nothing, and remove it",
            ),
            (
                PARADEX_L1_ADDRESS,
                "needed in live trading, since no account is onboarded there: remove it, and see that PARADEX_SIGNING_KEY is a subkey",
            ),
        ];
        for (name, why) in misplaced {
            if environment.get(name).is_some_and(|v| !v.trim().is_empty()) {
                return Err(WrongCredential::of(name, why).into());
            }
        }
        Self::from_environment(environment)
    }

    /// Fresh ones that are good for simulated venues only.
    pub(crate) fn throw_away() -> anyhow::Result<Self> {
        let draw = || -> anyhow::Result<[u8; 32]> {
            let mut bytes = [0u8; 32];
            default_provider().secure_random.fill(&mut bytes).map_err(|_| anyhow::anyhow!("no randomness to draw a key from"))?;
            Ok(bytes)
        };
        let hex = |bytes: [u8; 32]| {
            let text = bytes.iter().fold(String::from("0x"), |mut t, b| {
                use std::fmt::Write as _;
                let _ = write!(t, "{b:02x}");
                t
            });
            SanitizedValue::new(text)
        };
        let (stark, _) = signing::stark_account::grind(&draw()?).map_err(|e| anyhow::anyhow!("no Stark key: {e}"))?;
        let primary = hex(draw()?);
        let l1 = EvmKey::from_hex(&primary).map_err(|e| anyhow::anyhow!("no wallet key: {e}"))?;
        let vest = VestKeys { signing: hex(draw()?), primary: Some(primary), api_key: None, group: 0 };
        let l1 = Some(l1.address().to_string());
        let paradex = ParadexKeys { account: demo_account(&stark), signing: stark.to_hex(), l1 };
        vest.hide();
        paradex.hide();
        Ok(Self { vest, paradex })
    }
}

impl VestKeys {
    /// Vest's alone, see [`Keys::from_environment`].
    pub(crate) fn from_environment(environment: &Environment) -> anyhow::Result<Self> {
        let secrets = environment.secrets();
        let keys = Self {
            signing: secrets.require(VEST_SIGNING_KEY)?,
            primary: secrets.get(VEST_PRIMARY_KEY),
            api_key: secrets.get(VEST_API_KEY),
            group: match environment.get(VEST_ACCOUNT_GROUP).map(str::trim) {
                None => 0,
                Some(text) => text.parse().map_err(|_| WrongCredential::of(VEST_ACCOUNT_GROUP, "a number from 0 to 9"))?,
            },
        };
        keys.hide();
        keys.check()?;
        Ok(keys)
    }

    /// # Errors
    /// The first one that is not what its name says.
    fn check(&self) -> Result<(), WrongCredential> {
        if self.primary.is_none() && self.api_key.is_none() {
            let either = format!("set, nor is {VEST_PRIMARY_KEY}: one of the two is needed, in the environment or in .env");
            return Err(WrongCredential::of(VEST_API_KEY, &either));
        }
        evm_key(VEST_SIGNING_KEY, &self.signing)?;
        self.primary.as_ref().map_or(Ok(()), |key| evm_key(VEST_PRIMARY_KEY, key).map(drop))
    }

    fn hide(&self) {
        let redactor = Redactor::global();
        for secret in [Some(&self.signing), self.primary.as_ref(), self.api_key.as_ref()].into_iter().flatten() {
            redactor.register(secret);
        }
    }

    /// Public name of the account: the wallet's address, or the signing address where only that is known.
    pub(crate) fn account(&self) -> anyhow::Result<String> {
        let key = self.primary.as_ref().unwrap_or(&self.signing);
        let key = EvmKey::from_hex(key).map_err(|e| anyhow::anyhow!("the Vest key is not a key: {e}"))?;
        Ok(key.address().to_string().to_ascii_lowercase())
    }
}

impl ParadexKeys {
    /// Paradex's alone, see [`Keys::from_environment`].
    pub(crate) fn from_environment(environment: &Environment) -> anyhow::Result<Self> {
        let secrets = environment.secrets();
        let keys = Self {
            account: secrets.require(PARADEX_ACCOUNT)?.expose_secret().to_owned(),
            signing: secrets.require(PARADEX_SIGNING_KEY)?,
            l1: environment.get(PARADEX_L1_ADDRESS).map(|a| a.trim().to_owned()),
        };
        keys.hide();
        keys.check()?;
        Ok(keys)
    }

    /// # Errors
    /// The first one that is not what its name says.
    fn check(&self) -> Result<(), WrongCredential> {
        if let Err(e) = StarkKey::from_hex(&self.signing) {
            return Err(WrongCredential::of(PARADEX_SIGNING_KEY, &format!("a key: {e}")));
        }
        let is_hex = |text: &str, digits: std::ops::RangeInclusive<usize>| {
            let text = text.strip_prefix("0x").unwrap_or_default();
            digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
        };
        if !is_hex(&self.account, 1..=64) {
            return Err(WrongCredential::of(PARADEX_ACCOUNT, "an account's address: 0x and up to 64 hexadecimal digits"));
        }
        if self.l1.as_ref().is_some_and(|address| !is_hex(address, 40..=40)) {
            return Err(WrongCredential::of(PARADEX_L1_ADDRESS, "a wallet's address: 0x and 40 hexadecimal digits"));
        }
        Ok(())
    }

    fn hide(&self) {
        Redactor::global().register(&self.signing);
    }
}

/// Class hashes that the simulated Paradex runs with (those of the official SDK's own test configuration).
const PROXY_CLASS: &str = "0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9";
const ACCOUNT_CLASS: &str = "0x41cb0280ebadaa75f996d8d92c6f265f6d040bb3ba442e5f86a554f1765244e";

fn demo_account(key: &StarkKey) -> String {
    let felt = |text| signing::Felt::from_hex(text).expect("a constant felt");
    signing::stark_account::account_address(&key.public_key(), &felt(PROXY_CLASS), &felt(ACCOUNT_CLASS)).to_hex_string()
}
