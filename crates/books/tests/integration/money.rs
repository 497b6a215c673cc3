//! MD-5, MD-6, MD-7: walks, spreads and edges, as tables and against a decimal oracle.
//!
//! Invariants, one property each: a walk equals the oracle's to the last digit; a spread shown is never better than
//! the true one and less than one unit away from it, and a threshold is decided as the shown rate would; an edge equals
//! the oracle's; the lines of a waterfall are computed one by one, each against us, and sum to the edge; a book in another
//! currency is worth what the same book in dollars is; nothing overflows for any book of positive integers.

use crate::oracle::{Oracle, decimal};
use crate::told::{Told, US, book, told};
use books::{Book, COST_MAX, Costs, Quote, Rules, both};
use domain::record::Waterfall;
use domain::{BookKind, Level, Mono, Price, Rate, Side, Size};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn ready(told: &Told) -> Book {
    let mut book = Book::new(US, Rules { warm_up_updates: 0, ..Rules::snapshots() });
    let _ = book.apply(&told.event, &told.levels, Mono(1));
    book
}
fn quote(book: &Book, size: Size) -> Quote {
    book.depth(Mono(1)).map_or(Quote::nothing(size), |depth| Quote::of(depth, size))
}
fn size(text: &str) -> Size {
    Size::parse(text.as_bytes()).expect("a size")
}
fn percent(text: &str) -> Rate {
    Rate::parse_percent(text.as_bytes()).expect("a percentage")
}

#[test]
fn a_walk_takes_the_best_levels_first_and_all_or_nothing() {
    fn check(text: &str, side: Side, of: &str, expect: Option<(&str, &str, &str)>) {
        let book = ready(&told(text));
        let vwap = book.depth(Mono(1)).expect("live").vwap(side, size(of));
        let shown = vwap.map(|v| {
            assert_eq!(v.filled, size(of));
            (Decimal::from_i128_with_scale(v.cost, 16).normalize().to_string(), v.price().to_string(), v.worst.to_string())
        });
        assert_eq!(shown, expect.map(|(c, p, w)| (c.to_owned(), p.to_owned(), w.to_owned())), "{text} {side:?} {of}");
    }
    let book = "S 0 b100x1 b99x2 b90x1 a101x1 a103x2";
    check(book, Side::Buy, "1", Some(("101", "101", "101")));
    check(book, Side::Buy, "0.5", Some(("50.5", "101", "101")));
    check(book, Side::Buy, "2", Some(("204", "102", "103")));
    check(book, Side::Buy, "3", Some(("307", "102.33333334", "103"))); // up for a buyer
    check(book, Side::Buy, "3.00000001", None);
    check(book, Side::Sell, "3", Some(("298", "99.33333333", "99"))); // down for a seller
    check(book, Side::Sell, "4", Some(("388", "97", "90")));
    check(book, Side::Sell, "5", None);
    check(book, Side::Sell, "0", None);
    check("S 0 b100x1", Side::Buy, "1", None);
    // Exact where a price at 1e-8 is not: a cheap coin.
    check("S 0 b0.00000001x3 a0.00000003x1 a0.00000004x1", Side::Buy, "2", Some(("0.00000007", "0.00000004", "0.00000004")));
    check("S 0 b0.00000001x3", Side::Sell, "0.00000001", Some(("0.0000000000000001", "0.00000001", "0.00000001")));
    // The largest order value there is, and the first beyond it.
    check("S 0 a70000000000x1", Side::Buy, "0.1", Some(("7000000000", "70000000000", "70000000000")));
    check("S 0 a78000000000x1", Side::Buy, "0.1", None);
}

