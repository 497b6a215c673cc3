//! One pair on two venues, a strategy over it, and a clock that moves when it is told to.

use books::Rules;
use domain::{
    BookKind, Instrument, InstrumentId, Level, Lifecycle, MarketEvent, Mono, Now, Pair, Price, Rate, Size, VenueId, Wall,
    parse_e8,
};
use perps::{Call, Funding, PairConfig, Sizing, Strategy};

/// The pair.
pub(crate) const PAIR: Pair = Pair::new("ETH-USD");
/// The venues, in the order of the configuration.
pub(crate) const VENUES: [VenueId; 2] = [VenueId::new("vest"), VenueId::new("paradex")];
/// 2025-11-21T08:00:00Z.
const BEGINNING: Wall = Wall::from_ms(1_763_712_000_000);

pub(crate) fn percent(text: &str) -> Rate {
    Rate::parse_percent(text.as_bytes()).expect("a percentage")
}
pub(crate) fn price(text: &str) -> Price {
    Price::parse(text.as_bytes()).expect("a price")
}
pub(crate) fn size(text: &str) -> Size {
    Size::parse(text.as_bytes()).expect("a size")
}

/// Rules of a book that trades at once, without a mark to compare it with.
pub(crate) fn at_once() -> Rules {
    Rules { warm_up_updates: 0, mark_gap_max: None, ..Rules::snapshots() }
}

/// Enters at 0.30 % for 1 ETH, exits at 0.05 %, no costs but what a test adds.
pub(crate) fn config() -> PairConfig {
    PairConfig {
        pair: PAIR,
        venues: VENUES,
        instruments: [InstrumentId(0), InstrumentId(1)],
        rules: [at_once(); 2],
        sizing: Sizing::Base(size("1")),
        spread_entry: percent("0.3"),
        spread_exit: percent("0.05"),
        edge_min: Rate::ZERO,
        confirm_ticks: 1,
        funding: Funding::Fixed(Rate::ZERO),
        buffers: Rate::ZERO,
        price_bound: percent("0.05"),
        quote_usd: [None; 2],
    }
}

/// As a venue tells it: 0.01 by 0.001, no fee.
pub(crate) fn instrument(i: usize) -> Instrument {
    Instrument {
        tick: price("0.01"),
        lot: size("0.001"),
        min_size: size("0.001"),
        quote: "USD".to_owned(),
        lifecycle: Lifecycle::Trading,
        ..Instrument::unknown(InstrumentId(i as u16), VENUES[i], PAIR, "ETH")
    }
}

pub(crate) struct Stage {
    pub(crate) strategy: Strategy,
    pub(crate) instruments: [Instrument; 2],
    pub(crate) now: Now,
}

impl Stage {
    /// Both venues have spoken.
    pub(crate) fn new(config: PairConfig) -> Self {
        let mut stage = Self::untold(config);
        stage.learn(|_| {});
        stage
    }
    /// Neither has.
    pub(crate) fn untold(config: PairConfig) -> Self {
        let now = Now { mono: Mono(1_000_000_000), wall: BEGINNING };
        Self { strategy: Strategy::new(vec![config]), instruments: [0, 1].map(instrument), now }
    }
    /// A venue says its rules anew.
    pub(crate) fn learn(&mut self, change: impl FnOnce(&mut [Instrument; 2])) {
        change(&mut self.instruments);
        let instruments = self.instruments.clone();
        self.strategy.learn(|id| instruments.get(usize::from(id.0)));
    }
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        self.now = Now { mono: self.now.mono.plus_ms(ms), wall: self.now.wall.plus_ms(ms as i64) };
    }
    pub(crate) fn tell(&mut self, event: &MarketEvent) -> Option<Call> {
        self.strategy.on_event(event, &[], self.now).and_then(|(_, call)| call)
    }
    /// A whole book: `b100x1 b99x2 a101x1`.
    pub(crate) fn book(&mut self, i: usize, text: &str) -> Option<Call> {
        let (mut bids, mut asks) = (Vec::new(), Vec::new());
        for word in text.split_whitespace() {
            let (side, rest) = word.split_at(1);
            let (price, size) = rest.split_once('x').expect("price x size");
            let e8 = |text: &str| parse_e8(text.as_bytes()).expect("a decimal");
            let level = Level { price: e8(price), size: e8(size) };
            if side == "b" { bids.push(level) } else { asks.push(level) }
        }
        let (b, a) = (bids.len() as u32, asks.len() as u32);
        let (instrument, kind) = (InstrumentId(i as u16), BookKind::Snapshot);
        let event = MarketEvent::Book { instrument, kind, seq: 0, venue_time: None, bids: 0..b, asks: b..b + a };
        bids.append(&mut asks);
        self.strategy.on_event(&event, &bids, self.now).and_then(|(_, call)| call)
    }
    /// Both books, the second one last; what that leads to.
    pub(crate) fn books(&mut self, first: &str, second: &str) -> Option<Call> {
        let _ = self.book(0, first);
        self.book(1, second)
    }
}

/// A call in one line: the edge of an entry, of a miss, the spread of an exit.
pub(crate) fn shown(call: Option<&Call>) -> String {
    match call {
        None => "nothing".to_owned(),
        Some(Call::Enter { edge, intent, .. }) => format!("long {} edge {edge}", intent.legs[0].venue),
        Some(Call::NoEdge { edge, long, .. }) => format!("long {long} no edge {edge}"),
        Some(Call::NoCosts { spread, reason, long, .. }) => format!("long {long} {reason} at {spread}"),
        Some(Call::Exit { spread, .. }) => format!("exit {spread}"),
    }
}
