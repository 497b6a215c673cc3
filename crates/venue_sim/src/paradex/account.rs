//! Accounts: onboarding, login (sections 2.3, 2.4), margin and the sums an account reports (section 4.3).

use std::collections::HashMap;

use serde_json::Value;
use starknet_types_core::felt::Felt;

use super::crypto::{PublicKey, Signature, felt, is_ethereum_address};
use super::state::{Account, Holding};
use super::{ParadexSim, Refusal};
use crate::HttpRequest;
use crate::exchange::ledger::notional;

/// Sums of an account, USDC at 1e-8.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Margin {
    pub(super) value: i64,
    pub(super) initial: i64,
    pub(super) maintenance: i64,
    /// `value - initial`.
    pub(super) free: i64,
    /// `value - maintenance`.
    pub(super) cushion: i64,
}

/// Header of the venue, which a shell hands over in lower case.
fn header<'a>(http: &HttpRequest<'a>, name: &str) -> Result<&'a str, Refusal> {
    let found = http.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
    found.ok_or_else(|| Refusal::bad("INVALID_REQUEST_PARAMETER", format!("header {name} is required")))
}

fn bad_signature() -> Refusal {
    Refusal::new(401, "STARKNET_SIGNATURE_VERIFICATION_FAILED", "signature does not verify")
}

impl ParadexSim {
    /// Adds an account; without an address it gets the one that belongs to its key. `None` if the key is no point.
    pub(super) fn add_account(&mut self, public_key: Felt, address: Option<Felt>) -> Option<usize> {
        let key = PublicKey::new(public_key)?;
        let address = address.unwrap_or_else(|| self.chain.account_address(&public_key));
        let now = self.clock();
        self.accounts.push(Account {
            address,
            hex: address.to_hex_string(),
            prefix: self.chain.account_prefix(&address),
            keys: vec![key],
            cash: self.config.start_balance,
            cash_updated: now,
            holdings: vec![Holding::default(); self.markets.len()],
            orders: Vec::new(),
            open: Vec::new(),
            by_client_id: HashMap::new(),
            fills: Vec::new(),
            payments: Vec::new(),
            hashes: Vec::new(),
            in_liquidation: false,
        });
        let index = self.accounts.len() - 1;
        self.by_address.insert(address, index);
        Some(index)
    }

    /// `POST /onboarding`.
    pub(super) fn onboard(&mut self, http: &HttpRequest<'_>) -> Result<(), Refusal> {
        let ethereum = header(http, "paradex-ethereum-account")?;
        if !is_ethereum_address(ethereum) {
            return Err(Refusal::bad("INVALID_ETHEREUM_ADDRESS", "PARADEX-ETHEREUM-ACCOUNT is not an address"));
        }
        let address = felt(header(http, "paradex-starknet-account")?);
        let address = address.ok_or_else(|| Refusal::bad("INVALID_REQUEST_PARAMETER", "account is not a felt"))?;
        let signature = Signature::parse(header(http, "paradex-starknet-signature")?)
            .ok_or_else(|| Refusal::bad("INVALID_STARKNET_SIGNATURE", "signature is not two decimal numbers"))?;
        let body: Value = serde_json::from_slice(http.body).map_err(|e| Refusal::bad("BINDING_ERROR", e.to_string()))?;
        let public_key = body.get("public_key").and_then(Value::as_str).and_then(felt);
        let no_key = || Refusal::bad("PUBLIC_KEY_INVALID", "public_key is not a point of the curve");
        let public_key = public_key.ok_or_else(no_key)?;
        if self.chain.account_address(&public_key) != address {
            return Err(Refusal::bad("INVALID_REQUEST_PARAMETER", "account address does not belong to the public key"));
        }
        let key = PublicKey::new(public_key).ok_or_else(no_key)?;
        let prefix = self.chain.account_prefix(&address);
        let hash = self.chain.onboarding_hash(&prefix).ok_or_else(bad_signature)?;
        if !key.verifies(&hash, &signature) {
            return Err(bad_signature());
        }
        if self.by_address.contains_key(&address) {
            return match self.switches.repeated_onboarding.as_str() {
                "error" => Err(Refusal::bad("ETHEREUM_ADDRESS_ALREADY_ONBOARDED", "account is onboarded already")),
                _ => Ok(()),
            };
        }
        self.add_account(public_key, None).map(drop).ok_or_else(no_key)
    }

