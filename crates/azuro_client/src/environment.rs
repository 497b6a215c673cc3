//! Where Azuro lives: hosts, chains and contracts. Constants of the venue, one row per environment.
//!
//! Source: spec sections 1 and 2. Polygon is traded. Base is decoded, never traded: its bet token is WETH, and a bank in
//! dollars has none. Other crates read rows; none makes one.

use signing::eip712::{Address, Eip712Domain, U256, domain_separator};

/// One environment of the venue: a chain, its contracts and the hosts that serve it.
#[derive(Debug, PartialEq, Eq)]
pub struct Environment {
    /// The venue's word: `PolygonUSDT`.
    pub name: &'static str,
    /// Base of all REST targets, without a slash at the end.
    pub rest_base: &'static str,
    /// The feed's WebSocket.
    pub feed_url: &'static str,
    /// EVM chain id.
    pub chain_id: u64,
    /// Liquidity pool: payouts are claimed here.
    pub lp: Address,
    /// Core: verifies bets, keeps nonces, emits bet events.
    pub core: Address,
    /// Relayer: the spender that the bet token is approved to.
    pub relayer: Address,
    /// The ERC-721 of bets.
    pub bet_nft: Address,
    /// The ERC-20 that stakes are made of.
    pub bet_token: Address,
    /// Decimals of the bet token.
    pub decimals: u32,
    /// Whether this client places bets there. Where not, it reads only.
    pub tradable: bool,
}

const REST: &str = "https://api.onchainfeed.org/api/v1/public";
const REST_DEV: &str = "https://dev-api.onchainfeed.org/api/v1/public";
const FEED: &str = "wss://streams.onchainfeed.org/v1/streams/feed";
const FEED_DEV: &str = "wss://dev-streams.onchainfeed.org/v1/streams/feed";

/// Polygon, in USDT: the one that trades.
pub const POLYGON: Environment = Environment {
    name: "PolygonUSDT",
    rest_base: REST,
    feed_url: FEED,
    chain_id: 137,
    lp: address("0FA7FB5407eA971694652E6E16C12A52625DE1b8"),
    core: address("F9548Be470A4e130c90ceA8b179FCD66D2972AC7"),
    relayer: address("8dA05c0021e6b35865FDC959c54dCeF3A4AbBa9d"),
    bet_nft: address("7A1c3FEf712753374C4DCe34254B96faF2B7265B"),
    bet_token: address("c2132D05D31c914a87C6611C10748AEb04B58e8F"),
    decimals: 6,
    tradable: true,
};
/// Base, in WETH: read only.
pub const BASE: Environment = Environment {
    name: "BaseWETH",
    rest_base: REST,
    feed_url: FEED,
    chain_id: 8453,
    lp: address("1eD7368bc515E928A4007cEa61FB8a6F8863Af87"),
    core: address("F40cF1dD7d16C098cff5F8B5650A8FaEf1F4640d"),
    relayer: address("D2D508d66dB4fCE4B384e4C3EA2fa53BA43e73b5"),
    bet_nft: address("F328404Dbc8c997d12dC55a1A179AF7F8cb7df90"),
    bet_token: address("4200000000000000000000000000000000000006"),
    decimals: 18,
    tradable: false,
};
/// The test network beside Polygon, in test USDT.
pub const POLYGON_AMOY: Environment = Environment {
    name: "PolygonAmoyUSDT",
    rest_base: REST_DEV,
    feed_url: FEED_DEV,
    chain_id: 80002,
    lp: address("0a75395Ff15d9557424b632cEBCac448D66F9779"),
    core: address("CD0Db5ef28C3Bd3a69283372dE923Eb4DA0585F6"),
    relayer: address("48c9bE88706F22838070eE7C4bC74Ad7A8eeF114"),
    bet_nft: address("4B75c071dFA5d537979E8b0615Bb97B6337dbFef"),
    bet_token: address("Cf1b86ceD971b88C042C64A9c099377e2738073C"),
    decimals: 6,
    tradable: true,
};
/// The test network beside Base: read only.
pub const BASE_SEPOLIA: Environment = Environment {
    name: "BaseSepoliaWETH",
    rest_base: REST_DEV,
    feed_url: FEED_DEV,
    chain_id: 84532,
    lp: address("4fE86EddCC22dc992b7994878169201Ec7ea50AB"),
    core: address("679CC42F69F98631668348d088086359D4217Ffa"),
    relayer: address("2De54cABa6A8198D9Dc51931485Bfdc8017aB0c5"),
    bet_nft: address("D031C4BDd4b7c30e3725132109786B8E158A4c07"),
    bet_token: address("9e09f213Ff75e53D52e9e777A6567A68683E935f"),
    decimals: 18,
    tradable: false,
};

