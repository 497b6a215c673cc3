//! Who may do what: asked of the owner of the hub, because only the venue knows its accounts.

/// Why a command is refused: `{"error":{"code","message"}}` (venues/sx.md, section 11, item 8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Number, 100 and above.
    pub code: u32,
    /// Text.
    pub message: String,
    /// Whether the same command may succeed later.
    pub temporary: bool,
}

impl Refusal {
    /// A refusal that stands.
    pub fn of(code: u32, message: &str) -> Self {
        Self { code, message: message.to_owned(), temporary: false }
    }
    /// 100: something broke at the venue, and may work again.
    pub fn internal() -> Self {
        Self { temporary: true, ..Self::of(100, "internal server error") }
    }
    /// 102: no such channel.
    pub fn unknown_channel() -> Self {
        Self::of(102, "unknown channel")
    }
    /// 103: not this user.
    pub fn permission_denied() -> Self {
        Self::of(103, "permission denied")
    }
    /// 111: too many requests, later perhaps.
    pub fn too_many_requests() -> Self {
        Self { temporary: true, ..Self::of(111, "too many requests") }
    }
}

/// The owner's say. Unknown namespaces, the part of a channel behind `#` and the hub's own limits are judged before.
pub trait Gate {
    /// Whether this user (the token's subject) may subscribe to this channel.
    ///
    /// # Errors
    /// What the client is answered.
    fn may_subscribe(&mut self, user: &str, channel: &str) -> Result<(), Refusal>;
    /// Whether this user, whose token is good, may connect: a revoked key's token lives on.
    ///
    /// # Errors
    /// What the client is answered.
    fn may_connect(&mut self, user: &str) -> Result<(), Refusal> {
        let _ = user;
        Ok(())
    }
}

/// Lets everybody everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenGate;

impl Gate for OpenGate {
    fn may_subscribe(&mut self, _user: &str, _channel: &str) -> Result<(), Refusal> {
        Ok(())
    }
}
