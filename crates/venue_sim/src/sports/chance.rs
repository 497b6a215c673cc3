//! How likely what is: goals fall evenly in time (soccer), points and games spread like a bell (basketball, tennis).
//!
//! Chances in play follow from the score and the time left, so they end in the result. Integers only.

use super::{Event, Question, Score, Share, Sport};
use crate::market::hash;

/// What the teams may be expected to do over the whole match: of each team at 1e-6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mean {
    sport: Sport,
    one_e6: i64,
    two_e6: i64,
}

/// Spread of the total and of the margin, at 1e-6.
const fn spread_e6(sport: Sport) -> (i64, i64) {
    match sport {
        Sport::Soccer => (0, 0),
        Sport::Basketball => (18_000_000, 12_000_000),
        Sport::Tennis => (4_000_000, 4_500_000),
    }
}

/// Goals of one team beyond this are so unlikely that they are left out.
const GOALS_MAX: usize = 14;
const ONE_E9: i64 = 1_000_000_000;

impl Mean {
    /// Drawn from the teams' names, so that the same team is as strong in its next match; the first team has the home edge.
    pub(super) fn of(event: &Event) -> Self {
        let strength = |name: &str| (hash(0, name, 0, 41) % 1_001) as i64; // thousandths
        let (a, b) = (strength(event.teams[0].sx), strength(event.teams[1].sx));
        let (one_e6, two_e6) = match event.sport {
            Sport::Soccer => (1_450_000 + (a - b) * 700, 1_150_000 + (b - a) * 550),
            Sport::Basketball => (111_000_000 + (a - b) * 6_000, 108_000_000 + (b - a) * 6_000),
            Sport::Tennis => (11_200_000 + (a - b) * 1_900, 11_000_000 + (b - a) * 1_900),
        };
        Self { sport: event.sport, one_e6, two_e6 }
    }

    /// The same a little stronger or weaker, thousandths.
    pub(super) const fn wandering(self, one_permille: i64, two_permille: i64) -> Self {
        // Points and games hardly move a mean; what moves is the margin.
        let soften = match self.sport {
            Sport::Soccer => 1,
            Sport::Basketball => 12,
            Sport::Tennis => 4,
        };
        Self {
            one_e6: self.one_e6 + self.one_e6 / 1_000 * one_permille / soften,
            two_e6: self.two_e6 + self.two_e6 / 1_000 * two_permille / soften,
            ..self
        }
    }

    pub(super) const fn total_e6(self) -> i64 {
        self.one_e6 + self.two_e6
    }

    pub(super) const fn margin_e6(self) -> i64 {
        self.one_e6 - self.two_e6
    }

    /// Chances of every outcome with this score after so many thousandths of the time. For a question that can be void in part
    /// it is the price at which a bet is worth nothing: win share over what is not handed back.
    pub(super) fn fair_e6(self, question: Question, score: Score, played_permille: i64) -> Vec<i64> {
        let left = 1_000 - played_permille.clamp(0, 1_000);
        let outcomes = question.outcomes();
        let mut won = vec![0i128; outcomes];
        let mut at_stake = 0i128;
        let mut weigh = |score: Score, weight: i64| {
            let mut any = 0;
            for (i, w) in won.iter_mut().enumerate() {
                let share = share(question, i, score);
                *w += i128::from(weight) * i128::from(share.won_e2);
                any += share.won_e2;
            }
            at_stake += i128::from(weight) * i128::from(any);
        };
        if self.sport == Sport::Soccer {
            let (one, two) = (poisson_e9(self.one_e6 * left / 1_000), poisson_e9(self.two_e6 * left / 1_000));
            for (i, a) in one.iter().enumerate() {
                for (j, b) in two.iter().enumerate() {
                    let score = Score { one: score.one + i as i64, two: score.two + j as i64 };
                    weigh(score, (i128::from(*a) * i128::from(*b) / i128::from(ONE_E9)) as i64);
                }
            }
        } else {
            self.weigh_bell(question, score, left, &mut weigh);
        }
        normal(&won, at_stake)
    }

    fn weigh_bell(self, question: Question, score: Score, left: i64, weigh: &mut impl FnMut(Score, i64)) {
        let is_total = matches!(question, Question::Total { .. });
        let (spread_total, spread_margin) = spread_e6(self.sport);
        let (mean, spread, by_now) = if is_total {
            (self.total_e6(), spread_total, score.one + score.two)
        } else {
            (self.margin_e6(), spread_margin, score.one - score.two)
        };
        let mean = by_now * 1_000_000 + mean / 1_000 * left;
        let spread = (spread / 1_000 * (left as u64 * 1_000).isqrt() as i64).max(200_000);
        let (low, high) = ((mean - 4 * spread).div_euclid(1_000_000), (mean + 4 * spread).div_euclid(1_000_000) + 1);
        for k in low..=high {
            if k == 0 && !is_total {
                continue; // nobody ends level
            }
            let z = |e6: i64| (e6 - mean) * 1_000 / spread;
            let weight = bell_e6(z(k * 1_000_000 + 500_000)) - bell_e6(z(k * 1_000_000 - 500_000));
            weigh(Score { one: k, two: 0 }, weight.max(0));
        }
    }
}