    /// `POST /auth` and `POST /auth/{public_key}`: a token for whoever signed.
    pub(super) fn login(&mut self, http: &HttpRequest<'_>, path_key: Option<&str>) -> Result<String, Refusal> {
        let address = felt(header(http, "paradex-starknet-account")?);
        let account = address.and_then(|a| self.by_address.get(&a)).copied();
        let account = account.ok_or_else(|| Refusal::bad("NOT_ONBOARDED", "account is not onboarded"))?;
        let signature = Signature::parse(header(http, "paradex-starknet-signature")?)
            .ok_or_else(|| Refusal::bad("INVALID_STARKNET_SIGNATURE", "signature is not two decimal numbers"))?;
        let seconds = |text: &str| text.parse::<i64>().ok().filter(|t| (0..100_000_000_000).contains(t));
        let no_time = || Refusal::bad("INVALID_TIMESTAMP", "timestamp and expiration are seconds");
        let timestamp = seconds(header(http, "paradex-timestamp")?).ok_or_else(no_time)?;
        let expiration = match header(http, "paradex-signature-expiration") {
            Ok(text) => seconds(text).ok_or_else(no_time)?,
            Err(_) => timestamp + 1_800,
        };
        let now = self.clock_ms().div_euclid(1_000);
        let skew = self.switches.future_skew_ms.div_euclid(1_000);
        if timestamp > now + skew || expiration <= now || expiration - timestamp > 7 * 86_400 {
            return Err(Refusal::bad("INVALID_TIMESTAMP", "signature is not valid at this time"));
        }
        let known = &self.accounts[account];
        let hash = self.chain.auth_hash(&known.prefix, timestamp.unsigned_abs(), expiration.unsigned_abs());
        let hash = hash.ok_or_else(bad_signature)?;
        let signed_by = match path_key {
            Some(text) => {
                let named = felt(text).ok_or_else(|| Refusal::bad("PUBLIC_KEY_INVALID", "public key is not a felt"))?;
                let key = known.keys.iter().find(|k| k.x == named);
                let key = key.ok_or_else(|| Refusal::bad("INVALID_SUBKEY", "key does not belong to the account"))?;
                key.verifies(&hash, &signature)
            }
            None => known.keys.iter().any(|k| k.verifies(&hash, &signature)),
        };
        if !signed_by {
            return Err(bad_signature());
        }
        Ok(self.issue_token(account))
    }

    /// Margin of an account at the present marks. Per market the larger of what its bids or its asks could make of
    /// the position counts.
    pub(super) fn margin(&self, account: usize) -> Margin {
        let a = &self.accounts[account];
        let mut open = vec![[0i64; 2]; self.markets.len()];
        for key in &a.open {
            let o = &self.orders[*key as usize];
            if !o.reduces() {
                let side = &mut open[o.market][usize::from(o.side == crate::exchange::Side::Sell)];
                *side = side.saturating_add(o.remaining);
            }
        }
        let mut sums = Margin { value: a.cash, ..Margin::default() };
        for (m, holding) in a.holdings.iter().enumerate() {
            let size = holding.position.size;
            let [bids, asks] = open[m];
            if size == 0 && bids == 0 && asks == 0 {
                continue;
            }
            let mark = self.mark_price(m);
            let index = self.markets[m].funding_index;
            let open_profit = holding.position.unrealized(mark).saturating_add(holding.position.pending_funding(index));
            sums.value = sums.value.saturating_add(open_profit);
            let most = size.saturating_add(bids).abs().max(size.saturating_sub(asks).abs());
            let imf = self.markets[m].spec.imf_bps;
            let share = |base: i64, bps: i64| (i128::from(notional(base, mark)) * i128::from(bps) / 10_000) as i64;
            sums.initial = sums.initial.saturating_add(share(most, imf));
            sums.maintenance = sums.maintenance.saturating_add(share(size.abs(), imf) / 2);
        }
        sums.free = sums.value.saturating_sub(sums.initial);
        sums.cushion = sums.value.saturating_sub(sums.maintenance);
        sums
    }
}
