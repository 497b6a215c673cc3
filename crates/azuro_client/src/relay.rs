//! A sequencer's own feed of blocks, as Arbitrum's rollups broadcast it: the earliest sign of a stall.
//!
//! Source: spec section 14.1. Only what tells progress is read: the number that rises by one per block, and the sequencer's clock.
//! Azuro's bets are on Polygon; this is for the health of the rollups that money of ours crosses.

use crate::error::Unreadable;
use serde::Deserialize;

/// One block as broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// Rises by one per block.
    pub sequence: u64,
    /// The block of the chain below that it saw.
    pub l1_block: u64,
    /// Unix seconds by the sequencer's clock.
    pub time_s: u64,
}

#[derive(Deserialize)]
struct Envelope {
    version: u64,
    #[serde(default)]
    messages: Vec<Message>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    sequence_number: u64,
    message: Outer,
}
#[derive(Deserialize)]
struct Outer {
    message: Inner,
}
#[derive(Deserialize)]
struct Inner {
    header: Header,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    block_number: u64,
    timestamp: u64,
}

/// The blocks of one frame; none in a frame that carries something else.
///
/// # Errors
/// [`Unreadable`], also for another version of the format.
pub fn read(frame: &[u8]) -> Result<Vec<Broadcast>, Unreadable> {
    let bad = |why: String| Unreadable { what: "the sequencer's feed", why };
    let envelope: Envelope = serde_json::from_slice(frame).map_err(|cause| bad(cause.to_string()))?;
    if envelope.version != 1 {
        return Err(bad(format!("its version is {}, known is 1", envelope.version)));
    }
    let block = |row: &Message| {
        let header = &row.message.message.header;
        Broadcast { sequence: row.sequence_number, l1_block: header.block_number, time_s: header.timestamp }
    };
    Ok(envelope.messages.iter().map(block).collect())
}
