//! SBE frames of schema 1: header, public market data (paradex.md 7.2).
//!
//! Decodes in place and allocates nothing. Versions grow by appending to the fixed block and to the tail, so every
//! field is read only as far as the header's block length reaches, and a missing tail text is an empty one.

use crate::error::DecodeError;
use crate::wire::sbe_private::{AccountEvent, FillEvent, OrderEvent, PositionEvent};
use domain::Level;
use std::ops::Range;

/// One decoded frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A public trade (template 1).
    Trade(Trade<'a>),
    /// Best bid and offer (template 2).
    Bbo(Bbo<'a>),
    /// Levels of a book (template 3).
    Book(Book<'a>),
    /// Market summary (template 4).
    Summary(Summary<'a>),
    /// Funding of a market (template 5).
    Funding(Funding<'a>),
    /// One of our orders (template 20).
    Order(OrderEvent<'a>),
    /// One of our fills (template 21).
    Fill(FillEvent<'a>),
    /// One of our positions (template 22).
    Position(PositionEvent<'a>),
    /// Our account (template 23).
    Account(AccountEvent<'a>),
    /// Sign of life (template 40).
    Heartbeat,
    /// A template that means nothing to us.
    Other(u16),
}

/// A public trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade<'a> {
    /// Price at 1e-8.
    pub price: i64,
    /// Size at 1e-8.
    pub size: i64,
    /// Market symbol.
    pub market: &'a [u8],
}

/// Best bid and offer; a side is `None` when the venue sends null or zero (empty side, either convention).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bbo<'a> {
    /// Shared counter of the market.
    pub seq: u64,
    /// Best bid.
    pub bid: Option<Level>,
    /// Best ask.
    pub ask: Option<Level>,
    /// Market symbol.
    pub market: &'a [u8],
}

/// Levels of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book<'a> {
    /// Venue time, microseconds since the epoch.
    pub time_us: i64,
    /// Shared counter of the market.
    pub seq: u64,
    /// Whether the levels are the whole book.
    pub snapshot: bool,
    /// Bids.
    pub bids: Levels<'a>,
    /// Asks.
    pub asks: Levels<'a>,
    /// Market symbol.
    pub market: &'a [u8],
}

/// Mark price out of a market summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary<'a> {
    /// Mark price at 1e-8, if given.
    pub mark: Option<i64>,
    /// Market symbol.
    pub market: &'a [u8],
}

/// Funding of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funding<'a> {
    /// Rate of the market's own period at 1e-8, if given.
    pub rate: Option<i64>,
    /// Rate of eight hours at 1e-8, if given.
    pub rate_8h: Option<i64>,
    /// The market's own period, hours.
    pub period_hours: i16,
    /// Market symbol.
    pub market: &'a [u8],
}

/// A repeating group of levels, still as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels<'a> {
    bytes: &'a [u8],
    stride: usize,
}

impl Levels<'_> {
    /// How many.
    pub fn len(&self) -> usize {
        self.bytes.len().checked_div(self.stride).unwrap_or(0)
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends the levels to `out` and says where. In a snapshot they come out best first (`bids` says which way)
    /// and empty levels are left out; the venue sorts already (seen in captures), so this normally only checks.
    ///
    /// # Errors
    /// [`DecodeError::Field`] for a price that is not above zero or a negative size; `out` may then hold part of them.
    #[inline]
    pub fn append(&self, snapshot: bool, bids: bool, out: &mut Vec<Level>) -> Result<Range<u32>, DecodeError> {
        let from = out.len();
        // Copy first, judge after: both loops are then free of branches, and the copy is one move of the bytes.
        if self.stride == 16 {
            out.extend(self.bytes.as_chunks::<16>().0.iter().map(level_of));
        } else {
            out.extend(self.bytes.chunks_exact(self.stride).filter_map(|c| c.first_chunk::<16>()).map(level_of));
        }
        let new = out.get_mut(from..).unwrap_or_default();
        let found = if bids { judge::<true>(new) } else { judge::<false>(new) };
        if found.bad {
            return Err(DecodeError::Field("a level"));
        }
        if snapshot && found.unsorted {
            sort_best_first(new, bids);
        }
        if snapshot && found.empty {
            let mut at = 0usize;
            out.retain(|l| {
                at = at.wrapping_add(1);
                at <= from || l.size != 0
            });
        }
        Ok(from as u32..out.len() as u32)
    }
}

/// What there is to say about levels.
struct Found {
    /// A price not above zero or a size below it.
    bad: bool,
    /// A size of zero.
    empty: bool,
    /// A better level after a worse one; means nothing when `bad`.
    unsorted: bool,
}

/// Looks at every level and branches on none: whatever must not be is a sign bit, and sign bits gather by OR. Price and
/// size go through as a pair, so that the compiler keeps both in one vector register.
#[inline]
fn judge<const BIDS: bool>(levels: &[Level]) -> Found {
    let (mut any, mut less, mut step) = ([0i64; 2], [0i64; 2], [0i64; 2]);
    let mut last = levels.first().map_or([0; 2], |l| [l.price, l.size]);
    for l in levels {
        let this = [l.price, l.size];
        for lane in 0..2 {
            any[lane] |= this[lane];
            less[lane] |= this[lane].wrapping_sub(1);
            step[lane] |= if BIDS { last[lane].wrapping_sub(this[lane]) } else { this[lane].wrapping_sub(last[lane]) };
        }
        last = this;
    }
    Found { bad: (any[0] | any[1] | less[0]) < 0, empty: less[1] < 0, unsorted: step[0] < 0 }
}

/// Sorts levels of a snapshot, best first, in place.
pub(crate) fn sort_best_first(levels: &mut [Level], bids: bool) {
    if bids {
        levels.sort_unstable_by_key(|l| std::cmp::Reverse(l.price));
    } else {
        levels.sort_unstable_by_key(|l| l.price);
    }
}

fn level_of(chunk: &[u8; 16]) -> Level {
    // One number, then its halves: the compiler makes two loads of it.
    let both = u128::from_le_bytes(*chunk);
    Level { price: both as i64, size: (both >> 64) as i64 }
}

/// The fixed block of a message: reads beyond what the sender's version has are absent.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a>(&'a [u8]);

impl<'a> Block<'a> {
    pub(crate) fn i64(self, at: usize) -> Result<i64, DecodeError> {
        let bytes = self.0.get(at..).and_then(|s| s.first_chunk::<8>()).ok_or(DecodeError::Short)?;
        Ok(i64::from_le_bytes(*bytes))
    }
    /// Null (the smallest number) and absent alike are `None`.
    pub(crate) fn optional(self, at: usize) -> Option<i64> {
        self.i64(at).ok().filter(|&v| v != i64::MIN)
    }
    fn i16(self, at: usize) -> Result<i16, DecodeError> {
        let bytes = self.0.get(at..).and_then(|s| s.first_chunk::<2>()).ok_or(DecodeError::Short)?;
        Ok(i16::from_le_bytes(*bytes))
    }
    pub(crate) fn u8(self, at: usize) -> Result<u8, DecodeError> {
        self.0.get(at).copied().ok_or(DecodeError::Short)
    }
    pub(crate) fn seq(self) -> Result<u64, DecodeError> {
        u64::try_from(self.i64(8)?).map_err(|_| DecodeError::Field("seq"))
    }
    pub(crate) fn bytes32(self, at: usize) -> Result<&'a [u8; 32], DecodeError> {
        self.0.get(at..).and_then(|s| s.first_chunk::<32>()).ok_or(DecodeError::Short)
    }
}

/// What follows the block: groups, then texts.
pub(crate) struct Tail<'a>(&'a [u8]);

