//! The space that the journal takes: what may be deleted, the spare, the reserve.

use super::dir;
use super::error::AppendError;
use super::spare::Spare;
use super::write::Journal;
use std::io;

impl Journal {
    /// Deletes old segments until `more` bytes fit under the cap. `sealing` says that the active segment is about to end
    /// and gives back what it has not used.
    pub(super) fn free_under_cap(&mut self, more: u64, sealing: bool) -> Result<(), AppendError> {
        let cap = self.options.disk_cap_bytes;
        loop {
            let unused = self.active.as_ref().filter(|_| sealing).map_or(0, |a| a.capacity - a.len);
            if self.bytes() - unused + more <= cap {
                return Ok(());
            }
            if !self.give_back() {
                let why = format!("the cap of {cap} bytes is reached, and every segment is still needed");
                return Err(AppendError::Full { why });
            }
        }
    }

    /// Gives some space back: history first, then the spare. False if there is nothing to give.
    pub(super) fn give_back(&mut self) -> bool {
        self.delete_oldest() || self.spare.take().is_some()
    }

    /// Deletes the oldest segment if neither the last two snapshots nor a reader need it.
    fn delete_oldest(&mut self) -> bool {
        let Some(second_last) = self.kept.iter().enumerate().rev().filter(|(_, k)| k.snapshot).map(|(i, _)| i).nth(1) else {
            return false;
        };
        let read = self.kept.get(1).is_some_and(|next| next.first_seq <= self.keep_from);
        // A snapshot that is not on the disk yet replaces nothing.
        let stands = self.kept.get(second_last).is_some_and(|k| k.first_seq < self.syncer.synced());
        if second_last == 0 || !read || !stands {
            return false;
        }
        let oldest = self.kept.remove(0);
        if std::fs::remove_file(&oldest.path).is_err() {
            self.kept.insert(0, oldest);
            return false;
        }
        true
    }

    /// Sees to it that the reserve is there.
    pub(super) fn ensure_reserve(&mut self) -> Result<(), AppendError> {
        let (path, bytes) = (dir::reserve_path(&self.dir), self.options.reserve_bytes);
        if std::fs::metadata(&path).is_ok_and(|m| m.len() >= bytes) {
            self.reserve = bytes;
            return Ok(());
        }
        self.free_under_cap(bytes, true)?;
        loop {
            match dir::create_preallocated(&path, bytes, self.disk.allocate) {
                Ok(_) => {
                    self.reserve = bytes;
                    return Ok(());
                }
                Err(e) if e.kind() == io::ErrorKind::StorageFull && self.give_back() => {}
                Err(e) => return Err(AppendError::Full { why: format!("no space for the reserve: {e}") }),
            }
        }
    }

    /// Has the next segment made ready, if there is room for it.
    pub(super) fn make_spare(&mut self) {
        let bytes = self.options.segment_bytes;
        if self.spare.is_none() && self.free_under_cap(bytes, false).is_ok() {
            self.spare = Spare::make(&self.dir, bytes, self.disk.allocate);
        }
    }
}
