//! Every way that a bet can go, on sockets, held against what the venue itself knows.

use super::rig::{LIMIT, Venue, on_sockets, quick, ready, spec, stands, way};
use crate::shell::Shell;
use domain::{BetStatus, Listing, OrderId, Stake, TimeInForce};
use serde_json::{Value, json};
use std::future::Future;
use sx_client::{SxClient, SxConfig};
use venue_api::BetClient;
use venue_sim::sx::SxSimConfig;

/// One venue and one client on it.
struct Played {
    venue: Venue,
    shell: Shell<SxClient>,
    watched: Vec<Listing>,
}

fn play<F: Future<Output = ()>>(change: impl FnOnce(&mut SxSimConfig), config: SxConfig, test: impl FnOnce(Played) -> F) {
    let folder = tempfile::tempdir().expect("a folder");
    on_sockets(async {
        let venue = Venue::start(11, 2, change);
        let shell = Shell::start(config, venue.link(), folder.path(), Box::new(|_| {})).expect("a shell");
        let watched = ready(&shell, 3).await;
        test(Played { venue, shell, watched }).await;
    });
}

impl Played {
    fn placed(&self, number: u32, tif: TimeInForce, fault: Option<(&str, Value)>) -> (OrderId, String) {
        if let Some((name, parameters)) = fault {
            self.venue.fault(name, &parameters);
        }
        let spec = spec(&self.shell, number, self.watched[0].market, tif);
        let id = spec.id;
        let key = self.shell.place(spec).expect("placed");
        (id, key.key)
    }
    /// What the client holds is what the venue knows, each order was sent once, and the venue's own books agree.
    fn agrees(&self, id: OrderId, order: &str) {
        let report = self.shell.seen.last(id).expect("a report");
        let truth = self.venue.bet(order);
        let locked = truth.as_ref().map_or(0, |bet| bet.locked);
        assert_eq!(report.taken, Stake::from_e6(locked.unsigned_abs()), "{report:?} {truth:?}");
        if let Some(paid) = report.paid {
            assert_eq!(Some(paid.e6() as i64), truth.map(|bet| bet.paid));
        }
        let posts = self.venue.posts();
        assert_eq!(posts.iter().filter(|body| body.contains(&id.to_string())).count(), 1, "{posts:?}");
        self.venue.sound();
    }
}

#[test]
fn a_bet_is_matched_locked_and_paid_when_its_event_ends() {
    play(
        |_| {},
        quick(),
        async |played| {
            let (id, order) = played.placed(1, TimeInForce::Fok, None);
            let accepted = stands(&played.shell.seen, id, BetStatus::Accepted).await;
            assert_eq!(accepted.taken, Stake::from_e6(3_000_000));
            played.agrees(id, &order);
            played.venue.fault("end_event", &json!({"event": played.watched[0].event, "one": 2, "two": 1}));
            stands(&played.shell.seen, id, BetStatus::Settled).await;
            assert_eq!(way(&played.shell.seen, id), ["pending", "matched", "accepted", "settled"]);
            played.agrees(id, &order);
        },
    );
}

#[test]
fn a_bet_whose_event_is_called_off_gets_its_stake_back() {
    play(
        |_| {},
        quick(),
        async |played| {
            let (id, order) = played.placed(1, TimeInForce::Fok, None);
            stands(&played.shell.seen, id, BetStatus::Accepted).await;
            played.venue.fault("end_event", &json!({"event": played.watched[0].event}));
            let end = stands(&played.shell.seen, id, BetStatus::Void).await;
            assert_eq!(end.paid, Some(Stake::from_e6(3_000_000)));
            played.agrees(id, &order);
        },
    );
}

