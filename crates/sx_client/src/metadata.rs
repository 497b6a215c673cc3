//! What the venue says about itself, believed only when it agrees with itself and with the configuration.
//!
//! Source: spec section 2.1. Read at the start and again and again; a disagreement stops every order (fails closed).

use crate::ladder::Ladder;
use crate::sign::separator;
use crate::wire::json::{Num, data, object};
use domain::Wall;
use serde::Deserialize;
use serde_json::Value;
use signing::eip712::Address;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Longest delay that is believed, ms: beyond it something is wrong with the message.
const DELAY_MS_MAX: u64 = 600_000;
/// Added to the delay before an order may expire, ms (spec section 14).
const EXPIRY_MARGIN_MS: i64 = 7_000;

/// Facts of the venue that orders depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The chain.
    pub chain_id: u64,
    /// The hash of the signing domain.
    pub separator: [u8; 32],
    /// The token that is staked; 6 decimals.
    pub base_token: Address,
    /// Holds the stakes; the contract of the domain.
    pub escrow: Address,
    /// Odds that orders may name.
    pub ladder: Ladder,
    /// Smallest stake, base units.
    pub stake_min: u64,
    /// How many orders one cancel may name.
    pub cancel_max: usize,
    /// How long orders wait before they are matched.
    pub delays: Delays,
}

/// Betting delays, ms. The inner shape of the maps is not known, so the largest number inside counts (spec section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delays {
    /// The longer of the two defaults.
    pub default_ms: u64,
    leagues: BTreeMap<u32, u64>,
    sports: BTreeMap<u32, u64>,
}

impl Delays {
    /// The delay to reckon with: the league's, else the sport's, else the default.
    pub fn of(&self, league: u32, sport: u32) -> u64 {
        self.leagues.get(&league).or_else(|| self.sports.get(&sport)).copied().unwrap_or(self.default_ms)
    }
    /// The earliest expiry that an order with this delay may carry.
    pub fn expiry_min(&self, league: u32, sport: u32, now: Wall) -> Wall {
        now.plus_ms((self.of(league, sport) as i64).saturating_add(EXPIRY_MARGIN_MS))
    }
}

