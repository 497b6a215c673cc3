//! What this machine's wallet commands have sent: one JSON line before the bytes leave, one when their end is known.
//!
//! Append only, synced line by line. A line that a power failure cut is the last one and is told, not skipped: the number it used may be
//! taken, and the wallet's own count says so.

use anyhow::Context;
use azuro_client::transaction::Sent;
use serde::{Deserialize, Serialize};
use signing::eip712::Address;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Below the state folder.
const FILE: &str = "azuro_transactions.jsonl";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// About to leave.
    Sent(Sent),
    /// Its end was seen, by hash.
    Over(String),
}

/// The file.
#[derive(Debug)]
pub(super) struct Ledger {
    file: PathBuf,
}

impl Ledger {
    pub(super) fn new(state: &Path) -> Self {
        Self { file: state.join(FILE) }
    }

    /// Writes a transaction down.
    pub(super) fn write(&self, sent: &Sent) -> anyhow::Result<()> {
        self.append(&Line::Sent(sent.clone()))
    }

    /// Its end was seen.
    pub(super) fn over(&self, sent: &Sent) -> anyhow::Result<()> {
        self.append(&Line::Over(sent.hash.clone()))
    }

    fn append(&self, line: &Line) -> anyhow::Result<()> {
        let place = || format!("{} cannot be written", self.file.display());
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder).with_context(place)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file).with_context(place)?;
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(place)
    }

    /// The last transaction of a wallet whose end was not seen.
    pub(super) fn open(&self, chain_id: u64, wallet: Address) -> anyhow::Result<Option<Sent>> {
        let text = match std::fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e).with_context(|| format!("{} cannot be read", self.file.display())),
        };
        let from = azuro_client::sign::lower_hex(wallet);
        let mut open: Vec<Sent> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let place = || format!("{}, line {}", self.file.display(), number.saturating_add(1));
            match serde_json::from_str(line).with_context(place)? {
                Line::Sent(sent) => open.push(sent),
                Line::Over(hash) => open.retain(|sent| sent.hash != hash),
            }
        }
        Ok(open.into_iter().rev().find(|sent| sent.chain_id == chain_id && sent.from == from))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    fn sent(nonce: u64) -> Sent {
        let from = format!("0x{}", "11".repeat(20));
        Sent { chain_id: 137, from, nonce, what: "test".into(), hash: format!("0x{nonce:064x}"), raw: "0x02".into() }
    }

    #[test]
    fn a_transaction_is_open_until_its_end_was_seen_in_this_life_or_a_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let wallet = Address::repeat_byte(0x11);
        let ledger = || Ledger::new(&folder.path().join("state"));
        assert_eq!(ledger().open(137, wallet).unwrap(), None);
        ledger().write(&sent(4)).unwrap();
        assert_eq!(ledger().open(137, wallet).unwrap(), Some(sent(4)));
        assert_eq!(ledger().open(80_002, wallet).unwrap(), None, "another chain");
        assert_eq!(ledger().open(137, Address::ZERO).unwrap(), None, "another wallet");
        ledger().over(&sent(4)).unwrap();
        assert_eq!(ledger().open(137, wallet).unwrap(), None);
        ledger().write(&sent(5)).unwrap();
        assert_eq!(ledger().open(137, wallet).unwrap(), Some(sent(5)));
    }

    #[test]
    fn a_line_that_does_not_read_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::new(folder.path());
        ledger.write(&sent(4)).unwrap();
        std::fs::OpenOptions::new().append(true).open(&ledger.file).unwrap().write_all(b"{\"sent\":{\"cha").unwrap();
        let error = format!("{:#}", ledger.open(137, Address::ZERO).unwrap_err());
        assert!(error.contains("azuro_transactions.jsonl, line 2"), "{error}");
    }
}