impl<'a> Tail<'a> {
    #[inline]
    fn levels(&mut self) -> Result<Levels<'a>, DecodeError> {
        let (head, rest) = self.0.split_first_chunk::<4>().ok_or(DecodeError::Short)?;
        let stride = usize::from(u16::from_le_bytes([head[0], head[1]]));
        let count = usize::from(u16::from_le_bytes([head[2], head[3]]));
        if count > 0 && stride < 16 {
            return Err(DecodeError::Field("group block length"));
        }
        let (bytes, rest) = rest.split_at_checked(stride.saturating_mul(count)).ok_or(DecodeError::Short)?;
        self.0 = rest;
        Ok(Levels { bytes, stride: stride.max(16) })
    }
    pub(crate) fn raw(&mut self) -> Result<&'a [u8], DecodeError> {
        let Some((len, rest)) = self.0.split_first() else { return Ok(&[]) };
        let (text, rest) = rest.split_at_checked(usize::from(*len)).ok_or(DecodeError::Short)?;
        self.0 = rest;
        Ok(text)
    }
    pub(crate) fn text(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.raw()?).map_err(|_| DecodeError::Text)
    }
}

/// The template of a frame, as far as it can be read: to know what was lost when the rest cannot.
pub fn template_of(frame: &[u8]) -> Option<u16> {
    frame.get(2..4).and_then(|b| b.first_chunk::<2>()).map(|b| u16::from_le_bytes(*b))
}

