//! The one table of allowed edges between crates, and the order they lie in. A new edge is a line here with its reason, or it fails.

use crate::workspace::Kind::{self, Dev, Normal};

/// Crates from the ground up; a normal or build edge goes to a lower number only. Crates of one number do not see each other.
pub(super) const ORDER: &[(&str, u32)] = &[
    ("domain", 0),
    // Pure rooms over the words alone.
    ("books", 10),
    ("saga", 10),
    ("risk", 10),
    ("signing", 10),
    // Beside: what is on the disk, and what stands on the other side of the wire.
    ("journal", 15),
    ("venue_sim", 15),
    // Pure rooms over those.
    ("venue_api", 20),
    ("engine", 21),
    ("perps", 22),
    ("paradex_client", 23),
    ("vest_client", 23),
    ("paper", 24),
    ("shard", 30),
    // The platform.
    ("transport", 40),
    ("state_store", 40),
    ("config_manager", 40),
    ("telemetry", 40),
    // Shells.
    ("orchestrator", 50),
    ("sim", 50),
    ("bot4", 60),
    ("xtask", 70),
];

/// Every edge that a manifest of the workspace may name: from, kind, to, why.
pub(super) const EDGES: &[(&str, Kind, &str, &str)] = &[
    ("books", Normal, "domain", "prices and sizes are its words"),
    ("saga", Normal, "domain", "orders, fills and intents are its words"),
    ("risk", Normal, "domain", "limits are counted in its words"),
    ("journal", Normal, "domain", "holds its record types; the codec is pure, the file part is platform and sits beside it"),
    ("venue_api", Normal, "domain", "what venues say is told in its words"),
    ("venue_api", Normal, "risk", "a client prepares only what is Cleared"),
    ("venue_api", Normal, "signing", "credentials and headers are SanitizedValues, so that no client can print them"),
    ("engine", Normal, "domain", "records, notices and ids"),
    ("engine", Normal, "risk", "the only place that clears an order"),
    ("engine", Normal, "saga", "drives one saga for each entry and exit"),
    ("engine", Normal, "venue_api", "fences and capabilities of a venue as data"),
    ("engine", Dev, "journal", "a journal of an earlier build must keep folding"),
    ("perps", Normal, "domain", "market events in, intents out"),
    ("perps", Normal, "books", "owns the books and their spreads"),
    ("perps", Normal, "engine", "its intents are the engine's input"),
    ("paradex_client", Normal, "domain", "converts the wire to its words"),
    ("paradex_client", Normal, "risk", "takes Cleared orders only"),
    ("paradex_client", Normal, "signing", "SNIP-12 signatures"),
    ("paradex_client", Normal, "venue_api", "implements the client's seam"),
    ("paradex_client", Dev, "venue_sim", "meets a venue that takes, ends and changes things by itself"),
    ("vest_client", Normal, "domain", "converts the wire to its words"),
    ("vest_client", Normal, "risk", "takes Cleared orders only"),
    ("vest_client", Normal, "signing", "EIP-712 and personal messages"),
    ("vest_client", Normal, "venue_api", "implements the client's seam"),
    ("vest_client", Dev, "venue_sim", "meets a venue that takes, ends and changes things by itself"),
    ("paper", Normal, "domain", "orders, fills and accounts are its words"),
    ("paper", Normal, "books", "matches orders against a live book"),
    ("paper", Normal, "risk", "takes Cleared orders only"),
    ("paper", Normal, "venue_api", "implements the client's seam around another client"),
    ("shard", Normal, "domain", "composition: the words of all its parts"),
    ("shard", Normal, "risk", "composition: hands the engine's Cleared orders to clients"),
    ("shard", Normal, "saga", "composition: shows what a round still waits for"),
    ("shard", Normal, "engine", "composition: feeds events, performs effects"),
    ("shard", Normal, "perps", "composition: market events to the strategy"),
    ("shard", Normal, "venue_api", "composition: drives any client by its seam"),
    ("shard", Normal, "journal", "composition: encodes records before anything leaves; the codec alone, no file"),
    ("shard", Dev, "signing", "the path's tests and benches need keys"),
    ("shard", Dev, "books", "the usual way to write a book is measured beside ours"),
    ("shard", Dev, "paradex_client", "the whole path is tested and measured with the real client"),
    ("shard", Dev, "vest_client", "the whole path is tested and measured with the real client"),
    ("shard", Dev, "venue_sim", "gives the real clients a venue to start against"),
    ("transport", Normal, "venue_api", "performs the actions of a protocol machine"),
    ("transport", Normal, "domain", "monotonic and wall time"),
    ("transport", Normal, "signing", "headers hold SanitizedValues until they are written to the socket"),
    ("state_store", Normal, "domain", "projects its records"),
    ("state_store", Normal, "journal", "reads the records it projects"),
    ("state_store", Normal, "signing", "the mirror's address is a credential, and a SanitizedValue cannot be printed"),
    ("state_store", Normal, "saga", "positions are the fold of the records, by the same fold that recovers them"),
    ("config_manager", Normal, "signing", "a credential is a SanitizedValue from the moment it is read"),
    ("telemetry", Normal, "signing", "registers SanitizedValues for redaction"),
    ("orchestrator", Normal, "domain", "time, ids and record types of the shell"),
    ("orchestrator", Normal, "shard", "the core it gives sockets, time and a disk to"),
    ("orchestrator", Normal, "journal", "writes each record before the bytes leave"),
    ("orchestrator", Normal, "transport", "the sockets"),
    ("orchestrator", Normal, "telemetry", "latencies and the log's shape"),
    ("orchestrator", Normal, "venue_api", "capabilities and actions of the clients it drives"),
    ("orchestrator", Normal, "engine", "notices to be told and the engine's options"),
    ("sim", Normal, "domain", "the whole bot in one thread"),
    ("sim", Normal, "shard", "the core under test"),
    ("sim", Normal, "journal", "the codec over a disk in memory"),
    ("sim", Normal, "venue_api", "drives clients by their seam"),
    ("sim", Normal, "engine", "its invariants look into the engine"),
    ("sim", Normal, "perps", "the strategy's options"),
    ("sim", Normal, "risk", "limits of the drawn worlds"),
    ("sim", Normal, "paradex_client", "the real client"),
    ("sim", Normal, "vest_client", "the real client"),
    ("sim", Normal, "venue_sim", "the venues, by their in-memory shell"),
    ("sim", Normal, "signing", "keys of the drawn worlds"),
    ("sim", Normal, "books", "integrity rules of the drawn worlds"),
    ("sim", Normal, "saga", "its invariants look into the rounds"),
    ("bot4", Normal, "domain", "wiring"),
    ("bot4", Normal, "config_manager", "wiring: reads the configuration"),
    ("bot4", Normal, "telemetry", "wiring: the log"),
    ("bot4", Normal, "orchestrator", "wiring: runs the shell"),
    ("bot4", Normal, "shard", "wiring: builds the core"),
    ("bot4", Normal, "journal", "wiring: opens the journal"),
    ("bot4", Normal, "state_store", "wiring: projections"),
    ("bot4", Normal, "transport", "wiring: options of the sockets"),
    ("bot4", Normal, "venue_api", "wiring: clients behind their seam"),
    ("bot4", Normal, "engine", "wiring: options"),
    ("bot4", Normal, "perps", "wiring: options"),
    ("bot4", Normal, "risk", "wiring: limits"),
    ("bot4", Normal, "books", "wiring: integrity rules"),
    ("bot4", Normal, "signing", "wiring: credentials"),
    ("bot4", Normal, "paradex_client", "wiring: one line per venue"),
    ("bot4", Normal, "vest_client", "wiring: one line per venue"),
    ("bot4", Normal, "paper", "wiring: the account of `mode: paper`"),
    ("bot4", Normal, "venue_sim", "the demo's venues, and `bot4 venue-sim`"),
    ("bot4", Normal, "saga", "wiring: what is open, told before it is closed; the tests fold the journal that a killed bot leaves"),
    ("xtask", Normal, "signing", "recomputes golden vectors"),
];