/// Shares that sum to 1,000,000, none below 2,000.
fn normal(won: &[i128], at_stake: i128) -> Vec<i64> {
    let n = won.len() as i64;
    let mut fair: Vec<i64> = match at_stake {
        0 => vec![1_000_000 / n; won.len()],
        _ => won.iter().map(|w| ((w * 1_000_000 / at_stake) as i64).clamp(2_000, 998_000)).collect(),
    };
    let missing = 1_000_000 - fair.iter().sum::<i64>();
    if let Some(largest) = fair.iter_mut().max() {
        *largest += missing;
    }
    fair
}

/// What becomes of an outcome with this final score.
pub(super) fn share(question: Question, outcome: usize, score: Score) -> Share {
    let all = |won: bool| Share { won_e2: if won { 100 } else { 0 }, back_e2: 0 };
    let first = outcome == 0;
    // What counts for the first outcome, hundredths: above 0 it wins, at 0 the stake comes back.
    let edge_e2 = match question {
        Question::Result => {
            return all(match outcome {
                0 => score.one > score.two,
                1 => score.one == score.two,
                _ => score.one < score.two,
            });
        }
        Question::Winner => (score.one - score.two) * 100,
        Question::BothScore => return all((score.one > 0 && score.two > 0) == first),
        Question::Total { line_e2 } => (score.one + score.two) * 100 - line_e2,
        Question::Handicap { line_e2 } => (score.one - score.two) * 100 + line_e2,
    };
    let edge_e2 = if first { edge_e2 } else { -edge_e2 };
    match edge_e2 {
        0 => Share { won_e2: 0, back_e2: 100 },
        25 => Share { won_e2: 50, back_e2: 50 }, // one half wins, the other is level
        -25 => Share { won_e2: 0, back_e2: 50 },
        edge => all(edge > 0),
    }
}

/// The score after so many thousandths of the time.
pub(super) fn score(seed: u64, event: &Event, played_permille: i64) -> Score {
    let mean = Mean::of(event);
    let draw = |what: u64, n: u64| hash(seed ^ (what << 48), "score", event.number, n);
    if event.sport == Sport::Soccer {
        let goals = |team: u64, mean_e6: i64| {
            let mut left = (draw(team, 0) % ONE_E9 as u64) as i64;
            let mut count = 0;
            for p in poisson_e9(mean_e6) {
                if left < p {
                    break;
                }
                left -= p;
                count += 1;
            }
            (1..=count).filter(|n| ((draw(team, *n) % 1_000) as i64) < played_permille).count() as i64
        };
        return Score { one: goals(1, mean.one_e6), two: goals(2, mean.two_e6) };
    }
    // Twelve even draws added up are as good as a bell.
    let bell_e6 = |what: u64| (0..12).map(|n| (draw(what, n) % 1_000_000) as i64).sum::<i64>() - 6_000_000;
    let (spread_total, spread_margin) = spread_e6(event.sport);
    let total = ((mean.total_e6() + spread_total / 1_000 * (bell_e6(3) / 1_000)) / 1_000_000).max(12);
    let margin = (mean.margin_e6() + spread_margin / 1_000 * (bell_e6(4) / 1_000)).div_euclid(1_000_000);
    let margin = (if margin == 0 { 1 } else { margin }).clamp(2 - total, total - 2);
    let two = (total - margin) / 2;
    Score { one: (two + margin) * played_permille / 1_000, two: two * played_permille / 1_000 }
}

/// Chances of 0, 1, 2 … goals with this mean, at 1e-9; what is left over belongs to the last.
fn poisson_e9(mean_e6: i64) -> [i64; GOALS_MAX] {
    let mean = i128::from(mean_e6.clamp(0, 8_000_000));
    // e to the minus mean: sixteen times a sixteenth of it, by its series.
    let (x, mut term, mut root) = (mean * 1_000 / 16, i128::from(ONE_E9), i128::from(ONE_E9));
    for n in 1..10 {
        term = -term * x / (n * i128::from(ONE_E9));
        root += term;
    }
    let mut p = (0..16).fold(i128::from(ONE_E9), |acc, _| acc * root / i128::from(ONE_E9));
    let mut all = [0; GOALS_MAX];
    let mut left = ONE_E9;
    for (n, slot) in all.iter_mut().enumerate() {
        *slot = if n + 1 == GOALS_MAX { left } else { p as i64 };
        left -= *slot;
        p = p * mean / (1_000_000 * (n as i128 + 1));
    }
    all
}

/// Share of a bell curve below z (thousandths), at 1e-6.
fn bell_e6(z: i64) -> i64 {
    const TABLE: [i64; 41] = [
        500_000, 539_828, 579_260, 617_911, 655_422, 691_462, 725_747, 758_036, 788_145, 815_940, 841_345, 864_334, 884_930,
        903_200, 919_243, 933_193, 945_201, 955_435, 964_070, 971_283, 977_250, 982_136, 986_097, 989_276, 991_802, 993_790,
        995_339, 996_533, 997_445, 998_134, 998_650, 999_032, 999_313, 999_517, 999_663, 999_767, 999_841, 999_892, 999_928,
        999_952, 999_968,
    ];
    if z < 0 {
        return 1_000_000 - bell_e6(z.saturating_neg());
    }
    let cell = (z / 100) as usize;
    match (TABLE.get(cell), TABLE.get(cell + 1)) {
        (Some(a), Some(b)) => a + (b - a) * (z % 100) / 100,
        _ => 1_000_000,
    }
}
