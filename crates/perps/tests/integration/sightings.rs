//! What `explain` lives on: every look is counted, the nearest miss is kept, and the reason that bound it.

use crate::stage::{PAIR, Stage, VENUES, config, percent};
use domain::names::SkipReason;
use domain::record::Sighting;
use domain::{InstrumentId, MarketEvent, Rate};
use perps::{Call, Funding, PairConfig, Phase};

/// Half a percent, long on the first venue.
const FIRST: (&str, &str) = ("b99x5 a100x5", "b100.5x5 a101x5");

fn watched(config: PairConfig) -> Stage {
    let mut stage = Stage::new(config);
    stage.strategy.watch(stage.now.wall);
    stage
}
/// The first direction's sum.
fn first(stage: &mut Stage) -> Sighting {
    let mut all = stage.strategy.sightings(stage.now.wall);
    assert_eq!(all.len(), 2, "both directions");
    assert_eq!((all[1].long, all[1].short), (VENUES[1], VENUES[0]));
    all.remove(0)
}

#[test]
fn a_quiet_minute_is_summed_up_by_its_best_spread() {
    let mut stage = watched(config());
    let since = stage.now.wall;
    let _ = stage.book(0, "b99x5 a100x5");
    for (n, bid) in ["99.9", "100.25", "100.1"].iter().enumerate() {
        stage.pass_ms(100);
        assert_eq!(stage.book(1, &format!("b{bid}x5 a101x5")), None, "{n}");
    }
    let s = first(&mut stage);
    assert_eq!((s.pair, s.long, s.short, s.since, s.looks), (PAIR, VENUES[0], VENUES[1], since, 4));
    assert_eq!((s.spread, s.edge, s.best_at), (Some(percent("0.25")), Some(percent("0.25")), since.plus_ms(200)));
    assert_eq!((s.threshold, s.edge_min, s.binding), (percent("0.3"), Rate::ZERO, SkipReason::SpreadTooSmall));
    assert_eq!(s.detail, "spread 0.25%, threshold 0.30%");
    // The first look had no second book to look at.
    assert_eq!(s.skips, [(SkipReason::BookStale, 1), (SkipReason::SpreadTooSmall, 3)]);
    // The next minute begins with nothing.
    stage.pass_ms(60_000);
    let s = first(&mut stage);
    assert_eq!((s.looks, s.spread, s.detail.as_str()), (0, None, "neither book took an update"));
}

#[test]
fn every_reason_of_the_strategys_own_is_named() {
    fn check(config: PairConfig, act: impl FnOnce(&mut Stage), reason: SkipReason, detail: &str) {
        let mut stage = watched(config);
        act(&mut stage);
        // Only what comes last is asked about.
        let _ = stage.strategy.sightings(stage.now.wall);
        assert!(!matches!(stage.book(1, FIRST.1), Some(Call::Enter { .. })), "{reason}");
        let s = first(&mut stage);
        assert_eq!((s.looks, s.skips, s.binding), (1, vec![(reason, 1)], reason), "{}", s.detail);
        assert_eq!(s.detail, detail);
    }
    let nothing = |_: &mut Stage| {};
    let book = |stage: &mut Stage| drop(stage.book(0, FIRST.0));
    check(config(), nothing, SkipReason::BookStale, "");
    check(config(), |s| drop(s.book(0, "b99x5 a100x0.5")), SkipReason::ThinBook, "");
    check(config(), |s| drop(s.book(0, "b99x5")), SkipReason::BookStale, "");
    let stale = |s: &mut Stage| {
        let _ = s.book(0, FIRST.0);
        s.pass_ms(2_001);
    };
    check(config(), stale, SkipReason::BookStale, "");
    let spread_entry = percent("0.6");
    check(PairConfig { spread_entry, ..config() }, book, SkipReason::SpreadTooSmall, "spread 0.50%, threshold 0.60%");
    check(PairConfig { spread_entry, ..config() }, stale, SkipReason::BookStale, "");
    check(PairConfig { confirm_ticks: 9, ..config() }, book, SkipReason::Confirming, "");
    let words = "edge 0.40% net of costs at a spread of 0.50%, minimum 0.45%";
    let thin = PairConfig { edge_min: percent("0.45"), buffers: percent("0.1"), ..config() };
    check(thin, book, SkipReason::EdgeTooSmall, words);
    let funding = Funding::Venues { horizon_ms: 1, age_ms_max: 1, fallback: None };
    check(PairConfig { funding, ..config() }, book, SkipReason::FundingUnknown, "");
    for phase in [Phase::Busy, Phase::Holding(0)] {
        let open = |s: &mut Stage| {
            let _ = s.book(0, FIRST.0);
            s.strategy.set_phase(PAIR, phase);
        };
        check(config(), open, SkipReason::RoundOpen, "");
    }
    let lost = |s: &mut Stage| {
        let _ = s.book(0, FIRST.0);
        let _ = s.tell(&MarketEvent::BookLost { instrument: InstrumentId(0), why: "disconnect" });
    };
    check(config(), lost, SkipReason::BookStale, "");
}

#[test]
fn before_a_venue_has_told_its_rules_that_is_the_reason() {
    let mut stage = Stage::untold(config());
    stage.strategy.watch(stage.now.wall);
    let _ = stage.books(FIRST.0, FIRST.1);
    let s = first(&mut stage);
    assert_eq!((s.binding, s.looks, s.spread), (SkipReason::NotTrading, 2, None));
}

#[test]
fn a_refusal_from_beyond_is_kept_with_its_words_and_a_taken_look_is_no_miss() {
    let mut stage = watched(config());
    let Some(Call::Enter { edge, intent, .. }) = stage.books(FIRST.0, FIRST.1) else { panic!("no entry") };
    let (spread, at) = (intent.spread, stage.now.wall);
    let _ = first(&mut stage);
    stage.strategy.tell(PAIR, SkipReason::Margin, "needs 500, 20 are free");
    stage.strategy.answered(PAIR, VENUES[0], spread, edge, Some(SkipReason::Margin), at);
    stage.strategy.answered(PAIR, VENUES[0], spread, edge, None, at);
    let s = first(&mut stage);
    assert_eq!((s.looks, s.binding, s.spread, s.edge), (2, SkipReason::Margin, Some(spread), Some(edge)));
    assert_eq!((s.detail.as_str(), s.skips), ("needs 500, 20 are free", vec![(SkipReason::Margin, 1)]));
}

#[test]
fn nothing_is_counted_unless_asked_for() {
    let mut stage = Stage::new(config());
    let _ = stage.books(FIRST.0, "b100x5 a101x5");
    stage.strategy.answered(PAIR, VENUES[0], Rate::ZERO, Rate::ZERO, Some(SkipReason::Margin), stage.now.wall);
    assert_eq!(stage.strategy.sightings(stage.now.wall), []);
}
