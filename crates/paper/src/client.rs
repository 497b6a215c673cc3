//! The client: a real one for the market, the paper account for everything else.

use crate::ledger::Ledger;
use crate::matching::{Taken, Want, take};
use crate::orders::{Order, Orders, Stage};
use books::{Book, Rules};
use domain::{
    AccountSnapshot, Fills, Instrument, InstrumentId, Lifecycle, MarketEvent, Now, OpenOrder, OrderEnd, OrderId, OrderNews,
    OrderReport, OrderSpec, OrderType, Position, Price, Rate, Refusal, RefusalKind, SCALE, Size, TimeInForce, Usd, VenueId,
    VenueKey,
};
use risk::ClearedOrder;
use venue_api::{
    Action, Capabilities, ConnId, Frame, KnownOrder, Out, PrepareError, Prepared, Reply, RequestId, TimerId, VenueClient,
    VenueNews,
};

/// Timers with this highest byte are ours; the clients inside count theirs from 1.
const OURS: u64 = 0xff << 56;

/// How the paper account behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaperConfig {
    /// From sending an order to the venue's acknowledgement, ms.
    pub ack_ms: u64,
    /// From the acknowledgement to the match against the book as it is then, ms.
    pub fill_ms: u64,
    /// Cash that the account begins with.
    pub balance: Usd,
    /// Share of the notional that a position locks up where the venue has not said it.
    pub initial_margin: Rate,
    /// The integrity rules of this venue's books.
    pub rules: Rules,
}

/// A venue whose market is real and whose account is on paper. See the crate.
pub struct PaperClient {
    inner: Box<dyn VenueClient>,
    config: PaperConfig,
    books: Vec<Book>,
    ledger: Ledger,
    orders: Orders,
    taken: Taken,
}

fn refused(kind: RefusalKind, code: &str) -> OrderEnd {
    OrderEnd::Refused(Refusal { kind, code: code.to_owned() })
}

fn report(order: OrderId, news: OrderNews, out: &mut Out) {
    out.news.push(VenueNews::Order(OrderReport { order, news }));
}

impl PaperClient {
    /// A paper account beside `inner`, which only reads the market.
    pub fn new(inner: Box<dyn VenueClient>, config: PaperConfig) -> Self {
        let books = inner.instruments().iter().map(|i| Book::new(i.id, config.rules)).collect();
        Self { inner, config, books, ledger: Ledger::new(config.balance), orders: Orders::default(), taken: Taken::default() }
    }

    fn instrument(&self, id: InstrumentId) -> Option<&Instrument> {
        self.inner.instruments().iter().find(|i| i.id == id)
    }

    /// Keeps our own books by what the client inside has just said.
    fn follow(&mut self, now: Now, out: &Out) {
        for event in &out.market {
            match event {
                MarketEvent::Mark { instrument, mark } => self.ledger.set_mark(*instrument, *mark),
                MarketEvent::Funding { instrument, hourly, .. } => self.ledger.set_funding(*instrument, *hourly, now.mono),
                MarketEvent::BookLost { instrument, .. } => self.taken.forget(*instrument),
                _ => {}
            }
            for book in &mut self.books {
                // What became of it shows when the book is asked for its depth.
                let _ = book.apply(event, &out.levels, now.mono);
            }
        }
    }

    fn timer(slot: u64, after_ms: u64, now: Now, out: &mut Out) {
        out.actions.push(Action::Timer { id: TimerId(OURS | slot), at: now.mono.plus_ms(after_ms) });
    }

    /// The next thing happens to an order: it arrives, or it is matched.
    fn advance(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        match order.stage {
            Stage::Travelling => {
                order.stage = Stage::Accepted;
                let (slot, venue_order) = (order.slot, order.venue_order());
                report(id, OrderNews::Acked { venue_order }, out);
                Self::timer(slot, self.config.fill_ms, now, out);
            }
            Stage::Accepted => {
                let spec = order.spec.clone();
                let (fills, end) = self.execute(&spec, now);
                self.finish(id, fills, end, out);
            }
            Stage::Prepared | Stage::Over(_) => {}
        }
    }

