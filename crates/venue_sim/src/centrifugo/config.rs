//! What a hub is told once: its times, its limits, and what each namespace of channels remembers.

use std::collections::BTreeMap;

/// How the channels of one namespace behave. A channel's namespace is what stands before its first `:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Publications kept per channel; 0: none, and then there are no offsets either.
    pub history_size: usize,
    /// How long a publication is kept, seconds.
    pub history_s: i64,
    /// Whether a client that asks for it gets a position (epoch and offset) and is told when it is lost.
    pub positioned: bool,
    /// Whether a client that asks for it may recover what it missed.
    pub recoverable: bool,
}

impl Namespace {
    /// History of this size, kept five minutes, positioned and recoverable (venues/sx.md, section 11, item 7).
    pub const fn remembering(history_size: usize) -> Self {
        Self { history_size, history_s: 300, positioned: true, recoverable: true }
    }
    /// No history: what is missed is gone.
    pub const fn forgetful() -> Self {
        Self { history_size: 0, history_s: 0, positioned: false, recoverable: false }
    }
    pub(super) const fn has_stream(self) -> bool {
        self.history_size > 0 && self.history_s > 0
    }
}

/// Times, limits and namespaces of a hub.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Source of every drawn number: the secret of the tokens, client ids, epochs.
    pub seed: u64,
    /// What each namespace remembers; a channel of any other one is unknown (error 102).
    pub namespaces: BTreeMap<String, Namespace>,
    /// Seconds between two pings of the server.
    pub ping_s: i64,
    /// Seconds within which the client answers a ping.
    pub pong_s: i64,
    /// Seconds within which a fresh connection sends its `connect`.
    pub stale_s: i64,
    /// Seconds for which a connection outlives its token, for the refresh to arrive.
    pub expired_s: i64,
    /// Seconds after which the server finds out that a subscriber's position is not the channel's.
    pub position_check_s: i64,
    /// Channels of one connection; one more is error 106.
    pub channels_max: usize,
    /// Publications in the answer to one recovery or history command.
    pub recovery_max: usize,
    /// Bytes of one frame of a client; a longer one closes the connection with 1009. The real server's default
    /// (`websocket.message_size_limit`); what the venue has set is not published.
    pub frame_bytes_max: usize,
    /// Bytes that may wait for a client that does not read; beyond them it is cut with 3008.
    pub queue_bytes_max: usize,
    /// Delay of everything the hub sends, microseconds.
    pub delay_us: u64,
    /// Whether a subscribe that could not be recovered carries what is left beyond the gap, as older servers did;
    /// newer ones say nothing of it.
    pub shows_rest_of_gap: bool,
}

impl HubConfig {
    /// The limits of venues/sx.md, section 11, items 5 and 7. The sizes are those of the second generation's
    /// namespaces, given to their successors; how much the third one remembers is not published (section 18).
    pub fn new(seed: u64) -> Self {
        let remembering = [
            ("orderbook_v3", 5_000),
            ("orderbook_v3_event", 5_000),
            ("recent_trades_v3", 2_000),
            ("markets", 1_000),
            ("main_line", 500),
            ("account", 100),
            ("fixtures", 100),
        ];
        let forgetful = ["best_odds_v3", "parlay_markets"];
        let namespaces = remembering
            .into_iter()
            .map(|(name, size)| (name.to_owned(), Namespace::remembering(size)))
            .chain(forgetful.into_iter().map(|name| (name.to_owned(), Namespace::forgetful())))
            .collect();
        Self {
            seed,
            namespaces,
            ping_s: 30,
            pong_s: 8,
            stale_s: 25,
            expired_s: 25,
            position_check_s: 40,
            channels_max: 512,
            recovery_max: 1_000,
            frame_bytes_max: 64 << 10,
            queue_bytes_max: 1 << 20,
            delay_us: 0,
            shows_rest_of_gap: false,
        }
    }

    /// How the channels of this one's namespace behave.
    pub(super) fn namespace(&self, channel: &str) -> Option<Namespace> {
        let (name, rest) = channel.split_once(':')?;
        if rest.is_empty() { None } else { self.namespaces.get(name).copied() }
    }
}
