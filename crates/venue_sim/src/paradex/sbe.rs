//! Binary frames of schema 1, versions 0 to 2 (`paradex.md` section 7.2), written field by field from the table.
//!
//! Encodes only: a client never sends binary.

use crate::exchange::ladder::Level;

/// Null of every 8-byte number.
pub const NULL: i64 = i64::MIN;

/// A frame being written.
struct Frame(Vec<u8>);

impl Frame {
    /// Starts a message: header with block length, template, schema 1 and version.
    fn new(block: u16, template: u16, version: u8) -> Self {
        let mut f = Self(Vec::with_capacity(usize::from(block) + 128));
        f.u16(block).u16(template).u16(1).u16(u16::from(version));
        f
    }
    fn u8(&mut self, v: u8) -> &mut Self {
        self.0.push(v);
        self
    }
    fn u16(&mut self, v: u16) -> &mut Self {
        self.0.extend_from_slice(&v.to_le_bytes());
        self
    }
    fn i64(&mut self, v: i64) -> &mut Self {
        self.0.extend_from_slice(&v.to_le_bytes());
        self
    }
    fn i64s(&mut self, vs: &[i64]) -> &mut Self {
        for v in vs {
            self.i64(*v);
        }
        self
    }
    fn bytes(&mut self, v: &[u8]) -> &mut Self {
        self.0.extend_from_slice(v);
        self
    }
    /// A string with its length in one byte; longer ones are cut.
    fn text(&mut self, v: &str) -> &mut Self {
        let bytes = v.as_bytes().get(..v.len().min(255)).unwrap_or_default();
        self.u8(bytes.len() as u8);
        self.bytes(bytes)
    }
    fn texts(&mut self, vs: &[&str]) -> &mut Self {
        for v in vs {
            self.text(v);
        }
        self
    }
    fn levels(&mut self, levels: &[Level]) -> &mut Self {
        let levels = levels.get(..levels.len().min(usize::from(u16::MAX))).unwrap_or_default();
        self.u16(16).u16(levels.len() as u16);
        for l in levels {
            self.i64(l.price).i64(l.size);
        }
        self
    }
    fn done(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// Template 1. Prices and sizes at 1e-8, times in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Trade<'a> {
    /// Time of the message.
    pub ts: i64,
    /// Sequence number shared with the book.
    pub seq: i64,
    /// Full id; the numeric field carries its low 64 bits.
    pub id: u128,
    /// Taker's side, 1 or 2.
    pub side: u8,
    /// Price.
    pub price: i64,
    /// Size.
    pub size: i64,
    /// Time of the trade.
    pub created: i64,
    /// Trade type LIQUIDATION instead of FILL.
    pub liquidation: bool,
    /// Market.
    pub market: &'a str,
}

impl Trade<'_> {
    /// Encodes for a schema version.
    pub fn encode(&self, version: u8) -> Vec<u8> {
        let mut f = Frame::new(50, 1, version);
        f.i64s(&[self.ts, self.seq, self.id as i64]).u8(self.side).i64s(&[self.price, self.size, self.created]);
        // The numbers of the fill types; the document gives none of its own for trade types.
        f.u8(if self.liquidation { 2 } else { 1 }).text(self.market);
        if version >= 2 {
            f.text(&self.id.to_string());
        }
        f.done()
    }
}

/// Template 2: best prices; [`NULL`] where a side is empty.
pub fn bbo(version: u8, ts: i64, seq: i64, bid: (i64, i64), ask: (i64, i64), market: &str) -> Vec<u8> {
    Frame::new(48, 2, version).i64s(&[ts, seq, bid.0, bid.1, ask.0, ask.1]).text(market).done()
}

/// Template 3: a snapshot or a delta of the book. `best` is bid price, bid size, ask price, ask size or nothing.
pub struct Book<'a> {
    /// Time of the message.
    pub ts: i64,
    /// Sequence number.
    pub seq: i64,
    /// Whether the frame carries the whole book.
    pub snapshot: bool,
    /// Levels; size 0 removes.
    pub bids: &'a [Level],
    /// Levels; size 0 removes.
    pub asks: &'a [Level],
    /// Best prices, left null on the delta channel.
    pub best: Option<[i64; 4]>,
    /// Market.
    pub market: &'a str,
}

impl Book<'_> {
    /// Encodes for a schema version.
    pub fn encode(&self, version: u8) -> Vec<u8> {
        let mut f = Frame::new(89, 3, version);
        f.i64s(&[self.ts, self.seq]).u8(u8::from(!self.snapshot));
        let best = self.best.unwrap_or([NULL; 4]);
        f.i64s(&best).i64(NULL).i64s(&best); // relative spread is not computed here
        f.levels(self.bids).levels(self.asks).text(self.market).done()
    }
}

/// Template 4: the 27 numbers of version 0 in their order; the implied rates of version 1 stay null.
pub fn summary(version: u8, numbers: &[i64; 27], precise_rate: i64, market: &str) -> Vec<u8> {
    let mut f = Frame::new(if version == 0 { 216 } else { 240 }, 4, version);
    f.i64s(numbers);
    if version >= 1 {
        f.i64s(&[NULL, NULL, precise_rate]);
    }
    f.text(market).done()
}

