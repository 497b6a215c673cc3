//! Moments as people write and read them: UTC, on the civil calendar.

use domain::Wall;

const DAY_S: i64 = 86_400;

/// Year, month and day of a day counted from 1 January 1970 (Hinnant's civil calendar: eras of 400 years, years from
/// March).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The reverse; `None` for a day that no calendar has.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let shifted = year - i64::from(month <= 2);
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (civil(days) == (year, month, day)).then_some(days)
}

/// `2026-11-21 10:00:00.123456`.
pub(crate) fn full(at: Wall) -> String {
    let (year, month, day) = civil(at.0.div_euclid(DAY_S * 1_000_000));
    format!("{year:04}-{month:02}-{day:02} {}.{:06}", clock(at), at.0.rem_euclid(1_000_000))
}

/// `2026-11-21 10:00:00`.
pub(crate) fn second(at: Wall) -> String {
    let (year, month, day) = civil(at.0.div_euclid(DAY_S * 1_000_000));
    format!("{year:04}-{month:02}-{day:02} {}", clock(at))
}

/// `10:00:00`.
pub(crate) fn clock(at: Wall) -> String {
    let second = at.0.div_euclid(1_000_000).rem_euclid(DAY_S);
    format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// `2026-11-21T10:00:00Z` (a blank for the `T`, no seconds and no `Z` are fine too), `10:00` or `10:00:30` (the last time
/// that it was so late), `-5m` (`s`, `m`, `h`, `d`), always UTC.
///
/// # Errors
/// What would be valid.
pub(crate) fn parse(text: &str, now: Wall) -> Result<Wall, String> {
    let refuse = || format!("{text:?} is no time: write 2026-11-21T10:00:00Z, 10:00 or -5m (s, m, h, d), all in UTC");
    let found = if let Some(ago) = text.strip_prefix('-') {
        back(ago).and_then(|s| now.0.checked_sub(s.checked_mul(1_000_000)?))
    } else if let Some((date, time)) = text.trim_end_matches('Z').split_once(['T', ' ']) {
        date_of(date).zip(time_of(time)).map(|(days, s)| (days * DAY_S + s) * 1_000_000)
    } else {
        let today = now.0.div_euclid(DAY_S * 1_000_000);
        time_of(text.trim_end_matches('Z')).map(|s| {
            let at = (today * DAY_S + s) * 1_000_000;
            if at > now.0 { at - DAY_S * 1_000_000 } else { at }
        })
    };
    found.map(Wall).ok_or_else(refuse)
}

/// A number of so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Seconds of `5m`.
fn back(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => DAY_S,
        _ => return None,
    };
    let amount = text.strip_suffix(unit)?;
    number(amount, amount.len()).filter(|_| amount.len() <= 9)?.checked_mul(factor)
}

fn date_of(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    (parts.next().is_none() && (1..=12).contains(&month)).then(|| days(year, month, day))?
}

/// Second of the day of `10:00`, `10:00:30` or `10:00:30.5` (the fraction is dropped).
fn time_of(text: &str) -> Option<i64> {
    let text = text.split_once('.').map_or(text, |(whole, _)| whole);
    let mut parts = text.split(':');
    let (hours, minutes) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0), |s| number(s, 2))?;
    (parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60).then_some(hours * 3_600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_reads_back() {
        for day in -200_000..200_000 {
            let (y, m, d) = civil(day);
            assert_eq!(days(y, m, d), Some(day), "{y}-{m}-{d}");
        }
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(20_778), (2026, 11, 21));
        assert_eq!((days(2026, 2, 29), days(2028, 2, 29).is_some(), days(2026, 11, 31)), (None, true, None));
    }

    #[test]
    fn a_moment_is_read_in_every_form_and_nothing_else_is() {
        let now = Wall(1_795_255_200_000_000); // 2026-11-21 10:00:00
        let check =
            |text: &str, expect: &str| assert_eq!(parse(text, now).map_or_else(|_| "no time".to_owned(), full), expect, "{text}");
        check("2026-11-21T09:59:58Z", "2026-11-21 09:59:58.000000");
        check("2026-11-21 09:59", "2026-11-21 09:59:00.000000");
        check("2026-11-21T09:59:58.123456Z", "2026-11-21 09:59:58.000000");
        check("10:00", "2026-11-21 10:00:00.000000");
        check("10:01", "2026-11-20 10:01:00.000000");
        check("09:00:30", "2026-11-21 09:00:30.000000");
        check("-5m", "2026-11-21 09:55:00.000000");
        check("-1d", "2026-11-20 10:00:00.000000");
        for wrong in [
            "",
            "5m",
            "-",
            "-5",
            "-m",
            "-99999999999999999999d",
            "24:00",
            "10",
            "2026-02-30T00:00",
            "2026-13-01T00:00",
            "-5µ",
            "noon",
        ] {
            check(wrong, "no time");
        }
    }
}
