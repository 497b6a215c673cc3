//! Odds as SX writes them: implied probability times 10^20 (sx.md section 4). Integers; stakes in base units of 1e-6.

/// Certainty.
pub(super) const ONE: i128 = 100_000_000_000_000_000_000;
/// One unit of the ladder's step.
const STEP_UNIT: i128 = 1_000_000_000_000_000;

/// Whether an order may name these odds: a multiple of the step, or one of the two outermost rungs.
pub(super) fn on_ladder(p: i128, step: i64) -> bool {
    let step = i128::from(step.max(1)) * STEP_UNIT;
    p > 0 && p < ONE && (p % step == 0 || p == ONE / 1_000 || p == ONE / 1_000 * 999)
}

/// Down to the next rung.
pub(super) fn floored(p: i128, step: i64) -> i128 {
    let step = i128::from(step.max(1)) * STEP_UNIT;
    p / step * step
}

/// One rung.
pub(super) fn rung(step: i64) -> i128 {
    i128::from(step.max(1)) * STEP_UNIT
}

/// What a stake returns when it wins, rounded down.
pub(super) fn returns(stake: i64, p: i128) -> i64 {
    (i128::from(stake) * ONE / p.max(1)).min(i128::from(i64::MAX)) as i64
}

/// The stake at `p` that stands against `other` staked at the complement, rounded down.
pub(super) fn against(other: i64, p: i128) -> i64 {
    (i128::from(other) * p / (ONE - p).max(1)).min(i128::from(i64::MAX)) as i64
}

/// The same rounded up.
pub(super) fn against_up(other: i64, p: i128) -> i64 {
    let q = (ONE - p).max(1);
    ((i128::from(other) * p + q - 1) / q).min(i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_arithmetic_vectors_hold() {
        let path = format!("{}/testdata/sx/vectors.json", env!("CARGO_MANIFEST_DIR"));
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("test data")).expect("JSON");
        let number = |v: &Value| v.as_str().expect("digits").parse::<i128>().expect("a number");
        let mut seen = 0;
        for row in vectors["arithmetic"].as_array().expect("rows") {
            let id = row["id"].as_str().expect("an id");
            let kind = id.rsplit_once('-').expect("a number at the end").0;
            match kind {
                "ladder" => {
                    assert_eq!(on_ladder(number(&row["percentageOdds"]), 125), row["expect"].as_bool().expect("a flag"), "{id}");
                }
                "capacity" => {
                    let (size, p) = (number(&row["size"]) as i64, number(&row["maker"]));
                    assert_eq!(i128::from(against(size, ONE - p)), number(&row["expect"]), "{id}");
                }
                "return" => {
                    let (stake, p) = (number(&row["stake"]) as i64, number(&row["odds"]));
                    assert_eq!(i128::from(returns(stake, p)), number(&row["expect"]), "{id}");
                }
                "taker-odds" => assert_eq!(ONE - number(&row["maker"]), number(&row["expect"]), "{id}"),
                _ => continue,
            }
            seen += 1;
        }
        assert_eq!(seen, 18);
    }

    #[test]
    fn both_stakes_together_cover_what_the_winner_gets() {
        for p in (1..800).map(|n| n * rung(125)).filter(|p| *p < ONE) {
            for taker in [1i64, 7, 999_999, 1_000_000, 123_456_789] {
                let maker = against_up(taker, p);
                assert!(taker + maker >= returns(taker, ONE - p), "{p} {taker}");
                assert!(against(maker, ONE - p) >= taker, "{p} {taker}");
            }
        }
    }
}
