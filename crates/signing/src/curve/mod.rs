//! The Stark curve, only as far as hashing and signing orders needs it: sums of multiples of *fixed* points.
//!
//! Why it exists at all: the stock crates add points bit by bit, which makes one signed order cost half a millisecond. Here
//! every multiple of a fixed point that can occur is a table entry, so that a Pedersen hash is about twenty-five point
//! additions and a `k*G` twenty-one. What is *not* here: verification, arbitrary points, anything constant time. The Pedersen inputs are
//! public. The nonce `k` is not: see [`crate::stark_key`] for what that means.
//!
//! Trust rests on differential tests against `starknet-crypto` (random cases, edge digits, exceptional additions).
mod field;
mod point;
mod table;

pub(crate) use point::Sum;
pub(crate) use table::{GENERATOR, PEDERSEN_LEFT, PEDERSEN_RIGHT, Picked, generator_x, shift_point};
