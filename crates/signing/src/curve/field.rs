//! Arithmetic modulo the Stark prime `p = 2^251 + 17*2^192 + 1`, in Montgomery form with `R = 2^256`.
//!
//! `p` is four bits shorter than the machine words that hold it, and that room is used: a value is kept *below 2p*, not below
//! `p`, and a product of any two numbers below `4p` comes out below `2p` without a final subtraction
//! (`(4p * 4p + R*p) / R = p * (16p/R + 1) < 1.51p`). [`Fp::minus`] returns a number below `4p`, which may go into a product and
//! nowhere else; [`Fp::minus_tight`] pays one more subtraction and stays below `2p`.

#![allow(clippy::inline_always, reason = "measured: a call per product costs 4 % of an order")]

use ruint::aliases::U256;
use starknet_types_core::felt::Felt;

/// `p`, least significant word first. The two zero words and the one are what makes the reduction cheap.
const P: [u64; 4] = [1, 0, 0, 0x0800_0000_0000_0011];
const TWO_P: [u64; 4] = [2, 0, 0, 0x1000_0000_0000_0022];
/// `R^2 mod p` as a plain number (checked by `the_constants_are_powers_of_two`).
const R2: Fp = Fp([0xffff_fd73_7e00_0401, 0x0000_0001_330f_ffff, 0xffff_ffff_ff6f_8000, 0x07ff_d4ab_5e00_8810]);

/// An element of the field: Montgomery form, least significant word first, below `2p`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fp([u64; 4]);

impl Fp {
    /// The Montgomery form of one.
    pub(crate) const ONE: Self =
        Self([0xffff_ffff_ffff_ffe1, 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff, 0x07ff_ffff_ffff_fdf0]);
    pub(crate) const ZERO: Self = Self([0; 4]);

    /// A felt already is in Montgomery form with the same `R`, most significant word first.
    pub(crate) fn from_felt(felt: &Felt) -> Self {
        let [a, b, c, d] = felt.to_raw();
        Self([d, c, b, a])
    }

    #[cfg(test)]
    pub(crate) fn to_felt(self) -> Felt {
        let [a, b, c, d] = self.canonical();
        Felt::from_raw([d, c, b, a])
    }

    /// The number itself, below `p`, least significant word first.
    pub(crate) fn to_digits(self) -> [u64; 4] {
        self.times(&Self([1, 0, 0, 0])).canonical()
    }

    /// Montgomery form, below `p`.
    fn canonical(self) -> [u64; 4] {
        less_if_possible(self.0, &P)
    }

    /// `self * other`. Takes anything below `4p`.
    #[inline(always)]
    pub(crate) fn times(&self, other: &Self) -> Self {
        let a = &self.0;
        let mut t = [0u64; 4];
        for b in other.0 {
            let (x0, c) = a[0].carrying_mul_add(b, t[0], 0);
            let (x1, c) = a[1].carrying_mul_add(b, t[1], c);
            let (x2, c) = a[2].carrying_mul_add(b, t[2], c);
            let (x3, x4) = a[3].carrying_mul_add(b, t[3], c);
            // Adding m*p with m = -x0 clears the lowest word. p is 1 + P[3]*2^192, so m*p is m itself and one product.
            let m = x0.wrapping_neg();
            let (y0, c) = x1.carrying_add(0, x0 != 0);
            let (y1, c) = x2.carrying_add(0, c);
            let (y2, c) = m.carrying_mul_add(P[3], x3, u64::from(c));
            t = [y0, y1, y2, x4.wrapping_add(c)];
        }
        Self(t)
    }

    /// `self * self`.
    #[inline(always)]
    pub(crate) fn squared(&self) -> Self {
        self.times(self)
    }

    /// `self - other`, below `4p`: for the next product only.
    #[inline(always)]
    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self(sub(&add(&self.0, &TWO_P), &other.0).0)
    }

    /// `self - other`, below `2p`. `self` may be below `4p`.
    #[inline(always)]
    pub(crate) fn minus_tight(&self, other: &Self) -> Self {
        let (plain, borrow) = sub(&self.0, &other.0);
        let lifted = add(&plain, &mask(&TWO_P, borrow));
        Self(less_if_possible(lifted, &TWO_P))
    }

    /// `2 * self`, below `4p`: for the next product, or on the left of [`Self::minus_tight`].
    #[inline(always)]
    pub(crate) fn doubled(&self) -> Self {
        Self(add(&self.0, &self.0))
    }

    /// True for every multiple of `p` below `4p`. They are `k*p` with the lowest word `k` and two empty words, so the ordinary
    /// case ends after one comparison.
    #[inline(always)]
    pub(crate) fn is_zero(&self) -> bool {
        if self.0[1] | self.0[2] != 0 || self.0[0] > 3 {
            return false;
        }
        self.0[3] == self.0[0].wrapping_mul(P[3])
    }

    /// The inverse, or `None` for zero. Variable time: what is inverted is a coordinate of a public point, or of `k*G`.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let plain = U256::from_limbs(self.canonical());
        // The plain inverse of x*R is x^-1 * R^-1; two products with R^2 bring it back to x^-1 * R.
        let inverse = plain.inv_mod(U256::from_limbs(P))?;
        Some(Self(*inverse.as_limbs()).times(&R2).times(&R2))
    }

    pub(crate) fn negated(&self) -> Self {
        Self::ZERO.minus_tight(self)
    }
}

