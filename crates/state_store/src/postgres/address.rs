//! Where the mirror is: what DATABASE_URL says, and how much of it may be trusted to the wire.
//!
//! Owns the rule that nothing leaves this machine unencrypted or to a stranger. The address holds a password: it never
//! shows more than host, port and database.

use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use signing::SanitizedValue;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What the operator said about the mirror.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    pub url: SanitizedValue,
    /// It leads to a pooler in transaction mode.
    pub txn_pool: bool,
    /// PEM file with the root that the server's certificate must lead to.
    pub root_cert: Option<PathBuf>,
    /// A server whose certificate is not checked is accepted.
    pub allow_unverified_tls: bool,
}

/// Why an address cannot be used. Shows nothing of it but names of settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It is not one.
    #[error(
        "DATABASE_URL is no PostgreSQL address: write postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters of the \
         password as %XX"
    )]
    NotAnAddress,
    /// It names no such mode.
    #[error("DATABASE_URL has an sslmode that does not exist: use sslmode=verify-full")]
    SslMode,
    /// Whoever stands between could read everything.
    #[error(
        "DATABASE_URL with sslmode={0} may send everything unencrypted to another machine: use sslmode=verify-full, and name the \
         server's root certificate in `database.root_cert`"
    )]
    Unencrypted(&'static str),
    /// Whoever stands between could be taken for the server.
    #[error(
        "DATABASE_URL with sslmode={0} does not check who answers: use sslmode=verify-full and name the server's root certificate \
         in `database.root_cert`, or accept it with `database.allow_unverified_tls: true`"
    )]
    Unverified(&'static str),
    /// The file is not there or not readable.
    #[error("`database.root_cert`: {path:?} cannot be read: {why}")]
    RootCert {
        /// Which.
        path: PathBuf,
        /// The system's word.
        why: String,
    },
}

/// A usable address.
#[derive(Clone)]
pub struct Address {
    pub(super) options: PgConnectOptions,
    pub(super) txn_pool: bool,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl fmt::Display for Address {
    /// Host, port and database; never user or password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.options.get_database().unwrap_or("");
        match self.options.get_socket() {
            Some(socket) => write!(f, "{}/{database}", socket.display()),
            None => write!(f, "{}:{}/{database}", self.options.get_host(), self.options.get_port()),
        }
    }
}

/// Parameters of the URL that mean something here. Others are passed over: many providers add their own.
const KNOWN: [&str; 9] =
    ["sslmode", "ssl-mode", "sslrootcert", "ssl-root-cert", "host", "port", "dbname", "user", "application_name"];

impl Address {
    /// Reads the address and decides on TLS. Without an `sslmode`, another machine must prove who it is.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn parse(settings: &Settings) -> Result<Self, AddressError> {
        let url = settings.url.expose_secret().trim();
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(AddressError::NotAnAddress);
        }
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let known: Vec<&str> =
            query.split('&').filter(|pair| KNOWN.contains(&pair.split('=').next().unwrap_or_default())).collect();
        let mode = known.iter().find_map(|pair| pair.strip_prefix("sslmode=").or(pair.strip_prefix("ssl-mode=")));
        let mode = mode.map(|text| mode_of(text).ok_or(AddressError::SslMode)).transpose()?;
        let clean = SanitizedValue::new(format!("{place}?{}", known.join("&")));
        let options = PgConnectOptions::from_str(clean.expose_secret()).map_err(|_| AddressError::NotAnAddress)?;
        let options = options.application_name("bot4");
        let own = options.get_socket().is_some() || is_loopback(options.get_host());
        let mut options = match mode {
            Some((mode, _)) => options.ssl_mode(mode),
            None if own => options.ssl_mode(PgSslMode::Prefer),
            None => options.ssl_mode(PgSslMode::VerifyFull),
        };
        if !own && let Some((mode, word)) = mode {
            match mode {
                PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => return Err(AddressError::Unencrypted(word)),
                PgSslMode::Require | PgSslMode::VerifyCa if !settings.allow_unverified_tls => {
                    return Err(AddressError::Unverified(word));
                }
                _ => {}
            }
        }
        if let Some(path) = &settings.root_cert {
            if let Err(e) = std::fs::File::open(path) {
                return Err(AddressError::RootCert { path: path.clone(), why: e.to_string() });
            }
            options = options.ssl_root_cert(path);
        }
        if settings.txn_pool {
            // Named statements would meet each other in the pooler's server connections.
            options = options.statement_cache_capacity(0);
        }
        Ok(Self { options, txn_pool: settings.txn_pool })
    }

    /// The same without a memory of statements, which would not survive a pooler.
    pub(super) fn without_cache(&self) -> Self {
        Self { options: self.options.clone().statement_cache_capacity(0), txn_pool: true }
    }
}

