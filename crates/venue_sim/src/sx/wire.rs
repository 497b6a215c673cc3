//! Reading requests and writing answers: targets, dates, refusals (sx.md sections 4, 8, 12).

use serde_json::{Value, json};

/// Path without query, and the query's decoded pairs.
pub(super) struct Target<'a> {
    pub path: &'a str,
    pub query: Vec<(String, String)>,
}

impl<'a> Target<'a> {
    pub(super) fn read(target: &'a str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|p| !p.is_empty());
        let query = pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (decode(k), decode(v))).collect();
        Self { path, query }
    }

    /// The first value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A comma list; `None` if it is not given.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name).map(|text| text.split(',').map(str::trim).filter(|t| !t.is_empty()).collect())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// A size of a page between 1 and `most`.
    pub(super) fn page(&self, name: &str, usual: usize, most: usize) -> Result<usize, Refused> {
        let Some(text) = self.get(name) else { return Ok(usual) };
        let size = text.parse().ok().filter(|n| (1..=most).contains(n));
        size.ok_or_else(|| Refused::listed(&format!("{name} must not be greater than {most}")))
    }

    /// ISO 8601 text as ms; a number of seconds is refused (section 8).
    pub(super) fn date(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let ms = parse_iso(text).ok_or_else(|| Refused::listed(&format!("{name} must be a valid ISO 8601 date string")))?;
        Ok(Some(ms))
    }
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let mut ahead = bytes.clone();
        match (b, ahead.next().and_then(hex_digit), ahead.next().and_then(hex_digit)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high * 16 + low);
                bytes = ahead;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(b),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_digit(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).map(|d| d as u8)
}

/// A refusal: HTTP status and what the body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub status: u16,
    pub message: Value,
}

impl Refused {
    /// 400 with a code.
    pub(super) fn code(code: &str) -> Self {
        Self { status: 400, message: json!(code) }
    }
    /// 400 with a list of texts, as request validation answers.
    pub(super) fn listed(text: &str) -> Self {
        Self { status: 400, message: json!([text]) }
    }
    pub(super) fn with(status: u16, message: &str) -> Self {
        Self { status, message: json!(message) }
    }
    /// The live form, or the one of the official error page (section 12).
    pub(super) fn body(&self, failure_form: bool) -> Value {
        if failure_form {
            let code = self.message.as_str().unwrap_or("BAD_REQUEST");
            return json!({ "status": "failure", "errorCode": code });
        }
        let error = match self.status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            429 => "Too Many Requests",
            _ => "Error",
        };
        json!({ "error": error, "message": self.message, "statusCode": self.status })
    }
}

/// `data` of a good answer.
pub(super) type Answer = Result<Value, Refused>;

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

/// `2026-07-31T18:22:41.000Z`.
pub(super) fn iso(ms: i64) -> String {
    let (year, month, day) = civil(ms.div_euclid(86_400_000));
    let of_day = ms.rem_euclid(86_400_000);
    let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", of_day % 1_000)
}

/// A date, or a date and time in UTC, as ms.
pub(super) fn parse_iso(text: &str) -> Option<i64> {
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
    fn a_target_gives_its_path_lists_and_pages() {
        let target = Target::read("/markets/find?marketHashes=a%2Cb,c&perPage=101&x=%zz&live=true");
        assert_eq!((target.path, target.list("marketHashes")), ("/markets/find", Some(vec!["a", "b", "c"])));
        assert!(target.page("perPage", 50, 100).is_err());
        assert_eq!((target.page("other", 50, 100), target.get("x"), target.flag("live")), (Ok(50), Some("%zz"), true));
    }
}
