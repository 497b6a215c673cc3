//! Points: `Affine` as they lie in a table, and `Sum`, a running sum in the coordinates that make adding an affine point cheapest.
//!
//! A `Sum` is (X, Y, ZZ, ZZZ) with x = X/ZZ, y = Y/ZZZ, ZZ^3 = ZZZ^2 (the "XYZZ" coordinates of the public formula collection);
//! one addition costs ten products. Unlike the bare formulas, [`Sum::add`] is complete: adding to nothing, doubling and
//! cancelling are recognised, so no input whatever can leave it with a wrong point.

use super::field::Fp;
use starknet_types_core::curve::AffinePoint;

/// A point of the curve other than the point at infinity.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Affine {
    pub(super) x: Fp,
    pub(super) y: Fp,
}

/// A sum of points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    x: Fp,
    y: Fp,
    zz: Fp,
    zzz: Fp,
}

impl Affine {
    /// Not a point: fills space that is never read.
    pub(super) const BLANK: Self = Self { x: Fp::ZERO, y: Fp::ZERO };

    pub(super) fn from_stock(point: &AffinePoint) -> Self {
        Self { x: Fp::from_felt(&point.x()), y: Fp::from_felt(&point.y()) }
    }
}

impl Sum {
    /// The point at infinity.
    pub(crate) const NOTHING: Self = Self { x: Fp::ZERO, y: Fp::ZERO, zz: Fp::ZERO, zzz: Fp::ZERO };

    /// A sum of one point.
    pub(crate) fn of(point: &Affine) -> Self {
        Self { x: point.x, y: point.y, zz: Fp::ONE, zzz: Fp::ONE }
    }

    /// Adds a point of a table.
    #[inline]
    pub(crate) fn add(&mut self, other: &Affine) {
        if self.zz.is_zero() {
            *self = Self::of(other);
            return;
        }
        let p = other.x.times(&self.zz).minus(&self.x);
        let r = other.y.times(&self.zzz).minus(&self.y);
        if p.is_zero() {
            // Same x: the same point, or its opposite.
            *self = if r.is_zero() { Self::double_of(other) } else { Self::NOTHING };
            return;
        }
        let pp = p.squared();
        let ppp = p.times(&pp);
        let q = self.x.times(&pp);
        let x = r.squared().minus_tight(&ppp).minus_tight(&q).minus_tight(&q);
        self.y = r.times(&q.minus(&x)).minus_tight(&self.y.times(&ppp));
        self.x = x;
        self.zz = self.zz.times(&pp);
        self.zzz = self.zzz.times(&ppp);
    }

    /// Twice a point. The curve has no point of order two (its order is an odd prime), so the result is never infinity.
    #[cold]
    fn double_of(point: &Affine) -> Self {
        let u = point.y.doubled();
        let v = u.squared();
        let w = u.times(&v);
        let s = point.x.times(&v);
        let square = point.x.squared();
        // 3x^2 + a with a = 1; every step is kept below 2p for the next.
        let m = square.doubled().minus_tight(&square.negated()).minus_tight(&Fp::ONE.negated());
        let x = m.squared().minus_tight(&s).minus_tight(&s);
        let y = m.times(&s.minus(&x)).minus_tight(&w.times(&point.y));
        Self { x, y, zz: v, zzz: w }
    }

    /// The x coordinate, below `p`, least significant word first; `None` at infinity.
    pub(crate) fn x_digits(&self) -> Option<[u64; 4]> {
        self.zz.inverse().map(|inverse| self.x.times(&inverse).to_digits())
    }

    /// Brings many sums into table form with one inversion. Used while tables are built.
    ///
    /// None of them may be at infinity: a table holds small multiples of points of a huge prime order.
    pub(super) fn to_affine_all(sums: &[Self]) -> Vec<Affine> {
        let mut products = Vec::with_capacity(sums.len());
        let mut running = Fp::ONE;
        for sum in sums {
            products.push(running);
            running = running.times(&sum.zzz);
        }
        let mut inverse = running.inverse().expect("a small multiple of a point of prime order is never at infinity");
        let mut points = Vec::with_capacity(sums.len());
        for (sum, before) in sums.iter().zip(products).rev() {
            let zzz_inverse = inverse.times(&before);
            inverse = inverse.times(&sum.zzz);
            // 1/ZZ = (ZZ/ZZZ)^2, because ZZ^3 = ZZZ^2.
            let zz_inverse = sum.zz.times(&zzz_inverse).squared();
            points.push(Affine { x: sum.x.times(&zz_inverse), y: sum.y.times(&zzz_inverse) });
        }
        points.reverse();
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use starknet_types_core::curve::ProjectivePoint;
    use starknet_types_core::felt::Felt;

    fn stock(multiple: u64) -> AffinePoint {
        let generator = ProjectivePoint::try_from(AffinePoint::generator()).expect("the generator is on the curve");
        (&generator * Felt::from(multiple)).to_affine().expect("not at infinity")
    }

    fn check(sum: &Sum, expect: u64) {
        let point = Sum::to_affine_all(&[*sum])[0];
        assert_eq!((point.x.to_felt(), point.y.to_felt()), (stock(expect).x(), stock(expect).y()), "{expect} G");
        assert_eq!(sum.x_digits(), Some(stock(expect).x().to_le_digits()));
    }

    #[test]
    fn adding_is_complete_from_nothing_over_doubling_to_cancelling() {
        let g = |n| Affine::from_stock(&stock(n));
        let mut sum = Sum::NOTHING;
        assert_eq!(sum.x_digits(), None);
        sum.add(&g(1));
        check(&sum, 1);
        sum.add(&g(1));
        check(&sum, 2);
        sum.add(&g(5));
        check(&sum, 7);
        sum.add(&g(7));
        check(&sum, 14);
        let mut minus = g(14);
        minus.y = minus.y.negated();
        sum.add(&minus);
        assert_eq!(sum.x_digits(), None, "a point and its opposite");
        sum.add(&g(3));
        check(&sum, 3);
    }

    #[test]
    fn many_sums_become_affine_with_one_inversion() {
        let sums: Vec<Sum> = (1..40)
            .map(|n| {
                let mut sum = Sum::of(&Affine::from_stock(&stock(n)));
                sum.add(&Affine::from_stock(&stock(100)));
                sum
            })
            .collect();
        for (n, point) in (1..40).zip(Sum::to_affine_all(&sums)) {
            assert_eq!(point.x.to_felt(), stock(n + 100).x());
            assert_eq!(point.y.to_felt(), stock(n + 100).y());
        }
    }
}