#[inline(always)]
fn add(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let (r0, c) = a[0].carrying_add(b[0], false);
    let (r1, c) = a[1].carrying_add(b[1], c);
    let (r2, c) = a[2].carrying_add(b[2], c);
    let (r3, _) = a[3].carrying_add(b[3], c);
    [r0, r1, r2, r3]
}

#[inline(always)]
fn sub(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], bool) {
    let (r0, c) = a[0].borrowing_sub(b[0], false);
    let (r1, c) = a[1].borrowing_sub(b[1], c);
    let (r2, c) = a[2].borrowing_sub(b[2], c);
    let (r3, c) = a[3].borrowing_sub(b[3], c);
    ([r0, r1, r2, r3], c)
}

#[inline(always)]
fn mask(a: &[u64; 4], keep: bool) -> [u64; 4] {
    let m = u64::from(keep).wrapping_neg();
    a.map(|word| word & m)
}

/// `a - m` if that is not negative, else `a`.
#[inline(always)]
fn less_if_possible(a: [u64; 4], m: &[u64; 4]) -> [u64; 4] {
    let (less, borrow) = sub(&a, m);
    if borrow { a } else { less }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn felt() -> impl Strategy<Value = Felt> {
        prop_oneof![
            8 => any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes)),
            1 => (0u64..4).prop_map(Felt::from),
            1 => (1u64..4).prop_map(|n| Felt::ZERO - Felt::from(n)),
        ]
    }

    #[test]
    fn the_constants_are_powers_of_two() {
        let r = Felt::TWO.pow(256u32);
        assert_eq!(Fp::ONE.to_felt(), Felt::ONE);
        assert_eq!(R2.to_felt(), r, "R^2 as a Montgomery number stands for R");
        assert_eq!(Fp::from_felt(&Felt::ZERO).to_felt(), Felt::ZERO);
        assert_eq!(TWO_P, add(&P, &P));
    }

    #[test]
    fn every_multiple_of_the_prime_is_zero_and_nothing_beside_it() {
        let mut multiple = [0u64; 4];
        for k in 0..4 {
            assert!(Fp(multiple).is_zero(), "{k} p");
            assert!(!Fp(add(&multiple, &[1, 0, 0, 0])).is_zero(), "{k} p + 1");
            multiple = add(&multiple, &P);
        }
    }

    #[test]
    fn zero_has_no_inverse() {
        assert!(Fp::ZERO.inverse().is_none());
        assert!(Fp(P).inverse().is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn arithmetic_agrees_with_the_stock_field(a in felt(), b in felt()) {
            let (x, y) = (Fp::from_felt(&a), Fp::from_felt(&b));
            prop_assert_eq!(x.times(&y).to_felt(), a * b);
            prop_assert_eq!(x.squared().to_felt(), a * a);
            prop_assert_eq!(x.minus_tight(&y).to_felt(), a - b);
            prop_assert_eq!(x.minus(&y).times(&Fp::ONE).to_felt(), a - b);
            prop_assert_eq!(x.doubled().minus_tight(&y).to_felt(), a + a - b);
            prop_assert_eq!(x.negated().to_felt(), -a);
            prop_assert_eq!(x.to_digits(), a.to_le_digits());
            prop_assert_eq!(x.minus(&y).is_zero(), a == b);
            prop_assert_eq!(x.inverse().map(Fp::to_felt), a.inverse());
        }

        #[test]
        fn a_long_run_of_loose_operations_stays_in_bounds(a in felt(), b in felt()) {
            let (mut x, mut f) = (Fp::from_felt(&a), a);
            let y = Fp::from_felt(&b);
            for _ in 0..64 {
                let wide = x.minus(&y);
                let wide_felt = f - b;
                x = wide.times(&x.doubled()).minus_tight(&y.times(&wide));
                f = wide_felt * (f + f) - b * wide_felt;
                prop_assert!(sub(&x.0, &TWO_P).1, "below 2p");
                prop_assert_eq!(x.to_felt(), f);
            }
        }
    }
}
