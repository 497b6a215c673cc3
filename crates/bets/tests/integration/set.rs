//! The labelled set as events.

use bets::Event;
use domain::listing::Sport;
use domain::{VenueId, Wall};

/// What a row says about its two events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    Same,
    Swapped,
    Different,
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) trap: String,
    pub(crate) label: Label,
    pub(crate) first: Event,
    pub(crate) second: Event,
}

/// 24 November 2026, 19:00 UTC.
const KICK_OFF: Wall = Wall::from_ms(1_795_546_800_000);

/// Reads the set; rows have their number as both ids.
pub(crate) fn rows() -> Vec<Row> {
    let text = include_str!("../../testdata/labelled.csv");
    text.lines().skip(1).enumerate().map(|(n, line)| row(n, line)).collect()
}

fn row(n: usize, line: &str) -> Row {
    let fields: Vec<&str> = line.split(';').collect();
    let [trap, label, sport, a_country, a_league, a_one, a_two, b_country, b_league, b_one, b_two, apart] = fields.as_slice()
    else {
        panic!("row {n} has {} fields: {line}", fields.len());
    };
    let label = match *label {
        "same" => Label::Same,
        "swapped" => Label::Swapped,
        "different" => Label::Different,
        other => panic!("row {n}: {other:?} is no label"),
    };
    let sport: Sport = serde_json::from_value(serde_json::Value::from(*sport)).expect("a sport");
    let event = |venue: &'static str, country: &str, league: &str, one: &str, two: &str, min: i64| Event {
        venue: VenueId::new(venue),
        id: format!("{n:04}"),
        sport,
        country: country.to_owned(),
        league: league.to_owned(),
        teams: [one.to_owned(), two.to_owned()],
        starts: KICK_OFF.plus_ms(min * 60_000),
    };
    let apart: i64 = apart.parse().expect("minutes");
    Row {
        trap: (*trap).to_owned(),
        label,
        first: event("sx", a_country, a_league, a_one, a_two, 0),
        second: event("azuro", b_country, b_league, b_one, b_two, apart),
    }
}
