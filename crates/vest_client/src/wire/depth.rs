//! The depth message, the one hot frame: a checked scan in one pass straight to integers at 1e-8, no allocation.
//!
//! The scan accepts exactly the shapes that have been seen, with any key order and white space, and compares every
//! byte it passes. Whatever else arrives it refuses, and the slower reader below (the same rules over serde) has the
//! last word; a counter in `market_data` tells how often. A property test holds both to the same answer.

use super::rest::Num;
use domain::{Level, parse_e8};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::Range;

/// More levels than this on a side is no book of this venue (20 to 40 seen, at most 100 over REST).
pub(crate) const LEVELS_MAX: usize = 1_000;

/// What the scan found.
pub(crate) enum Scan<'a> {
    /// A depth message, its levels appended to the buffer.
    Depth(Depth<'a>),
    /// Some other channel.
    Other,
    /// Not in the form the scan knows.
    Refused,
}

/// A decoded depth message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Depth<'a> {
    /// `ETH-PERP@depth`.
    pub(crate) channel: &'a str,
    /// Venue time, where there is one (`tsMs` in v3, `ts_ms` typed by one client).
    pub(crate) time_ms: Option<i64>,
    /// Where the bids lie, best first.
    pub(crate) bids: Range<u32>,
    /// Where the asks lie, best first.
    pub(crate) asks: Range<u32>,
}

/// Scans one message; on anything but [`Scan::Depth`] `levels` is as it was.
pub(crate) fn scan<'a>(bytes: &'a [u8], levels: &mut Vec<Level>) -> Scan<'a> {
    let start = levels.len();
    let mut cursor = Cursor { s: bytes, i: 0 };
    let found = cursor.message(levels).unwrap_or(Scan::Refused);
    if !matches!(found, Scan::Depth(_)) {
        levels.truncate(start);
    }
    found
}

struct Cursor<'a> {
    s: &'a [u8],
    i: usize,
}

#[derive(Default)]
struct Sides {
    bids: Option<Range<u32>>,
    asks: Option<Range<u32>>,
    time_ms: Option<i64>,
}

