//! Public market data: frames to integers, and the venue's sequence rules (paradex.md 8.1).
//!
//! Owns what each market's book channel promised last. Does not own books, and does not judge a crossed one: `books`
//! does. After warm-up a binary frame allocates nothing here.

use crate::error::DecodeError;
use crate::parse::{hourly, json_levels, json_top, usd};
use crate::units::Units;
use crate::wire::sbe::{Bbo, Book};
use crate::wire::ws::{BboData, BookData, FundingData, Notification, SummaryData, TradeData, parse_data};
use domain::{BookKind, InstrumentId, Level, MarketEvent, Mono, Price, Size, Wall};
use venue_api::Out;

/// What the book channel of a market is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BookState {
    /// Nothing usable until the next snapshot; asked for at this time.
    Waiting(Mono),
    /// The last frame had this number, the next delta must have the next.
    Live(u64),
}

/// One market's channels.
#[derive(Debug)]
struct Market {
    id: InstrumentId,
    symbol: String,
    units: Units,
    book: BookState,
    /// When the venue says the last book frame was, microseconds; 0 if it did not.
    book_us: i64,
    top_seq: u64,
    /// The last best bid and offer of the BBO channel.
    top: (Option<Level>, Option<Level>),
}

/// A book channel has to be subscribed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resync(pub(crate) usize);

/// All markets of the feed connection.
#[derive(Debug)]
pub(crate) struct Feed {
    markets: Vec<Market>,
    /// Indices into `markets`, ordered by symbol: a look-up compares a few short texts and hashes nothing.
    by_symbol: Vec<usize>,
    /// Frames that could not be read.
    pub(crate) unreadable: u64,
    /// Books lost to gaps, steps back and unreadable frames.
    pub(crate) lost: u64,
}

impl Feed {
    pub(crate) fn new(markets: impl Iterator<Item = (InstrumentId, String, Units)>) -> Self {
        let book = BookState::Waiting(Mono(0));
        let fresh = |(id, symbol, units)| Market { id, symbol, units, book, book_us: 0, top_seq: 0, top: (None, None) };
        let markets: Vec<Market> = markets.map(fresh).collect();
        let mut by_symbol: Vec<usize> = (0..markets.len()).collect();
        by_symbol.sort_by(|a, b| markets[*a].symbol.cmp(&markets[*b].symbol));
        Self { markets, by_symbol, unreadable: 0, lost: 0 }
    }

    /// Index of a market by its symbol.
    pub(crate) fn find(&self, symbol: &[u8]) -> Option<usize> {
        let at = self.by_symbol.binary_search_by(|&i| self.symbol(i).as_bytes().cmp(symbol)).ok()?;
        self.by_symbol.get(at).copied()
    }
    /// Symbol of a market by its index.
    pub(crate) fn symbol(&self, market: usize) -> &str {
        self.markets.get(market).map_or("", |m| &m.symbol)
    }
    /// Our id of a market by its index.
    pub(crate) fn instrument(&self, market: usize) -> Option<InstrumentId> {
        self.markets.get(market).map(|m| m.id)
    }

    /// How a market counts.
    pub(crate) fn units(&self, market: usize) -> Units {
        self.markets.get(market).map_or(Units::ONE, |m| m.units)
    }
    /// Number and time of a live book's last frame.
    pub(crate) fn age_at(&self, market: usize) -> Option<(u64, Wall)> {
        let m = self.markets.get(market)?;
        match m.book {
            BookState::Live(seq) if m.book_us > 0 => Some((seq, Wall(m.book_us))),
            _ => None,
        }
    }
    /// The last best bid and offer of the BBO channel.
    pub(crate) fn top_of(&self, market: usize) -> (Option<Level>, Option<Level>) {
        self.markets.get(market).map_or((None, None), |m| m.top)
    }

    /// No book survives a connection: a new one starts from a snapshot.
    pub(crate) fn lose_all(&mut self, why: &'static str, now: Mono, out: &mut Out) {
        for m in &mut self.markets {
            m.book = BookState::Waiting(now);
            (m.top_seq, m.top) = (0, (None, None));
            out.market.push(MarketEvent::BookLost { instrument: m.id, why });
        }
    }

    /// Loses every live book after a frame that cannot be assigned to a market.
    pub(crate) fn lose_live(&mut self, why: &'static str, now: Mono, out: &mut Out) -> Vec<Resync> {
        (0..self.markets.len()).filter_map(|i| self.lose(i, why, now, out)).collect()
    }

