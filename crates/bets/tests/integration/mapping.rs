//! The mapping: what it confirms and refuses, and what it does not let through.

use bets::mapping::{EventEntry, EventVerdict, LeagueEntry, TeamEntry};
use bets::rules::Happening;
use bets::{CONFIRMING, Event, Mapping, MappingFile, NoHints, Standing, pair_events};
use domain::listing::Sport;
use domain::{VenueId, Wall};
use proptest::prelude::*;

const SX: VenueId = VenueId::new("sx");
const AZURO: VenueId = VenueId::new("azuro");
const GAME: &str = "1006000000000030701140";

fn event(venue: VenueId, id: &str, country: &str, league: &str, teams: [&str; 2], min: i64) -> Event {
    Event {
        venue,
        id: id.to_owned(),
        sport: Sport::Soccer,
        country: country.to_owned(),
        league: league.to_owned(),
        teams: teams.map(str::to_owned),
        starts: Wall::from_ms(1_795_546_800_000 + min * 60_000),
    }
}

fn sx(teams: [&str; 2], min: i64) -> Event {
    event(SX, "L1", "", "Some League", teams, min)
}

fn azuro(teams: [&str; 2], min: i64) -> Event {
    event(AZURO, GAME, "Somewhere", "Another League", teams, min)
}

fn named(verdict: EventVerdict, swapped: bool) -> EventEntry {
    EventEntry { sx: "L1".to_owned(), azuro: GAME.to_owned(), verdict, swapped, why: "seen".to_owned() }
}

fn league(same_names: bool, teams: &[(&str, &str)]) -> LeagueEntry {
    let teams = teams.iter().map(|(sx, azuro)| TeamEntry { sx: (*sx).to_owned(), azuro: (*azuro).to_owned() }).collect();
    LeagueEntry {
        sport: Sport::Soccer,
        sx: "Some League".to_owned(),
        azuro: "Another League".to_owned(),
        azuro_country: "Somewhere".to_owned(),
        same_names,
        teams,
    }
}

fn checked(file: &MappingFile) -> Mapping {
    Mapping::check(file, SX, AZURO).expect("a mapping")
}

fn with_leagues(leagues: Vec<LeagueEntry>) -> MappingFile {
    MappingFile { leagues, ..MappingFile::default() }
}

fn with_events(events: Vec<EventEntry>) -> MappingFile {
    MappingFile { events, ..MappingFile::default() }
}

#[test]
fn a_pair_counts_as_confirmed_by_its_league_and_both_names_alone() {
    let check = |file: &MappingFile, a: Event, b: Event, expect: Option<Standing>| {
        let found = pair_events(std::slice::from_ref(&a), std::slice::from_ref(&b), &checked(file));
        assert_eq!(found.pairs.first().map(|pair| pair.standing), expect, "{} | {}: {found:?}", a.title(), b.title());
    };
    let both = with_leagues(vec![league(false, &[("Blue", "Azul"), ("Red", "Rojo")])]);
    check(&both, sx(["Blue", "Red"], 0), azuro(["Azul", "Rojo"], 0), Some(Standing::ByNames));
    check(&both, sx(["Blue", "Red"], 0), azuro(["Rojo", "Azul"], 10), Some(Standing::ByNames));
    // One name alone, a start far off, another league, names that are confirmed for others.
    check(&both, sx(["Blue", "Green"], 0), azuro(["Azul", "Green"], 0), Some(Standing::Sure));
    check(&both, sx(["Blue", "Red"], 0), azuro(["Azul", "Rojo"], 300), Some(Standing::Proposed));
    check(&both, sx(["Blue", "Red"], 0), event(AZURO, GAME, "Elsewhere", "Another League", ["Azul", "Rojo"], 0), None);
    check(&both, sx(["Blue", "Blue"], 0), azuro(["Rojo", "Rojo"], 0), None);
    // Equal names count where the league says so.
    let equal = with_leagues(vec![league(true, &[])]);
    check(&equal, sx(["Blue FC", "Réd"], 0), azuro(["Blue", "Red"], 0), Some(Standing::ByNames));
    check(&equal, sx(["Blue", "Red"], 0), azuro(["Blue (W)", "Red (W)"], 0), None);
    let unequal = with_leagues(vec![league(false, &[])]);
    check(&unequal, sx(["Blue FC", "Réd"], 0), azuro(["Blue", "Red"], 0), Some(Standing::Sure));
    // Without a mapping nothing is confirmed, however alike.
    let (a, b) = (sx(["Blue", "Red"], 0), event(AZURO, GAME, "", "Some League", ["Blue", "Red"], 0));
    let found = pair_events(&[a], &[b], &NoHints);
    assert!(found.pairs.iter().all(|pair| pair.value() >= CONFIRMING && !pair.standing.is_confirmed()));
}