/// Reads one frame.
///
/// # Errors
/// [`DecodeError`]; nothing of the frame may then be used.
#[inline]
pub fn decode(frame: &[u8]) -> Result<Message<'_>, DecodeError> {
    let (head, rest) = frame.split_first_chunk::<8>().ok_or(DecodeError::Short)?;
    let block_length = usize::from(u16::from_le_bytes([head[0], head[1]]));
    let template = u16::from_le_bytes([head[2], head[3]]);
    if u16::from_le_bytes([head[4], head[5]]) != 1 {
        return Err(DecodeError::Schema);
    }
    let (block, tail) = rest.split_at_checked(block_length).ok_or(DecodeError::Short)?;
    let (block, mut tail) = (Block(block), Tail(tail));
    Ok(match template {
        1 => Message::Trade(Trade { price: block.i64(25)?, size: block.i64(33)?, market: tail.raw()? }),
        2 => Message::Bbo(Bbo { seq: block.seq()?, bid: side(block, 16, 24)?, ask: side(block, 32, 40)?, market: tail.raw()? }),
        3 => {
            let snapshot = match block.u8(16)? {
                0 => true,
                1 => false,
                _ => return Err(DecodeError::Field("book kind")),
            };
            let (time_us, seq) = (block.i64(0)?, block.seq()?);
            Message::Book(Book { time_us, seq, snapshot, bids: tail.levels()?, asks: tail.levels()?, market: tail.raw()? })
        }
        4 => Message::Summary(Summary { mark: block.optional(16), market: tail.raw()? }),
        5 => Message::Funding(Funding {
            rate: block.optional(16),
            rate_8h: block.optional(48),
            period_hours: block.i16(56)?,
            market: tail.raw()?,
        }),
        20 => Message::Order(OrderEvent::read(block, &mut tail)?),
        21 => Message::Fill(FillEvent::read(block, &mut tail)?),
        22 => Message::Position(PositionEvent::read(block, &mut tail)?),
        23 => Message::Account(AccountEvent::read(block, &mut tail)?),
        40 => Message::Heartbeat,
        other => Message::Other(other),
    })
}

fn side(block: Block<'_>, price_at: usize, size_at: usize) -> Result<Option<Level>, DecodeError> {
    let (price, size) = (block.i64(price_at)?, block.i64(size_at)?);
    match (price, size) {
        (i64::MIN | 0, _) | (_, i64::MIN | 0) => Ok(None),
        (1.., 1..) => Ok(Some(Level { price, size })),
        _ => Err(DecodeError::Field("best bid or offer")),
    }
}
