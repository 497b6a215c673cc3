//! Ends a bot that is silent, and no other process: the fence between the bot and whoever takes over.
//!
//! Two writers on one account are worse than none. So the process that is ended must be named by the heartbeat and by the
//! journal's lock, and must hold that lock open; it is held by a handle from before the check to the signal, so that its
//! number cannot have become another process's meanwhile.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Name of the file that is locked by whoever writes the journal.
const LOCK: &str = "lock";

/// Why a process was left alone.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotEnded {
    /// It is not the holder of this journal, as far as can be seen.
    #[error("process {pid} does not have the journal's lock open: it is not ended")]
    NotTheHolder {
        /// Which.
        pid: u32,
    },
    /// The system did not let us look or act.
    #[error("process {pid} cannot be ended")]
    System {
        /// Which.
        pid: u32,
        /// Its word.
        #[source]
        source: io::Error,
    },
}

/// SIGKILL for the process that has the lock of the journal in `folder` open. The lock is free when the process has gone.
///
/// # Errors
/// [`NotEnded`]; nothing was sent then.
pub(crate) fn end(pid: u32, folder: &Path) -> Result<(), NotEnded> {
    let system = |source: io::Error| NotEnded::System { pid, source };
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(NotEnded::NotTheHolder { pid })?;
    let handle = pidfd_open(raw, PidfdFlags::empty()).map_err(|e| system(e.into()))?;
    if !has_open(pid, &folder.join(LOCK)).map_err(system)? {
        return Err(NotEnded::NotTheHolder { pid });
    }
    pidfd_send_signal(&handle, Signal::KILL).map_err(|e| system(e.into()))
}

/// Whether a process has this very file open.
fn has_open(pid: u32, file: &Path) -> io::Result<bool> {
    let wanted = std::fs::metadata(file)?;
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd"))? {
        // One that was closed while we looked is none.
        let same =
            entry.and_then(|e| std::fs::metadata(e.path())).is_ok_and(|m| (m.dev(), m.ino()) == (wanted.dev(), wanted.ino()));
        if same {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    #[test]
    fn only_a_process_that_has_the_lock_open_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join(LOCK);
        std::fs::write(&lock, "1\n").unwrap();
        // Reads from a pipe that nobody writes to, so it runs until it is ended.
        let start = |holds: bool| {
            let errors = if holds { Stdio::from(std::fs::File::open(&lock).unwrap()) } else { Stdio::null() };
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(errors).spawn().unwrap()
        };
        let (mut stranger, mut holder) = (start(false), start(true));
        assert!(matches!(end(stranger.id(), folder.path()), Err(NotEnded::NotTheHolder { .. })));
        assert!(stranger.try_wait().unwrap().is_none(), "left alone");
        end(holder.id(), folder.path()).unwrap();
        assert_eq!(holder.wait().unwrap().signal(), Some(9));
        assert!(matches!(end(holder.id(), folder.path()), Err(NotEnded::System { .. })), "gone");
        assert!(matches!(end(0, folder.path()), Err(NotEnded::NotTheHolder { .. })));
        drop(stranger.stdin.take());
        assert!(stranger.wait().unwrap().success());
    }
}
