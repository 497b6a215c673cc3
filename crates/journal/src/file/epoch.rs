//! The epoch: a number that rises at every start and is on the disk before anything is named after it.
//!
//! Order ids begin with it, so a journal whose tail is lost can never give an old order's id to a new one.

use super::dir::sync_dir;
use super::error::OpenError;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const EPOCH: &str = "epoch";
const EPOCH_NEW: &str = "epoch.new";

/// Takes the next epoch of the journal in `dir`: larger than the last one taken there and than `known`, which is the
/// largest that journal headers, mirror and clock can name. It is synced to the disk when this returns.
///
/// # Errors
/// If the epoch file is unreadable, the numbers are used up, or the disk refuses.
pub fn next_epoch(dir: &Path, known: u32) -> Result<u32, OpenError> {
    let last = read(dir)?.unwrap_or(0).max(known);
    let epoch = last.checked_add(1).ok_or(OpenError::EpochsExhausted { last })?;
    let (path, new) = (dir.join(EPOCH), dir.join(EPOCH_NEW));
    let io = |source| OpenError::Io { doing: "writing the epoch file", path: path.clone(), source };
    let digits = epoch.to_string();
    let text = format!("{digits} {:08x}\n", crc32fast::hash(digits.as_bytes()));
    put(&new, &text).map_err(io)?;
    // They change places, so that both are there from the second start on and a full disk refuses none.
    if renameat_with(CWD, &new, CWD, &path, RenameFlags::EXCHANGE).is_err() {
        // The first one, or a file system that cannot exchange.
        std::fs::rename(&new, &path).map_err(io)?;
        let _ = put(&new, &text); // only kept for its space
    }
    sync_dir(dir).map_err(io)?;
    Ok(epoch)
}

/// Writes over what is there, into space that it has already.
fn put(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    file.sync_all()
}

/// The last epoch taken in `dir`, 0 if none ever was.
pub(super) fn last(dir: &Path) -> Result<u32, OpenError> {
    read(dir).map(|last| last.unwrap_or(0))
}

/// The last epoch taken, `None` if none ever was.
fn read(dir: &Path) -> Result<Option<u32>, OpenError> {
    let path: PathBuf = dir.join(EPOCH);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OpenError::Io { doing: "reading the epoch file", path, source }),
    };
    parse(&text).map(Some).ok_or(OpenError::Epoch { path })
}

fn parse(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, crc) = text.trim_end().split_once(' ')?;
    let matches = u32::from_str_radix(crc, 16).ok()? == crc32fast::hash(digits.as_bytes());
    if matches { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_exceeds_every_number_known_before() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let check = |known: u32, expect: u32| assert_eq!(next_epoch(dir.path(), known).expect("taken"), expect);
        check(0, 1);
        check(0, 2);
        check(10, 11);
        check(5, 12);
        check(u32::MAX - 1, u32::MAX);
        let end = next_epoch(dir.path(), 0).expect_err("used up").to_string();
        assert_eq!(end, "no epoch after 4294967295 is left");
    }

    #[test]
    fn an_unreadable_epoch_file_is_refused_and_not_replaced() {
        fn check(text: &[u8]) {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let path = dir.path().join(EPOCH);
            std::fs::write(&path, text).expect("written");
            assert!(matches!(next_epoch(dir.path(), 3), Err(OpenError::Epoch { .. })), "{text:?}");
            assert_eq!(std::fs::read(&path).expect("still there"), text);
        }
        check(b"");
        check(b"7");
        check(b"7 00000000");
        check(b"\xff\xfe 1");
    }
}
