//! Plain decimals as the venues write them, to and from integers at 1e-8.

/// Why a text is not a decimal we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Nothing, or a sign or a point with no digit beside it.
    #[error("no digits")]
    Empty,
    /// A byte that is neither digit nor point; exponents are among these, venues must not send them.
    #[error("not a plain decimal")]
    NotDecimal,
    /// Digits other than zero beyond the eighth decimal.
    #[error("more than 8 decimals")]
    TooFine,
    /// Larger than an `i64` at 1e-8 can hold (about 92 billion).
    #[error("too large for an i64 at 1e-8")]
    TooLarge,
}

/// Reads a plain decimal such as `-12.3400` into an integer at 1e-8.
///
/// # Errors
/// See [`DecimalError`]; nothing is rounded silently.
pub fn parse_e8(text: &[u8]) -> Result<i64, DecimalError> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        Some(_) => (false, text),
        None => return Err(DecimalError::Empty),
    };
    let mut value: i64 = 0;
    let mut seen = false;
    let mut decimals: Option<u32> = None;
    for &b in digits {
        match b {
            b'0'..=b'9' => {
                seen = true;
                let digit = i64::from(b.wrapping_sub(b'0'));
                if let Some(n) = decimals {
                    if n >= 8 {
                        if digit != 0 {
                            return Err(DecimalError::TooFine);
                        }
                        continue;
                    }
                    decimals = Some(n.wrapping_add(1));
                }
                value = value.checked_mul(10).and_then(|v| v.checked_add(digit)).ok_or(DecimalError::TooLarge)?;
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return Err(DecimalError::NotDecimal),
        }
    }
    if !seen {
        return Err(DecimalError::Empty);
    }
    let missing = 8u32.saturating_sub(decimals.unwrap_or(0));
    let scaled = value.checked_mul(10i64.pow(missing)).ok_or(DecimalError::TooLarge)?;
    Ok(if negative { scaled.wrapping_neg() } else { scaled })
}

/// Appends `value` (at 1e-8) as a plain decimal with at least `min_decimals` (0 to 8) digits after the point and
/// no further trailing zeros. Never an exponent. Allocates nothing if `out` has room.
pub fn write_e8(value: i64, min_decimals: u32, out: &mut String) {
    let magnitude = value.unsigned_abs();
    if value < 0 {
        out.push('-');
    }
    let mut buf = [0u8; 20];
    let mut whole = magnitude / 100_000_000;
    let mut at = buf.len();
    loop {
        at = at.wrapping_sub(1);
        buf[at] = b'0'.wrapping_add((whole % 10) as u8);
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    for &b in &buf[at..] {
        out.push(char::from(b));
    }
    let mut fraction = magnitude % 100_000_000;
    let mut digits = [b'0'; 8];
    for d in digits.iter_mut().rev() {
        *d = b'0'.wrapping_add((fraction % 10) as u8);
        fraction /= 10;
    }
    let mut keep = digits.iter().rposition(|&d| d != b'0').map_or(0, |i| i.wrapping_add(1));
    keep = keep.max(min_decimals.min(8) as usize);
    if keep > 0 {
        out.push('.');
        for &d in &digits[..keep] {
            out.push(char::from(d));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_decimal_reads_exactly_or_says_why_not() {
        fn check(text: &str, expect: Result<i64, DecimalError>) {
            assert_eq!(parse_e8(text.as_bytes()), expect, "{text}");
        }
        check("1", Ok(100_000_000));
        check("-0.00000001", Ok(-1));
        check("91234.50", Ok(9_123_450_000_000));
        check("0.1230000000000", Ok(12_300_000));
        check(".5", Ok(50_000_000));
        check("5.", Ok(500_000_000));
        check("", Err(DecimalError::Empty));
        check("-", Err(DecimalError::Empty));
        check(".", Err(DecimalError::Empty));
        check("1e-8", Err(DecimalError::NotDecimal));
        check("1.2.3", Err(DecimalError::NotDecimal));
        check(" 1", Err(DecimalError::NotDecimal));
        check("0.000000001", Err(DecimalError::TooFine));
        check("99999999999", Err(DecimalError::TooLarge));
    }

    #[test]
    fn a_decimal_is_written_with_the_decimals_asked_for() {
        fn check(value: i64, min: u32, expect: &str) {
            let mut out = String::new();
            write_e8(value, min, &mut out);
            assert_eq!(out, expect);
        }
        check(0, 0, "0");
        check(10_000_000, 4, "0.1000");
        check(9_123_450_000_000, 2, "91234.50");
        check(-1, 0, "-0.00000001");
        check(i64::MIN, 0, "-92233720368.54775808");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(v in (i64::MIN + 1)..=i64::MAX, min in 0u32..9) {
            let mut out = String::new();
            write_e8(v, min, &mut out);
            prop_assert_eq!(parse_e8(out.as_bytes()), Ok(v));
        }
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let read = parse_e8(&bytes);
            if let Ok(v) = read { prop_assert!(v != i64::MIN); }
        }
    }
}
