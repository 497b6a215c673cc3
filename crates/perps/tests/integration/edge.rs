//! MD-6: the edge is net of the venues' own fees, of funding by their own clocks, and in dollars.

use crate::stage::{Stage, config, instrument, percent, price, shown, size};
use domain::{Booking, Instrument, InstrumentId, Lifecycle, MarketEvent, Price, Rate, Wall};
use perps::{Call, Funding, PairConfig};
use proptest::prelude::*;

/// Half a percent, long on the first venue.
const FIRST: (&str, &str) = ("b99x5 a100x5", "b100.5x5 a101x5");
/// Half a percent, long on the second venue.
const SECOND: (&str, &str) = ("b100.5x5 a101x5", "b99x5 a100x5");

fn funding(stage: &mut Stage, i: u16, hourly: &str, next: Option<Booking>) {
    let hourly = percent(hourly);
    assert_eq!(stage.tell(&MarketEvent::Funding { instrument: InstrumentId(i), hourly, next }), None);
}
fn by_venues(horizon_ms: i64, fallback: Option<Rate>) -> PairConfig {
    PairConfig { funding: Funding::Venues { horizon_ms, age_ms_max: 300_000, fallback }, ..config() }
}

#[test]
fn a_fee_that_changes_counts_from_the_next_look_on() {
    let mut stage = Stage::new(config());
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.50");
    stage.learn(|i| i[0].taker_fee = percent("0.01"));
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest edge 0.48");
    stage.learn(|i| i[1].taker_fee = percent("0.05"));
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest edge 0.3795");
    // Beyond what the spread brings: said once per opportunity.
    stage.learn(|i| i[0].taker_fee = percent("0.3"));
    let _ = stage.book(1, "b99x5 a101x5");
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest no edge -0.2005");
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "nothing");
    // Both directions pay both venues' fees.
    stage.learn(|i| i[0].taker_fee = percent("0.01"));
    let _ = stage.book(1, "b100x5 a101x5");
    assert_eq!(shown(stage.books(SECOND.0, SECOND.1).as_ref()), "long paradex edge 0.3799");
}

#[test]
fn an_instrument_of_which_nothing_was_told_is_never_traded() {
    let mut stage = Stage::untold(config());
    let unknown = stage.instruments.each_ref().map(|i| Instrument::unknown(i.id, i.venue, i.pair, &i.symbol));
    for told in [[false, false], [true, false], [false, true]] {
        for i in [0, 1] {
            stage.instruments[i] = if told[i] { instrument(i) } else { unknown[i].clone() };
        }
        stage.learn(|_| {});
        assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "nothing", "{told:?}");
    }
    stage.learn(|i| *i = [0, 1].map(instrument));
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest edge 0.50");
}

#[test]
fn funding_is_paid_by_the_long_received_by_the_short_and_so_depends_on_the_direction() {
    fn check(books: (&str, &str), hourly: (&str, &str), horizon_h: i64, expect: &str) {
        let mut stage = Stage::new(by_venues(horizon_h * 3_600_000, None));
        funding(&mut stage, 0, hourly.0, None);
        funding(&mut stage, 1, hourly.1, None);
        let call = stage.books(books.0, books.1);
        assert_eq!(shown(call.as_ref()), expect, "{hourly:?} {horizon_h}");
        if let Some(Call::Enter { edge, intent, .. }) = call {
            assert_eq!(intent.waterfall.gross.plus(intent.waterfall.funding), edge);
        }
    }
    check(FIRST, ("0.01", "0"), 8, "long vest edge 0.42");
    check(SECOND, ("0.01", "0"), 8, "long paradex edge 0.58");
    check(FIRST, ("0", "0.01"), 8, "long vest edge 0.58");
    check(FIRST, ("0.01", "0.01"), 8, "long vest edge 0.50");
    check(FIRST, ("-0.01", "0.01"), 24, "long vest edge 0.98");
    check(FIRST, ("0.1", "0"), 8, "long vest no edge -0.30");
}

