//! What lies in a journal's directory: segments, the reserve, the lock.

use super::error::OpenError;
use rustix::fs::{FallocateFlags, FlockOperation};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// End of a segment's file name.
const SUFFIX: &str = ".b4j";
/// Space kept for reducing orders when the disk is full.
const RESERVE: &str = "reserve";
/// Held by the one process that writes.
const LOCK: &str = "lock";

/// One segment's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Counted from 1; file names sort by it.
    pub(super) index: u64,
    pub(super) path: PathBuf,
    /// Bytes that it takes.
    pub(super) bytes: u64,
}

pub(super) fn segment_path(dir: &Path, index: u64) -> PathBuf {
    dir.join(format!("{index:010}{SUFFIX}"))
}

pub(super) fn reserve_path(dir: &Path) -> PathBuf {
    dir.join(RESERVE)
}

/// All segments, oldest first.
pub(super) fn segments(dir: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let index = name.to_str().and_then(|n| n.strip_suffix(SUFFIX)).and_then(|n| n.parse().ok());
        if let Some(index) = index {
            found.push(Segment { index, path: entry.path(), bytes: entry.metadata()?.len() });
        }
    }
    found.sort_by_key(|s| s.index);
    Ok(found)
}

/// Takes the lock for as long as the file lives. The operating system lets go of it when the process dies, however it
/// dies; so no stale lock is ever left.
pub(super) fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    let io = |source| OpenError::Io { doing: "opening the lock of", path: path.clone(), source };
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            // For the message alone: an unreadable number changes nothing.
            let _ = file.read_to_string(&mut holder);
            return Err(OpenError::Locked { dir: dir.to_owned(), holder: holder.trim().to_owned() });
        }
        Err(e) => return Err(io(e.into())),
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(io)?;
    Ok(file)
}

/// Makes a directory's entries durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Creates a file of `bytes` zeros whose space is really there, at `path`, and leaves nothing behind if it cannot.
pub(super) fn create_preallocated(path: &Path, bytes: u64, allocate: super::sync::AllocateFn) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
    allocate(&file, bytes).inspect_err(|_| {
        // The caller hears of the full disk; a leftover of no size would only puzzle.
        let _ = std::fs::remove_file(path);
    })?;
    Ok(file)
}

/// Reserves space with `fallocate`, or by writing zeros where the file system cannot.
pub(super) fn allocate(mut file: &File, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
            io::copy(&mut io::repeat(0).take(bytes), &mut file)?;
            file.seek(SeekFrom::Start(0)).map(|_| ())
        }
        Err(e) => Err(e.into()),
    }
}