#[test]
fn spreads_are_those_of_the_definition_in_both_directions() {
    /// Entry and exit, top and executable, long on the first book.
    fn check(a: &str, b: &str, of: &str, expect: [[&str; 4]; 2]) {
        let (a, b) = (ready(&told(a)), ready(&told(b)));
        let (a, b) = (quote(&a, size(of)), quote(&b, size(of)));
        let shown = both(&a, &b).map(|cross| {
            let s = cross.spreads();
            [s.entry_top, s.exit_top, s.entry, s.exit].map(|r| r.map_or("-".to_owned(), |r| r.to_string()))
        });
        assert_eq!(shown, expect.map(|row| row.map(str::to_owned)), "{of}");
    }
    // (100.5 - 100) / 100 and (100.6 - 99.9) / 99.9 up; the other way round (99.9 - 100.6) / 100.6 down, (100 - 100.5) / 100.5 up.
    check(
        "S 0 b99.9x1 a100x1",
        "S 0 b100.5x1 a100.6x1",
        "1",
        [["0.50", "0.700701", "0.50", "0.700701"], ["-0.695826", "-0.497512", "-0.695826", "-0.497512"]],
    );
    // The size walks into worse prices: entry falls, exit rises.
    check(
        "S 0 b99.9x1 b98.9x1 a100x1 a101x1",
        "S 0 b100.5x1 b99.5x1 a100.6x1 a101.6x1",
        "2",
        [["0.50", "0.700701", "-0.497513", "1.710262"], ["-0.695826", "-0.497512", "-1.681504", "0.50"]],
    );
    // Too thin on one side, missing on another: only what can be said is said.
    check("S 0 b99.9x5 a100x1", "S 0 b100.5x5", "2", [["0.50", "-", "-", "-"], ["-", "-0.497512", "-", "-"]]);
    check("S 0", "S 0 b1x1 a2x1", "1", [["-", "-", "-", "-"], ["-", "-", "-", "-"]]);
}

#[test]
fn a_threshold_is_met_exactly_at_its_value() {
    fn entry(a: &str, b: &str, threshold: &str, met: bool) {
        let (a, b) = (ready(&told(a)), ready(&told(b)));
        let (a, b) = (quote(&a, size("1")), quote(&b, size("1")));
        let [cross, _] = both(&a, &b);
        assert_eq!(cross.entry().map(|e| e.at_least(percent(threshold))), Some(met), "entry {threshold}");
    }
    fn exit(a: &str, b: &str, threshold: &str, met: bool) {
        let (a, b) = (ready(&told(a)), ready(&told(b)));
        let (a, b) = (quote(&a, size("1")), quote(&b, size("1")));
        let [cross, _] = both(&a, &b);
        assert_eq!(cross.exit().map(|e| e.at_most(percent(threshold))), Some(met), "exit {threshold}");
    }
    entry("S 0 a100x1 b99x1", "S 0 b100.5x1 a101x1", "0.5", true);
    entry("S 0 a100x1 b99x1", "S 0 b100.5x1 a101x1", "0.500001", false);
    entry("S 0 a100x1 b99x1", "S 0 b100.49999999x1 a101x1", "0.5", false);
    // A third: shown as 0.333333, and not at or over 0.333334.
    entry("S 0 a300x1 b99x1", "S 0 b301x1 a302x1", "0.333333", true);
    entry("S 0 a300x1 b99x1", "S 0 b301x1 a302x1", "0.333334", false);
    exit("S 0 b100x1 a101x1", "S 0 a100.05x1 b100x1", "0.05", true);
    exit("S 0 b100x1 a101x1", "S 0 a100.05000001x1 b100x1", "0.05", false);
    exit("S 0 b100x1 a101x1", "S 0 a99x1 b98x1", "-1", true);
    exit("S 0 b300x1 a301x1", "S 0 a301x1 b300x1", "0.333333", false);
    exit("S 0 b300x1 a301x1", "S 0 a301x1 b300x1", "0.333334", true);
    // Thresholds nobody means do not overflow.
    let (a, b) = (ready(&told("S 0 a100x1 b99x1")), ready(&told("S 0 b100.5x1 a101x1")));
    let (a, b) = (quote(&a, size("1")), quote(&b, size("1")));
    let [cross, _] = both(&a, &b);
    let (entry, exit) = (cross.entry().expect("filled"), cross.exit().expect("filled"));
    assert!(!entry.at_least(Rate::from_e8(i64::MAX)) && entry.at_least(Rate::from_e8(i64::MIN)));
    assert!(exit.at_most(Rate::from_e8(i64::MAX)) && !exit.at_most(Rate::from_e8(i64::MIN)));
}