#[test]
fn funding_in_lumps_counts_when_its_booking_falls_into_the_horizon_and_not_before() {
    let mut stage = Stage::new(by_venues(3_600_000, None));
    let at = stage.now.wall.plus_ms(90 * 60_000);
    funding(&mut stage, 0, "0.01", Some(Booking { at, every_ms: 8 * 3_600_000 }));
    funding(&mut stage, 1, "0", None);
    let look = |stage: &mut Stage, minutes: u64| {
        // A venue repeats itself, so that nothing grows old.
        for _ in 0..minutes {
            stage.pass_ms(60_000);
            funding(stage, 1, "0", None);
            funding(stage, 0, "0.01", Some(Booking { at, every_ms: 8 * 3_600_000 }));
        }
        shown(stage.books(FIRST.0, FIRST.1).as_ref())
    };
    assert_eq!(look(&mut stage, 0), "long vest edge 0.50", "booked after the position is gone");
    assert_eq!(look(&mut stage, 29), "long vest edge 0.50");
    // The horizon reaches it while nobody speaks.
    stage.pass_ms(59_999);
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.50");
    stage.pass_ms(1);
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.42", "a whole lump of eight hours");
    assert_eq!(look(&mut stage, 59), "long vest edge 0.42");
    assert_eq!(look(&mut stage, 1), "long vest edge 0.50", "booked: whoever comes now does not pay it");
}

#[test]
fn funding_that_is_not_known_or_too_old_is_the_configured_figure_or_no_trade() {
    let say = |stage: &mut Stage| {
        funding(stage, 0, "0.01", None);
        funding(stage, 1, "0", None);
    };
    // With a figure that stands for it.
    let mut stage = Stage::new(by_venues(3_600_000, Some(percent("0.2"))));
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.30", "nobody has spoken");
    funding(&mut stage, 0, "0.01", None);
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest edge 0.30", "one has");
    say(&mut stage);
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest edge 0.49");
    stage.pass_ms(300_000);
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.49", "five minutes old");
    stage.pass_ms(1);
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.30", "older");
    say(&mut stage);
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest edge 0.49");
    // Without one nothing is opened, which is said once per opportunity.
    let mut stage = Stage::new(by_venues(3_600_000, None));
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest funding_unknown at 0.50");
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "nothing");
    say(&mut stage);
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest edge 0.49");
    stage.pass_ms(300_001);
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "nothing", "the same opportunity still");
    let _ = stage.book(1, "b100x5 a101x5");
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "long vest funding_unknown at 0.50");
    // A fixed figure asks nobody, and is the same both ways.
    let mut stage = Stage::new(PairConfig { funding: Funding::Fixed(percent("0.1")), ..config() });
    funding(&mut stage, 0, "0.3", None);
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.40");
    assert_eq!(shown(stage.books(SECOND.0, SECOND.1).as_ref()), "long paradex edge 0.40");
}

