//! Decimal texts and integers at 1e-8.

/// One unit.
pub const ONE: i64 = 100_000_000;

/// A decimal text as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Value at 1e-8, digits beyond the eighth decimal dropped.
    pub e8: i64,
    /// Whether nothing but zeros was dropped.
    pub exact: bool,
}

/// Reads a plain decimal such as `-12.34`. `None` for anything else: exponents, signs without digits, numbers an
/// `i64` at 1e-8 cannot hold.
pub fn read(text: &str) -> Option<Decimal> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for b in whole.bytes() {
        value = value.checked_mul(10)?.checked_add(digit(b)?)?;
    }
    let mut exact = true;
    value = value.checked_mul(ONE)?;
    let mut unit = ONE / 10;
    for b in fraction.bytes() {
        let d = digit(b)?;
        value = value.checked_add(d.checked_mul(unit)?)?;
        exact &= unit > 0 || d == 0;
        unit /= 10;
    }
    Some(Decimal { e8: if negative { -value } else { value }, exact })
}

fn digit(b: u8) -> Option<i64> {
    b.is_ascii_digit().then(|| i64::from(b - b'0'))
}

/// The shortest plain decimal of an integer at 1e-8.
pub fn text(e8: i64) -> String {
    let magnitude = e8.unsigned_abs();
    let (whole, fraction) = (magnitude / ONE as u64, magnitude % ONE as u64);
    let sign = if e8 < 0 { "-" } else { "" };
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{fraction:08}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_read_exactly_cut_after_eight_decimals_or_refused() {
        fn check(text: &str, expect: Option<(i64, bool)>) {
            assert_eq!(read(text).map(|d| (d.e8, d.exact)), expect, "{text}");
        }
        check("91234.5", Some((9_123_450_000_000, true)));
        check("0.123456789", Some((12_345_678, false)));
        check("0.1234567800", Some((12_345_678, true)));
        check("-3", Some((-300_000_000, true)));
        check("5.", Some((500_000_000, true)));
        check("1E-8", None);
        check("", None);
        check("-", None);
        check(".", None);
        check("+1", None);
        check("1.2.3", None);
        check("99999999999", None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(v in -i64::MAX..i64::MAX) {
            prop_assert_eq!(read(&text(v)), Some(Decimal { e8: v, exact: true }));
        }
        #[test]
        fn no_text_panics(t in ".{0,40}") {
            let _ = read(&t);
        }
    }
}
