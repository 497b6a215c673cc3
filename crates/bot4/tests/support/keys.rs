//! Keys that were drawn for these tests and hold nothing anywhere.

use signing::{Felt, SanitizedValue, StarkKey};

/// Wallet of the Vest account. Begins with a zero, so that its shortest form is not the one written here.
pub(crate) const VEST_PRIMARY_KEY: &str = "0x0d9e21f37ab05c84e16f0b3d7c92a845f6013ebd98c7425a1fe06b9347d2c85b";
/// Signs Vest's orders.
pub(crate) const VEST_SIGNING_KEY: &str = "0x7c4b19ea02d65f83b7a90e1c54f8d3261e9b70ac45d2f8163be7904dca1f5e38";
/// Signs Paradex's orders; below the curve's order.
pub(crate) const PARADEX_SIGNING_KEY: &str = "0x02b8e57d1946fa03c7de8150b2a9634fe7c1d08b5a3f92e64d07bc18f5a6e93d";
/// Wallet behind the Paradex account; an address, public.
pub(crate) const PARADEX_L1_ADDRESS: &str = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";

/// Every planted secret by its name.
pub(crate) const SECRETS: [(&str, &str); 3] = [
    ("VEST_PRIMARY_KEY", VEST_PRIMARY_KEY),
    ("VEST_SIGNING_KEY", VEST_SIGNING_KEY),
    ("PARADEX_SIGNING_KEY", PARADEX_SIGNING_KEY),
];

/// Address of the Paradex account on the simulated chain.
pub(crate) fn paradex_account() -> String {
    let key = StarkKey::from_hex(&SanitizedValue::from(PARADEX_SIGNING_KEY)).unwrap();
    let chain = venue_sim::paradex::ParadexSimConfig::new(0, super::venues::market(0), &[]);
    let felt = |text: &str| Felt::from_hex(text).unwrap();
    signing::stark_account::account_address(&key.public_key(), &felt(&chain.proxy_hash), &felt(&chain.account_hash))
        .to_hex_string()
}

/// The `.env` file.
pub(crate) fn dotenv() -> String {
    let account = paradex_account();
    let mut text = format!("PARADEX_ACCOUNT={account}\nPARADEX_L1_ADDRESS={PARADEX_L1_ADDRESS}\n");
    for (name, value) in SECRETS {
        text.push_str(&format!("{name}={value}\n"));
    }
    text
}