impl<'a> Cursor<'a> {
    /// `None`: refused.
    fn message(&mut self, levels: &mut Vec<Level>) -> Option<Scan<'a>> {
        let (mut channel, mut sides, mut time_ms) = (None, None, None);
        self.expect(b'{')?;
        loop {
            match self.key()? {
                b"channel" if channel.is_none() => {
                    let name = std::str::from_utf8(self.plain_text()?).ok()?;
                    if !name.ends_with("@depth") {
                        return Some(Scan::Other);
                    }
                    channel = Some(name);
                }
                b"data" if sides.is_none() => sides = Some(self.data(levels)?),
                b"tsMs" if time_ms.is_none() => time_ms = Some(self.integer()?),
                b"channel" | b"data" | b"tsMs" => return None,
                _ => self.skip_scalar()?,
            }
            if self.comma_or(b'}')? {
                break;
            }
        }
        self.skip_space();
        if self.i != self.s.len() {
            return None;
        }
        let sides: Sides = sides?;
        Some(Scan::Depth(Depth { channel: channel?, time_ms: time_ms.or(sides.time_ms), bids: sides.bids?, asks: sides.asks? }))
    }

    fn data(&mut self, levels: &mut Vec<Level>) -> Option<Sides> {
        let mut sides = Sides::default();
        self.expect(b'{')?;
        loop {
            match self.key()? {
                b"bids" if sides.bids.is_none() => sides.bids = Some(self.side(levels, true)?),
                b"asks" if sides.asks.is_none() => sides.asks = Some(self.side(levels, false)?),
                b"ts_ms" if sides.time_ms.is_none() => sides.time_ms = Some(self.integer()?),
                b"bids" | b"asks" | b"ts_ms" => return None,
                _ => self.skip_scalar()?,
            }
            if self.comma_or(b'}')? {
                return Some(sides);
            }
        }
    }

    fn side(&mut self, levels: &mut Vec<Level>, bids: bool) -> Option<Range<u32>> {
        let start = levels.len();
        self.expect(b'[')?;
        if self.peek()? == b']' {
            self.i += 1;
        } else {
            let (mut sorted, mut last) = (true, if bids { i64::MAX } else { 0 });
            let mut count = 0;
            loop {
                let (price, size) = match self.quick_row() {
                    Some(row) => row,
                    None => self.row()?,
                };
                count += 1;
                if price <= 0 || count > LEVELS_MAX {
                    return None;
                }
                // A snapshot names what is there; a level without size is not.
                if size > 0 {
                    sorted &= if bids { price < last } else { price > last };
                    last = price;
                    levels.push(Level { price, size });
                }
                if self.comma_or(b']')? {
                    break;
                }
            }
            if !sorted {
                sort(levels.get_mut(start..)?, bids);
            }
        }
        Some(u32::try_from(start).ok()?..u32::try_from(levels.len()).ok()?)
    }

    /// A level as the venue always writes it, without white space. Moves only if it is one.
    #[inline]
    fn quick_row(&mut self) -> Option<(i64, i64)> {
        let row = self.s.get(self.i..)?.strip_prefix(b"[\"")?;
        let (price, row) = plain_number(row)?;
        let (size, row) = plain_number(row.strip_prefix(b"\",\"")?)?;
        let rest = row.strip_prefix(b"\"]")?;
        self.i = self.s.len() - rest.len();
        Some((price, size))
    }

    /// A level in any other form the scan knows.
    fn row(&mut self) -> Option<(i64, i64)> {
        self.expect(b'[')?;
        let price = self.number()?;
        self.expect(b',')?;
        let size = self.number()?;
        self.expect(b']')?;
        Some((price, size))
    }

    #[inline]
    fn expect(&mut self, b: u8) -> Option<()> {
        if self.s.get(self.i) != Some(&b) {
            self.skip_space();
            if self.s.get(self.i) != Some(&b) {
                return None;
            }
        }
        self.i += 1;
        Some(())
    }

    /// True at `end`, false at a comma.
    #[inline]
    fn comma_or(&mut self, end: u8) -> Option<bool> {
        let b = self.peek()?;
        self.i += 1;
        if b == b',' {
            Some(false)
        } else if b == end {
            Some(true)
        } else {
            None
        }
    }

    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let b = *self.s.get(self.i)?;
        if b > b' ' {
            return Some(b);
        }
        self.skip_space();
        self.s.get(self.i).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.s.get(self.i), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.i += 1;
        }
    }

    fn key(&mut self) -> Option<&'a [u8]> {
        let key = self.plain_text()?;
        self.expect(b':')?;
        Some(key)
    }

    /// A string of printable ASCII without escapes.
    fn plain_text(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.i;
        loop {
            match *self.s.get(self.i)? {
                b'"' => break,
                b'\\' | 0..=0x1f | 0x7f.. => return None,
                _ => self.i += 1,
            }
        }
        let text = self.s.get(start..self.i)?;
        self.i += 1;
        Some(text)
    }

    /// Digits without a sign or a leading zero.
    fn integer(&mut self) -> Option<i64> {
        self.peek()?;
        let start = self.i;
        let mut value: i64 = 0;
        while let Some(b @ b'0'..=b'9') = self.s.get(self.i) {
            value = value.checked_mul(10)?.checked_add(i64::from(b - b'0'))?;
            self.i += 1;
        }
        let digits = self.i - start;
        (digits > 0 && !(digits > 1 && self.s.get(start) == Some(&b'0'))).then_some(value)
    }

    fn skip_scalar(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.plain_text().map(|_| ()),
            b'0'..=b'9' => self.integer().map(|_| ()),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => None,
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.s.get(self.i..)?.starts_with(word).then(|| self.i += word.len())
    }

    /// A quoted plain decimal, at 1e-8.
    fn number(&mut self) -> Option<i64> {
        self.expect(b'"')?;
        let (value, rest) = plain_number(self.s.get(self.i..)?)?;
        let rest = rest.strip_prefix(b"\"")?;
        self.i = self.s.len() - rest.len();
        Some(value)
    }
}

