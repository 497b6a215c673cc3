//! What every simulated venue is to its shell.

/// Time as the simulated venue sees it: microseconds since the Unix epoch by the venue's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SimNow(pub i64);

impl SimNow {
    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }
}

/// A WebSocket message, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Binary.
    Binary(Vec<u8>),
}

/// An HTTP request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: &'a str,
    /// Path and query, the API's own prefix (`/v1`, `/v2`) included.
    pub target: &'a str,
    /// Headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// Body.
    pub body: &'a [u8],
}

impl HttpRequest<'_> {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What the machine wants done, in order. `after_us` delays it from now; the shell keeps the order of equal times
/// and of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimAction {
    /// Accept the upgrade.
    Accept {
        /// Which connection.
        conn: u64,
    },
    /// Refuse the upgrade with this HTTP status.
    RefuseUpgrade {
        /// Which connection.
        conn: u64,
        /// HTTP status.
        status: u16,
    },
    /// Send a message.
    Send {
        /// Which connection.
        conn: u64,
        /// Delay.
        after_us: u64,
        /// What.
        message: Message,
    },
    /// Close with this code (0: drop the TCP connection without a close frame).
    Close {
        /// Which connection.
        conn: u64,
        /// Delay.
        after_us: u64,
        /// Close code.
        code: u16,
    },
    /// Answer a request.
    Reply {
        /// Which request.
        request: u64,
        /// Delay.
        after_us: u64,
        /// HTTP status.
        status: u16,
        /// Headers besides content type and length.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// Drop the request's connection without an answer.
    Hang {
        /// Which request.
        request: u64,
        /// Delay.
        after_us: u64,
    },
}

/// A venue. All calls come from one place, in order of time.
pub trait VenueSim {
    /// `vest` or `paradex`.
    fn name(&self) -> &'static str;
    /// A client asks to upgrade; answer with `Accept` or `RefuseUpgrade`. `target` is path and query.
    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>);
    /// A message arrived on an accepted connection.
    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>);
    /// The connection is gone, from either side.
    fn on_disconnect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>);
    /// A request arrived; answer with `Reply` or `Hang`, now or later.
    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>);
    /// When the machine next wants [`VenueSim::on_wake`] without being spoken to.
    fn next_wake(&self) -> Option<SimNow>;
    /// Time has come: books move, fills arrive, sessions expire.
    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>);
    /// Turns a named fault on (with its parameters as one JSON object) or changes it.
    ///
    /// # Errors
    /// A sentence that names the known faults or the parameter that is wrong.
    fn set_fault(&mut self, name: &str, parameters: &serde_json::Value) -> Result<(), String>;
    /// Turns a named fault off; unknown names are ignored.
    fn clear_fault(&mut self, name: &str);
}

/// An order as the venue itself knows it, for the invariants of a harness. Nothing a client can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenOrder {
    /// What the client named it by: its client id, or its nonce in digits.
    pub key: String,
    /// It can still fill.
    pub live: bool,
    /// Bought or sold.
    pub is_buy: bool,
    /// Base filled so far, at 1e-8.
    pub filled_e8: i64,
}
