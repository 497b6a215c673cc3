//! Decimals as this venue writes them: strings with a fixed number of decimals (vest.md section 4).

/// Reads `digits[.digits]` into an integer at 1e-8 and the number of decimals written. Decimals beyond the eighth
/// are counted but not kept: whoever asks refuses them by their number. `None` for anything else, signs included.
pub(super) fn parse(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = match text.split_once('.') {
        Some((w, f)) if !f.is_empty() => (w, f),
        Some(_) => return None,
        None => (text, ""),
    };
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut value = whole.parse::<i64>().ok()?;
    let mut digits = fraction.bytes();
    for _ in 0..8 {
        let digit = digits.next().map_or(0, |b| i64::from(b - b'0'));
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    Some((value, u32::try_from(fraction.len()).ok()?))
}

/// Appends a value at `10^-scale` with exactly `decimals` digits after the point, cut towards zero.
pub(super) fn push(out: &mut String, value: i128, scale: u32, decimals: u32) {
    if value < 0 {
        out.push('-');
    }
    let magnitude = u64::try_from(value.unsigned_abs()).unwrap_or(u64::MAX);
    let unit = 10u64.pow(scale.min(18));
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut whole = magnitude / unit;
    loop {
        at -= 1;
        digits[at] = b'0' + (whole % 10) as u8;
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|&b| char::from(b)));
    if decimals == 0 {
        return;
    }
    out.push('.');
    let mut rest = magnitude % unit;
    let mut place = unit;
    for _ in 0..decimals {
        place /= 10;
        let digit = rest.checked_div(place).unwrap_or(0);
        rest = rest.checked_rem(place).unwrap_or(0);
        out.push(char::from(b'0' + digit as u8));
    }
}

/// [`push`] into a new string.
pub(super) fn text(value: i128, scale: u32, decimals: u32) -> String {
    let mut out = String::with_capacity(24);
    push(&mut out, value, scale, decimals);
    out
}

/// A value at 1e-8 with this many decimals.
pub(super) fn e8(value: i64, decimals: u32) -> String {
    text(i128::from(value), 8, decimals)
}

/// USDC at 1e-6, six decimals.
pub(super) fn usdc(micro: i128) -> String {
    text(micro, 6, 6)
}

/// One unit of the last of `decimals`, at 1e-8.
pub(super) fn step(decimals: u32) -> i64 {
    10i64.pow(8u32.saturating_sub(decimals))
}

/// Quotient rounded up, for a divisor above zero.
pub(super) fn div_up(a: i128, b: i128) -> i128 {
    -(-a).div_euclid(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_reads_with_its_decimals_or_not_at_all() {
        fn check(text: &str, expect: Option<(i64, u32)>) {
            assert_eq!(parse(text), expect, "{text}");
        }
        check("0.1000", Some((10_000_000, 4)));
        check("1250000", Some((125_000_000_000_000, 0)));
        check("1.123456789", Some((112_345_678, 9)));
        check("", None);
        check(".5", None);
        check("5.", None);
        check("-1", None);
        check("+1", None);
        check("1e3", None);
        check("1.2.3", None);
        check("99999999999999999999", None);
        check("92233720369", None);
    }

    #[test]
    fn a_value_is_written_with_its_fixed_decimals() {
        fn check(value: i128, scale: u32, decimals: u32, expect: &str) {
            assert_eq!(text(value, scale, decimals), expect);
        }
        check(9_123_450_000_000, 8, 2, "91234.50");
        check(-1_230_000, 6, 6, "-1.230000");
        check(125_000_000_000_000, 8, 0, "1250000");
        check(1_230_000_000_000, 12, 12, "1.230000000000");
        check(5, 6, 6, "0.000005");
        check(5, 2, 4, "0.0500");
        assert_eq!(div_up(7, 2), 4);
        assert_eq!(div_up(-7, 2), -3);
        assert_eq!(div_up(8, 2), 4);
    }
}
