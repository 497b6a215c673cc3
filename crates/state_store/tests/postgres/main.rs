//! The mirror on a real PostgreSQL 15, alone and behind a real pgbouncer. Invariants:
//! * whatever happens to the database, once it answers its rows are the local ones, to the last digit;
//! * a database that is not the beginning of this journal is not written to;
//! * the public roles read nothing.

mod dump;
mod pooled;
mod queue;
mod restored;
mod rows;
mod server;
#[path = "../integration/support.rs"]
#[allow(dead_code, reason = "shared with the tests of the database beside the journal")]
mod support;
mod tables;
mod tls;
mod tools;
#[path = "../integration/trader.rs"]
#[allow(dead_code, reason = "shared with the tests of the database beside the journal")]
mod trader;
