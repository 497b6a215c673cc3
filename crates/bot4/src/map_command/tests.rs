//! The command's parts over files: what is proposed can be copied, and what is written wrong is named with its line.

use super::listed::Listed;
use super::propose::Proposals;
use super::review::Review;
use super::write_new;
use crate::bets_wiring::{AZURO, SX};
use crate::mapping_file::MappingLoaded;
use bets::rules::Happening;
use bets::{Mapping, Standing, events, pair_events};
use domain::listing::{Listing, Period, Pick, Question, Sport, Unit};
use domain::{MarketId, Outcome, VenueId, Wall};
use std::path::Path;

fn listing(venue: VenueId, n: u8, league: (&str, &str), teams: [&str; 2]) -> Listing {
    let event = if venue == SX { format!("L{n}") } else { format!("10060000000000307011{n:02}") };
    Listing {
        venue,
        market: MarketId([n; 32]),
        event,
        sport: Sport::Soccer,
        country: league.0.to_owned(),
        league: league.1.to_owned(),
        teams: teams.map(str::to_owned),
        starts: Wall::from_ms(1_795_546_800_000 + i64::from(n) * 86_400_000),
        question: Question::Winner,
        period: Period::Regulation,
        unit: Unit::Score,
        line: None,
        picks: vec![(Outcome::ONE, Pick::One), (Outcome::TWO, Pick::Two)],
        kind: 52,
        open: true,
    }
}

/// Three matches of a league, the last with a name that nobody can be sure of, and one with its sides swapped.
fn listed() -> Listed {
    let teams = [
        (["Manchester United", "Liverpool"], ["Man Utd", "Liverpool FC"]),
        (["Everton", "Wolverhampton Wanderers"], ["Wolves", "Everton"]),
        (["Chelsea \"Blues\": #1", "Arsenal"], ["Chelsea \"Blues\": #1", "Arsenal"]),
        (["Tottenham Hotspur", "Zzyzx Rangers"], ["Tottenham", "Zzyzx Rangers London"]),
    ];
    let mut out = Listed::default();
    for (n, (sx, azuro)) in (1..).zip(teams) {
        out.sx.push(listing(SX, n, ("", "English Premier League"), sx));
        out.azuro.push(listing(AZURO, n, ("England", "Premier League"), azuro));
    }
    out
}

fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("a temporary file");
    file
}

fn standings(listed: &Listed, mapping: &Mapping) -> Vec<(String, Standing, bool)> {
    let found = pair_events(&events(&listed.sx), &events(&listed.azuro), mapping);
    found.pairs.into_iter().map(|pair| (pair.first.id, pair.standing, pair.swapped)).collect()
}

#[test]
fn what_is_proposed_can_be_copied_and_then_confirms_what_was_sure() {
    let folder = tempfile::tempdir().expect("a folder");
    let (listed, nothing) = (listed(), Mapping::default());
    let id = |n: u8| format!("L{n}");
    let sure = [(id(1), Standing::Sure, false), (id(2), Standing::Sure, true), (id(3), Standing::Sure, false)];
    let mut expect = sure.to_vec();
    expect.push((id(4), Standing::Proposed, false));
    assert_eq!(standings(&listed, &nothing), expect);

    let yaml = Proposals::of(&listed, &nothing).yaml();
    let copied = MappingLoaded::read(&write(folder.path(), "mapping.yml", &yaml)).expect(&yaml);
    let confirmed: Vec<_> = expect
        .into_iter()
        .map(|(id, standing, swapped)| (id, if standing == Standing::Sure { Standing::ByNames } else { standing }, swapped))
        .collect();
    assert_eq!(standings(&listed, &copied.mapping), confirmed, "{yaml}");
    // Nothing is proposed twice, and a line that a person has freed of its # reads too.
    let again = Proposals::of(&listed, &copied.mapping).yaml();
    assert!(again.contains("leagues: []"), "{again}");
    let freed = again.replace("\n#", "\n");
    let freed = freed.replace("\n Pairs", "\n# Pairs");
    let single = MappingLoaded::read(&write(folder.path(), "single.yml", &freed)).expect(&freed);
    assert_eq!(standings(&listed, &single.mapping).last(), Some(&(id(4), Standing::Named, false)), "{freed}");
}

