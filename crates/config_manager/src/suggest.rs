//! The name somebody meant.

/// The nearest of `known` to `name`, if it is near enough to have been meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<_>>();
    let meant = plain(name);
    let near = |candidate: &&str| {
        let other = plain(candidate);
        let far = distance(&meant, &other);
        (far <= 1.max(meant.len().max(other.len()) / 3)).then_some(far)
    };
    known.into_iter().filter_map(|k| near(&k).map(|far| (far, k))).min_by_key(|(far, _)| *far).map(|(_, k)| k)
}

/// Letters to insert, drop, replace or swap with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], n: usize| row.get(n).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&row, j) + 1).min(at(&last, j + 1) + 1).min(at(&last, j) + usize::from(x != y));
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(name: &str, expect: Option<&str>) {
        assert_eq!(nearest(name, ["spread_entry", "spread_exit", "pairs", "edge_min", "mode"]), expect);
    }

    #[test]
    fn a_slip_is_recognised_and_something_else_is_not() {
        check("spread_entri", Some("spread_entry"));
        check("spread-Entry", Some("spread_entry"));
        check("spraed_exit", Some("spread_exit"));
        check("pair", Some("pairs"));
        check("mod", Some("mode"));
        check("leverage", None);
        check("", None);
    }

    proptest! {
        /// A distance is one: nothing to itself, the same both ways, no more than the longer word.
        #[test]
        fn distances_are_distances(a in "[a-d]{0,8}", b in "[a-d]{0,8}") {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(distance(&a, &a), 0);
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
        }
    }
}
