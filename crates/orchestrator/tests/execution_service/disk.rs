//! A disk of a few MB that can be filled: a file system in memory, mounted on a folder and gone with it.

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The disk.
pub(crate) struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// 16 MB. Mounting needs root, as CI has it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        mount("tmpfs", folder.path(), "tmpfs", MountFlags::empty(), c"size=16m")
            .expect("a file system in memory is mounted, which needs root");
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes every byte that is left but so many.
    pub(crate) fn fill_but(&self, left: u64) {
        let mut file = File::create(self.filler()).unwrap();
        let full = std::iter::repeat_with(|| file.write_all(&[1; 4_096])).find_map(Result::err).unwrap();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        file.set_len(file.metadata().unwrap().len() - left).unwrap();
    }

    /// Gives it back.
    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(self.path(), UnmountFlags::DETACH).unwrap();
    }
}
