//! Identities, options and shorthand.

use domain::Wall;
use journal::{Chain, Durability, FORMAT, Header, Identity, Journal, Mode, OpenError, Opened, Options, Writer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The kind of all test records.
pub(crate) const KIND: u16 = 7;

pub(crate) fn identity(mode: Mode) -> Identity {
    let map = |v: &str| BTreeMap::from([("vest".to_owned(), v.to_owned())]);
    Identity { mode, accounts: map("0xaa"), chains: map("42161") }
}

pub(crate) fn options() -> Options {
    Options {
        segment_bytes: 4_096,
        reserve_bytes: 4_096,
        disk_cap_bytes: 1 << 20,
        ..Options::new(|| Wall(1_700_000_000_000_000))
    }
}

/// Every record knows the one before it to be on the disk.
pub(crate) fn power() -> Options {
    Options { durability: Durability::Power, ..options() }
}

pub(crate) fn open(dir: &Path, options: Options) -> Result<Opened, OpenError> {
    Journal::open(dir, identity(Mode::Demo), "test 0.1.0", options)
}

pub(crate) fn must_open(dir: &Path, options: Options) -> Opened {
    open(dir, options).expect("opens")
}

/// The bodies of a replay, as text.
pub(crate) fn bodies(opened: &Opened) -> Vec<String> {
    opened.replay.iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect()
}

pub(crate) fn texts(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(text).collect()
}

pub(crate) fn text(n: u32) -> String {
    format!("record number {n}, and some more words")
}

pub(crate) fn append_all(journal: &mut Journal, range: std::ops::Range<u32>) {
    for n in range {
        journal.append(KIND, 1, text(n).as_bytes()).expect("appended");
    }
}

pub(crate) fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("listed").map(|e| e.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "b4j")).collect();
    found.sort();
    found
}

pub(crate) fn header() -> Header {
    Header {
        format: FORMAT,
        identity: identity(Mode::Demo),
        build: "test 0.1.0".into(),
        epoch: 1,
        created_at: Wall(0),
        previous: Chain::ORIGIN,
    }
}

/// A segment in memory: a header and these bodies. Each record knows all but the last `behind` before it to be synced.
/// Gives the offsets of all frames, the header's first, and the end.
pub(crate) fn segment(bodies: &[Vec<u8>], behind: u64) -> (Vec<u8>, Vec<usize>) {
    let (mut out, mut writer) = (Vec::new(), Writer::default());
    let mut offsets = vec![0];
    writer.header(&mut out, &header(), 0).expect("fits");
    for body in bodies {
        offsets.push(out.len());
        let synced = writer.next_seq().saturating_sub(1 + behind);
        writer.record(&mut out, KIND, 1, synced, body).expect("fits");
    }
    offsets.push(out.len());
    (out, offsets)
}