#[test]
fn quotes_for_different_sizes_are_never_put_together() {
    let book = ready(&told("S 0 a100x9 b99x9"));
    let (one, two) = (quote(&book, size("1")), quote(&book, size("2")));
    let [cross, _] = both(&one, &two);
    assert!(cross.entry().is_none() && cross.exit().is_none() && cross.entry_top().is_some());
    let costs = Costs::new(Rate::ZERO, Rate::ZERO, Rate::ZERO, Rate::ZERO).expect("zero");
    assert!(cross.edge(&costs).is_none() && cross.waterfall(&costs).is_none());
}

/// All lines of a waterfall but the last, added up.
fn sum(w: &Waterfall) -> i128 {
    [w.gross, w.conversion, w.depth, w.fees, w.funding, w.buffers].iter().map(|r| i128::from(r.e8())).sum()
}

#[test]
fn a_book_in_another_currency_is_brought_to_dollars_for_spread_and_edge_alone() {
    fn check(usd: (&str, &str), entry: Option<&str>, exit: Option<&str>, conversion: Option<&str>) {
        let price = |text: &str| Price::parse(text.as_bytes()).expect("a price");
        let (a, b) = (ready(&told("S 0 a100x1 b99x1")), ready(&told("S 0 b100.5x1 a101x1")));
        let (a, b) = (quote(&a, size("1")).worth(price(usd.0)), quote(&b, size("1")).worth(price(usd.1)));
        let [cross, _] = both(&a, &b);
        let costs = Costs::new(percent("0.01"), percent("0.02"), Rate::ZERO, Rate::ZERO).expect("small");
        assert_eq!(cross.entry().map(|e| e.rate()), entry.map(percent), "{usd:?}");
        assert_eq!(cross.entry_top().map(|e| e.rate()), entry.map(percent), "{usd:?}: one level, so the top is the same");
        assert_eq!(cross.exit().map(|e| e.rate()), exit.map(percent), "{usd:?}");
        let lines = cross.waterfall(&costs);
        assert_eq!(lines.map(|w| w.conversion), conversion.map(percent), "{usd:?}");
        if let Some(w) = lines {
            assert_eq!((w.gross, sum(&w)), (percent("0.5"), i128::from(w.edge.e8())), "the screen shows what it shows");
        }
        // Limits come from here, and stay in the venue's own currency.
        assert_eq!(cross.long.buy.map(|v| (v.worst, v.price())), Some((price("100"), price("100"))));
    }
    check(("1", "1"), Some("0.5"), Some("2.020203"), Some("0"));
    check(("0.999", "1"), Some("0.6006"), Some("2.122325"), Some("0.1006"));
    check(("1", "0.999"), Some("0.3995"), Some("1.918182"), Some("-0.1005"));
    // The same currency on both sides, whatever it is worth.
    check(("0.97", "0.97"), Some("0.5"), Some("2.020203"), Some("0"));
    check(("3", "3"), Some("0.5"), Some("2.020203"), Some("0"));
    // What no currency is worth gives nothing rather than a number.
    check(("12000", "1"), None, None, None);
}