/// A plain decimal of one to ten digits, a point and at most eight more, at 1e-8, and what follows it.
///
/// One byte at a time, on purpose: where a number ends is then a branch the processor guesses, and the next number
/// starts before this one is added up. Eight bytes at once by masks were measured and made every number wait for the
/// length of the one before.
#[inline]
fn plain_number(text: &[u8]) -> Option<(i64, &[u8])> {
    const POW: [i64; 9] = [100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let (value, rest) = digits(0, text);
    let whole = text.len() - rest.len();
    if whole == 0 || whole > 10 {
        return None;
    }
    let Some(after) = rest.strip_prefix(b".") else { return Some((value * 100_000_000, rest)) };
    let (value, rest) = digits(value, after);
    // Eighteen digits at most, so neither the sum nor the product passes an i64; more were added up in vain.
    Some((value.wrapping_mul(*POW.get(after.len() - rest.len())?), rest))
}

/// Adds the digits ahead to `value`. Wraps when there are too many, which the caller counts.
#[inline]
fn digits(mut value: i64, mut text: &[u8]) -> (i64, &[u8]) {
    while let [b @ b'0'..=b'9', rest @ ..] = text {
        value = value.wrapping_mul(10).wrapping_add(i64::from(b - b'0'));
        text = rest;
    }
    (value, text)
}

fn sort(levels: &mut [Level], bids: bool) {
    if bids {
        levels.sort_unstable_by_key(|l| std::cmp::Reverse(l.price));
    } else {
        levels.sort_unstable_by_key(|l| l.price);
    }
}

/// Body of a depth message for the slower reader: numbers with or without quotes, further elements in a level.
#[derive(Deserialize)]
pub(crate) struct DepthRow<'a> {
    #[serde(borrow)]
    bids: Vec<LevelRow<'a>>,
    #[serde(borrow)]
    asks: Vec<LevelRow<'a>>,
    #[serde(borrow, default)]
    ts_ms: Option<Num<'a>>,
}

struct LevelRow<'a>(Num<'a>, Num<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for LevelRow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;
        impl<'de> Visitor<'de> for Elements {
            type Value = LevelRow<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of price and size")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<LevelRow<'de>, A::Error> {
                let missing = || serde::de::Error::custom("a level has a price and a size");
                let row = LevelRow(seq.next_element()?.ok_or_else(missing)?, seq.next_element()?.ok_or_else(missing)?);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(row)
            }
        }
        deserializer.deserialize_seq(Elements)
    }
}

/// The slower reader: the body of a message whose channel is already known. `None` leaves `levels` as it was.
pub(crate) fn read<'a>(channel: &'a str, data: &str, time: Option<i64>, levels: &mut Vec<Level>) -> Option<Depth<'a>> {
    let row: DepthRow<'_> = serde_json::from_str(data).ok()?;
    let start = levels.len();
    let time_ms = time.or(row.ts_ms.and_then(|t| t.int()));
    let bids = push(&row.bids, true, levels);
    let asks = bids.is_some().then(|| push(&row.asks, false, levels)).flatten();
    let (Some(bids), Some(asks)) = (bids, asks) else {
        levels.truncate(start);
        return None;
    };
    Some(Depth { channel, time_ms, bids, asks })
}

fn push(rows: &[LevelRow<'_>], bids: bool, levels: &mut Vec<Level>) -> Option<Range<u32>> {
    if rows.len() > LEVELS_MAX {
        return None;
    }
    let start = levels.len();
    for LevelRow(price, size) in rows {
        let price = parse_e8(price.text().as_bytes()).ok().filter(|p| *p > 0)?;
        let size = parse_e8(size.text().as_bytes()).ok().filter(|s| *s >= 0)?;
        if size > 0 {
            levels.push(Level { price, size });
        }
    }
    sort(levels.get_mut(start..)?, bids);
    Some(u32::try_from(start).ok()?..u32::try_from(levels.len()).ok()?)
}

#[cfg(test)]
mod tests;