    fn finish(&mut self, id: OrderId, fills: Fills, end: OrderEnd, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        (order.fills, order.stage) = (fills, Stage::Over(end.clone()));
        report(id, OrderNews::Done { fills, end }, out);
    }

    /// What the venue makes of an order: its rules first, then its book.
    fn execute(&mut self, spec: &OrderSpec, now: Now) -> (Fills, OrderEnd) {
        let nothing = Fills::default();
        if let Err(end) = self.admit(spec) {
            return (nothing, end);
        }
        let Some(instrument) = self.instrument(spec.instrument) else {
            return (nothing, refused(RefusalKind::Filter, "UNKNOWN_INSTRUMENT"));
        };
        let want = Want {
            side: spec.side,
            size: spec.size,
            limit: self.bound(spec),
            lot: instrument.lot,
            fee: instrument.taker_fee,
            whole: spec.tif == TimeInForce::Fok,
        };
        let Some(book) = self.books.iter().find(|b| b.instrument() == spec.instrument) else {
            return (nothing, refused(RefusalKind::Filter, "UNKNOWN_INSTRUMENT"));
        };
        let mut fills = match book.depth(now.mono) {
            Ok(depth) => take(depth.levels(spec.side), spec.instrument, want, &mut self.taken),
            // Nobody can say what such an order would have met.
            Err(_) => return (nothing, refused(RefusalKind::Closed, "NO_LIVE_BOOK")),
        };
        if fills.size.is_zero() {
            return (nothing, refused(RefusalKind::Price, "NOTHING_WITHIN_LIMIT"));
        }
        self.ledger.accrue(spec.instrument, now.mono);
        fills.funding = self.ledger.trade(spec.instrument, spec.side, fills.size, fills.cost, fills.fee);
        let whole = fills.size == spec.size;
        (fills, if whole { OrderEnd::Filled } else { OrderEnd::Cancelled("REMAINING_IOC_CANCEL".to_owned()) })
    }

    /// The worst price the order accepts, where this venue looks at it.
    fn bound(&self, spec: &OrderSpec) -> Option<Price> {
        let free = spec.kind == OrderType::Market && !self.inner.capabilities().market_needs_limit;
        (!free).then_some(spec.limit)
    }

    /// Whether the venue takes the order at all.
    fn admit(&self, spec: &OrderSpec) -> Result<(), OrderEnd> {
        use RefusalKind::{Closed, Filter, Margin, ReduceOnly};
        let Some(instrument) = self.instrument(spec.instrument) else { return Err(refused(Filter, "UNKNOWN_INSTRUMENT")) };
        let held = self.ledger.holding(spec.instrument).size_e8;
        let signed = spec.size.e8().saturating_mul(spec.side.sign());
        let against = held != 0 && held.signum() != signed.signum();
        let reduces = against && spec.size.e8() <= held.saturating_abs();
        match instrument.lifecycle {
            Lifecycle::Trading => {}
            Lifecycle::ReduceOnly | Lifecycle::Delisted if reduces => {}
            Lifecycle::ReduceOnly | Lifecycle::Delisted => return Err(refused(Closed, "MARKET_REDUCE_ONLY")),
            Lifecycle::Halted => return Err(refused(Closed, "MARKET_HALTED")),
        }
        if spec.reduce_only && !reduces {
            return Err(refused(ReduceOnly, "WOULD_NOT_REDUCE"));
        }
        let mark = self.ledger.mark(spec.instrument);
        let price = mark.unwrap_or(spec.limit);
        // What closes a position whole may be smaller than what opens one.
        if !(reduces && signed.saturating_add(held) == 0) && spec.size.cost(price) < instrument.min_notional {
            return Err(refused(Filter, "BELOW_MIN_NOTIONAL"));
        }
        if let (Some(band), Some(mark), Some(limit)) = (instrument.price_band, mark, self.bound(spec))
            && outside(limit, mark, band)
        {
            return Err(refused(Filter, "OUTSIDE_PRICE_BAND"));
        }
        let opens = if against { spec.size.e8().saturating_sub(held.saturating_abs()).max(0) } else { spec.size.e8() };
        let opens = Size::from_e8(opens).unwrap_or(Size::ZERO);
        if opens.cost(price).share_up(self.margin_of(spec.instrument)) > self.free() && !opens.is_zero() {
            return Err(refused(Margin, "NOT_ENOUGH_MARGIN"));
        }
        Ok(())
    }

