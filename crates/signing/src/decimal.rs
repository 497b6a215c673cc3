//! A 256-bit number in decimal, without a big-integer library: five divisions by `10^19` instead of seventy by ten.

/// `10^19`, the largest power of ten in a word.
const STEP: u64 = 10_000_000_000_000_000_000;

/// Appends the number, least significant word first, in decimal.
pub(crate) fn push_decimal(out: &mut String, mut words: [u64; 4]) {
    // Lowest group first; 2^256 has 78 digits, so five groups hold any number.
    let mut groups = [0u64; 5];
    for group in &mut groups {
        let mut rest = 0u128;
        for word in words.iter_mut().rev() {
            let value = rest << 64 | u128::from(*word);
            // Below 2^64, because the rest is below STEP.
            *word = (value / u128::from(STEP)) as u64;
            rest = value % u128::from(STEP);
        }
        *group = rest as u64;
    }
    let mut leading = true;
    for (index, group) in groups.iter().enumerate().rev() {
        let mut digits = [b'0'; 19];
        let mut value = *group;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
        for (place, digit) in digits.into_iter().enumerate() {
            leading &= digit == b'0' && !(index == 0 && place == 18);
            if !leading {
                out.push(char::from(digit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ruint::aliases::U256;

    fn text(number: U256) -> String {
        let mut out = String::from("=");
        push_decimal(&mut out, *number.as_limbs());
        out
    }

    #[test]
    fn numbers_at_the_edges_of_groups_are_written_whole() {
        let ten19 = U256::from(STEP);
        for number in
            [U256::ZERO, U256::from(7), ten19 - U256::from(1), ten19, ten19 * ten19, ten19 * ten19 + U256::from(5), U256::MAX]
        {
            assert_eq!(text(number), format!("={number}"));
        }
    }

    proptest! {
        #[test]
        fn any_number_is_written_as_the_big_integer_library_writes_it(words in any::<[u64; 4]>(), shift in 0usize..256) {
            let number = U256::from_limbs(words) >> shift;
            prop_assert_eq!(text(number), format!("={number}"));
        }
    }
}
