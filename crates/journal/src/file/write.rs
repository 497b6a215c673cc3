//! Appending: one `write` per record, segments one after the other, a reserve for when the disk is full.

use super::dir;
use super::epoch::next_epoch;
use super::error::{AppendError, OpenError};
use super::recover::{Kept, OpenReport, Opened, Recovered, recover};
use super::spare::{self, Spare};
use super::sync::{Disk, Syncer};
use super::{Durability, Options};
use crate::codec::{FRAME_HEADER, KIND_FIRST_FREE, KIND_SNAPSHOT, MAX_BODY, TooLong, Writer};
use crate::header::{FORMAT, Header, Identity};
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The journal of one bot, open for appending. Owned by one thread; nothing here waits for the disk unless asked to.
pub struct Journal {
    pub(super) dir: PathBuf,
    pub(super) options: Options,
    /// Of the next segment; its `created_at` is set when that begins.
    header: Header,
    writer: Writer,
    pub(super) active: Option<Active>,
    /// All segments, oldest first, the active one last.
    pub(super) kept: Vec<Kept>,
    next_index: u64,
    /// The next segment, made ready.
    pub(super) spare: Option<Spare>,
    /// Bytes of the reserve that is there, 0 if there is none.
    pub(super) reserve: u64,
    /// Records go to what was the reserve: reducing ones only.
    emergency: bool,
    /// First record that somebody still has to read.
    pub(super) keep_from: u64,
    /// Reused by every append.
    buffer: Vec<u8>,
    pub(super) disk: Disk,
    /// Joined before the lock goes.
    pub(super) syncer: Syncer,
    _lock: File,
}

/// The segment that records go to.
pub(super) struct Active {
    file: Arc<File>,
    pub(super) len: u64,
    pub(super) capacity: u64,
}

/// A snapshot to begin a segment with.
struct Snapshot<'a> {
    version: u16,
    body: &'a [u8],
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dir, writer, .. } = self;
        write!(f, "journal in {dir:?} after record {}", writer.next_seq() - 1)
    }
}

impl Journal {
    /// Opens the journal in `dir`, or begins one there: takes the lock, compares identities, reads what is to be
    /// replayed, cuts off what was never finished, and takes a new epoch. `build` names the program in headers.
    ///
    /// The first append after it begins a segment; call [`Journal::rotate`] first to begin that with a snapshot.
    ///
    /// # Errors
    /// See [`OpenError`]. A journal that is refused is left as it was found.
    pub fn open(dir: &Path, identity: Identity, build: &str, options: Options) -> Result<Opened, OpenError> {
        Self::open_on(dir, identity, build, options, Disk::real())
    }