/// All that are alive. Gnosis, Chiliz and BNB Chain are discontinued, Arbitrum had the second version only (spec section 0).
pub const ENVIRONMENTS: [&Environment; 4] = [&POLYGON, &BASE, &POLYGON_AMOY, &BASE_SEPOLIA];

impl Environment {
    /// By the venue's word.
    pub fn named(name: &str) -> Option<&'static Self> {
        ENVIRONMENTS.into_iter().find(|e| e.name == name)
    }
    /// By chain id.
    pub fn of_chain(chain_id: u64) -> Option<&'static Self> {
        ENVIRONMENTS.into_iter().find(|e| e.chain_id == chain_id)
    }
    /// The separator under every bet's digest: `Live Betting` 1.0.0, verified by the Core and by no other contract (spec 7.2).
    pub fn separator(&self) -> [u8; 32] {
        let chain = Some(U256::from(self.chain_id));
        domain_separator(&Eip712Domain::new(Some("Live Betting".into()), Some("1.0.0".into()), chain, Some(self.core), None))
    }
}

/// 40 hexadecimal digits, read at compile time.
const fn address(digits: &str) -> Address {
    let digits = digits.as_bytes();
    assert!(digits.len() == 40, "an address has 40 digits");
    let mut bytes = [0u8; 20];
    let mut i = 0;
    while i < 20 {
        bytes[i] = nibble(digits[2 * i]) * 16 + nibble(digits[2 * i + 1]);
        i += 1;
    }
    Address::new(bytes)
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => panic!("a hexadecimal digit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_have_the_check_sums_of_the_published_addresses() {
        let check = |address: Address, expect: &str| assert_eq!(address.to_string(), expect);
        check(POLYGON.core, "0xF9548Be470A4e130c90ceA8b179FCD66D2972AC7");
        check(POLYGON.lp, "0x0FA7FB5407eA971694652E6E16C12A52625DE1b8");
        check(POLYGON.relayer, "0x8dA05c0021e6b35865FDC959c54dCeF3A4AbBa9d");
        check(POLYGON.bet_nft, "0x7A1c3FEf712753374C4DCe34254B96faF2B7265B");
        check(POLYGON.bet_token, "0xc2132D05D31c914a87C6611C10748AEb04B58e8F");
        check(BASE.core, "0xF40cF1dD7d16C098cff5F8B5650A8FaEf1F4640d");
        check(POLYGON_AMOY.core, "0xCD0Db5ef28C3Bd3a69283372dE923Eb4DA0585F6");
        check(BASE_SEPOLIA.core, "0x679CC42F69F98631668348d088086359D4217Ffa");
    }

    #[test]
    fn only_dollar_environments_trade() {
        for environment in ENVIRONMENTS {
            assert_eq!(environment.tradable, environment.decimals == 6, "{}", environment.name);
            assert_eq!(Environment::named(environment.name), Some(environment));
            assert_eq!(Environment::of_chain(environment.chain_id), Some(environment));
        }
        assert_eq!(Environment::named("GnosisXDAI"), None);
        assert_eq!(Environment::of_chain(42161), None);
    }
}
