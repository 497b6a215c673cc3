//! What a row of the board says, which pairs a quote touches, and that no quote allocates.

use super::*;
use domain::{Period, Question, Sport, Unit, Usd};

const SX: VenueId = VenueId::new("sx");
const AZURO: VenueId = VenueId::new("azuro");
const MINUTE: i64 = 60_000_000;

fn id(n: u8) -> MarketId {
    MarketId([n; 32])
}
fn listing(venue: VenueId, market: MarketId, open: bool) -> Listing {
    Listing {
        venue,
        market,
        event: "7".to_owned(),
        sport: Sport::Soccer,
        country: "England".to_owned(),
        league: "Premier League".to_owned(),
        teams: ["Arsenal".to_owned(), "Chelsea".to_owned()],
        starts: Wall(60 * MINUTE),
        question: Question::Total,
        period: Period::Regulation,
        unit: Unit::Score,
        line: Some(domain::Line(250)),
        picks: vec![(Outcome(1), Pick::Over), (Outcome(2), Pick::Under)],
        kind: 2,
        open,
    }
}
fn link(n: u8, standing: Standing) -> Link {
    let cover = |one, two, picks| Cover { outcomes: [Outcome(one), Outcome(two)], picks };
    Link {
        listings: [listing(SX, id(n), true), listing(AZURO, id(n), true)],
        covers: vec![cover(1, 2, [Pick::Over, Pick::Under]), cover(2, 1, [Pick::Under, Pick::Over])],
        standing,
    }
}
fn board() -> Board {
    let site = |venue, age_ms_max| Site { venue, age_ms_max };
    Board::new(BoardOptions {
        sites: [site(SX, 600_000), site(AZURO, 60_000)],
        budget: Stake::from_e6(100_000_000),
        m_net_min: Rate::from_bps(50),
    })
}
fn at(seconds: u64) -> Now {
    Now { mono: Mono(seconds * 1_000_000_000), wall: Wall(i64::try_from(seconds).expect("small") * 1_000_000) }
}
fn quote(venue: VenueId, n: u8, outcome: u64, odds_e2: u64, size: u64) -> Quote {
    let odds = Odds::from_decimal_e12(odds_e2 * 10_000_000_000).expect("odds");
    Quote { venue, market: id(n), line: None, outcome: Outcome(outcome), odds, size: Stake::from_e6(size * 1_000_000) }
}
fn terms(board: &mut Board, n: u8) {
    let of = |min, step, fee| {
        BetTerms::new(Stake::from_e6(min), None, Stake::from_e6(step), Rate::from_bps(fee), Stake::default()).expect("terms")
    };
    for outcome in [1, 2].map(Outcome) {
        board.termed(SX, id(n), outcome, Some(of(1_000_000, 1, 0)));
        board.termed(AZURO, id(n), outcome, Some(of(10_000, 10_000, 0)));
    }
}
fn words(board: &Board, pair: PairIndex, now: Now) -> String {
    let row = board.row(pair, now).expect("it is on the board");
    let waits = if row.waits { " (waits)" } else { "" };
    let picks = row.cover.map_or_else(String::new, |cover| format!("{:?} ", cover.picks));
    let why = row.why.map_or("tradable".to_owned(), |why| format!("{}: {why}", why.word()));
    format!("{picks}{} {why}{waits}", row.m_net.map_or("-".to_owned(), |m_net| m_net.to_string()))
}

