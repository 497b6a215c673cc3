//! Journals written by every release keep replaying: what each is and how it was made stands in `testdata/SOURCES.md`.

use crate::desk::config;
use domain::record::{Record, SCHEMA};
use engine::Engine;
use journal::codec::{End, KIND_FIRST_FREE, Reader};

const FRAMED: &[u8] = include_bytes!("../../testdata/v1/sample.journal");
const LINES: &str = include_str!("../../testdata/v1/sample.jsonl");

fn lines() -> Vec<Record> {
    LINES.lines().map(|l| serde_json::from_str(l).expect("a record of schema 1 reads")).collect()
}

fn framed() -> Vec<Record> {
    let mut reader = Reader::new(FRAMED);
    let mut records = Vec::new();
    for frame in reader.by_ref().filter(|f| f.kind >= KIND_FIRST_FREE) {
        assert!(frame.version <= SCHEMA);
        let record: Record = serde_json::from_slice(frame.body).expect("a body of schema 1 reads");
        assert_eq!(frame.kind, record.kind());
        records.push(record);
    }
    assert!(matches!(reader.end(), Some(End::Clean { .. })), "{:?}", reader.end());
    records
}

#[test]
fn a_journal_of_schema_1_reads_the_same_from_frames_and_from_lines() {
    assert_eq!(framed(), lines());
}

#[test]
fn a_journal_of_schema_1_replays_to_the_end_of_its_rounds() {
    let mut engine = Engine::new(config());
    for record in lines() {
        engine.fold(&record).expect("it was legal when it was written");
    }
    assert_eq!(engine.rounds().count(), 0);
    assert_eq!(engine.ended().count(), lines().iter().filter(|r| matches!(r, Record::Ended { .. })).count());
    assert!(engine.ended().all(|r| r.uncovered() == 0));
}

#[test]
fn a_torn_last_record_is_cut_off_and_the_rest_replays() {
    for short in 1..200 {
        let mut reader = Reader::new(&FRAMED[..FRAMED.len() - short]);
        let mut engine = Engine::new(config());
        for frame in reader.by_ref().filter(|f| f.kind >= KIND_FIRST_FREE) {
            let record: Record = serde_json::from_slice(frame.body).expect("whole frames only");
            engine.fold(&record).expect("a beginning of a history folds");
        }
        assert!(!matches!(reader.end(), Some(End::Corrupt { .. })), "{short} bytes short");
    }
}