#[test]
fn what_is_written_wrong_is_named_with_file_and_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |text: &str, expect: &str| {
        let file = write(folder.path(), "m.yml", text);
        let error = MappingLoaded::read(&file).map(|_| ()).expect_err(text);
        let said = error.to_string().replace(&file.display().to_string(), "m.yml");
        assert_eq!(said, expect, "{text}");
    };
    check(
        "leagues:\n  - sport: soccer\n    sx: A\n    azuro: B\n    azuro_countri: C\n",
        "m.yml:5:5: leagues.0.azuro_countri: unknown, did you mean `azuro_country`?; known: sport, sx, azuro, azuro_country, same_names, teams",
    );
    check(
        "events:\n  - {sx: \"L1\", azuro: \"x\", verdict: confirmed}\n",
        "m.yml:2:23: events.0.azuro: \"x\" is no game of Azuro: write an id as in \"1006000000000030701140\"",
    );
    let twice = "events:\n  - {sx: L1, azuro: \"1006000000000000157482\", verdict: confirmed}\n  - {sx: L1, azuro: \"1006000000000000157483\", verdict: confirmed}\n";
    check(twice, "m.yml:3:10: events.1.sx: events.0 confirms another game for L1: one event is one game");
    let missing = MappingLoaded::read(Path::new("no/such.yml")).map(|_| ()).expect_err("a missing file").to_string();
    assert!(missing.starts_with("no/such.yml: cannot be read"), "{missing}");
    let none = MappingLoaded::read_if_present(Path::new("no/such.yml")).expect("none is needed");
    assert!(none.file().leagues.is_empty());
    let risks = |text: &str| {
        let file = write(folder.path(), "risks.yml", text);
        MappingLoaded::read(&file).expect(text).mapping.refuse_risks().to_vec()
    };
    assert_eq!(none.mapping.refuse_risks(), [Happening::Retired]);
    assert_eq!(risks("leagues: []\n"), [Happening::Retired]);
    assert_eq!(risks("refuse_risks: []\n"), []);
    assert_eq!(risks("refuse_risks: [postponed]\n"), [Happening::Postponed]);
}

#[test]
fn the_mapping_at_the_root_confirms_nothing_and_its_examples_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/mapping.yml");
    let written = MappingLoaded::read(&root).expect("config/mapping.yml");
    assert_eq!((written.file().leagues.len(), written.file().events.len()), (0, 0));
    let text = std::fs::read_to_string(root).expect("config/mapping.yml");
    let (_, examples) = text.split_once("# leagues:\n").expect("an example of a league");
    let examples = format!("# leagues:\n{examples}").replace("\n# ", "\n").replacen("# ", "", 1);
    let examples = examples.replace("leagues: []\n", "").replace("events: []\n", "");
    let folder = tempfile::tempdir().expect("a folder");
    let read = MappingLoaded::read(&write(folder.path(), "m.yml", &examples)).expect(&examples);
    assert_eq!((read.file().leagues.len(), read.file().events.len()), (1, 3), "{examples}");
}

#[test]
fn a_review_says_what_is_confirmed_unused_and_contradicted() {
    let folder = tempfile::tempdir().expect("a folder");
    let review = |text: &str, listed: Option<&Listed>| {
        let file = write(folder.path(), "m.yml", text);
        let review = Review::of(Path::new("m.yml"), &MappingLoaded::read(&file).expect(text), listed);
        (review.text().replace(&file.display().to_string(), "m.yml"), review.is_contradicted())
    };
    let text = "leagues:\n  - {sport: soccer, sx: English Premier League, azuro: Premier League, azuro_country: England, same_names: true, teams: [{sx: Manchester United, azuro: Man Utd}, {sx: Sunderland, azuro: Black Cats}]}\nevents:\n  - {sx: L2, azuro: \"1006000000000030701102\", verdict: confirmed}\n  - {sx: L3, azuro: \"1006000000000030701103\", verdict: refused, why: not the same}\n";
    let head = "m.yml: right: 1 leagues with 2 names, 1 events confirmed, 1 refused, risks refused: retired\n";
    assert_eq!(review(text, None), (head.to_owned(), false));
    let listed = listed();
    let (said, contradicted) = review(text, Some(&listed));
    let expect = format!(
        "{head}confirmed     m.yml:2:5: L1 Manchester United - Liverpool | 1006000000000030701101 Man Utd - Liverpool FC\n\
         refused       m.yml:5:5: L3 | 1006000000000030701103: not the same\n\
         contradicted  m.yml:4:5: L2 Everton - Wolverhampton Wanderers | 1006000000000030701102 Wolves - Everton: the names say that `swapped` is the other way round\n\
         unused        m.yml:2:168: SX Bet lists no \"Sunderland\" now\n\
         unused        m.yml:2:187: Azuro lists no \"Black Cats\" now\n"
    );
    assert_eq!((said, contradicted), (expect, true));
}

#[test]
fn listings_read_back_and_no_file_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let (listed, file) = (listed(), folder.path().join("l.jsonl"));
    write_new(&file, &listed.lines().expect("lines")).expect("a new file");
    let again = Listed::read(&file).expect("listings");
    assert_eq!((again.sx, again.azuro), (listed.sx.clone(), listed.azuro));
    assert!(write_new(&file, "other").is_err());
    let stranger = Listing { venue: VenueId::new("vest"), ..listed.sx.first().expect("one").clone() };
    let line = serde_json::to_string(&stranger).expect("a line");
    for (text, expect) in [("\n{}\n", ":2: not a listing as"), (line.as_str(), ":1: vest is no betting venue: sx or azuro")] {
        let error = Listed::read(&write(folder.path(), "bad.jsonl", text)).map(|_| ()).expect_err(text).to_string();
        assert!(error.contains(expect), "{error}");
    }
}