#[test]
fn a_pair_is_judged_by_its_best_cover_and_says_why_it_is_not_traded() {
    let mut board = board();
    let pair = board.link(link(1, Standing::Confirmed));
    let check = |board: &Board, second: u64, expect: &str| assert_eq!(words(board, pair, at(second)), expect);
    check(&board, 0, "[Over, Under] - no_quote: no odds at sx: not quoted yet (waits)");
    board.quoted(&quote(SX, 1, 1, 210, 500), at(1));
    check(&board, 1, "[Over, Under] - no_quote: no odds at azuro: not quoted yet (waits)");
    board.quoted(&quote(AZURO, 1, 2, 210, 500), at(1));
    check(&board, 1, "[Over, Under] - no_terms: sx has not said what it takes of a bet (waits)");
    terms(&mut board, 1);
    check(&board, 1, "[Over, Under] 5.00 tradable");
    // The other way round is better.
    board.quoted(&quote(SX, 1, 2, 220, 500), at(2));
    board.quoted(&quote(AZURO, 1, 1, 220, 500), at(2));
    check(&board, 2, "[Under, Over] 10.00 tradable");
    check(&board, 62, "[Under, Over] 10.00 tradable");
    check(&board, 63, "[Under, Over] 10.00 stale: the odds at azuro are too old");
    check(&board, 3_600, "[Under, Over] 10.00 in_play: the event has begun");
    // One outcome less: the first way is left. Then all of the market.
    board.unquoted(AZURO, id(1), Some(Outcome(1)), "the outcome is not active", at(3));
    check(&board, 3, "[Over, Under] 5.00 tradable");
    board.unquoted(AZURO, id(1), None, "the condition is not active", at(3));
    check(&board, 3, "[Over, Under] - no_quote: no odds at azuro: the condition is not active");
    board.quoted(&quote(AZURO, 1, 2, 192, 500), at(4));
    check(&board, 4, "[Over, Under] 0.298507 under_margin: a margin of 0.298507% is under the 0.50% asked for");
    board.quoted(&quote(AZURO, 1, 2, 190, 500), at(4));
    check(&board, 4, "[Over, Under] -0.25 no_margin: no margin: -0.25%");
    board.quoted(&quote(AZURO, 1, 2, 210, 0), at(4));
    check(&board, 4, "[Over, Under] 5.00 below_minimum: the odds at azuro take 0.000000, less than its minimum of 0.010000");
    // A market that nobody watches changes nothing.
    board.quoted(&quote(AZURO, 9, 2, 210, 10), at(4));
    check(&board, 4, "[Over, Under] 5.00 below_minimum: the odds at azuro take 0.000000, less than its minimum of 0.010000");
}

#[test]
fn what_the_mapping_and_the_listing_say_comes_before_the_odds() {
    let mut board = board();
    let pair = board.link(link(1, Standing::Confirmed));
    terms(&mut board, 1);
    board.quoted(&quote(SX, 1, 1, 210, 500), at(1));
    board.quoted(&quote(AZURO, 1, 2, 210, 500), at(1));
    let mut check = |link: Link, expect: &str| {
        assert_eq!(board.link(link), pair, "the same two markets are the same pair");
        assert_eq!(words(&board, pair, at(1)), expect);
    };
    check(link(1, Standing::Proposed(870)), "[Over, Under] 5.00 not_confirmed: not confirmed to be the same (score 870 of 1000)");
    check(
        link(1, Standing::Refused("a push is paid by one".to_owned())),
        "[Over, Under] 5.00 rules_differ: a push is paid by one",
    );
    let mut closed = link(1, Standing::Confirmed);
    closed.listings[0].open = false;
    check(closed, "[Over, Under] 5.00 closed: sx takes no bets on it now");
    let mut moved = link(1, Standing::Confirmed);
    moved.listings[1].starts = Wall(1_000_000);
    check(moved, "[Over, Under] 5.00 in_play: the event has begun");
    check(link(1, Standing::Confirmed), "[Over, Under] 5.00 tradable");
    assert_eq!((board.len(), board.confirmed()), (1, 1));
}