    fn margin_of(&self, id: InstrumentId) -> Rate {
        self.instrument(id).and_then(|i| i.initial_margin).unwrap_or(self.config.initial_margin)
    }

    /// What may still be used as margin.
    fn free(&self) -> Usd {
        let locked = self.ledger.locked(|id| self.margin_of(id));
        self.ledger.cash().plus(self.ledger.unrealised()).minus(locked)
    }

    fn account(&self, now: Now) -> AccountSnapshot {
        let positions = self.ledger.open().map(|(instrument, h)| {
            let size = Size::from_e8(h.size_e8.saturating_abs()).unwrap_or(Size::ZERO);
            let entry = domain::record::average_price(&Fills { size, cost: h.open, ..Fills::default() });
            Position { instrument, size_e8: h.size_e8, entry }
        });
        let open_orders = self.orders.open().map(|o| OpenOrder {
            instrument: Some(o.spec.instrument),
            key: o.key.clone(),
            venue_order: o.venue_order(),
        });
        AccountSnapshot {
            as_of: now.wall,
            positions: positions.collect(),
            open_orders: open_orders.collect(),
            balance: self.ledger.cash(),
            free: self.free(),
        }
    }
}

/// Whether a limit lies further from the mark than the venue lets it.
fn outside(limit: Price, mark: Price, band: Rate) -> bool {
    let off = i128::from(limit.e8()).saturating_sub(i128::from(mark.e8())).saturating_abs();
    off.saturating_mul(i128::from(SCALE)) > i128::from(mark.e8()).saturating_mul(i128::from(band.e8()))
}