fn mode_of(text: &str) -> Option<(PgSslMode, &'static str)> {
    [
        (PgSslMode::Disable, "disable"),
        (PgSslMode::Allow, "allow"),
        (PgSslMode::Prefer, "prefer"),
        (PgSslMode::Require, "require"),
        (PgSslMode::VerifyCa, "verify-ca"),
        (PgSslMode::VerifyFull, "verify-full"),
    ]
    .into_iter()
    .find(|(_, word)| *word == text)
}

/// The machine itself.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str, allow_unverified_tls: bool) -> Result<Address, AddressError> {
        Address::parse(&Settings { url: url.into(), txn_pool: false, root_cert: None, allow_unverified_tls })
    }

    #[test]
    fn another_machine_must_prove_who_it_is() {
        fn check(url: &str, allow: bool, expect: Result<PgSslMode, &str>) {
            let found = parse(url, allow).map(|a| a.options.get_ssl_mode());
            match (found, expect) {
                (Ok(found), Ok(expect)) => assert_eq!(format!("{found:?}"), format!("{expect:?}"), "{url}"),
                (Err(found), Err(expect)) => assert!(found.to_string().contains(expect), "{url}: {found}"),
                (found, expect) => panic!("{url}: {found:?}, not {expect:?}"),
            }
        }
        let far = |mode: &str| format!("postgres://u:p@db.example.com:5432/d{mode}");
        check(&far(""), false, Ok(PgSslMode::VerifyFull));
        check(&far("?sslmode=verify-full"), false, Ok(PgSslMode::VerifyFull));
        check(&far("?sslmode=require"), false, Err("`database.allow_unverified_tls: true`"));
        check(&far("?sslmode=require"), true, Ok(PgSslMode::Require));
        check(&far("?sslmode=verify-ca"), false, Err("`database.root_cert`"));
        check(&far("?sslmode=prefer"), true, Err("may send everything unencrypted"));
        check(&far("?sslmode=disable"), true, Err("may send everything unencrypted"));
        check(&far("?sslmode=strict"), true, Err("an sslmode that does not exist"));
        check(&far("?pgbouncer=true&sslmode=disable"), true, Err("may send everything unencrypted"));
        check("postgres://u:p@127.0.0.1:5432/d", false, Ok(PgSslMode::Prefer));
        check("postgres://u:p@localhost/d?sslmode=disable", false, Ok(PgSslMode::Disable));
        check("postgres://u:p@[::1]:5432/d", false, Ok(PgSslMode::Prefer));
        // The host that counts is the one that is connected to.
        check("postgres://u:p@localhost/d?host=db.example.com&sslmode=disable", false, Err("may send everything unencrypted"));
        check("postgres://u:p@127.0.0.1.example.com/d?sslmode=disable", false, Err("may send everything unencrypted"));
        check("mysql://u:p@localhost/d", false, Err("no PostgreSQL address"));
        check("postgres://u:p@localhost:notaport/d", false, Err("no PostgreSQL address"));
        check("", false, Err("no PostgreSQL address"));
    }

    #[test]
    fn nothing_that_an_address_shows_holds_its_password() {
        let address = parse("postgres://user:hunter2@db.example.com:6543/postgres?sslmode=verify-full", false).expect("usable");
        assert_eq!(address.to_string(), "db.example.com:6543/postgres");
        assert_eq!(format!("{address:?}"), "Address(db.example.com:6543/postgres)");
        let error = parse("postgres://user:hunter2@host:notaport/d", false).expect_err("refused");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn a_root_certificate_that_is_not_there_is_named() {
        let root_cert = Some(PathBuf::from("no/such.crt"));
        let settings = Settings { url: "postgres://localhost/d".into(), txn_pool: false, root_cert, allow_unverified_tls: false };
        let error = Address::parse(&settings).expect_err("not there").to_string();
        assert!(error.starts_with("`database.root_cert`: \"no/such.crt\" cannot be read"), "{error}");
    }
}
