//! What a journal record says, for the projector and for commands that show the journal.

use domain::record::{Record, SCHEMA};
use journal::{KIND_HEADER, KIND_SNAPSHOT};

/// One journal record in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A segment begins. Says whose journal it is, nothing about trades.
    Header,
    /// Everything that the state was the fold of when a segment began.
    Snapshot(Vec<Record>),
    /// Something happened.
    Record(Record),
}

/// Why a journal record cannot be understood by this build.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// A later build wrote it.
    #[error("journal record {seq} has schema {found}, this build reads schemas up to {SCHEMA}")]
    Newer {
        /// Its number.
        seq: u64,
        /// As written.
        found: u16,
    },
    /// Its body is not what its schema says.
    #[error("the body of journal record {seq} cannot be read")]
    Body {
        /// Its number.
        seq: u64,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// Its body is of another kind than its frame says.
    #[error("journal record {seq} is of kind {kind}, but its body is a {word:?} record")]
    Kind {
        /// Its number.
        seq: u64,
        /// As its frame says.
        kind: u16,
        /// As its body says.
        word: &'static str,
    },
}

impl Entry {
    /// Reads the body of a journal record.
    ///
    /// # Errors
    /// [`EntryError`]: a later build wrote it, or it is not ours.
    pub fn read(record: &journal::Record) -> Result<Self, EntryError> {
        let journal::Record { seq, kind, version, ref body } = *record;
        if kind == KIND_HEADER {
            return Ok(Self::Header);
        }
        if version > SCHEMA {
            return Err(EntryError::Newer { seq, found: version });
        }
        let unreadable = |source| EntryError::Body { seq, source };
        if kind == KIND_SNAPSHOT {
            return serde_json::from_slice(body).map(Self::Snapshot).map_err(unreadable);
        }
        let record: Record = serde_json::from_slice(body).map_err(unreadable)?;
        if record.kind() == kind { Ok(Self::Record(record)) } else { Err(EntryError::Kind { seq, kind, word: record.word() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Wall;

    #[test]
    fn a_record_is_read_or_refused_with_its_number() {
        fn check(kind: u16, version: u16, body: &str, expect: Result<Entry, &str>) {
            let record = journal::Record { seq: 57, kind, version, body: body.as_bytes().to_vec() };
            assert_eq!(Entry::read(&record).map_err(|e| e.to_string()), expect.map_err(str::to_owned), "{body}");
        }
        let json = r#"{"t":"started","at":5,"epoch":2,"config":"c"}"#;
        let started = Record::Started { at: Wall(5), epoch: 2, config: "c".into() };
        check(16, 1, json, Ok(Entry::Record(started.clone())));
        check(16, 0, json, Ok(Entry::Record(started.clone())));
        check(KIND_HEADER, 9, "anything", Ok(Entry::Header));
        check(KIND_SNAPSHOT, 1, "[]", Ok(Entry::Snapshot(vec![])));
        check(KIND_SNAPSHOT, 1, &format!("[{json}]"), Ok(Entry::Snapshot(vec![started])));
        check(16, 2, json, Err("journal record 57 has schema 2, this build reads schemas up to 1"));
        check(KIND_SNAPSHOT, 2, "[]", Err("journal record 57 has schema 2, this build reads schemas up to 1"));
        check(17, 1, json, Err("journal record 57 is of kind 17, but its body is a \"started\" record"));
        check(16, 1, "{", Err("the body of journal record 57 cannot be read"));
        check(16, 1, r#"{"t":"teleported","at":5}"#, Err("the body of journal record 57 cannot be read"));
        check(KIND_SNAPSHOT, 1, json, Err("the body of journal record 57 cannot be read"));
    }
}
