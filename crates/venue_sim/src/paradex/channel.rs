//! Channel names (`paradex.md` section 8): read once at subscribe time into what the venue publishes.

/// Which markets a channel speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// One, by its index.
    One(usize),
}

impl Scope {
    /// Whether market `m` is meant.
    pub fn has(self, m: usize) -> bool {
        self == Self::All || self == Self::One(m)
    }
}

/// A channel, as the venue understands its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `bbo.{m}`, `bbo.ALL`, `bbo.{m}.interactive`.
    Bbo(Scope),
    /// `trades.{m}`.
    Trades(Scope),
    /// `order_book.{m}.deltas` and `.interactive_deltas`.
    Deltas(usize),
    /// `order_book.{m}.snapshot@15@..` and `.interactive@15@..`.
    Snapshot(usize),
    /// `funding_data.{m}`.
    FundingData(Scope),
    /// `funding_rate_comparison.ALL@..`.
    FundingComparison,
    /// `markets_summary`, `.{m}`, `.ALL`.
    Summary(Scope),
    /// `markets`, `markets.{m}`: silent while no specification changes.
    Markets(Scope),
    /// `orders.{m}`.
    Orders(Scope),
    /// `fills.{m}`.
    Fills(Scope),
    /// `positions`.
    Positions,
    /// `account`.
    Account,
    /// `balance_events`.
    BalanceEvents,
    /// `funding_payments.{m}`.
    FundingPayments(Scope),
    /// `tradebusts`, `transfers`, `transaction`, `block_trades`, `rfq`, `mmp`: private, silent here.
    QuietPrivate,
}

impl Channel {
    /// Whether it needs a login.
    pub const fn is_private(self) -> bool {
        matches!(
            self,
            Self::Orders(_)
                | Self::Fills(_)
                | Self::Positions
                | Self::Account
                | Self::BalanceEvents
                | Self::FundingPayments(_)
                | Self::QuietPrivate
        )
    }

    /// The market whose order book this is.
    pub const fn book(self) -> Option<usize> {
        match self {
            Self::Deltas(m) | Self::Snapshot(m) => Some(m),
            _ => None,
        }
    }

    /// The markets that must move for this channel.
    pub const fn moves(self) -> Option<Scope> {
        match self {
            Self::Bbo(s) | Self::Trades(s) | Self::FundingData(s) | Self::Summary(s) => Some(s),
            Self::Deltas(m) | Self::Snapshot(m) => Some(Scope::One(m)),
            Self::FundingComparison => Some(Scope::All),
            _ => None,
        }
    }
}

/// Why a name is refused, as the `data` of the error.
pub const INVALID: &str = "invalid channel";
/// What the venue answers to a delta channel with a suffix (section 8).
pub const NO_PARAMETERS: &str = "no parameters expected for deltas topic.";

/// Reads a channel name; `market` finds a symbol's index.
///
/// # Errors
/// The text for the error's `data`.
pub fn parse(name: &str, market: impl Fn(&str) -> Option<usize>) -> Result<Channel, &'static str> {
    let (topic, rest) = name.split_once('.').map_or((name, None), |(t, r)| (t, Some(r)));
    let one = |m: &str| market(m).ok_or(INVALID);
    let scope = |rest: Option<&str>| match rest {
        Some("ALL") => Ok(Scope::All),
        Some(m) => one(m).map(Scope::One),
        None => Err(INVALID),
    };
    match (topic, rest) {
        ("bbo", Some(r)) => scope(Some(r.strip_suffix(".interactive").unwrap_or(r))).map(Channel::Bbo),
        ("trades", r) => scope(r).map(Channel::Trades),
        ("order_book", Some(r)) => {
            let (m, feed) = r.split_once('.').ok_or(INVALID)?;
            let m = one(m)?;
            let (kind, suffix) = feed.split_once('@').map_or((feed, None), |(k, s)| (k, Some(s)));
            match (kind, suffix) {
                ("deltas" | "interactive_deltas", None) => Ok(Channel::Deltas(m)),
                ("deltas" | "interactive_deltas", Some(_)) => Err(NO_PARAMETERS),
                ("snapshot", Some(s)) => snapshot(m, s, &["50ms", "100ms"]),
                ("interactive", Some(s)) => snapshot(m, s, &["100ms", "200ms", "400ms"]),
                _ => Err(INVALID),
            }
        }
        ("funding_data", r) => scope(r).map(Channel::FundingData),
        ("funding_rate_comparison", Some("ALL@500ms" | "ALL@1000ms")) => Ok(Channel::FundingComparison),
        ("markets_summary", None) => Ok(Channel::Summary(Scope::All)),
        ("markets_summary", r) => scope(r).map(Channel::Summary),
        ("markets", None) => Ok(Channel::Markets(Scope::All)),
        ("markets", r) => scope(r).map(Channel::Markets),
        ("orders", r) => scope(r).map(Channel::Orders),
        ("fills", r) => scope(r).map(Channel::Fills),
        ("funding_payments", r) => scope(r).map(Channel::FundingPayments),
        ("positions", None) => Ok(Channel::Positions),
        ("account", None) => Ok(Channel::Account),
        ("balance_events", None) => Ok(Channel::BalanceEvents),
        ("tradebusts" | "transfers" | "transaction" | "block_trades" | "rfq" | "mmp", None) => Ok(Channel::QuietPrivate),
        _ => Err(INVALID),
    }
}

/// `15@{interval}` with an optional price tick written `0_1`.
fn snapshot(m: usize, suffix: &str, intervals: &[&str]) -> Result<Channel, &'static str> {
    let mut parts = suffix.split('@');
    let (depth, interval, tick, end) = (parts.next(), parts.next(), parts.next(), parts.next());
    let tick_fits = tick.is_none_or(|t| t.bytes().all(|b| b.is_ascii_digit() || b == b'_'));
    if depth == Some("15") && interval.is_some_and(|i| intervals.contains(&i)) && tick_fits && end.is_none() {
        Ok(Channel::Snapshot(m))
    } else {
        Err(INVALID)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_name_is_understood_or_refused_with_the_venues_words() {
        fn check(name: &str, expect: Result<Channel, &'static str>) {
            assert_eq!(parse(name, |m| (m == "ETH-USD-PERP").then_some(3)), expect, "{name}");
        }
        check("bbo.ETH-USD-PERP", Ok(Channel::Bbo(Scope::One(3))));
        check("bbo.ALL", Ok(Channel::Bbo(Scope::All)));
        check("bbo.ETH-USD-PERP.interactive", Ok(Channel::Bbo(Scope::One(3))));
        check("bbo", Err(INVALID));
        check("bbo.XYZ", Err(INVALID));
        check("order_book.ETH-USD-PERP.deltas", Ok(Channel::Deltas(3)));
        check("order_book.ETH-USD-PERP.deltas@15@50ms", Err(NO_PARAMETERS));
        check("order_book.ETH-USD-PERP.snapshot@15@100ms", Ok(Channel::Snapshot(3)));
        check("order_book.ETH-USD-PERP.snapshot@15@50ms@0_1", Ok(Channel::Snapshot(3)));
        check("order_book.ETH-USD-PERP.snapshot@20@100ms", Err(INVALID));
        check("order_book.ETH-USD-PERP", Err(INVALID));
        check("markets_summary", Ok(Channel::Summary(Scope::All)));
        check("orders.ALL", Ok(Channel::Orders(Scope::All)));
        check("orders", Err(INVALID));
        check("balance_events", Ok(Channel::BalanceEvents));
        check("funding_rate_comparison.ALL@500ms", Ok(Channel::FundingComparison));
        check("", Err(INVALID));
    }
}