/// Template 5: `[ts, seq, rate, index, created, premium, rate of 8 hours]`.
pub fn funding(version: u8, numbers: &[i64; 7], period_hours: i16, market: &str) -> Vec<u8> {
    let mut f = Frame::new(if version == 0 { 58 } else { 66 }, 5, version);
    f.i64s(numbers).bytes(&period_hours.to_le_bytes());
    if version >= 1 {
        f.i64(NULL);
    }
    f.text(market).done()
}

/// Template 6: `[ts, last updated, hourly rate at 1e-12]`.
pub fn funding_comparison(version: u8, numbers: &[i64; 3], asset_kind: u8, source: u8, market: &str) -> Vec<u8> {
    Frame::new(26, 6, version).i64s(numbers).u8(asset_kind).u8(source).text(market).done()
}

/// Template 20.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Time of the message.
    pub ts: i64,
    /// Sequence number of the stream.
    pub seq: i64,
    /// Status, side, type, time in force.
    pub codes: [u8; 4],
    /// Price, trigger, size, open size, average fill, created, updated.
    pub numbers: [i64; 7],
    /// Account.
    pub account: [u8; 32],
    /// Received and published.
    pub times: [i64; 2],
    /// Self-trade prevention and flags.
    pub stp: u8,
    /// Flags.
    pub flags: u8,
    /// Status and type of the last request (version 2).
    pub request: [u8; 2],
    /// Order id, client id, market, cancel reason.
    pub texts: [&'a str; 4],
    /// Request id and message (version 2).
    pub request_texts: [&'a str; 2],
}

impl Order<'_> {
    /// Encodes for a schema version.
    pub fn encode(&self, version: u8) -> Vec<u8> {
        let mut f = Frame::new(if version >= 2 { 128 } else { 126 }, 20, version);
        f.i64s(&[self.ts, self.seq]).bytes(&self.codes).i64s(&self.numbers).bytes(&self.account).i64s(&self.times);
        f.u8(self.stp).u8(self.flags);
        if version >= 2 {
            f.bytes(&self.request);
        }
        f.texts(&self.texts);
        if version >= 2 {
            f.texts(&self.request_texts);
        }
        f.done()
    }
}

/// Template 21.
#[derive(Clone, Copy, Debug)]
pub struct Fill<'a> {
    /// Time of the message.
    pub ts: i64,
    /// Sequence number of the stream.
    pub seq: i64,
    /// Fill type, side, liquidity.
    pub codes: [u8; 3],
    /// Price, size, fee, realised profit, created.
    pub numbers: [i64; 5],
    /// Account.
    pub account: [u8; 32],
    /// Underlying price and realised funding.
    pub more: [i64; 2],
    /// Flags (version 2).
    pub flags: u8,
    /// Book sequence after the execution (version 2).
    pub book_seq: i64,
    /// Fill id, order id, client id, trade id, market.
    pub texts: [&'a str; 5],
    /// Currency of the fee (version 2).
    pub fee_currency: &'a str,
}

impl Fill<'_> {
    /// Encodes for a schema version.
    pub fn encode(&self, version: u8) -> Vec<u8> {
        let mut f = Frame::new(if version >= 2 { 116 } else { 107 }, 21, version);
        f.i64s(&[self.ts, self.seq]).bytes(&self.codes).i64s(&self.numbers).bytes(&self.account).i64s(&self.more);
        if version >= 2 {
            f.u8(self.flags).i64(self.book_seq);
        }
        f.texts(&self.texts);
        if version >= 2 {
            f.text(self.fee_currency);
        }
        f.done()
    }
}

/// Template 22.
#[derive(Clone, Copy, Debug)]
pub struct Position<'a> {
    /// Time of the message.
    pub ts: i64,
    /// Sequence number of the stream.
    pub seq: i64,
    /// 1 long, 2 short.
    pub side: u8,
    /// Size (absolute), average entry, unrealised, realised, mark, liquidation price, leverage, updated.
    pub numbers: [i64; 8],
    /// Account.
    pub account: [u8; 32],
    /// Average entry in USD, cost, cost in USD, cached funding index, unrealised funding.
    pub more: [i64; 5],
    /// 1 open, 2 closed.
    pub status: u8,
    /// Market and last fill id.
    pub texts: [&'a str; 2],
}

impl Position<'_> {
    /// Encodes for a schema version.
    pub fn encode(&self, version: u8) -> Vec<u8> {
        let mut f = Frame::new(154, 22, version);
        f.i64s(&[self.ts, self.seq]).u8(self.side).i64s(&self.numbers).bytes(&self.account).i64s(&self.more).u8(self.status);
        f.texts(&self.texts);
        f.done()
    }
}

/// Template 23: `numbers` are total collateral, free collateral, initial margin, maintenance margin, account value,
/// unrealised, updated; `status` 1 ACTIVE, 2 LIQUIDATION.
pub fn account(version: u8, ts: i64, seq: i64, numbers: &[i64; 7], address: [u8; 32], cushion: i64, status: u8) -> Vec<u8> {
    let mut f = Frame::new(if version >= 2 { 121 } else { 113 }, 23, version);
    f.i64s(&[ts, seq]).i64s(numbers).bytes(&address).i64(cushion).u8(status);
    if version >= 2 {
        f.i64(0); // last seen notification
    }
    f.text("USDC").done()
}

/// Template 40.
pub fn heartbeat(version: u8, ts: i64, seq: i64) -> Vec<u8> {
    Frame::new(16, 40, version).i64s(&[ts, seq]).done()
}
