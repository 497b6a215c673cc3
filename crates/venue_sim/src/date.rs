//! Dates as texts of ISO 8601 in UTC, which the betting venues write and read.

/// Days since the epoch to year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let m = (5 * of_year + 2) / 153;
    let month = if m < 10 { m + 3 } else { m - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * m + 2) / 5 + 1)
}

fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let of_era = y.rem_euclid(400) * 365 + y.rem_euclid(400) / 4 - y.rem_euclid(400) / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

/// `2026-07-31T18:22:41.000Z`, of ms since 1970.
pub(crate) fn iso(ms: i64) -> String {
    let (year, month, day) = civil(ms.div_euclid(86_400_000));
    let of_day = ms.rem_euclid(86_400_000);
    let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", of_day % 1_000)
}

/// A date, or a date and time in UTC, as ms since 1970; `None` for anything else.
pub(crate) fn parse_iso(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let fits = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    if !fits || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let date = days_of(year, month, day) * 86_400_000;
    if text.len() == 10 {
        return Some(date);
    }
    let time = text.get(10..11) == Some("T") && text.get(13..14) == Some(":") && text.get(16..17) == Some(":");
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !time || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?.strip_suffix('Z').or_else(|| text.get(19..)?.strip_suffix("+00:00"))?;
    let ms = match rest.strip_prefix('.') {
        None if rest.is_empty() => 0,
        Some(digits) if !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{digits:0<3}").get(..3)?.parse::<i64>().ok()?
        }
        _ => return None,
    };
    Some(date + hour * 3_600_000 + minute * 60_000 + second * 1_000 + ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_both_ways_and_numbers_are_none() {
        fn check(text: &str, expect: Option<i64>) {
            assert_eq!(parse_iso(text), expect, "{text}");
        }
        check("2026-07-31T18:47:12.837Z", Some(1_785_523_632_837));
        check("2026-07-31T18:47:12Z", Some(1_785_523_632_000));
        check("2026-07-31", Some(1_785_456_000_000));
        check("2020-02-29T00:00:00+00:00", Some(1_582_934_400_000));
        for bad in [
            "",
            "1785523632",
            "2026-13-01",
            "2026-07-31T18:47",
            "2026-07-31T18:47:12",
            "2026-07-31T18:47:12.Z",
            "éééééééééé",
            "2026-07-3é",
        ] {
            check(bad, None);
        }
        for ms in [0, 1_785_523_632_837, 951_782_400_000, 4_102_444_800_000 - 1] {
            check(&iso(ms), Some(ms));
        }
    }

    #[test]
    fn a_time_is_written_with_its_milliseconds_and_leap_days_are_days() {
        for (ms, expect) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (1_795_254_860_200, "2026-11-21T09:54:20.200Z"),
        ] {
            assert_eq!(iso(ms), expect);
        }
    }
}