/// Edges that no reason can buy, whatever their kind: from, to, why.
pub(super) const NEVER: &[(&str, &str, &str)] = &[
    ("venue_sim", "paradex_client", "a simulator written with the client's structs cannot disagree with the client"),
    ("venue_sim", "vest_client", "a simulator written with the client's structs cannot disagree with the client"),
    ("venue_sim", "signing", "a simulator that checks signatures with the code that made them proves nothing"),
    ("venue_sim", "domain", "a simulator speaks the venue's words, not ours"),
    ("paradex_client", "vest_client", "a venue is added or removed without touching another"),
    ("vest_client", "paradex_client", "a venue is added or removed without touching another"),
];

/// Crates in whose normal closure no runtime, socket or source of randomness may be.
pub(super) const PURE: &[&str] =
    &["domain", "books", "saga", "risk", "signing", "engine", "perps", "venue_api", "shard", "vest_client", "paradex_client"];

/// What must not be there, and why.
pub(super) const IMPURE: &[(&str, &str)] = &[
    ("tokio", "a runtime"),
    ("mio", "sockets"),
    ("socket2", "sockets"),
    ("hyper", "sockets"),
    ("reqwest", "sockets"),
    ("rustls", "sockets"),
    ("tokio-tungstenite", "sockets"),
    ("sea-orm", "a database"),
    ("rand", "randomness"),
    ("getrandom", "randomness"),
];

/// Libraries that may name an impure one all the same: library, what it names, why that harms nothing here.
pub(super) const TOLERATED: &[(&str, &str, &str)] = &[
    (
        "lambdaworks-math",
        "rand",
        "field sampling of the Starknet curve library; a signature's nonce is RFC 6979 and nothing of ours calls it",
    ),
    ("lambdaworks-crypto", "rand", "as lambdaworks-math"),
    ("rand_core", "getrandom", "the trait crate of the curve libraries; nothing of ours names it"),
    ("ahash", "getrandom", "keys the hash maps inside sonic-rs; what we read with it are structs of ours, which hold none"),
];