impl VenueClient for PaperClient {
    fn venue(&self) -> VenueId {
        self.inner.venue()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    fn instruments(&self) -> &[Instrument] {
        self.inner.instruments()
    }
    fn ready(&self) -> bool {
        self.inner.ready()
    }

    fn start(&mut self, now: Now, out: &mut Out) {
        self.inner.start(now, out);
        self.follow(now, out);
    }
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        self.inner.on_open(conn, now, out);
        self.follow(now, out);
    }
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        self.inner.on_closed(conn, code, why, now, out);
        self.follow(now, out);
    }
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut Out) {
        self.inner.on_frame(conn, frame, now, out);
        self.follow(now, out);
    }
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut Out) {
        self.inner.on_reply(request, reply, now, out);
        self.follow(now, out);
    }
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut Out) {
        if timer.0 & OURS != OURS {
            self.inner.on_timer(timer, now, out);
            return self.follow(now, out);
        }
        if let Some(id) = self.orders.at_slot(timer.0 & !OURS) {
            self.advance(id, now, out);
        }
    }

    /// Checks what a client checks before it signs; the venue's own rules come when the order has arrived.
    fn prepare(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError> {
        if !self.inner.ready() {
            return Err(PrepareError::NotReady("the market data of the venue is not up"));
        }
        let spec = order.take(now.mono)?;
        let invalid = |why: String| Err(PrepareError::Invalid(why));
        let Some(instrument) = self.instrument(spec.instrument) else {
            return invalid(format!("{} has no instrument {}", spec.venue, spec.instrument.0));
        };
        if spec.tif == TimeInForce::Gtc {
            return invalid("an order that rests is not matched on paper".to_owned());
        }
        if spec.size.is_zero() || spec.size.down_to(instrument.lot) != spec.size {
            return invalid(format!("size {} is not on the step of {}", spec.size, instrument.lot));
        }
        if spec.limit.onto(instrument.tick, spec.side) != Some(spec.limit) {
            return invalid(format!("price {} is not on the step of {}", spec.limit, instrument.tick));
        }
        if spec.size < instrument.min_size || instrument.max_size.is_some_and(|m| spec.size > m) {
            return invalid(format!("size {} is outside what {} takes", spec.size, instrument.symbol));
        }
        let key =
            VenueKey { key: spec.id.to_string(), hash: None, dead_after: now.wall.plus_ms(self.inner.capabilities().fence_ms) };
        if self.orders.add(spec.clone(), key.key.clone(), Stage::Prepared, Fills::default()).is_none() {
            return invalid(format!("order {} was sent before", spec.id));
        }
        Ok(Prepared { spec, key })
    }

    fn send(&mut self, order: Prepared, now: Now, out: &mut Out) {
        let id = order.spec.id;
        match self.orders.get_mut(id).filter(|o| o.stage == Stage::Prepared) {
            Some(order) => {
                order.stage = Stage::Travelling;
                Self::timer(order.slot, self.config.ack_ms, now, out);
            }
            None => report(id, OrderNews::NotSent { why: "it was not prepared, or sent before".to_owned() }, out),
        }
    }

    fn discard(&mut self, order: Prepared) {
        if self.orders.get(order.spec.id).is_some_and(|o| o.stage == Stage::Prepared) {
            self.orders.remove(order.spec.id);
        }
    }

    fn cancel(&mut self, order: OrderId, _now: Now, out: &mut Out) {
        if let Some(fills) = self.orders.get(order).filter(|o| o.stage == Stage::Accepted).map(|o| o.fills) {
            self.finish(order, fills, OrderEnd::Cancelled("USER_CANCELED".to_owned()), out);
        }
    }

    fn query(&mut self, order: OrderId, now: Now, out: &mut Out) {
        let news = match self.orders.get(order) {
            None => OrderNews::Absent { as_of: now.wall },
            Some(Order { stage: Stage::Prepared | Stage::Travelling, .. }) => OrderNews::Absent { as_of: now.wall },
            Some(Order { stage: Stage::Accepted, fills, .. }) => OrderNews::Filling { fills: *fills },
            Some(Order { stage: Stage::Over(end), fills, .. }) => OrderNews::Done { fills: *fills, end: end.clone() },
        };
        report(order, news, out);
    }

    fn read_account(&mut self, now: Now, out: &mut Out) {
        out.news.push(VenueNews::Account(self.account(now)));
    }

    /// The journal is the memory of the paper venue: what it knows to be filled is held, and what was under way when the
    /// bot ended was never matched.
    fn adopt(&mut self, order: KnownOrder) {
        let KnownOrder { spec, key, fills, over } = order;
        let end = if fills.size == spec.size {
            OrderEnd::Filled
        } else if over {
            OrderEnd::Cancelled("REMAINING_IOC_CANCEL".to_owned())
        } else {
            OrderEnd::Cancelled("PAPER_VENUE_RESTARTED".to_owned())
        };
        let (id, side) = (spec.instrument, spec.side);
        if self.orders.add(spec, key.key, Stage::Over(end), fills).is_some() && !fills.size.is_zero() {
            self.ledger.trade(id, side, fills.size, fills.cost, fills.fee);
            self.ledger.credit(fills.funding);
        }
    }

    fn forget(&mut self, order: OrderId) {
        self.orders.remove(order);
    }

    fn stop(&mut self, now: Now, out: &mut Out) {
        self.inner.stop(now, out);
    }
}

impl std::fmt::Debug for PaperClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperClient").field("venue", &self.inner.venue()).field("config", &self.config).finish_non_exhaustive()
    }
}