/// Why the venue's word about itself is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataFault {
    /// A member is missing or has another form.
    #[error("metadata: {0} cannot be read")]
    Unreadable(&'static str),
    /// Another chain than configured, or two chains in one message.
    #[error("metadata: chain {seen} where {expect} is expected")]
    Chain {
        /// As the message has it.
        seen: u64,
        /// As it should be.
        expect: u64,
    },
    /// A signing domain that this client was not built for.
    #[error("metadata: the signing domain is {name:?} version {version:?}, this client signs \"OBv3 Escrow\" version \"1\"")]
    Domain {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
    /// Escrow and verifying contract differ, or differ from the configured one.
    #[error("metadata: escrow {escrow} and verifying contract {contract} are not one, or not the configured one")]
    Escrow {
        /// Of the asset.
        escrow: Address,
        /// Of the domain.
        contract: Address,
    },
    /// Stakes are counted in 1e-6 here.
    #[error("metadata: the asset has {0} decimals where 6 are expected")]
    Decimals(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    chain_id: u64,
    #[serde(borrow)]
    domain: DomainRow<'a>,
    #[serde(borrow)]
    active_asset: AssetRow<'a>,
    odds_ladder_step_size: u32,
    betting_delay: Option<DelayRow>,
    #[serde(borrow)]
    limits: LimitRow<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DomainRow<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    chain_id: u64,
    #[serde(borrow)]
    verifying_contract: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssetRow<'a> {
    #[serde(borrow)]
    base_token: Cow<'a, str>,
    #[serde(borrow)]
    escrow_address: Cow<'a, str>,
    decimals: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DelayRow {
    pregame_ms_default: u64,
    live_ms_default: u64,
    #[serde(default)]
    league_id_to_ms: Value,
    #[serde(default)]
    sport_id_to_ms: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LimitRow<'a> {
    #[serde(borrow)]
    order_size_minimum_base_units: Num<'a>,
    max_cancel_orders: Option<usize>,
}

/// Reads `GET /metadata/obv3`. `chain_id` and `escrow` are the configured ones; `delay_ms` is reckoned with when the venue publishes no
/// delays.
///
/// # Errors
/// [`MetadataFault`]: nothing may be signed.
pub fn read(body: &[u8], chain_id: u64, escrow: Option<Address>, delay_ms: u64) -> Result<Metadata, MetadataFault> {
    let row: Body<'_> = data(body).and_then(object).ok_or(MetadataFault::Unreadable("the message"))?;
    for seen in [row.chain_id, row.domain.chain_id] {
        if seen != chain_id {
            return Err(MetadataFault::Chain { seen, expect: chain_id });
        }
    }
    if row.domain.name != "OBv3 Escrow" || row.domain.version != "1" {
        return Err(MetadataFault::Domain { name: row.domain.name.into_owned(), version: row.domain.version.into_owned() });
    }
    let address = |text: &str, what| text.parse::<Address>().map_err(|_| MetadataFault::Unreadable(what));
    let contract = address(&row.domain.verifying_contract, "domain.verifyingContract")?;
    let seen = address(&row.active_asset.escrow_address, "activeAsset.escrowAddress")?;
    if seen != contract || escrow.is_some_and(|pinned| pinned != seen) {
        return Err(MetadataFault::Escrow { escrow: seen, contract });
    }
    if row.active_asset.decimals != 6 {
        return Err(MetadataFault::Decimals(row.active_asset.decimals));
    }
    let delays = match row.betting_delay {
        None => Delays { default_ms: delay_ms, leagues: BTreeMap::new(), sports: BTreeMap::new() },
        Some(delay) => Delays {
            default_ms: delay.pregame_ms_default.max(delay.live_ms_default),
            leagues: by_id(&delay.league_id_to_ms).ok_or(MetadataFault::Unreadable("bettingDelay.leagueIdToMs"))?,
            sports: by_id(&delay.sport_id_to_ms).ok_or(MetadataFault::Unreadable("bettingDelay.sportIdToMs"))?,
        },
    };
    if delays.default_ms > DELAY_MS_MAX {
        return Err(MetadataFault::Unreadable("bettingDelay"));
    }
    Ok(Metadata {
        chain_id,
        separator: separator(&row.domain.name, &row.domain.version, chain_id, contract),
        base_token: address(&row.active_asset.base_token, "activeAsset.baseToken")?,
        escrow: seen,
        ladder: Ladder::new(row.odds_ladder_step_size).ok_or(MetadataFault::Unreadable("oddsLadderStepSize"))?,
        stake_min: row.limits.order_size_minimum_base_units.read().ok_or(MetadataFault::Unreadable("limits"))?,
        cancel_max: row.limits.max_cancel_orders.unwrap_or(100).clamp(1, 100),
        delays,
    })
}

/// A map from an id to a delay, or to something that holds delays.
fn by_id(map: &Value) -> Option<BTreeMap<u32, u64>> {
    match map {
        Value::Null => Some(BTreeMap::new()),
        Value::Object(entries) => entries.iter().map(|(id, value)| Some((id.parse().ok()?, largest(value)?))).collect(),
        _ => None,
    }
}

/// The largest number in a value, whatever its shape. `None` without one, or beyond what is believed.
fn largest(value: &Value) -> Option<u64> {
    let (mut open, mut most) = (vec![value], None);
    while let Some(value) = open.pop() {
        match value {
            Value::Number(_) | Value::String(_) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                most = most.max(Some(text.parse::<u64>().ok().filter(|ms| *ms <= DELAY_MS_MAX)?));
            }
            Value::Array(list) => open.extend(list),
            Value::Object(entries) => open.extend(entries.values()),
            Value::Null | Value::Bool(_) => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    const TORONTO: &str = include_str!("../testdata/fixtures/v3_metadata_obv3_toronto.json");
    const TORONTO_CHAIN: u64 = 79_479_957;

    #[test]
    fn metadata_that_disagrees_with_itself_or_with_the_configuration_is_not_believed() {
        let good = read(TORONTO.as_bytes(), TORONTO_CHAIN, None, 15_000).expect("metadata");
        assert_eq!((good.stake_min, good.cancel_max, good.delays.default_ms), (1_000_000, 100, 10_000));
        let check = |from: &str, to: &str, expect: &str| {
            let text = TORONTO.replacen(from, to, 1);
            assert_ne!(text, TORONTO, "{from}");
            let fault = read(text.as_bytes(), TORONTO_CHAIN, None, 15_000).expect_err(from).to_string();
            assert!(fault.contains(expect), "{from}: {fault}");
        };
        check("79479957", "4162", "chain 4162 where 79479957 is expected");
        check("\"chainId\": 79479957,\n   \"verifying", "\"chainId\": 1,\n   \"verifying", "chain 1 where 79479957");
        check("\"version\": \"1\"", "\"version\": \"2\"", "version \"2\"");
        check("OBv3 Escrow", "OBv4 Escrow", "\"OBv4 Escrow\"");
        check("8CfA4\"\n  },\n  \"activeAsset", "8CfA5\"\n  },\n  \"activeAsset", "are not one");
        check("\"decimals\": 6", "\"decimals\": 18", "18 decimals");
        check("\"oddsLadderStepSize\": 125", "\"oddsLadderStepSize\": 0", "oddsLadderStepSize");
        check("\"liveMsDefault\": 10000", "\"liveMsDefault\": 10000000", "bettingDelay");
        check("\"sportIdToMs\": {}", "\"sportIdToMs\": {\"5\": {}}", "sportIdToMs");
        check("\"data\"", "\"date\"", "the message");
        let other = Address::repeat_byte(7);
        assert!(matches!(read(TORONTO.as_bytes(), TORONTO_CHAIN, Some(other), 0), Err(MetadataFault::Escrow { .. })));
        assert!(read(TORONTO.as_bytes(), TORONTO_CHAIN, Some(good.escrow), 0).is_ok());
    }

    #[test]
    fn a_delay_is_the_leagues_else_the_sports_else_the_longer_default() {
        let text = TORONTO
            .replace("\"leagueIdToMs\": {}", "\"leagueIdToMs\": {\"29\": {\"live\": 6000, \"pregame\": \"500\"}}")
            .replace("\"sportIdToMs\": {}", "\"sportIdToMs\": {\"6\": 5000}");
        let delays = read(text.as_bytes(), TORONTO_CHAIN, None, 0).expect("metadata").delays;
        assert_eq!([delays.of(29, 5), delays.of(1, 6), delays.of(1, 5)], [6_000, 5_000, 10_000]);
        assert_eq!(delays.expiry_min(29, 5, Wall::from_ms(1_000)), Wall::from_ms(14_000));
        let main = include_bytes!("../testdata/fixtures/v3_metadata_obv3_mainnet.json");
        assert_eq!(read(main, 4_162, None, 15_000).expect("metadata").delays.of(29, 5), 15_000);
    }
}
