//! Values as an operator writes them: words, percentages, amounts, windows of time. Each reads its text, says what would
//! have been right, and is written back the same way.

use domain::record::Evening;
use domain::{Price, Rate, Size, Usd};
use engine::OnStop;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// What kind of money: demo (simulated venues), paper (real market, simulated fills) or live (real orders).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Mode {
    /// Simulated venues.
    Demo,
    /// Real market, simulated fills.
    #[default]
    Paper,
    /// Real orders.
    Live,
}

/// What stopping does with open positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Stop {
    /// They stay, hedged, and are restored at the next start.
    #[default]
    Leave,
    /// They are closed.
    Flatten,
}

impl From<Stop> for OnStop {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Leave => Self::Leave,
            Stop::Flatten => Self::Flatten,
        }
    }
}

/// What is done about legs that filled unevenly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Even {
    /// The leg that is behind is completed while that is worth it, and what cannot be completed is trimmed.
    #[default]
    Complete,
    /// The leg that is ahead is brought back at once.
    Trim,
}

impl From<Even> for Evening {
    fn from(even: Even) -> Self {
        match even {
            Even::Complete => Self::Complete,
            Even::Trim => Self::Trim,
        }
    }
}

/// Which generation of a venue's interface market data is read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Generation {
    /// The documented one, which orders use as well.
    #[default]
    V2,
    /// That of the venue's present web application; data only.
    V3,
}

/// What a record of the journal survives before the order behind it leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Survives {
    /// The death of the process; the disk follows within milliseconds.
    #[default]
    Process,
    /// A power cut: every order waits for the disk.
    Power,
}

impl From<Survives> for journal::Durability {
    fn from(survives: Survives) -> Self {
        match survives {
            Survives::Process => Self::Process,
            Survives::Power => Self::Power,
        }
    }
}

macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident($inner:ty), $parse:path, $what:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) $inner);
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                $parse(text.trim().trim_end_matches('%').trim_end().as_bytes())
                    .map(Self)
                    .map_err(|e| de::Error::custom(format!(concat!("{:?} is not ", $what, ": {}"), text, e)))
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["number", "string"], "pattern": $pattern })
            }
        }
    };
}
decimal!(
    /// A percentage: `0.30` is 0.30 %.
    Percent(Rate), Rate::parse_percent, "a percentage such as 0.30", "^-?[0-9]+(\\.[0-9]{1,8})? *%?$"
);
decimal!(
    /// Dollars.
    Dollars(Usd), Usd::parse, "an amount such as 500", "^-?[0-9]+(\\.[0-9]{1,8})?$"
);
decimal!(
    /// Base.
    Base(Size), Size::parse, "a size such as 0.25", "^[0-9]+(\\.[0-9]{1,8})?$"
);
decimal!(
    /// Dollars per unit of another currency.
    PerUnit(Price), Price::parse, "a price such as 0.9998", "^[0-9]+(\\.[0-9]{1,8})?$"
);

/// Where the expected funding comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Funding {
    /// The venues' own rates, over the holding horizon.
    #[default]
    Venue,
    /// A fixed figure over the holding time, positive = paid.
    Fixed(Percent),
}

impl Funding {
    /// The fixed figure, if there is one.
    pub(crate) fn fixed(self) -> Option<Rate> {
        match self {
            Self::Venue => None,
            Self::Fixed(percent) => Some(percent.0),
        }
    }
}

impl Serialize for Funding {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Venue => s.serialize_str("venue"),
            Self::Fixed(percent) => percent.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Funding {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        if text.trim() == "venue" {
            return Ok(Self::Venue);
        }
        let number = text.trim().trim_end_matches('%').trim_end();
        Rate::parse_percent(number.as_bytes())
            .map(|r| Self::Fixed(Percent(r)))
            .map_err(|e| de::Error::custom(format!("{text:?} is neither `venue` nor a percentage such as 0.02: {e}")))
    }
}

impl JsonSchema for Funding {
    fn schema_name() -> Cow<'static, str> {
        "Funding".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"], "pattern": "^(venue|-?[0-9]+(\\.[0-9]{1,8})? *%?)$" })
    }
}

/// Minutes of a day.
const DAY_MIN: u16 = 24 * 60;
/// Every day of the week.
const EVERY_DAY: u8 = 0b111_1111;
/// Days as they are written, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A window of the week, UTC, in which no round is opened: `04:25-04:50 mon-fri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuietWindow {
    /// Minute of the day at which it begins.
    pub(crate) from_min: u16,
    /// Minute of the day at which it is over; below `from_min` it is one of the next day.
    pub(crate) to_min: u16,
    /// Days on which it begins: bit 0 is Monday.
    pub(crate) days: u8,
}

