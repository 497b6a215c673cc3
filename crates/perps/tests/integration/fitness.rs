//! MD-4 and MD-5 as the strategy sees them: which books may be compared, and what is told of the comparison.

use crate::stage::{PAIR, Stage, at_once, config, percent, price, shown};
use books::{Rules, Unfit};
use domain::{InstrumentId, MarketEvent};
use perps::{PairConfig, Spreads};

const FIRST: (&str, &str) = ("b99x5 a100x5", "b100.5x5 a101x5");

#[test]
fn a_book_older_than_its_venues_configured_age_never_trades() {
    fn check(age_ms_max: [u64; 2], waits: u64, expect: &str) {
        let rules = age_ms_max.map(|age_ms_max| Rules { age_ms_max, ..at_once() });
        let mut stage = Stage::new(PairConfig { rules, ..config() });
        let _ = stage.book(0, FIRST.0);
        stage.pass_ms(waits);
        assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), expect, "{age_ms_max:?} {waits}");
        let fit = if expect == "nothing" { Err(Unfit::Stale) } else { Ok(()) };
        assert_eq!(stage.strategy.fit(PAIR, stage.now.mono), fit);
    }
    check([500, 2_000], 500, "long vest edge 0.50");
    check([500, 2_000], 501, "nothing");
    check([2_000, 500], 501, "long vest edge 0.50");
    check([2_000, 500], 2_001, "nothing");
}

#[test]
fn a_side_that_is_gone_disables_the_direction_that_needs_it_and_no_other() {
    fn check(first: &str, second: &str, expect: &str) {
        let mut stage = Stage::new(PairConfig { spread_entry: percent("0.01"), ..config() });
        assert_eq!(shown(stage.books(first, second).as_ref()), expect, "{first} {second}");
    }
    check("b99x5 a100x5", "b100.5x5 a101x5", "long vest edge 0.50");
    check("a100x5", "b100.5x5", "long vest edge 0.50");
    check("b99x5", "b100.5x5 a101x5", "nothing");
    check("b99x5 a100x5", "a101x5", "nothing");
    // The other direction needs the other sides.
    check("b100.5x5", "b99x5 a100x5", "long paradex edge 0.50");
    check("a101x5", "b99x5 a100x5", "nothing");
}

#[test]
fn a_book_far_from_the_mark_of_its_venue_is_not_compared() {
    let far = Rules { mark_gap_max: Some(percent("1")), ..at_once() };
    let mut stage = Stage::new(PairConfig { rules: [far, at_once()], ..config() });
    let mark = |text: &str| MarketEvent::Mark { instrument: InstrumentId(0), mark: price(text) };
    assert_eq!(stage.tell(&mark("110")), None);
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "nothing");
    assert_eq!(stage.tell(&mark("100")), None);
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.50");
}

#[test]
fn a_book_that_was_lost_is_not_compared_until_its_next_snapshot() {
    let mut stage = Stage::new(config());
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "long vest edge 0.50");
    assert_eq!(stage.tell(&MarketEvent::BookLost { instrument: InstrumentId(0), why: "disconnect" }), None);
    assert_eq!(shown(stage.book(1, FIRST.1).as_ref()), "nothing");
    assert_eq!(shown(stage.book(0, FIRST.0).as_ref()), "long vest edge 0.50");
}

#[test]
fn spreads_of_both_directions_are_told_by_books_that_may_be_traded_on() {
    let mut stage = Stage::new(config());
    let _ = stage.books("b99x0.5 b98x5 a100x5", FIRST.1);
    let known = |a: &str, b: &str, c: &str, d: &str| Spreads {
        entry_top: Some(percent(a)),
        entry: Some(percent(b)),
        exit_top: Some(percent(c)),
        exit: Some(percent(d)),
    };
    let told = stage.strategy.spreads(PAIR, stage.now.mono).expect("a pair of ours");
    assert_eq!(told[0], known("0.5", "0.5", "2.020203", "2.538072"));
    assert_eq!(told[1], known("-1.980199", "-2.475248", "-0.497512", "-0.497512"));
    // Too old to trade on: nothing to tell, not old numbers.
    stage.pass_ms(2_001);
    let _ = stage.book(1, FIRST.1);
    assert_eq!(stage.strategy.spreads(PAIR, stage.now.mono), Some([Spreads::default(); 2]));
    assert_eq!(stage.strategy.spreads(domain::Pair::new("BTC-USD"), stage.now.mono), None);
}