#[test]
fn an_edge_is_the_spread_less_what_the_round_costs() {
    fn check(fees: (&str, &str), funding: &str, buffers: &str, expect: (&str, &str)) {
        let (a, b) = (ready(&told("S 0 a100x1 a102x1 b99x2")), ready(&told("S 0 b103x1 b101x1 a104x2")));
        let (a, b) = (quote(&a, size("2")), quote(&b, size("2")));
        let [cross, _] = both(&a, &b); // buys 2 for 202, sells 2 for 204; at the top 200 and 206
        let costs = Costs::new(percent(fees.0), percent(fees.1), percent(funding), percent(buffers)).expect("small");
        let edge = cross.edge(&costs).expect("filled");
        assert_eq!((edge.usd().to_string(), edge.rate().to_string()), (expect.0.to_owned(), expect.1.to_owned()));
        assert!(edge.at_least(edge.rate()) && !edge.at_least(Rate::from_e8(edge.rate().e8() + 1)));
        let lines = cross.waterfall(&costs).expect("filled");
        assert_eq!((lines.gross, lines.depth, lines.conversion), (percent("3"), percent("-2.009901"), Rate::ZERO));
        assert_eq!((lines.funding, lines.buffers), (percent(funding).negated(), percent(buffers).negated()));
        assert!((0..=1).contains(&(edge.rate().e8() - lines.edge.e8())), "{lines:?}");
        assert_eq!(sum(&lines), i128::from(lines.edge.e8()));
    }
    check(("0", "0"), "0", "0", ("2", "0.990099"));
    check(("0.01", "0"), "0", "0", ("1.9596", "0.970099"));
    check(("0", "0.01"), "0", "0", ("1.9592", "0.9699"));
    check(("0.01", "0.03"), "0", "0", ("1.8372", "0.909504"));
    check(("0", "0"), "0.1", "0", ("1.798", "0.890099"));
    check(("0", "0"), "-0.1", "0", ("2.202", "1.090099"));
    check(("0", "0"), "0", "0.5", ("0.99", "0.490099"));
    check(("0.5", "0.5"), "0.1", "0.1", ("-2.464", "-1.219802"));
}

#[test]
fn costs_beyond_the_whole_are_refused_by_name() {
    fn check(rates: [i64; 4], expect: Option<&str>) {
        let [a, b, c, d] = rates.map(Rate::from_e8);
        assert_eq!(Costs::new(a, b, c, d).err().map(|e| e.to_string()), expect.map(str::to_owned));
    }
    check([100_000_000, -100_000_000, 100_000_000, 100_000_000], None);
    check([100_000_001, 0, 0, 0], Some("taker fee of the long venue of 100.000001% is beyond 100%"));
    check([0, -100_000_001, 0, 0], Some("taker fee of the short venue of -100.000001% is beyond 100%"));
    check([0, 0, i64::MIN, 0], Some("expected funding of -92233720368.54775808% is beyond 100%"));
    check([0, 0, 0, 1_000_000_000], Some("buffer of 1000.00% is beyond 100%"));
}