impl FromStr for QuietWindow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "write for example `04:25-04:50 mon-fri`: from and to in UTC, then the days, or no day for all of them";
        let refuse = |why: String| Err(format!("{text:?} {why}; {example}"));
        let mut words = text.split_whitespace();
        let Some((from, to)) = words.next().and_then(|span| span.split_once('-')) else {
            return refuse("is no window of time".to_owned());
        };
        let minute = |time: &str| {
            let (hours, minutes) = time.split_once(':')?;
            let number = |t: &str, below: u16| (t.len() == 2).then(|| t.parse().ok())?.filter(|n: &u16| *n < below);
            Some(number(hours, 24)? * 60 + number(minutes, 60)?)
        };
        let Some(from_min) = minute(from) else { return refuse(format!("has no time of day in {from:?}")) };
        let to_min = match to {
            "24:00" => DAY_MIN,
            to => match minute(to) {
                Some(to) => to,
                None => return refuse(format!("has no time of day in {to:?}")),
            },
        };
        if from_min == to_min {
            return refuse("ends when it begins".to_owned());
        }
        let day = |name: &str| DAYS.iter().position(|d| d.eq_ignore_ascii_case(name));
        let mut days = 0;
        for word in words {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            let (Some(first), Some(last)) = (day(first), day(last)) else {
                return refuse(format!("has no day in {word:?} (days are {})", DAYS.join(" ")));
            };
            let length = (last + DAYS.len() - first) % DAYS.len();
            days |= (0..=length).fold(0, |days, n| days | (1 << ((first + n) % DAYS.len())));
        }
        Ok(Self { from_min, to_min, days: if days == 0 { EVERY_DAY } else { days } })
    }
}

impl fmt::Display for QuietWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((from_h, from_m), (to_h, to_m)) = ((self.from_min / 60, self.from_min % 60), (self.to_min / 60, self.to_min % 60));
        write!(f, "{from_h:02}:{from_m:02}-{to_h:02}:{to_m:02}")?;
        if self.days == EVERY_DAY {
            return Ok(());
        }
        let set = |n: usize| n < DAYS.len() && self.days & (1 << n) != 0;
        let mut n = 0;
        while n < DAYS.len() {
            let length = (n..DAYS.len()).take_while(|d| set(*d)).count();
            match (DAYS.get(n), DAYS.get((n + length).saturating_sub(1))) {
                (Some(first), Some(last)) if length > 1 => write!(f, " {first}-{last}")?,
                (Some(only), _) if length == 1 => write!(f, " {only}")?,
                _ => {}
            }
            n += length.max(1);
        }
        Ok(())
    }
}

impl Serialize for QuietWindow {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QuietWindow {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for QuietWindow {
    fn schema_name() -> Cow<'static, str> {
        "QuietWindow".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}( +[A-Za-z]{3}(-[A-Za-z]{3})?)*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        expect.assert_eq(&text.parse::<QuietWindow>().map_or_else(|e| e, |w| format!("{w} {:07b}", w.days)));
    }

    #[test]
    fn a_window_of_the_week_reads_back_and_a_wrong_one_says_what_would_be_right() {
        check("04:25-04:50 mon-fri", expect!["04:25-04:50 mon-fri 0011111"]);
        check("23:50-00:10", expect!["23:50-00:10 1111111"]);
        check("00:00-24:00 sat sun", expect!["00:00-24:00 sat-sun 1100000"]);
        check("10:00-11:00 fri-mon wed", expect!["10:00-11:00 mon wed fri-sun 1110101"]);
        check(
            "4:25-04:50",
            expect![[
                r#""4:25-04:50" has no time of day in "4:25"; write for example `04:25-04:50 mon-fri`: from and to in UTC, then the days, or no day for all of them"#
            ]],
        );
        check(
            "04:25",
            expect![[
                r#""04:25" is no window of time; write for example `04:25-04:50 mon-fri`: from and to in UTC, then the days, or no day for all of them"#
            ]],
        );
        check(
            "04:25-24:30",
            expect![[
                r#""04:25-24:30" has no time of day in "24:30"; write for example `04:25-04:50 mon-fri`: from and to in UTC, then the days, or no day for all of them"#
            ]],
        );
        check(
            "04:25-04:25",
            expect![[
                r#""04:25-04:25" ends when it begins; write for example `04:25-04:50 mon-fri`: from and to in UTC, then the days, or no day for all of them"#
            ]],
        );
        check(
            "04:25-04:50 mo",
            expect![[
                r#""04:25-04:50 mo" has no day in "mo" (days are mon tue wed thu fri sat sun); write for example `04:25-04:50 mon-fri`: from and to in UTC, then the days, or no day for all of them"#
            ]],
        );
        check(
            "",
            expect![[
                r#""" is no window of time; write for example `04:25-04:50 mon-fri`: from and to in UTC, then the days, or no day for all of them"#
            ]],
        );
    }
}