#[test]
fn a_named_pair_is_confirmed_unless_the_venues_contradict_it() {
    let check = |swapped, a: Event, b: Event, expect: Result<bool, &str>| {
        let file = with_events(vec![named(EventVerdict::Confirmed, swapped)]);
        let found = pair_events(&[a], &[b], &checked(&file));
        let pair = found.pairs.first().filter(|pair| pair.standing == Standing::Named).map(|pair| pair.swapped);
        let why = found.contradicted.first().map(|found| found.why.to_string());
        assert_eq!((pair, why.as_deref()), (expect.ok(), expect.err()));
    };
    check(false, sx(["Blue", "Red"], 0), azuro(["Qqq", "Www"], 0), Ok(false));
    check(true, sx(["Blue", "Red"], 0), azuro(["Qqq", "Www"], 0), Ok(true));
    check(false, sx(["Blue", "Red"], 0), azuro(["Blue", "Red"], 500), Ok(false));
    check(true, sx(["Blue", "Red"], 0), azuro(["Red", "Blue"], 0), Ok(true));
    check(true, sx(["Blue", "Red"], 0), azuro(["Blue", "Red"], 0), Err("the names say that `swapped` is the other way round"));
    check(false, sx(["Blue", "Red"], 0), azuro(["Red", "Blue"], 0), Err("the names say that `swapped` is the other way round"));
    check(false, sx(["Blue", "Red"], 0), azuro(["Blue", "Red"], 721), Err("they start 721 minutes apart"));
    let tennis = Event { sport: Sport::Tennis, ..azuro(["Blue", "Red"], 0) };
    check(false, sx(["Blue", "Red"], 0), tennis, Err("they are of two sports"));
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    let check = |file: MappingFile, expect: &str| {
        let complaint = Mapping::check(&file, SX, AZURO).map(|_| ()).expect_err(expect);
        assert_eq!(complaint.to_string(), expect);
    };
    let confirmed = || named(EventVerdict::Confirmed, false);
    let id = |sx: &str, azuro: &str| EventEntry { sx: sx.to_owned(), azuro: azuro.to_owned(), ..confirmed() };
    let other = "1006000000000030701141";
    check(
        with_events(vec![id("18870109", GAME)]),
        "events.0.sx: \"18870109\" is no event of SX Bet: write an id as in L18870109",
    );
    check(
        with_events(vec![id("L1", "12x")]),
        "events.0.azuro: \"12x\" is no game of Azuro: write an id as in \"1006000000000030701140\"",
    );
    check(with_events(vec![confirmed(), confirmed()]), "events.1.sx: this pair is events.0 already");
    let refused = named(EventVerdict::Refused, false);
    check(with_events(vec![confirmed(), refused]), "events.1.sx: this pair is events.0 already, and says otherwise");
    let swapped = named(EventVerdict::Confirmed, true);
    check(with_events(vec![confirmed(), swapped]), "events.1.sx: this pair is events.0 already, and says otherwise");
    check(
        with_events(vec![confirmed(), id("L1", other)]),
        "events.1.sx: events.0 confirms another game for L1: one event is one game",
    );
    check(
        with_events(vec![confirmed(), id("L2", GAME)]),
        "events.1.azuro: events.0 confirms another event for this game: one game is one event",
    );
    check(
        with_events(vec![named(EventVerdict::Refused, true)]),
        "events.0.swapped: a refused pair has no sides to swap: leave it out",
    );
    check(
        with_leagues(vec![league(true, &[]), league(false, &[])]),
        "leagues.1.sx: this league of SX Bet is confirmed by leagues.0 already: one league is one entry",
    );
    let renamed = LeagueEntry { sx: "Third League".to_owned(), ..league(true, &[]) };
    check(
        with_leagues(vec![league(true, &[]), renamed]),
        "leagues.1.azuro: this league of Azuro is confirmed by leagues.0 already: one league is one entry",
    );
    check(
        with_leagues(vec![league(false, &[("Blue", "Azul"), ("BLUE ", "Rojo")])]),
        "leagues.0.teams.1.sx: \"BLUE \" is leagues.0.teams.0 already: one name means one team",
    );
    check(
        with_leagues(vec![league(false, &[("Blue", " ")])]),
        "leagues.0.teams.0.azuro: is empty: write the name as the venue does",
    );
    let risks = |risks: &[Happening]| MappingFile { refuse_risks: risks.to_vec(), ..MappingFile::default() };
    check(risks(&[Happening::Retired, Happening::Retired]), "refuse_risks.1: `retired` is there twice");
    check(risks(&[Happening::Push]), "refuse_risks.0: `push` is never accepted: a pair that can have it is refused anyway");
    assert!(Mapping::check(&with_events(vec![confirmed(), id("L2", other)]), SX, AZURO).is_ok());
    assert_eq!(checked(&MappingFile::default()).refuse_risks(), [Happening::Retired], "whoever says nothing does not accept it");
    assert_eq!(checked(&risks(&[])).refuse_risks(), [], "an empty list accepts it");
}

proptest! {
    #[test]
    fn a_refused_pair_stays_refused_whatever_the_score(one in "[A-Z][a-z]{4,9}", two in "[A-Z][a-z]{4,9}", min in -60i64..60, by_names: bool) {
        let (a, b) = (sx([&one, &two], 0), azuro([&one, &two], min));
        let leagues = if by_names { vec![league(true, &[])] } else { Vec::new() };
        let open = MappingFile { leagues: leagues.clone(), ..MappingFile::default() };
        prop_assume!(one.to_lowercase() != two.to_lowercase());
        let before = pair_events(std::slice::from_ref(&a), std::slice::from_ref(&b), &checked(&open));
        prop_assert_eq!(before.pairs.len(), 1);
        let file = MappingFile { leagues, events: vec![named(EventVerdict::Refused, false)], ..MappingFile::default() };
        let found = pair_events(&[a], &[b], &checked(&file));
        prop_assert!(found.pairs.is_empty());
        prop_assert_eq!(found.refused, vec![("L1".to_owned(), GAME.to_owned(), "seen".to_owned())]);
    }
}
