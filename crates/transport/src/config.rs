//! Where a venue is and how its connections are kept.

use crate::RateBudget;
use hyper::Uri;
use hyper::http::uri::Scheme;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use venue_api::{ConnId, Lane};

/// Settings of one link. [`LinkConfig::new`] gives the defaults named at each field. The path of a base may hold a key (a node's
/// does), so no sentence of this crate names more of one than host and port.
#[derive(Clone)]
pub struct LinkConfig {
    /// The venue's name in log lines: `Vest`.
    pub name: String,
    /// Base of the REST API, `https` only; targets of requests are appended.
    pub rest_base: String,
    /// Base of the WebSocket, `wss` only; targets of connections are appended.
    pub ws_base: String,
    /// Bases of single connections that lead elsewhere (none): a venue whose market data has moved to another host than
    /// its account.
    pub ws_base_of: BTreeMap<ConnId, String>,
    /// REST bases of single lanes that lead elsewhere (none): a node of the chain that the venue settles on.
    pub rest_base_of: BTreeMap<Lane, String>,
    /// Further trusted authorities, PEM: the simulators' own. The public ones are always trusted.
    pub extra_roots: Vec<String>,
    /// How long an unused HTTP connection is kept (90 s).
    pub pool_idle_timeout: Duration,
    /// How many unused HTTP connections are kept per lane (4).
    pub pool_max_idle_per_host: usize,
    /// How long name lookup, TCP, TLS and upgrade may take together (3 s, so that a reconnection fits into 5 s).
    pub connect_timeout: Duration,
    /// First wait before a reconnection (100 ms); doubles.
    pub backoff_base: Duration,
    /// Longest wait before a reconnection (5 s).
    pub backoff_cap: Duration,
    /// Limits per lane (none).
    pub budgets: Budgets,
    /// Connections to read before the others, in this order (none): the order sockets.
    pub first: Vec<ConnId>,
    /// Feed frames to deliver before other tasks get their turn (16).
    pub feed_burst: u32,
    /// Largest message to accept from the venue, bytes (4 MiB); a larger one ends the connection.
    pub message_max: usize,
}

/// Limits per lane; `None` is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budgets {
    /// Orders and cancels. When it is used up the answer is `NotSent`, at once.
    pub orders: Option<RateBudget>,
    /// Account reads. When it is used up requests wait, within their timeout.
    pub account: Option<RateBudget>,
    /// Public data. When it is used up requests wait, within their timeout.
    pub public: Option<RateBudget>,
    /// Questions to a node of the chain. When it is used up requests wait, within their timeout.
    pub chain: Option<RateBudget>,
}

impl Budgets {
    pub(crate) fn of(&self, lane: Lane) -> Option<RateBudget> {
        match lane {
            Lane::Orders => self.orders,
            Lane::Account => self.account,
            Lane::Public => self.public,
            Lane::Chain => self.chain,
        }
    }
}

/// Names each base by its host.
impl fmt::Debug for LinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("LinkConfig");
        f.field("name", &self.name).field("rest_base", &host_of(&self.rest_base)).field("ws_base", &host_of(&self.ws_base));
        for (conn, base) in &self.ws_base_of {
            f.field("ws_base_of", &(conn, host_of(base)));
        }
        for (lane, base) in &self.rest_base_of {
            f.field("rest_base_of", &(lane, host_of(base)));
        }
        f.field("budgets", &self.budgets).field("first", &self.first).finish_non_exhaustive()
    }
}

/// Scheme, host and port of a URL, as far as it has them: what else it holds may be a secret.
fn host_of(url: &str) -> String {
    let Ok(uri) = url.parse::<Uri>() else { return "no URL".to_owned() };
    let scheme = uri.scheme_str().map_or_else(String::new, |scheme| format!("{scheme}://"));
    let port = uri.port_u16().map_or_else(String::new, |port| format!(":{port}"));
    format!("{scheme}{}{port}", uri.host().unwrap_or_default())
}

impl LinkConfig {
    /// Defaults for a venue.
    pub fn new(name: impl Into<String>, rest_base: impl Into<String>, ws_base: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rest_base: rest_base.into(),
            ws_base: ws_base.into(),
            ws_base_of: BTreeMap::new(),
            rest_base_of: BTreeMap::new(),
            extra_roots: Vec::new(),
            pool_idle_timeout: Duration::from_secs(90),
            pool_max_idle_per_host: 4,
            connect_timeout: Duration::from_secs(3),
            backoff_base: Duration::from_millis(100),
            backoff_cap: Duration::from_secs(5),
            budgets: Budgets::default(),
            first: Vec::new(),
            feed_burst: 16,
            message_max: 4 << 20,
        }
    }
}

/// Why a link could not be set up. Nothing was connected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// A URL that would send keys and orders in the open.
    #[error(
        "{place} of {venue}: {host:?} is not encrypted. Only {wanted}:// is spoken, since keys and orders would be readable on the way"
    )]
    Plain {
        /// Which venue.
        venue: String,
        /// Which setting: `rest_base` or `ws_base`.
        place: &'static str,
        /// Scheme and host that it said.
        host: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// Not a URL this can use.
    #[error("{place} of {venue}: {why}, expected something like {example}")]
    Url {
        /// Which venue.
        venue: String,
        /// Which setting.
        place: &'static str,
        /// What is wrong with it.
        why: String,
        /// What it could look like.
        example: &'static str,
    },
    /// One of the further authorities is no certificate.
    #[error("extra_roots of {venue}, number {number}: {why}")]
    Root {
        /// Which venue.
        venue: String,
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// A parsed base URL.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As the `Host` header has it: the port only if it is not 443.
    pub(crate) authority: String,
    /// Without a slash at its end.
    pub(crate) path: String,
}

/// Host and port: the path may hold a key.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Rest,
    WebSocket,
}

