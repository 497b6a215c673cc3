//! Tables of multiples of the fixed points, and the three that are used: `G`, and the two operands of the Pedersen hash.
//!
//! A scalar is cut into windows of [`WIDTH`] bits. Row `w` of a table holds every `d * 2^(w*WIDTH) * P`, so a product is one
//! addition per window that is not zero; a price or a size has few of those. The Pedersen operand takes its low 248 bits from one
//! point and its high 4 bits from another: the last window holds bits of both, and its row holds both.
//!
//! The tables take some tens of milliseconds to build and are built on first use, or by [`crate::warm_up`] at start.

use super::point::{Affine, Sum};
use starknet_curve::curve_params as stock;
use std::sync::LazyLock;

/// Bits per window. 252 must be a multiple of it. An order took 67 us with 7 bits, 60 with 9 and 50 with 12 (`sign/stark_order_rfc6979`
/// in one run); 12 bits make a table of 5.2 MiB.
const WIDTH: usize = 12;
const ROWS: usize = 252 / WIDTH;
/// Entries of a row: the digit zero needs none.
const ROW: usize = (1 << WIDTH) - 1;
/// The bits that the Pedersen hash takes from an operand's first point.
const LOW_BITS: usize = 248;

/// Multiples of `G` for `k*G`.
pub(crate) static GENERATOR: LazyLock<Operand> = LazyLock::new(|| Operand::new(&stock::GENERATOR, None));
/// The left operand of the Pedersen hash.
pub(crate) static PEDERSEN_LEFT: LazyLock<Operand> =
    LazyLock::new(|| Operand::new(&stock::PEDERSEN_P0, Some(&stock::PEDERSEN_P1)));
/// The right operand of the Pedersen hash.
pub(crate) static PEDERSEN_RIGHT: LazyLock<Operand> =
    LazyLock::new(|| Operand::new(&stock::PEDERSEN_P2, Some(&stock::PEDERSEN_P3)));

/// The point every Pedersen hash starts from.
pub(crate) fn shift_point() -> Affine {
    Affine::from_stock(&stock::SHIFT_POINT)
}

/// All multiples of one fixed point (or of a low and a high one) that a 252-bit scalar can ask for.
pub(crate) struct Operand {
    entries: Vec<Affine>,
}

impl Operand {
    fn new(low: &starknet_types_core::curve::AffinePoint, high: Option<&starknet_types_core::curve::AffinePoint>) -> Self {
        let mut entries = Vec::with_capacity(ROWS * ROW);
        let mut base = Affine::from_stock(low);
        for row in 0..ROWS {
            let last = row + 1 == ROWS;
            let (low_bits, high) = match high {
                Some(high) if last => (LOW_BITS - row * WIDTH, Some(Affine::from_stock(high))),
                _ => (WIDTH, None),
            };
            let multiples = Self::row(&base, low_bits, high.as_ref());
            // The next base is 2^WIDTH times this one: one step beyond the largest digit.
            if let Some(largest) = multiples.last()
                && !last
            {
                let mut next = Sum::of(largest);
                next.add(&base);
                base = Sum::to_affine_all(&[next])[0];
            }
            entries.extend(multiples);
        }
        Self { entries }
    }

    /// `d * base` for every digit but zero, the bits above `low_bits` counting for `high`.
    fn row(base: &Affine, low_bits: usize, high: Option<&Affine>) -> Vec<Affine> {
        let mut sums: Vec<Sum> = Vec::with_capacity(ROW);
        for digit in 1..=ROW {
            // The same digit without its lowest set bit of the topmost part is already there; add one step to it.
            let (below, step) = match high {
                Some(high) if digit >> low_bits != 0 => (digit - (1 << low_bits), high),
                _ => (digit - 1, base),
            };
            let mut sum = if below == 0 { Sum::NOTHING } else { sums[below - 1] };
            sum.add(step);
            sums.push(sum);
        }
        Sum::to_affine_all(&sums)
    }

    /// Collects the points whose sum is `scalar * point`. `scalar` is below `2^252`, least significant word first; higher bits
    /// are ignored.
    #[inline]
    pub(crate) fn pick(&self, scalar: &[u64; 4], picked: &mut Picked) {
        for (row, multiples) in self.entries.chunks_exact(ROW).enumerate() {
            let digit = digit(scalar, row);
            if digit != 0 {
                picked.points[picked.count] = multiples[digit - 1];
                picked.count += 1;
            }
        }
    }
}

/// Points picked from the tables, to be added. They are copied out first because the copies do not wait for one another: the
/// processor fetches all of them from a distant cache at once, where adding straight from the table would stop at every one.
pub(crate) struct Picked {
    points: [Affine; 2 * ROWS],
    count: usize,
}

impl Picked {
    pub(crate) fn nothing() -> Self {
        Self { points: [Affine::BLANK; 2 * ROWS], count: 0 }
    }

    pub(crate) fn add_to(&self, sum: &mut Sum) {
        for point in &self.points[..self.count] {
            sum.add(point);
        }
    }
}

/// Bits `row*WIDTH .. (row+1)*WIDTH` of a scalar.
#[inline]
fn digit(scalar: &[u64; 4], row: usize) -> usize {
    let bit = row * WIDTH;
    let (word, shift) = (bit / 64, bit % 64);
    let mut window = scalar[word] >> shift;
    if shift + WIDTH > 64 && word < 3 {
        window |= scalar[word + 1] << (64 - shift);
    }
    window as usize & ROW
}

/// The x coordinate of `scalar * G`, below `p`; `None` for zero.
pub(crate) fn generator_x(scalar: &[u64; 4]) -> Option<[u64; 4]> {
    let mut sum = Sum::NOTHING;
    let mut picked = Picked::nothing();
    GENERATOR.pick(scalar, &mut picked);
    picked.add_to(&mut sum);
    sum.x_digits()
}

const _: () = assert!(252 % WIDTH == 0 && WIDTH > 252 - LOW_BITS && WIDTH < 16);
