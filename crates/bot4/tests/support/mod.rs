//! What the tests of the real binary share: the bot as a child process whose log is read line by line, and both venues
//! hosted by the test, with everything that crosses their wires on tape.
//!
//! Nothing here waits for a time: a condition is waited for, with a limit.
#![allow(dead_code, unused_imports, reason = "every test binary uses its own part of this")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

mod bot;
pub(crate) mod keys;
mod venues;

pub(crate) use bot::{Bot, Ended, run_to_end};
pub(crate) use venues::{Tape, Venue, Venues};

use std::path::Path;

/// A folder with `config.yaml` for both hosted venues and `.env` with the keys of [`keys`]; `more` is added to the file.
pub(crate) fn working_folder(venues: &Venues, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (vest, paradex) = (&venues.vest.server, &venues.paradex.server);
    write(folder.path(), "vest.pem", vest.ca_pem());
    write(folder.path(), "paradex.pem", paradex.ca_pem());
    let (vest_rest, vest_ws) = (vest.rest_url(), vest.ws_url());
    let (paradex_rest, paradex_ws) = (paradex.rest_url(), paradex.ws_url());
    let config = format!(
        "mode: demo\n\
         pairs: [ETH-USD]\n\
         state: state\n\
         venues:\n\
         \x20 vest: {{ rest: \"{vest_rest}\", ws: \"{vest_ws}\", ca: vest.pem }}\n\
         \x20 paradex: {{ rest: \"{paradex_rest}\", ws: \"{paradex_ws}\", ca: paradex.pem, onboard: true }}\n\
         {more}\n"
    );
    write(folder.path(), "config.yaml", &config);
    write(folder.path(), ".env", &keys::dotenv());
    folder
}

/// Writes a file into a folder, for its owner alone.
pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// An amount at 1e-8, as written by a venue or a log line.
#[track_caller]
pub(crate) fn e8(text: &str) -> i64 {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |t| (true, t));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 8, "{text:?} has more than eight decimals");
    let number: i64 = format!("{whole}{fraction:0<8}").parse().unwrap_or_else(|e| panic!("{text:?} is no amount: {e}"));
    if negative { -number } else { number }
}