#[test]
fn a_currency_moves_spread_and_edge_and_leaves_limits_alone() {
    let rate = |i: u16, usd: &str| MarketEvent::QuoteRate { instrument: InstrumentId(i), usd: price(usd) };
    fn check(call: Option<Call>, gross: &str, conversion: &str, edge: &str, limits: (&str, &str)) {
        let Some(Call::Enter { intent, top, edge: told, .. }) = call else { panic!("no entry: {call:?}") };
        let w = intent.waterfall;
        assert_eq!((w.gross, w.conversion, w.edge, told), (percent(gross), percent(conversion), percent(edge), percent(edge)));
        assert_eq!((top, intent.spread), (percent(gross).plus(percent(conversion)), percent(edge)));
        assert_eq!(intent.limits, [price(limits.0), price(limits.1)], "in the venue's own currency");
    }
    let limits = ("100.05", "100.45");
    let mut stage = Stage::new(config());
    check(stage.books(FIRST.0, FIRST.1), "0.5", "0", "0.5", limits);
    // The long venue's currency is worth a tenth of a percent less: what is bought there is cheaper.
    assert_eq!(stage.tell(&rate(0, "0.999")), None);
    check(stage.book(1, FIRST.1), "0.5", "0.1006", "0.6006", limits);
    // Both the same: nothing to convert.
    assert_eq!(stage.tell(&rate(1, "0.999")), None);
    check(stage.book(1, FIRST.1), "0.5", "0", "0.5", limits);
    assert_eq!(stage.tell(&rate(0, "1.004")), None);
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "nothing", "the spread was the currency's");
    // A pinned one is not the venue's to change.
    let mut stage = Stage::new(PairConfig { quote_usd: [Some(price("0.999")), None], ..config() });
    assert_eq!(stage.tell(&rate(0, "0.5")), None);
    check(stage.books(FIRST.0, FIRST.1), "0.5", "0.1006", "0.6006", limits);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever is told: an entry's lines sum to its edge to the last digit, its edge and spread are at or over what was
    /// asked for, no line flatters, and limits lie on the venue's grid.
    #[test]
    fn the_lines_of_an_entry_sum_to_its_edge_and_the_edge_is_enough(
        mids in (90_000..110_000i64, 0..2_000i64), depth in 1..5i64, fees in (-5_000..100_000i64, -5_000..100_000i64),
        hourly in (-50_000..50_000i64, -50_000..50_000i64), booking in proptest::option::of(1..10_000_000i64),
        worth in (99_000_000..101_000_000i64, 99_000_000..101_000_000i64),
        buffers in 0..50_000i64, edge_min in -100_000..200_000i64,
    ) {
        let rule = Funding::Venues { horizon_ms: 7_200_000, age_ms_max: 300_000, fallback: None };
        let (edge_min, buffers) = (Rate::from_e8(edge_min), Rate::from_e8(buffers));
        let mut stage = Stage::new(PairConfig { funding: rule, edge_min, buffers, ..config() });
        stage.learn(|i| {
            i[0].taker_fee = Rate::from_e8(fees.0);
            i[1].taker_fee = Rate::from_e8(fees.1);
        });
        let next = booking.map(|us| Booking { at: Wall(stage.now.wall.0 + us * 1_000), every_ms: 3_600_000 });
        for (i, hourly, worth, next) in [(0, hourly.0, worth.0, next), (1, hourly.1, worth.1, None)] {
            let (instrument, usd) = (InstrumentId(i), Price::from_e8(worth).expect("above zero"));
            let _ = stage.tell(&MarketEvent::Funding { instrument, hourly: Rate::from_e8(hourly), next });
            let _ = stage.tell(&MarketEvent::QuoteRate { instrument, usd });
        }
        let cents = |c: i64| format!("{}.{:02}", c / 100, c % 100);
        let book = |mid: i64| {
            let (bid, ask) = (mid - 1, mid + 1);
            format!("b{}x0.3 b{}x9 a{}x0.3 a{}x9", cents(bid), cents(bid - depth), cents(ask), cents(ask + depth))
        };
        if let Some(Call::Enter { edge, top, intent, .. }) = stage.books(&book(mids.0), &book(mids.0 + mids.1)) {
            let w = intent.waterfall;
            let lines = [w.gross, w.conversion, w.depth, w.fees, w.funding, w.buffers];
            prop_assert_eq!(lines.iter().map(|l| l.e8()).sum::<i64>(), w.edge.e8());
            prop_assert_eq!((edge, top), (w.edge, w.gross.plus(w.conversion)));
            prop_assert_eq!(top.plus(w.depth), intent.spread);
            prop_assert!(w.edge >= edge_min && intent.spread >= percent("0.3"));
            prop_assert!(w.depth <= Rate::ZERO && w.buffers == buffers.negated());
            // Both fees twice, each on about the notional; never less than that.
            let twice = 2 * (fees.0 + fees.1);
            prop_assert!((w.fees.e8() + twice).abs() <= twice.abs() / 20 + 2_000, "{} {}", w.fees.e8(), twice);
            let tick = stage.instruments[0].tick;
            for (limit, side) in intent.limits.into_iter().zip([domain::Side::Buy, domain::Side::Sell]) {
                prop_assert_eq!(limit.onto(tick, side), Some(limit));
            }
            prop_assert_eq!(intent.size, size("1"));
            prop_assert_eq!(stage.instruments[1].lifecycle, Lifecycle::Trading);
        }
    }
}