    pub(super) fn open_on(
        dir: &Path,
        identity: Identity,
        build: &str,
        options: Options,
        disk: Disk,
    ) -> Result<Opened, OpenError> {
        options.check()?;
        let io = |doing| move |source| OpenError::Io { doing, path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(io("creating"))?;
        let lock = dir::lock(dir)?;
        let Recovered { writer, epoch, next_index, kept, replay, repaired } = recover(dir, &identity)?;
        let epoch = next_epoch(dir, epoch.max(options.known_epoch))?;
        let last_seq = writer.next_seq() - 1;
        let syncer = Syncer::start(dir.to_owned(), disk.clone(), last_seq).map_err(io("starting the sync thread of"))?;
        let header = Header {
            format: FORMAT,
            identity,
            build: build.to_owned(),
            epoch,
            created_at: (options.clock)(),
            previous: writer.chain(),
        };
        let mut journal = Self {
            dir: dir.to_owned(),
            buffer: Vec::with_capacity(4_096),
            options,
            header,
            writer,
            active: None,
            kept,
            next_index,
            spare: None,
            reserve: 0,
            emergency: false,
            keep_from: u64::MAX,
            disk,
            syncer,
            _lock: lock,
        };
        // Without a reserve the bot may still reduce what it holds, so a full disk does not refuse the start.
        let reserve = journal.ensure_reserve().is_ok();
        spare::remove_leftover(dir);
        journal.make_spare();
        if let Some(spare) = &mut journal.spare {
            spare.wait();
        }
        let report = OpenReport { epoch, segments: journal.kept.len(), last_seq, repaired, reserve };
        Ok(Opened { journal, replay, report })
    }

    /// Appends one record and gives its number. With [`Durability::Process`] it survives the death of the process when
    /// this returns, with [`Durability::Power`] a power cut.
    ///
    /// # Errors
    /// See [`AppendError`]: the record counts as not taken, and what it announces must not be done. After a failed sync
    /// it may be found again at the next start all the same.
    pub fn append(&mut self, kind: u16, version: u16, body: &[u8]) -> Result<u64, AppendError> {
        check_body(kind, body)?;
        self.entries_allowed()?;
        self.make_room(body.len(), false)?;
        let seq = self.put(kind, version, body)?;
        self.durable(seq).map(|()| seq)
    }

    /// Appends the record of an order that reduces exposure: when the disk is full or a sync has failed it goes to the
    /// reserve, and it does not wait for a disk that has failed.
    ///
    /// # Errors
    /// See [`AppendError`]; then the reserve is used up too.
    pub fn append_reducing(&mut self, kind: u16, version: u16, body: &[u8]) -> Result<u64, AppendError> {
        check_body(kind, body)?;
        if !self.emergency && self.syncer.failure().is_some() {
            self.enter_reserve(body.len())?;
        }
        self.make_room(body.len(), true)?;
        let seq = match self.put(kind, version, body) {
            Err(AppendError::Poisoned { .. }) if !self.emergency => {
                self.enter_reserve(body.len())?;
                self.put(kind, version, body)?
            }
            other => other?,
        };
        // Written, so it survives the process; that the disk has failed since must not stop a closing order.
        let _ = self.durable(seq);
        Ok(seq)
    }

    /// Begins a new segment with a snapshot of the state that all records so far fold to, and gives the snapshot's
    /// number. Replay will start here, and older segments may be deleted under the cap from the next snapshot on. Tries
    /// to get a full journal out of its reserve as well.
    ///
    /// # Errors
    /// See [`AppendError`]; the journal goes on as it was.
    pub fn rotate(&mut self, version: u16, snapshot: &[u8]) -> Result<u64, AppendError> {
        if snapshot.len() > MAX_BODY {
            return Err(TooLong { len: snapshot.len(), max: MAX_BODY }.into());
        }
        self.not_poisoned()?;
        if self.reserve == 0 {
            self.ensure_reserve()?;
        }
        let seq = self.roll(Some(Snapshot { version, body: snapshot }), 0)?;
        self.emergency = false;
        self.durable(seq).map(|()| seq)
    }

    /// Whether the segment is three quarters full, so that a snapshot is due.
    pub fn wants_rotation(&self) -> bool {
        self.emergency || self.active.as_ref().is_none_or(|a| a.len >= a.capacity / 4 * 3)
    }

    /// Whether records that open exposure would be taken, as far as can be known without trying.
    ///
    /// # Errors
    /// Why not.
    pub fn entries_allowed(&self) -> Result<(), AppendError> {
        self.not_poisoned()?;
        if self.emergency {
            return Err(AppendError::Full { why: "records go to the reserve".into() });
        }
        Ok(())
    }

    /// Segments that hold record `seq` or later are not deleted, whatever the cap says: a projection or a mirror has
    /// still to read them. When the cap is reached for that reason, entries stop.
    pub const fn keep_from(&mut self, seq: u64) {
        self.keep_from = seq;
    }

    /// Number of the last record, 0 if there is none.
    pub const fn last_seq(&self) -> u64 {
        self.writer.next_seq() - 1
    }

    /// Number of the last record that is known to be on the disk: projections go no further.
    pub fn synced(&self) -> u64 {
        self.syncer.synced()
    }

    /// Tells `listener` now, and then whenever the disk has more, up to which record it has everything. It is called on the
    /// thread that syncs, which waits for it: it should only pass the number on. One listener is enough; later ones are
    /// not taken.
    pub fn on_synced(&self, listener: impl Fn(u64) + Send + Sync + 'static) {
        self.syncer.listen(Box::new(listener));
    }

    /// Has the disk follow at once instead of within 5 ms. For after the orders have left: it may have to wake a thread.
    pub fn sync_soon(&self) {
        self.syncer.nudge();
    }

    /// Waits until all records are on the disk.
    ///
    /// # Errors
    /// [`AppendError::Poisoned`] if they may never be.
    pub fn wait_synced(&self) -> Result<(), AppendError> {
        self.syncer.wait(self.last_seq()).map_err(|why| AppendError::Poisoned { why })
    }

    /// This start's epoch.
    pub const fn epoch(&self) -> u32 {
        self.header.epoch
    }

    /// Bytes that all files take.
    pub fn bytes(&self) -> u64 {
        let spare = self.spare.as_ref().map_or(0, Spare::bytes);
        self.kept.iter().map(|k| k.bytes).sum::<u64>() + self.reserve + spare
    }

    fn not_poisoned(&self) -> Result<(), AppendError> {
        self.syncer.failure().map_or(Ok(()), |why| Err(AppendError::Poisoned { why }))
    }

    fn durable(&self, seq: u64) -> Result<(), AppendError> {
        match self.options.durability {
            Durability::Process => Ok(()),
            Durability::Power => self.syncer.wait(seq).map_err(|why| AppendError::Poisoned { why }),
        }
    }

    /// Sees to it that a body of `len` bytes fits the active segment.
    fn make_room(&mut self, len: usize, reducing: bool) -> Result<(), AppendError> {
        let need = (FRAME_HEADER + len) as u64;
        if self.active.as_ref().is_some_and(|a| a.capacity - a.len >= need) {
            return Ok(());
        }
        if self.emergency {
            return Err(AppendError::Full { why: "the reserve is used up".into() });
        }
        match self.roll(None, len) {
            Err(AppendError::Full { .. } | AppendError::Poisoned { .. }) if reducing => self.enter_reserve(len),
            other => other.map(|_| ()),
        }
    }

    /// One frame, one `write`.
    fn put(&mut self, kind: u16, version: u16, body: &[u8]) -> Result<u64, AppendError> {
        let Some(active) = &mut self.active else {
            return Err(AppendError::Poisoned { why: self.syncer.failure().unwrap_or_default() });
        };
        let mut writer = self.writer;
        self.buffer.clear();
        let seq = writer.record(&mut self.buffer, kind, version, self.syncer.synced(), body)?;
        if let Err(e) = (&*active.file).write_all(&self.buffer) {
            return Err(self.write_failed(&e));
        }
        active.len += self.buffer.len() as u64;
        self.writer = writer;
        self.syncer.written(seq);
        Ok(seq)
    }

    /// Half a frame may lie there now: nothing may follow it in this segment.
    fn write_failed(&mut self, e: &io::Error) -> AppendError {
        let why = format!("a write failed: {e}");
        self.active = None;
        self.syncer.poison(why.clone());
        AppendError::Poisoned { why }
    }

    /// Begins a new segment that has room for a body of `len` bytes after what it begins with.
    fn roll(&mut self, lead: Option<Snapshot<'_>>, len: usize) -> Result<u64, AppendError> {
        let start = self.lead_bytes(lead.as_ref())?;
        let least = (start.bytes.len() + FRAME_HEADER + len) as u64;
        let capacity = self.options.segment_bytes.max(least);
        let path = dir::segment_path(&self.dir, self.next_index);
        if let Some(spare) = &mut self.spare
            && let Some(file) = spare.take(capacity, &path)
        {
            let capacity = spare.bytes();
            self.spare = None;
            let seq = self.begin(path, file, capacity, start)?;
            self.make_spare();
            return Ok(seq);
        }
        self.free_under_cap(capacity, true)?;
        let file = loop {
            match dir::create_preallocated(&path, capacity, self.disk.allocate) {
                Ok(file) => break file,
                // The disk is full before the cap is reached: old segments go first.
                Err(e) if e.kind() == io::ErrorKind::StorageFull && self.give_back() => {}
                Err(e) => return Err(AppendError::Full { why: format!("no space for a segment: {e}") }),
            }
        };
        let seq = self.begin(path, file, capacity, start)?;
        self.make_spare();
        Ok(seq)
    }

    /// Turns the reserve into the active segment.
    fn enter_reserve(&mut self, len: usize) -> Result<(), AppendError> {
        let gone = || AppendError::Full { why: "there is no reserve".into() };
        if self.reserve == 0 {
            return Err(gone());
        }
        let start = self.lead_bytes(None)?;
        if ((start.bytes.len() + FRAME_HEADER + len) as u64) > self.reserve {
            return Err(AppendError::Full { why: "the record does not fit the reserve".into() });
        }
        let path = dir::segment_path(&self.dir, self.next_index);
        let from = dir::reserve_path(&self.dir);
        let file = std::fs::rename(&from, &path).and_then(|()| File::options().read(true).write(true).open(&path));
        let file = file.map_err(|e| AppendError::Full { why: format!("the reserve cannot be used: {e}") })?;
        let capacity = std::mem::take(&mut self.reserve);
        self.emergency = true;
        self.begin(path, file, capacity, start).map(|_| ())
    }

    /// What a new segment begins with.
    fn lead_bytes(&self, lead: Option<&Snapshot<'_>>) -> Result<Lead, AppendError> {
        let mut writer = self.writer;
        let (mut bytes, synced) = (Vec::new(), self.syncer.synced());
        let header = Header { created_at: (self.options.clock)(), ..self.header.clone() };
        let first = writer.header(&mut bytes, &header, synced)?;
        let last = match lead {
            Some(Snapshot { version, body }) => writer.record(&mut bytes, KIND_SNAPSHOT, *version, synced, body)?,
            None => first,
        };
        Ok(Lead { bytes, writer, first, last, snapshot: lead.is_some() })
    }

    /// Makes `file` the active segment and writes its beginning, in one `write`.
    fn begin(&mut self, path: PathBuf, file: File, capacity: u64, lead: Lead) -> Result<u64, AppendError> {
        self.next_index += 1;
        let file = Arc::new(file);
        let sealed_len = self.active.take().map_or(0, |old| old.len);
        if let Some(old) = self.kept.last_mut().filter(|_| sealed_len > 0) {
            old.bytes = sealed_len;
        }
        self.kept.push(Kept { path, bytes: capacity, first_seq: lead.first, snapshot: lead.snapshot });
        self.syncer.switch(Arc::clone(&file), sealed_len);
        if let Err(e) = (&*file).write_all(&lead.bytes) {
            return Err(self.write_failed(&e));
        }
        self.writer = lead.writer;
        self.active = Some(Active { file, len: lead.bytes.len() as u64, capacity });
        self.syncer.written(lead.last);
        Ok(lead.last)
    }
}

/// The first bytes of a segment, and the writer after them.
struct Lead {
    bytes: Vec<u8>,
    writer: Writer,
    first: u64,
    last: u64,
    snapshot: bool,
}

fn check_body(kind: u16, body: &[u8]) -> Result<(), AppendError> {
    if kind < KIND_FIRST_FREE {
        return Err(AppendError::Kind(kind));
    }
    if body.len() > MAX_BODY {
        return Err(TooLong { len: body.len(), max: MAX_BODY }.into());
    }
    Ok(())
}