impl Endpoint {
    pub(crate) fn parse(venue: &str, kind: Kind, url: &str) -> Result<Self, LinkError> {
        let (place, wanted, example) = match kind {
            Kind::Rest => ("rest_base", "https", "https://api.example.com/v1"),
            Kind::WebSocket => ("ws_base", "wss", "wss://ws.example.com/v1"),
        };
        let bad = |why: String| LinkError::Url { venue: venue.to_owned(), place, why, example };
        let uri: Uri = url.parse().map_err(|e| bad(format!("is not a URL ({e})")))?;
        let host = host_of(url);
        let Some(scheme) = uri.scheme() else { return Err(bad("names no scheme".to_owned())) };
        if *scheme == Scheme::HTTP || scheme.as_str() == "ws" {
            return Err(LinkError::Plain { venue: venue.to_owned(), place, host, wanted });
        }
        if scheme.as_str() != wanted {
            return Err(bad(format!("{host:?} is no {wanted}:// address")));
        }
        let Some(authority) = uri.authority() else { return Err(bad("names no host".to_owned())) };
        if authority.as_str().contains('@') {
            return Err(bad("a user or password does not belong into a URL".to_owned()));
        }
        if uri.query().is_some() {
            return Err(bad(format!("{host:?} is followed by a query")));
        }
        let port = authority.port_u16().unwrap_or(443);
        let bare = authority.host();
        Ok(Self {
            host: bare.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: if port == 443 { bare.to_owned() } else { format!("{bare}:{port}") },
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    /// Whatever it comes to, nothing shows the path.
    const KEY: &str = "k3y-of-a-node-0123456789";

    #[track_caller]
    fn check(kind: Kind, url: &str, expect: &str) {
        for path in ["", KEY] {
            let url = if path.is_empty() { url.to_owned() } else { format!("{}/v2/{KEY}", url.trim_end_matches('/')) };
            let got = match Endpoint::parse("Vest", kind, &url) {
                Ok(e) => format!("{e:?} as {}", e.authority),
                Err(e) => {
                    assert!(!format!("{e:?}").contains(KEY));
                    e.to_string()
                }
            };
            assert!(!got.contains(KEY), "{got}");
            if path.is_empty() || !url.contains('?') {
                assert_eq!(got, expect, "{url}");
            }
        }
    }

    #[test]
    fn a_configuration_shows_hosts_and_no_paths() {
        let mut config =
            LinkConfig::new("Azuro", format!("https://a.example.com:4000/{KEY}"), format!("wss://b.example.com/{KEY}"));
        config.rest_base_of.insert(Lane::Chain, format!("https://node.example.com/v2/{KEY}"));
        config.ws_base_of.insert(ConnId(1), format!("no address {KEY}"));
        let shown = format!("{config:?}");
        assert!(!shown.contains(KEY), "{shown}");
        for part in ["https://a.example.com:4000", "wss://b.example.com", "https://node.example.com", "no URL"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn only_encrypted_bases_are_accepted_and_the_refusal_names_the_place() {
        check(Kind::Rest, "https://api.example.com", "api.example.com:443 as api.example.com");
        check(Kind::Rest, "https://api.example.com/v1/", "api.example.com:443 as api.example.com");
        check(Kind::WebSocket, "wss://127.0.0.1:4000", "127.0.0.1:4000 as 127.0.0.1:4000");
        check(Kind::WebSocket, "wss://[::1]:4000/ws-api", "::1:4000 as [::1]:4000");
        let plain = |place, host, wanted| {
            format!(
                "{place} of Vest: {host:?} is not encrypted. Only {wanted}:// is spoken, since keys and orders would be readable on the way"
            )
        };
        check(Kind::Rest, "http://api.example.com", &plain("rest_base", "http://api.example.com", "https"));
        check(Kind::WebSocket, "ws://x/", &plain("ws_base", "ws://x", "wss"));
        let like = ", expected something like wss://ws.example.com/v1";
        check(Kind::WebSocket, "https://x/", &format!("ws_base of Vest: \"https://x\" is no wss:// address{like}"));
        check(Kind::WebSocket, "wss://x/?a=1", &format!("ws_base of Vest: \"wss://x\" is followed by a query{like}"));
        check(Kind::WebSocket, "wss://u:p@x", &format!("ws_base of Vest: a user or password does not belong into a URL{like}"));
        check(Kind::WebSocket, "/x.example.com", &format!("ws_base of Vest: names no scheme{like}"));
        assert!(Endpoint::parse("Vest", Kind::Rest, "").is_err());
        assert!(Endpoint::parse("Vest", Kind::Rest, "https://").is_err());
        assert_eq!(Endpoint::parse("Vest", Kind::Rest, "https://x/v1/").unwrap().path, "/v1");
    }
}
