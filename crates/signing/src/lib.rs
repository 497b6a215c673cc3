//! Signatures of the venues, and the wrapper that keeps secrets out of sight.
//!
//! What it owns: keys, the hashing rules under the signatures, and the arithmetic that makes them fast. What it does not own:
//! messages. Each venue crate knows its own and feeds their members to [`snip12`], [`eip712`] and [`abi`]. No clock, no randomness,
//! no socket; every signature is deterministic.

pub mod abi;
mod curve;
mod decimal;
pub mod ed25519;
pub mod eip712;
pub mod evm_key;
mod pedersen;
mod sanitized;
pub mod snip12;
pub mod stark_account;
pub mod stark_key;

pub use evm_key::{EvmKey, EvmSignature};
pub use pedersen::{Chain, pedersen};
pub use sanitized::SanitizedValue;
pub use stark_key::{StarkKey, StarkSignature};
pub use starknet_types_core::felt::Felt;

/// Builds the tables of the Stark curve now, so that the first order does not pay for them. Takes about 50 ms once;
/// later calls are free.
pub fn warm_up() {
    std::sync::LazyLock::force(&curve::GENERATOR);
    std::sync::LazyLock::force(&curve::PEDERSEN_LEFT);
    std::sync::LazyLock::force(&curve::PEDERSEN_RIGHT);
}
