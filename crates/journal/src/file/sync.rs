//! Gets written records onto the disk, in groups, on a thread of its own.
//!
//! The appender never waits for it unless asked for [`Durability::Power`](super::Durability::Power). A sync that fails
//! is never repeated: after a failure the kernel may drop the dirty pages and report success the next time, so a second
//! try would prove nothing. The segment counts as poisoned, the watermark stays where it is.

use super::dir;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

/// How long a record may lie unnoticed when nobody asks for it. Waking a sleeping thread costs the caller 2 to 20
/// microseconds, which do not belong between a decision and its order.
const IDLE: Duration = Duration::from_millis(5);

/// Reserves space for a file. A parameter, so that tests can fill the disk.
pub(super) type AllocateFn = fn(&File, u64) -> io::Result<()>;

/// Makes a file's bytes durable.
pub(super) type SyncFn = Arc<dyn Fn(&File) -> io::Result<()> + Send + Sync>;

/// Told of every record number up to which the disk has everything.
pub(super) type Listener = Box<dyn Fn(u64) + Send + Sync>;

/// How the disk is spoken to. A parameter, so that tests can make it fail.
#[derive(Clone)]
pub(super) struct Disk {
    pub(super) sync: SyncFn,
    pub(super) allocate: AllocateFn,
}

impl Disk {
    pub(super) fn real() -> Self {
        Self { sync: Arc::new(File::sync_data), allocate: dir::allocate }
    }
}

/// A segment that gets no more records: to be synced one last time and cut to its length.
struct Sealed {
    file: Arc<File>,
    len: u64,
}

#[derive(Default)]
struct Files {
    sealed: Vec<Sealed>,
    current: Option<Arc<File>>,
    /// The directory has entries that are not synced.
    dir_dirty: bool,
    failure: Option<String>,
}

struct Shared {
    dir: PathBuf,
    disk: Disk,
    written: AtomicU64,
    synced: AtomicU64,
    poisoned: AtomicBool,
    stop: AtomicBool,
    files: Mutex<Files>,
    changed: Condvar,
    listener: OnceLock<Listener>,
}

impl Shared {
    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the first failure and wakes whoever waits.
    fn poison(&self, files: &mut Files, why: String) {
        files.failure.get_or_insert(why);
        self.poisoned.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    /// Syncs until told to stop, then once more.
    fn run(&self) {
        loop {
            let stopping = self.stop.load(Ordering::Acquire);
            // Before the files: what is written by now lies in files that are listed by now.
            let target = self.written.load(Ordering::Acquire);
            let (sealed, current, dir_dirty) = {
                let mut files = self.files();
                (std::mem::take(&mut files.sealed), files.current.clone(), std::mem::take(&mut files.dir_dirty))
            };
            if sealed.is_empty() && !dir_dirty && target == self.synced.load(Ordering::Acquire) {
                if stopping {
                    return;
                }
                std::thread::park_timeout(IDLE);
                continue;
            }
            if let Err(why) = self.sync_all(&sealed, current.as_deref(), dir_dirty) {
                let mut files = self.files();
                // Never again: neither the file that failed nor those taken with it, wherever they are listed by now.
                let tried = |file: &Arc<File>| current.as_ref().is_some_and(|t| Arc::ptr_eq(t, file));
                files.sealed.retain(|s| !tried(&s.file));
                files.current.take_if(|file| tried(file));
                self.poison(&mut files, why);
            }
            if self.poisoned.load(Ordering::Acquire) {
                // The watermark stays, as nothing can be promised in order any more. What goes to the reserve is still
                // synced, once for each wake.
                if stopping {
                    return;
                }
                std::thread::park_timeout(IDLE);
                continue;
            }
            let files = self.files();
            self.synced.store(target, Ordering::Release);
            // Before whoever waits for the disk goes on: he may count on the listener having heard of it.
            if let Some(tell) = self.listener.get() {
                tell(target);
            }
            self.changed.notify_all();
            drop(files);
        }
    }

    fn sync_all(&self, sealed: &[Sealed], current: Option<&File>, dir_dirty: bool) -> Result<(), String> {
        let say = |e: io::Error| format!("a sync failed: {e}");
        if dir_dirty {
            dir::sync_dir(&self.dir).map_err(say)?;
        }
        for Sealed { file, len } in sealed {
            // Gives the rest of the preallocated space back; a failure costs space, not truth.
            let _ = file.set_len(*len);
            (self.disk.sync)(file).map_err(say)?;
        }
        current.map_or(Ok(()), |file| (self.disk.sync)(file)).map_err(say)
    }
}

/// The appender's end of the thread; ends and joins it when dropped, after a last sync.
pub(super) struct Syncer {
    shared: Arc<Shared>,
    thread: Thread,
    join: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts the thread. `written` is the last record that is there, and synced, already.
    pub(super) fn start(dir: PathBuf, disk: Disk, written: u64) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            dir,
            disk,
            written: AtomicU64::new(written),
            synced: AtomicU64::new(written),
            poisoned: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            files: Mutex::default(),
            changed: Condvar::new(),
            listener: OnceLock::new(),
        });
        let of_thread = Arc::clone(&shared);
        let join = std::thread::Builder::new().name("journal-sync".into()).spawn(move || of_thread.run())?;
        Ok(Self { shared, thread: join.thread().clone(), join: Some(join) })
    }

    /// A record up to `seq` was written to the current file. The thread finds it by itself within [`IDLE`].
    pub(super) fn written(&self, seq: u64) {
        self.shared.written.store(seq, Ordering::Release);
    }

    /// Wakes the thread, if it sleeps.
    pub(super) fn nudge(&self) {
        self.thread.unpark();
    }

    /// From now on records go to `file`; the one before ends at `sealed_len`.
    pub(super) fn switch(&self, file: Arc<File>, sealed_len: u64) {
        let mut files = self.shared.files();
        if let Some(old) = files.current.replace(file) {
            files.sealed.push(Sealed { file: old, len: sealed_len });
        }
        files.dir_dirty = true;
    }

    /// Highest record known to be on the disk.
    pub(super) fn synced(&self) -> u64 {
        self.shared.synced.load(Ordering::Acquire)
    }

    /// Has the thread tell `listener`; only the first one is taken.
    pub(super) fn listen(&self, listener: Listener) {
        if self.shared.listener.set(listener).is_ok()
            && let Some(tell) = self.shared.listener.get()
        {
            tell(self.synced());
        }
    }

    /// Why nothing can be promised any more, if so.
    pub(super) fn failure(&self) -> Option<String> {
        if !self.shared.poisoned.load(Ordering::Acquire) {
            return None;
        }
        Some(self.shared.files().failure.clone().unwrap_or_default())
    }

    /// A write failed: as bad as a failed sync.
    pub(super) fn poison(&self, why: String) {
        let mut files = self.shared.files();
        files.current = None;
        self.shared.poison(&mut files, why);
    }

    /// Waits until record `seq` is on the disk, or never will be.
    pub(super) fn wait(&self, seq: u64) -> Result<(), String> {
        self.nudge();
        let mut files = self.shared.files();
        loop {
            if self.synced() >= seq {
                return Ok(());
            }
            if self.shared.poisoned.load(Ordering::Acquire) {
                return Err(files.failure.clone().unwrap_or_default());
            }
            files = self.shared.changed.wait(files).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.thread.unpark();
        if let Some(join) = self.join.take() {
            // A panic of the thread was told on standard error already.
            let _ = join.join();
        }
    }
}