    /// Markets that have waited for their snapshot since before `limit`.
    pub(crate) fn overdue(&self, limit: Mono) -> bool {
        self.markets.iter().any(|m| matches!(m.book, BookState::Waiting(since) if since < limit))
    }

    /// A book that already waits is not asked for again: one loss, one resubscription.
    pub(crate) fn lose(&mut self, market: usize, why: &'static str, now: Mono, out: &mut Out) -> Option<Resync> {
        let m = self.markets.get_mut(market)?;
        if matches!(m.book, BookState::Waiting(_)) {
            return None;
        }
        self.lost = self.lost.wrapping_add(1);
        m.book = BookState::Waiting(now);
        (m.top_seq, m.top) = (0, (None, None));
        out.market.push(MarketEvent::BookLost { instrument: m.id, why });
        Some(Resync(market))
    }

    /// Takes in an SBE book frame.
    pub(crate) fn on_book(&mut self, book: &Book<'_>, now: Mono, out: &mut Out) -> Option<Resync> {
        let market = self.find(book.market)?;
        let kind = if book.snapshot { BookKind::Snapshot } else { BookKind::Delta };
        match self.accept(market, kind, book.seq) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(why) => return self.lose(market, why, now, out),
        }
        let from = out.levels.len();
        let bids = book.bids.append(book.snapshot, true, &mut out.levels);
        let asks = book.asks.append(book.snapshot, false, &mut out.levels);
        let said = self.units(market).levels_in(out.levels.get_mut(from..).unwrap_or_default());
        let (Ok(bids), Ok(asks), true) = (bids, asks, said) else {
            out.levels.truncate(from);
            self.unreadable = self.unreadable.wrapping_add(1);
            return self.lose(market, "unreadable", now, out);
        };
        let m = self.markets.get_mut(market)?;
        m.book_us = book.time_us;
        let instrument = m.id;
        let venue_time = Some(Wall(book.time_us));
        out.market.push(MarketEvent::Book { instrument, kind, seq: book.seq, venue_time, bids, asks });
        None
    }

    /// Whether a frame of this number is the next one; `false` for one to leave out.
    fn accept(&mut self, market: usize, kind: BookKind, seq: u64) -> Result<bool, &'static str> {
        let Some(m) = self.markets.get_mut(market) else { return Ok(false) };
        match (m.book, kind) {
            (BookState::Waiting(_), BookKind::Delta) => return Ok(false),
            (BookState::Waiting(_), BookKind::Snapshot) => {}
            (BookState::Live(last), BookKind::Snapshot) if seq >= last => {}
            (BookState::Live(last), BookKind::Delta) if Some(seq) == last.checked_add(1) => {}
            (BookState::Live(last), _) if seq == last => return Err("repeat"),
            (BookState::Live(last), _) if seq < last => return Err("step back"),
            (BookState::Live(_), _) => return Err("gap"),
        }
        m.book = BookState::Live(seq);
        Ok(true)
    }

    /// Takes in an SBE BBO frame: its number only has to grow.
    pub(crate) fn on_bbo(&mut self, bbo: &Bbo<'_>, out: &mut Out) {
        let Some(market) = self.find(bbo.market) else { return };
        self.top(market, bbo.seq, bbo.bid, bbo.ask, out);
    }

    fn top(&mut self, market: usize, seq: u64, bid: Option<Level>, ask: Option<Level>, out: &mut Out) {
        if let Some(m) = self.markets.get_mut(market)
            && seq > m.top_seq
        {
            m.top_seq = seq;
            let (bid, ask) = (bid.and_then(|l| m.units.level_in(l)), ask.and_then(|l| m.units.level_in(l)));
            m.top = (bid, ask);
            out.market.push(MarketEvent::Top { instrument: m.id, seq, bid, ask });
        }
    }

    /// Takes in a public trade.
    pub(crate) fn on_trade(&mut self, symbol: &[u8], price: i64, size: i64, out: &mut Out) {
        let Some(m) = self.find(symbol).and_then(|m| self.markets.get(m)) else { return };
        let (instrument, size) = (m.id, m.units.size_in(size));
        match (Price::from_e8(price).map(|p| m.units.price_near(p)), size.and_then(Size::from_e8)) {
            (Some(price), Some(size)) => out.market.push(MarketEvent::Trade { instrument, price, size }),
            _ => self.unreadable = self.unreadable.wrapping_add(1),
        }
    }

    /// Takes in a mark price.
    pub(crate) fn on_mark(&mut self, symbol: &[u8], mark: Option<i64>, out: &mut Out) {
        let Some(m) = self.find(symbol).and_then(|m| self.markets.get(m)) else { return };
        if let Some(mark) = mark.and_then(Price::from_e8) {
            out.market.push(MarketEvent::Mark { instrument: m.id, mark: m.units.price_near(mark) });
        }
    }

    /// Takes in a funding rate. It accrues all the time (paradex.md 11), so nothing is booked at any next moment.
    pub(crate) fn on_funding(&mut self, symbol: &[u8], rate: Option<i64>, hours: i64, rate_8h: Option<i64>, out: &mut Out) {
        let Some(instrument) = self.find(symbol).and_then(|m| self.instrument(m)) else { return };
        if let Some(hourly) = hourly(rate, hours, rate_8h) {
            out.market.push(MarketEvent::Funding { instrument, hourly, next: None });
        }
    }

    /// Takes in a public payload in its JSON shape: what a session without SBE, or an older server, sends.
    ///
    /// # Errors
    /// [`DecodeError`] for a payload that cannot be read; counted here.
    pub(crate) fn on_json(&mut self, n: &Notification<'_>, now: Mono, out: &mut Out) -> Result<Option<Resync>, DecodeError> {
        let topic = n.channel.split('.').next().unwrap_or("");
        let read = match topic {
            "order_book" => parse_data::<BookData<'_>>(n.data).and_then(|book| self.on_json_book(&book, now, out)),
            "bbo" => parse_data::<BboData<'_>>(n.data).and_then(|bbo| {
                let (bid, ask) = json_top(&bbo)?;
                if let Some(market) = self.find(bbo.market.as_bytes()) {
                    self.top(market, bbo.seq_no, bid, ask, out);
                }
                Ok(None)
            }),
            "trades" => parse_data::<TradeData<'_>>(n.data).and_then(|t| {
                let e8 = |text: &str| domain::parse_e8(text.as_bytes()).map_err(|_| DecodeError::Field("a trade"));
                self.on_trade(t.market.as_bytes(), e8(&t.price)?, e8(&t.size)?, out);
                Ok(None)
            }),
            "markets_summary" => parse_data::<SummaryData<'_>>(n.data).and_then(|s| {
                self.on_mark(s.symbol.as_bytes(), Some(usd(&s.mark_price, false)?.e8()), out);
                Ok(None)
            }),
            "funding_data" => parse_data::<FundingData<'_>>(n.data).and_then(|f| {
                let e8 = |text: &Option<std::borrow::Cow<'_, str>>| {
                    text.as_deref().filter(|t| !t.is_empty()).map(|t| usd(t, false).map(|v| v.e8())).transpose()
                };
                let (rate, rate_8h) = (e8(&f.funding_rate)?, e8(&f.funding_rate_8h)?);
                self.on_funding(f.market.as_bytes(), rate, f.funding_period_hours, rate_8h, out);
                Ok(None)
            }),
            _ => Ok(None),
        };
        if read.is_err() {
            self.unreadable = self.unreadable.wrapping_add(1);
            if topic == "order_book" {
                let market = n.channel.split('.').nth(1).and_then(|symbol| self.find(symbol.as_bytes()));
                return Ok(market.and_then(|m| self.lose(m, "unreadable", now, out)));
            }
        }
        read
    }

    fn on_json_book(&mut self, book: &BookData<'_>, now: Mono, out: &mut Out) -> Result<Option<Resync>, DecodeError> {
        let kind = match &*book.update_type {
            "s" => BookKind::Snapshot,
            "d" => BookKind::Delta,
            _ => return Err(DecodeError::Field("update_type")),
        };
        let Some(market) = self.find(book.market.as_bytes()) else { return Ok(None) };
        match self.accept(market, kind, book.seq_no) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(why) => return Ok(self.lose(market, why, now, out)),
        }
        let from = out.levels.len();
        let sides = json_levels(book, true, &mut out.levels)
            .and_then(|bids| json_levels(book, false, &mut out.levels).map(|asks| (bids, asks)));
        let (bids, asks) = match sides {
            Ok(sides) => sides,
            Err(e) => {
                out.levels.truncate(from);
                return Err(e);
            }
        };
        if !self.units(market).levels_in(out.levels.get_mut(from..).unwrap_or_default()) {
            out.levels.truncate(from);
            return Err(DecodeError::Field("a level"));
        }
        if let Some(m) = self.markets.get_mut(market) {
            let instrument = m.id;
            m.book_us = book.last_updated_at.max(0).saturating_mul(1_000);
            let venue_time = (book.last_updated_at > 0).then(|| Wall::from_ms(book.last_updated_at));
            out.market.push(MarketEvent::Book { instrument, kind, seq: book.seq_no, venue_time, bids, asks });
        }
        Ok(None)
    }
}