fn side(up: bool) -> impl Strategy<Value = Vec<Level>> {
    let levels = proptest::collection::vec((1..40i64, 1..3_000i64), 1..16);
    levels.prop_map(move |steps| {
        let mut tick = 300_000 + i64::from(up);
        let step = |(step, lots): (i64, i64)| {
            tick += if up { step } else { -step };
            Level { price: tick * 1_000_000, size: lots * 100_000 }
        };
        steps.into_iter().map(step).collect()
    })
}
/// A book around 3,000 at tick 0.01 and lot 0.001, moved by some ticks; small enough for 28 decimal digits.
fn around() -> impl Strategy<Value = (Vec<Level>, Vec<Level>)> {
    (side(false), side(true), -2_000..2_000i64).prop_map(|(mut bids, mut asks, by)| {
        bids.iter_mut().chain(&mut asks).for_each(|l| l.price += by * 1_000_000);
        (bids, asks)
    })
}
fn small_rate() -> impl Strategy<Value = Rate> {
    (-200_000..400_000i64).prop_map(Rate::from_e8)
}
fn both_of(sides: &(Vec<Level>, Vec<Level>)) -> (Book, Oracle) {
    let mut oracle = Oracle::default();
    oracle.replace(&sides.0, &sides.1);
    (ready(&book(BookKind::Snapshot, 0, &sides.0, &sides.1)), oracle)
}
/// Rounds towards minus infinity at 1e-8.
fn floor_e8(value: Decimal) -> i64 {
    (value * Decimal::from(100_000_000)).floor().try_into().expect("fits")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn walks_spreads_and_edges_are_the_oracles(
        a in around(), b in around(), lots in 1..8_000i64,
        fee_long in small_rate(), fee_short in small_rate(), funding in small_rate(), buffers in small_rate(),
        threshold in -1_000_000..1_000_000i64,
    ) {
        let of = Size::from_e8(lots * 100_000).expect("positive");
        let ((a, oa), (b, ob)) = (both_of(&a), both_of(&b));
        let (qa, qb) = (quote(&a, of), quote(&b, of));
        let want = decimal(of.e8());
        for (ours, oracle) in [(&qa, &oa), (&qb, &ob)] {
            for (vwap, side) in [(ours.buy, Side::Buy), (ours.sell, Side::Sell)] {
                let expect = oracle.take(side, want);
                prop_assert_eq!(vwap.map(|v| (Decimal::from_i128_with_scale(v.cost, 16), decimal(v.worst.e8()))), expect);
                if let Some(v) = vwap {
                    // Against the taker, by less than one unit.
                    let (exact, shown) = (expect.expect("same").0 / want, decimal(v.price().e8()));
                    let off = if side == Side::Buy { shown - exact } else { exact - shown };
                    prop_assert!(off >= Decimal::ZERO && off < decimal(1), "{} {}", exact, shown);
                }
            }
        }
        let costs = Costs::new(fee_long, fee_short, funding, buffers).expect("small");
        let two = Decimal::TWO;
        for (cross, long, short) in [(both(&qa, &qb)[0], &oa, &ob), (both(&qa, &qb)[1], &ob, &oa)] {
            let (bought, sold) = (long.take(Side::Buy, want), short.take(Side::Sell, want));
            let expect = bought.zip(sold).map(|(l, s)| (s.0 - l.0) / l.0);
            prop_assert_eq!(cross.entry().map(|e| e.rate().e8()), expect.map(floor_e8));
            let (given, back) = (long.take(Side::Sell, want), short.take(Side::Buy, want));
            let expect_exit = given.zip(back).map(|(l, s)| (s.0 - l.0) / l.0);
            prop_assert_eq!(cross.exit().map(|e| e.rate().e8()), expect_exit.map(|e| -floor_e8(-e)));
            let top = |o: &Oracle, side| o.taken_by(side)[0].0;
            let (ask, bid) = (top(long, Side::Buy), top(short, Side::Sell));
            prop_assert_eq!(cross.entry_top().map(|e| e.rate().e8()), Some(floor_e8((bid - ask) / ask)));
            let (bid, ask) = (top(long, Side::Sell), top(short, Side::Buy));
            prop_assert_eq!(cross.exit_top().map(|e| e.rate().e8()), Some(-floor_e8(-((ask - bid) / bid))));

            // A threshold is decided as the shown rate would decide it.
            for near in [threshold, expect.map_or(0, floor_e8), expect.map_or(0, floor_e8) + 1] {
                let near = Rate::from_e8(near);
                prop_assert_eq!(cross.entry().map(|e| e.at_least(near)), cross.entry().map(|e| e.rate() >= near));
                prop_assert_eq!(cross.exit().map(|e| e.at_most(near)), cross.exit().map(|e| e.rate() <= near));
                prop_assert_eq!(cross.edge(&costs).map(|e| e.at_least(near)), cross.edge(&costs).map(|e| e.rate() >= near));
            }

            let net = bought.zip(sold).map(|((l, _), (s, _))| {
                let fees = two * decimal(fee_long.e8()) * l + two * decimal(fee_short.e8()) * s;
                (s - l - fees - decimal(funding.e8()) * l - decimal(buffers.e8()) * l, l)
            });
            prop_assert_eq!(cross.edge(&costs).map(|e| e.usd().e8()), net.map(|(n, _)| floor_e8(n)));
            prop_assert_eq!(cross.edge(&costs).map(|e| e.rate().e8()), net.map(|(n, l)| floor_e8(n / l)));

            prop_assert_eq!(cross.waterfall(&costs).is_some(), net.is_some());
            if let (Some(w), Some(edge), Some(((l, _), (s, _)))) = (cross.waterfall(&costs), cross.edge(&costs), bought.zip(sold)) {
                let fees = (two * decimal(fee_long.e8()) * l + two * decimal(fee_short.e8()) * s) / l;
                prop_assert_eq!(w.fees.e8(), floor_e8(-fees), "computed, not what the others leave");
                prop_assert_eq!(Some(w.gross), cross.entry_top().map(|e| e.rate()));
                prop_assert_eq!(Some(w.gross.plus(w.depth)), cross.entry().map(|e| e.rate()));
                prop_assert_eq!((w.conversion, w.funding, w.buffers), (Rate::ZERO, funding.negated(), buffers.negated()));
                prop_assert_eq!(sum(&w), i128::from(w.edge.e8()));
                prop_assert!(w.depth <= Rate::ZERO);
                prop_assert!((0..=1).contains(&(edge.rate().e8() - w.edge.e8())), "{:?} {:?}", w, edge.rate());
            }
        }
    }

    /// The same two books with every price multiplied by what the currency is worth would give the same spreads; ours may
    /// be worse by the rounding of a cost at 1e-16, never better.
    #[test]
    fn a_currency_is_worth_the_same_in_the_spread_as_in_the_prices(
        a in around(), b in around(), lots in 1..8_000i64, worth in (90_000_000..110_000_000i64, 90_000_000..110_000_000i64),
        fee in small_rate(), funding in small_rate(),
    ) {
        let of = Size::from_e8(lots * 100_000).expect("positive");
        let ((a, oa), (b, ob)) = (both_of(&a), both_of(&b));
        let worth = [worth.0, worth.1].map(|w| Price::from_e8(w).expect("above zero"));
        let (qa, qb) = (quote(&a, of).worth(worth[0]), quote(&b, of).worth(worth[1]));
        let want = decimal(of.e8());
        let costs = Costs::new(fee, fee, funding, Rate::ZERO).expect("small");
        let near = |ours: i64, exact: i64| (0..=1).contains(&(exact - ours));
        for (n, long, short) in [(0usize, &oa, &ob), (1, &ob, &oa)] {
            let (cross, usd_l, usd_s) = (both(&qa, &qb)[n], decimal(worth[n].e8()), decimal(worth[1 - n].e8()));
            let usd = long.take(Side::Buy, want).zip(short.take(Side::Sell, want)).map(|(l, s)| (l.0 * usd_l, s.0 * usd_s));
            prop_assert_eq!(cross.entry().is_some(), usd.is_some());
            if let (Some((l, s)), Some(entry)) = (usd, cross.entry()) {
                prop_assert!(near(entry.rate().e8(), floor_e8((s - l) / l)), "{:?}", entry.rate());
                let two = Decimal::TWO * decimal(fee.e8());
                let net = (s - l - two * l - two * s - decimal(funding.e8()) * l) / l;
                prop_assert!(near(cross.edge(&costs).expect("filled").rate().e8(), floor_e8(net)));
                let w = cross.waterfall(&costs).expect("filled");
                prop_assert_eq!(sum(&w), i128::from(w.edge.e8()));
                prop_assert!(w.depth <= Rate::ZERO && (0..=3).contains(&(floor_e8(net) - w.edge.e8())), "{:?}", w);
                let top = |o: &Oracle, side| o.taken_by(side)[0].0;
                let (ask, bid) = (top(long, Side::Buy), top(short, Side::Sell));
                prop_assert_eq!(w.gross.e8(), floor_e8((bid - ask) / ask));
                let (ask, bid) = (ask * usd_l, bid * usd_s);
                prop_assert_eq!(w.gross.plus(w.conversion).e8(), floor_e8((bid - ask) / ask));
            }
            let back = long.take(Side::Sell, want).zip(short.take(Side::Buy, want)).map(|(l, s)| (l.0 * usd_l, s.0 * usd_s));
            if let (Some((l, s)), Some(exit)) = (back, cross.exit()) {
                prop_assert!(near(-exit.rate().e8(), floor_e8(-((s - l) / l))), "up, for lower is better");
            }
        }
    }

    #[test]
    fn nothing_overflows_for_any_book_of_positive_integers(
        levels in proptest::collection::vec((1..=i64::MAX, 1..=i64::MAX), 4),
        of in prop_oneof![1..=i64::MAX, 1..1_000i64],
        rates in any::<[i32; 4]>(), threshold: i64, worths in (1..=i64::MAX, 1..=i64::MAX),
    ) {
        let mut prices: Vec<i64> = levels.iter().map(|l| l.0).collect();
        prices.sort_unstable();
        prices.dedup();
        prop_assume!(prices.len() == 4);
        let at = |i: usize| Level { price: prices[i], size: levels[i].1 };
        let of = Size::from_e8(of).expect("positive");
        let (a, b) = (ready(&book(BookKind::Snapshot, 0, &[at(0)], &[at(2), at(3)])), ready(&book(BookKind::Snapshot, 0, &[at(1), at(0)], &[at(3)])));
        let (qa, qb) = (quote(&a, of), quote(&b, of));
        let rate = |i: usize| Rate::from_e8(i64::from(rates[i]) % 100_000_001);
        let costs = Costs::new(rate(0), rate(1), rate(2), rate(3)).expect("within the whole");
        for vwap in [qa.buy, qa.sell, qb.buy, qb.sell].into_iter().flatten() {
            prop_assert!(vwap.cost > 0 && vwap.cost <= COST_MAX);
            let (shown, filled) = (i128::from(vwap.price().e8()), i128::from(of.e8()));
            let off = if vwap.side == Side::Buy { shown * filled - vwap.cost } else { vwap.cost - shown * filled };
            prop_assert!((0..filled).contains(&off), "{:?}", vwap);
        }
        for cross in both(&qa, &qb) {
            let threshold = Rate::from_e8(threshold);
            let _ = cross.spreads();
            let _ = cross.exit().map(|e| e.at_most(threshold));
            if let (Some(l), Some(s)) = (cross.long.buy, cross.short.sell) {
                // The same in steps that would panic rather than wrap.
                let scaled = s.cost.checked_sub(l.cost).and_then(|d| d.checked_mul(100_000_000)).expect("fits");
                let meets = scaled >= l.cost * i128::from(threshold.e8().clamp(-(1 << 40), 1 << 40));
                prop_assert_eq!(cross.entry().map(|e| e.at_least(threshold)), Some(meets));
                let rate = |i: usize| i128::from(rate(i).e8());
                let net = scaled - 2 * rate(0) * l.cost - 2 * rate(1) * s.cost - (rate(2) + rate(3)) * l.cost;
                prop_assert_eq!(cross.edge(&costs).map(|e| i128::from(e.usd().e8())), Some(net.div_euclid(10_000_000_000_000_000)));
                if let Some(w) = cross.waterfall(&costs) {
                    prop_assert_eq!(sum(&w), i128::from(w.edge.e8()));
                }
            }
        }
        let worth = |w: i64| Price::from_e8(w).expect("above zero");
        for cross in both(&qa.worth(worth(worths.0)), &qb.worth(worth(worths.1))) {
            let _ = cross.spreads();
            prop_assert_eq!(cross.entry().is_some(), cross.edge(&costs).is_some());
            if let Some(w) = cross.waterfall(&costs) {
                prop_assert_eq!(sum(&w), i128::from(w.edge.e8()));
                let edge = cross.edge(&costs).expect("as the lines").rate();
                prop_assert!(w.edge <= edge, "{:?} {:?}", w, edge);
            }
            let (threshold, edge) = (Rate::from_e8(threshold), cross.edge(&costs));
            prop_assert_eq!(edge.map(|e| e.at_least(threshold)), edge.map(|e| e.rate() >= threshold.clamp(Rate::from_e8(-(1 << 40)), Rate::from_e8(1 << 40))));
        }
    }
}
