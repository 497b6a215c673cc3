//! Memory with keys in it stays off the disk.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Tells the kernel to write no core file of this process, whatever kills it: a core holds every key. Cannot be
/// undone by the process itself.
///
/// # Errors
/// The kernel refused; the process would write cores as before.
pub fn forbid_core_files() -> std::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).map_err(std::io::Error::from)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    #[test]
    fn no_core_file_is_allowed_afterwards_and_none_can_be_allowed_again() {
        forbid_core_files().unwrap();
        let limit = rustix::process::getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }
}
