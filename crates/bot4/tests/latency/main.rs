//! How long it takes from the frame that shows a spread to both legs filled, with both venues a round trip of 100 ms away:
//! the real binary, TLS, real orders, figures from the bot's own journal.
//!
//! As an ordinary test a few rounds are run and the median is held against the limit, since the machine may be busy with
//! other tests. `cargo xtask latency` measures a release build in earnest by these variables: `BOT4_LATENCY_ROUNDS`,
//! `BOT4_LATENCY_RTT_MS`, and `BOT4_LATENCY_STRICT`, which holds the slowest hundredth against the limit and runs everything
//! again with a new connection for every request.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

mod elsewhere;
mod far;
mod figures;
mod reuse;
#[path = "../support/mod.rs"]
mod support;

use far::{Connections, Far};
use figures::Figures;

/// From detection to both legs filled, ms (seed 004: "Latence totale d'exécution < 250ms").
const LIMIT_MS: f64 = 250.0;
/// One round trip to each venue, ms.
const RTT_MS: u64 = 100;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

#[test]
fn both_legs_are_filled_within_250_ms_of_being_seen_when_both_venues_are_100_ms_away() {
    let (rounds, rtt_ms) = (setting("BOT4_LATENCY_ROUNDS", 20), setting("BOT4_LATENCY_RTT_MS", RTT_MS));
    let strict = setting("BOT4_LATENCY_STRICT", 0) > 0;
    let kept = measure(rounds, rtt_ms, Connections::Kept);
    println!("\n{}", kept.table("connections kept, as the bot runs"));
    let filled = kept.both_filled();
    if strict {
        let fresh = measure(rounds, rtt_ms, Connections::NewPerRequest);
        println!("\n{}", fresh.table("for comparison: a new TLS connection for every request"));
        println!("\n{}", kept.difference(&fresh));
        assert!(
            fresh.both_filled().p50 - filled.p50 >= 50.0,
            "keeping connections saves less than 50 ms: {} against {}",
            filled.p50,
            fresh.both_filled().p50
        );
        assert!(filled.p99 < LIMIT_MS, "the slowest hundredth took {:.1} ms, the limit is {LIMIT_MS} ms", filled.p99);
    } else {
        assert!(filled.p50 < LIMIT_MS, "half of the rounds took {:.1} ms, the limit is {LIMIT_MS} ms", filled.p50);
    }
    assert!(filled.p50 >= rtt_ms as f64, "nothing is filled in less than one round trip: {:.1} ms", filled.p50);
}

/// So many rounds of a bot of its own, and what its journal and its last words say of them.
fn measure(rounds: u64, rtt_ms: u64, connections: Connections) -> Figures {
    let far = Far::new(rtt_ms);
    let folder = far.folder(connections);
    let ended = far::trade(folder.path(), rounds);
    if connections == Connections::Kept {
        // EX-7: told at the start, confirmed when it is first true.
        ended.line("[HTTP] Connection pool: idle_timeout=90s, max_idle_per_host=4");
        let warm = ended.log.iter().find(|l| l["message"] == "[HTTP] Connections warm" && l["venue"] == "Vest");
        assert!(warm.is_some_and(|l| l["lane"] == "Orders" && l["warm"] == 4), "{warm:?}");
        let reused = ended.log.iter().find(|l| l["message"] == "[HTTP] Connection reused" && l["lane"] == "Orders");
        assert!(reused.is_some_and(|l| l["venue"] == "Vest" && l["served"].is_u64() && l["handshakes"].is_u64()), "{reused:?}");
    }
    let figures = Figures::read(folder.path(), &ended);
    // Seed 004: where the time went, for every order of both venues, entries, exits and closes alike.
    for kind in ["vest, REST, entry", "paradex, WS, entry", "vest, REST, exit or close", "paradex, WS, exit or close"] {
        let (_, n, [sign, _, network, parse, total]) = figures.parts().iter().find(|(name, ..)| name == kind).expect(kind);
        assert!(*n >= 1 && *sign > 0 && *parse > 0 && *network >= rtt_ms * 1_000, "{kind}: {:?}", figures.parts());
        assert!(total >= network, "{kind}: {:?}", figures.parts());
    }
    // And said in the log, with the same five parts on every line.
    let said: Vec<_> = ended.log.iter().filter(|l| l["message"].as_str().is_some_and(|m| m.starts_with("[ORDER] "))).collect();
    assert_eq!(said.len(), figures.parts().iter().map(|(_, n, _)| n).sum::<usize>(), "a line for every answer");
    for line in said {
        let us = ["sign_us", "encode_us", "network_us", "parse_us"].map(|name| line[name].as_u64());
        let sum = us.iter().copied().sum::<Option<u64>>().unwrap_or_else(|| panic!("a part is missing: {line}"));
        assert!(line["total_us"].as_u64().is_some_and(|total| (sum..sum + 4).contains(&total)), "parts make the whole: {line}");
    }
    figures
}