#[test]
fn a_bet_is_refused_by_the_venue_or_by_an_empty_book() {
    play(
        |_| {},
        quick(),
        async |played| {
            let refuse = json!({"count": 1, "reason": "MATCH_STATE_INVALID"});
            let (id, order) = played.placed(1, TimeInForce::Fok, Some(("refuse_order", refuse)));
            let end = stands(&played.shell.seen, id, BetStatus::Refused).await;
            assert!(end.why.contains("MATCH_STATE_INVALID"), "{}", end.why);
            played.agrees(id, &order);
            let greedy = domain::Odds::from_ratio(100, 1).expect("odds");
            let spec = domain::BetSpec { odds_min: greedy, ..spec(&played.shell, 2, played.watched[1].market, TimeInForce::Ioc) };
            let id = spec.id;
            let order = played.shell.place(spec).expect("placed").key;
            let end = stands(&played.shell.seen, id, BetStatus::Refused).await;
            assert!(end.why.contains("NO_LIQUIDITY"), "{}", end.why);
            played.agrees(id, &order);
        },
    );
}

#[test]
fn a_bet_is_taken_in_part_and_the_rest_is_gone() {
    play(
        |_| {},
        quick(),
        async |played| {
            let part = json!({"count": 1, "share_bps": 4_000});
            let (id, order) = played.placed(1, TimeInForce::Ioc, Some(("partial_fill", part)));
            let end = stands(&played.shell.seen, id, BetStatus::Partial).await;
            assert_eq!(end.taken, Stake::from_e6(1_200_000));
            played.agrees(id, &order);
        },
    );
}

#[test]
fn what_was_matched_can_fail_on_chain() {
    play(
        |_| {},
        quick(),
        async |played| {
            let (id, order) = played.placed(1, TimeInForce::Fok, Some(("fail_fills", json!({"count": 1}))));
            stands(&played.shell.seen, id, BetStatus::Refused).await;
            assert_eq!(way(&played.shell.seen, id), ["pending", "matched", "refused"]);
            assert!(played.venue.bet(&order).is_some_and(|bet| bet.failed == 3_000_000));
            played.agrees(id, &order);
        },
    );
}

#[test]
fn an_order_rests_under_its_heartbeat_and_is_cancelled() {
    play(
        |_| {},
        quick(),
        async |played| {
            let greedy = domain::Odds::from_ratio(100, 1).expect("odds");
            let spec = domain::BetSpec { odds_min: greedy, ..spec(&played.shell, 1, played.watched[0].market, TimeInForce::Gtc) };
            let id = spec.id;
            let order = played.shell.place(spec).expect("placed").key;
            assert!(played.shell.seen.until(LIMIT, |_| played.venue.bet(&order).is_some_and(|bet| bet.live)).await);
            played.shell.link.with(|client, now, out| client.cancel(id, now, out));
            stands(&played.shell.seen, id, BetStatus::Refused).await;
            played.agrees(id, &order);
            // The account is what the venue says: nothing foreign, and the money is whole.
            played.shell.link.with(|client, now, out| client.read_account(now, out));
            assert!(played.shell.seen.until(LIMIT, |seen| seen.funds.get().is_some()).await);
            assert_eq!(played.shell.seen.funds.get().map(|funds| funds.free), Some(Stake::from_e6(10_000_000_000)));
            played.shell.link.stop().await;
        },
    );
}

#[test]
fn a_gateway_takes_requests_that_are_signed_with_ed25519_and_no_others() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = signing::ed25519::RequestSigner::from_hex(&seed.into()).expect("a key").public_key();
    let signed = SxConfig { request_seed: Some(seed.into()), ..quick() };
    play(
        |venue| venue.gateway_key = Some(public),
        signed,
        async |played| {
            let (id, order) = played.placed(1, TimeInForce::Fok, None);
            stands(&played.shell.seen, id, BetStatus::Accepted).await;
            played.agrees(id, &order);
        },
    );
    // Without a signature nothing is answered, so the client never gets ready.
    let folder = tempfile::tempdir().expect("a folder");
    on_sockets(async {
        let venue = Venue::start(11, 0, |venue| venue.gateway_key = Some(public));
        let shell = Shell::start(quick(), venue.link(), folder.path(), Box::new(|_| {})).expect("a shell");
        let over = |seen: &crate::shell::Seen| seen.fatal.get();
        assert!(shell.seen.until(LIMIT, over).await, "a refused key is for a person");
        assert_eq!(shell.seen.ups.get(), 0);
    });
}