#[test]
fn a_row_shows_the_money_of_the_round() {
    let mut board = board();
    let pair = board.link(link(1, Standing::Confirmed));
    terms(&mut board, 1);
    board.quoted(&quote(SX, 1, 1, 210, 20), at(1));
    board.quoted(&quote(AZURO, 1, 2, 230, 500), at(3));
    let row = board.row(pair, at(4)).expect("it is on the board");
    // The other venue's stakes are cents: 18.26 of them pay what this many base units pay.
    let round = row.round.expect("a round");
    assert_eq!(row.ages_ms, [Some(3_000), Some(1_000)]);
    assert_eq!((round.stakes[0], round.limit), (Stake::from_e6(19_999_048), betting::Limit::Size(SX)));
    assert!(round.worst > Usd::ZERO && row.m_net == Some(round.m_net));
    assert_eq!(row.quotes[1].map(|(odds, _)| odds.to_string()), Some("2.3000".to_owned()));
}

#[test]
fn a_pair_whose_event_is_long_over_leaves_the_board_and_its_place_is_given_to_no_other() {
    let mut board = board();
    let mut early = link(1, Standing::Confirmed);
    early.listings[0].starts = Wall(MINUTE);
    let (one, two) = (board.link(early.clone()), board.link(link(2, Standing::Confirmed)));
    board.retire(Wall(MINUTE));
    assert_eq!(board.pairs().collect::<Vec<_>>(), [one, two], "not before");
    board.retire(Wall(2 * MINUTE));
    assert_eq!((board.pairs().collect::<Vec<_>>(), board.len(), board.confirmed()), (vec![two], 1, 1));
    assert!(board.row(one, at(1)).is_none());
    let mut touched = Vec::new();
    board.take_touched(&mut touched);
    board.quoted(&quote(SX, 1, 1, 210, 20), at(1));
    board.take_touched(&mut touched);
    assert_eq!(touched, []);
    // A kick-off that was moved brings it back to the same place.
    early.listings[0].starts = Wall(50 * MINUTE);
    assert_eq!(board.link(early), one);
    assert_eq!(board.len(), 2);
}

#[test]
fn only_pairs_of_the_market_that_moved_are_touched() {
    let mut board = board();
    let one = board.link(link(1, Standing::Confirmed));
    // A market of the first venue against two of the second.
    let mut other = link(1, Standing::Confirmed);
    other.listings[1].market = id(2);
    let (two, three) = (board.link(other), board.link(link(3, Standing::Confirmed)));
    let mut touched = Vec::new();
    board.take_touched(&mut touched);
    assert_eq!(touched, [one, two, three]);
    let mut check = |board: &mut Board, expect: &[PairIndex]| {
        board.take_touched(&mut touched);
        assert_eq!(touched, expect);
    };
    board.quoted(&quote(SX, 1, 1, 210, 20), at(1));
    board.quoted(&quote(SX, 1, 2, 210, 20), at(1));
    check(&mut board, &[one, two]);
    board.quoted(&quote(AZURO, 2, 1, 210, 20), at(1));
    check(&mut board, &[two]);
    check(&mut board, &[]);
}

#[test]
fn from_a_quote_to_the_margins_of_its_pairs_nothing_is_allocated() {
    let mut board = board();
    for n in 0..50 {
        board.link(link(n, Standing::Confirmed));
        terms(&mut board, n);
    }
    let mut touched = Vec::with_capacity(64);
    board.take_touched(&mut touched);
    let mut tradable = 0;
    let counted = allocation_counter::measure(|| {
        for step in 0..2_000u64 {
            let n = u8::try_from(step % 50).expect("small");
            let venue = if step % 3 == 0 { SX } else { AZURO };
            board.quoted(&quote(venue, n, 1 + step / 50 % 2, 195 + step % 40, 10 + step % 90), at(1));
            if step % 7 == 0 {
                board.unquoted(AZURO, id(n), None, "the condition is not active", at(1));
            }
            board.take_touched(&mut touched);
            for pair in &touched {
                tradable += u32::from(board.row(*pair, at(1)).is_some_and(|row| row.why.is_none()));
            }
        }
    });
    assert_eq!(counted.count_total, 0);
    assert!(tradable > 100, "{tradable}");
}
