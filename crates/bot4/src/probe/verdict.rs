//! What is made of what was seen: pure, no socket and no clock, a row per question.

use super::report::Report;
use super::watch::Seen;
use crate::config::{Config, PairPlan};
use crate::wiring::ids;
use domain::{AccountSnapshot, Instrument, InstrumentId, Lifecycle, Price, Rate, SCALE, Size, Usd};
use perps::Sizing;
use std::collections::{BTreeMap, BTreeSet};

/// The venue's clock may be this far from ours before somebody should look (venues/vest.md section 18), and before signed
/// requests are at risk, ms.
const CLOCK_MS: (i64, i64) = (500, 5_000);
/// Funding above this per hour, either way, is worth a look: about 0.9 % a day.
const FUNDING_HOURLY: Rate = Rate::from_e8(37_500);
/// Share of the notional taken as margin where a venue has not said it.
const MARGIN_UNTOLD: Rate = Rate::from_bps(2_000);

/// What the journal says we hold and have open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Base at 1e-8 by instrument, long positive.
    pub(crate) positions: BTreeMap<InstrumentId, i64>,
    /// Keys of orders whose end the journal does not know.
    pub(crate) orders: BTreeSet<String>,
    /// Rounds that are open.
    pub(crate) rounds: usize,
}

/// One venue in words and numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// `vest`, `paradex`.
    pub(crate) place: &'a str,
    /// What it has shown.
    pub(crate) seen: &'a Seen,
    /// 0 for Vest, 1 for Paradex: which of a pair's instruments.
    pub(crate) side: usize,
}

/// A decimal of either sign.
fn decimal(e8: i64) -> String {
    let mut text = String::new();
    domain::write_e8(e8, 0, &mut text);
    text
}

/// Whether it answers over both ways.
pub(crate) fn reachable(at: At<'_>, report: &mut Report) {
    let why = at.seen.fatal.as_ref().or(at.seen.trouble.as_ref()).map_or("no answer in time", String::as_str);
    let network = "see that the network, the address in `venues` and the venue itself are up";
    if at.seen.rest {
        report.ok(at.place, "rest", "answers over TLS");
    } else {
        report.fail(at.place, "rest", format!("does not answer: {why}"), network);
    }
    if at.seen.ws {
        report.ok(at.place, "websocket", "answers over TLS");
    } else {
        report.fail(at.place, "websocket", format!("is not up: {why}"), network);
    }
    if let Some(why) = &at.seen.fatal {
        report.fail(at.place, "session", why.clone(), "without this the bot cannot trade there");
    } else if !at.seen.ready {
        report.fail(
            at.place,
            "session",
            format!("did not come up in time: {why}"),
            "try again; if it stays, see the venue's own status",
        );
    }
}

/// How far the venue's clock is from ours.
pub(crate) fn clock(place: &str, offset_ms: Option<i64>, report: &mut Report) {
    let advice = "let the system's clock follow a time server (timedatectl set-ntp true)";
    match offset_ms {
        None => report.warn(place, "clock", "the venue's clock could not be measured", "try again"),
        Some(ms) if ms.saturating_abs() > CLOCK_MS.1 => {
            report.fail(place, "clock", format!("{ms} ms off: signed orders would be refused or live too long"), advice);
        }
        Some(ms) if ms.saturating_abs() > CLOCK_MS.0 => report.warn(place, "clock", format!("{ms} ms off"), advice),
        Some(ms) => report.ok(place, "clock", format!("{ms} ms off")),
    }
}

/// Largest notional of each pair, and of all together within the caps.
fn notionals(config: &Config, seen: &Seen, side: usize) -> Vec<Usd> {
    let leg = config.file.risk.notional_per_leg_usd.0;
    let of = |(n, plan): (usize, &PairPlan)| {
        let wanted = match plan.sizing {
            Sizing::Notional(usd) => usd,
            Sizing::Base(size) => seen.price(instrument_id(n, side)).map_or(Usd::ZERO, |p| size.cost(p)),
        };
        wanted.min(leg).min(plan.max_notional.unwrap_or(leg))
    };
    config.pairs.iter().enumerate().map(of).collect()
}

fn instrument_id(n: usize, side: usize) -> InstrumentId {
    let (a, b) = ids(n);
    if side == 0 { a } else { b }
}

/// Money, open orders and positions against configuration and journal.
pub(crate) fn account(at: At<'_>, account: &AccountSnapshot, config: &Config, held: &Held, report: &mut Report) {
    let margin = |n: usize| {
        let id = instrument_id(n, at.side);
        at.seen.instruments.iter().find(|i| i.id == id).and_then(|i| i.initial_margin).unwrap_or_else(|| {
            if at.side == 0 { Rate::from_e8(SCALE / i64::from(config.file.venues.vest.leverage.max(1))) } else { MARGIN_UNTOLD }
        })
    };
    let needs: Vec<Usd> =
        notionals(config, at.seen, at.side).into_iter().enumerate().map(|(n, usd)| usd.share_up(margin(n))).collect();
    let all = needs.iter().fold(Usd::ZERO, |sum, n| sum.plus(*n));
    let least = needs.iter().copied().min().unwrap_or(Usd::ZERO);
    let has = format!("{} USD, {} free", account.balance, account.free);
    let advice = "deposit there, or lower `notional_usd` of the pairs";
    // What is held already has its margin.
    if held.rounds == 0 && account.free < least {
        report.fail(at.place, "balance", format!("{has}; the smallest pair locks up {least}"), advice);
    } else if held.rounds == 0 && account.free < all {
        report.warn(at.place, "balance", format!("{has}; all pairs at once lock up {all}"), advice);
    } else {
        report.ok(at.place, "balance", format!("{has}; all pairs at once lock up {all}"));
    }

    let strangers: Vec<&str> =
        account.open_orders.iter().filter(|o| !held.orders.contains(&o.key)).map(|o| o.venue_order.0.as_str()).collect();
    if strangers.is_empty() {
        report.ok(at.place, "open orders", format!("{}, all of them in the journal", account.open_orders.len()));
    } else {
        let found = format!("{} that no journal of this bot knows: {}", strangers.len(), strangers.join(", "));
        report.fail(at.place, "open orders", found, "cancel them at the venue; whoever placed them shares this account");
    }

    let mut differ: Vec<String> = Vec::new();
    let mut theirs: BTreeMap<InstrumentId, i64> = BTreeMap::new();
    for p in &account.positions {
        theirs.insert(p.instrument, p.size_e8);
    }
    for i in &at.seen.instruments {
        let (own, venue) = (held.positions.get(&i.id).copied().unwrap_or(0), theirs.get(&i.id).copied().unwrap_or(0));
        if own != venue {
            differ.push(format!("{}: journal {}, venue {}", i.symbol, decimal(own), decimal(venue)));
        }
    }
    if differ.is_empty() {
        report.ok(at.place, "positions", format!("{} open, as the journal says", account.positions.len()));
    } else {
        let advice = "close at the venue what is not the bot's, or start it with the state folder that the position belongs to";
        report.fail(at.place, "positions", differ.join("; "), advice);
    }
    if !at.seen.foreign.is_empty() {
        let advice = "give the bot an account of its own";
        report.fail(at.place, "activity", at.seen.foreign.join("; "), advice);
    }
}

/// The venue's rules of every configured pair: status, fee, funding, filters. With both venues the common step as well.
pub(crate) fn pairs(config: &Config, sides: &[At<'_>], report: &mut Report) {
    for (n, plan) in config.pairs.iter().enumerate() {
        let listed: Vec<(At<'_>, &Instrument)> = sides
            .iter()
            .filter_map(|at| {
                let id = instrument_id(n, at.side);
                // One that was never told of still has its smallest step and no quote.
                at.seen.instruments.iter().find(|i| i.id == id && !i.quote.is_empty()).map(|i| (*at, i))
            })
            .collect();
        let pair = plan.pair.as_str();
        for (at, i) in &listed {
            status(pair, *at, i, report);
        }
        if listed.len() < sides.len() {
            report.fail(
                pair,
                "rules",
                "a venue has not told its rules",
                "correct the symbol in `pairs`, or see the venue's rows above",
            );
            continue;
        }
        sizes(pair, plan, &listed, report);
        costs(pair, &listed, report);
    }
}

fn status(pair: &str, at: At<'_>, i: &Instrument, report: &mut Report) {
    let name = format!("{} on {}", i.symbol, at.place);
    match i.lifecycle {
        Lifecycle::Trading => report.ok(pair, "status", format!("{name} trades")),
        Lifecycle::ReduceOnly => {
            report.warn(pair, "status", format!("{name} takes reducing orders only"), "nothing is opened until it trades");
        }
        Lifecycle::Halted => {
            report.warn(pair, "status", format!("{name} takes no orders now"), "nothing is opened until it trades");
        }
        Lifecycle::Delisted => report.fail(pair, "status", format!("{name} is off the list"), "take the pair out of `pairs`"),
    }
}

fn sizes(pair: &str, plan: &PairPlan, listed: &[(At<'_>, &Instrument)], report: &mut Report) {
    let step = listed.iter().map(|(_, i)| Some(i.lot)).reduce(|a, b| perps::common_step(a?, b?)).flatten();
    let price = listed.iter().find_map(|(at, i)| at.seen.price(i.id));
    let (Some(step), Some(price)) = (step, price) else {
        return report.warn(pair, "size", "no price yet, so the size is not known", "try again when the market trades");
    };
    let Some(size) = wanted(plan, step, price) else {
        return report.fail(pair, "size", "there is no size on a step that both venues take", "raise `notional_usd`");
    };
    let notional = size.cost(price);
    for (at, i) in listed {
        let on = format!("{} at {}", i.symbol, at.place);
        let advice = "change `size` or `notional_usd` of the pair";
        if size < i.min_size || size.is_zero() {
            return report.fail(pair, "size", format!("{size} is under the smallest size of {on}, {}", i.min_size), advice);
        }
        if notional < i.min_notional {
            return report.fail(
                pair,
                "size",
                format!("{notional} USD are under the smallest value of {on}, {}", i.min_notional),
                advice,
            );
        }
        if i.max_size.is_some_and(|most| size > most) {
            return report.fail(pair, "size", format!("{size} is over the largest size of {on}"), advice);
        }
    }
    report.ok(pair, "size", format!("{size} on a common step of {step}, about {notional} USD a leg"));
}

/// The size of a leg at this price.
fn wanted(plan: &PairPlan, step: Size, price: Price) -> Option<Size> {
    match plan.sizing {
        Sizing::Base(size) => Some(size.down_to(step)),
        Sizing::Notional(usd) => {
            let e8 = i128::from(usd.e8()).checked_mul(i128::from(SCALE))?.checked_div(i128::from(price.e8()))?;
            Size::from_e8(i64::try_from(e8).ok()?).map(|s| s.down_to(step))
        }
    }
}

fn costs(pair: &str, listed: &[(At<'_>, &Instrument)], report: &mut Report) {
    let fees: Vec<String> = listed.iter().map(|(at, i)| format!("{} {}%", at.place, i.taker_fee)).collect();
    report.ok(pair, "fees", format!("taker: {}", fees.join(", ")));
    let told: Vec<(&str, Rate)> = listed.iter().filter_map(|(at, i)| Some((at.place, *at.seen.funding.get(&i.id)?))).collect();
    let words: Vec<String> = told.iter().map(|(place, r)| format!("{place} {r}%")).collect();
    let high = told.iter().any(|(_, r)| r.e8().saturating_abs() > FUNDING_HOURLY.e8());
    match (words.is_empty(), high) {
        (true, _) => report.ok(pair, "funding", "not told within seconds; nothing is expected of it until it is"),
        (false, false) => report.ok(pair, "funding", format!("an hour: {}", words.join(", "))),
        (false, true) => {
            let advice = "holding may cost more than the spread brings; see `funding` and `holding_horizon_s`";
            report.warn(pair, "funding", format!("an hour: {}", words.join(", ")), advice);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::super::report::{Row, Verdict};
    use super::*;
    use crate::config::FileConfig;
    use config_manager::Layers;
    use domain::{OpenOrder, Pair, Position, VenueId, VenueOrderId};

    /// One pair of 1,000 USD a leg.
    fn config() -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        std::fs::write(&file, "notional_usd: 1000\npairs:\n  - ETH-USD\n").unwrap();
        Config::resolve(&Layers::new().file(&file, "").unwrap().load::<FileConfig>().unwrap()).unwrap()
    }

    fn usd(whole: i64) -> Usd {
        Usd::from_e8(whole * SCALE)
    }

    /// Vest as it should be: ETH at 2,000 USD, a tenth of the value as margin.
    fn seen() -> Seen {
        let id = instrument_id(0, 0);
        let rules = Instrument {
            lot: Size::from_e8(SCALE / 1_000).unwrap(),
            min_size: Size::from_e8(SCALE / 1_000).unwrap(),
            min_notional: usd(10),
            quote: "USDC".to_owned(),
            lifecycle: Lifecycle::Trading,
            initial_margin: Some(Rate::from_bps(1_000)),
            ..Instrument::unknown(id, VenueId::new("vest"), Pair::new("ETH-USD"), "ETH-PERP")
        };
        let marks = BTreeMap::from([(id, Price::from_e8(2_000 * SCALE).unwrap())]);
        Seen { rest: true, ws: true, ready: true, instruments: vec![rules], marks, ..Seen::default() }
    }

    fn row(report: &Report, what: &str) -> Row {
        report.rows.iter().find(|r| r.what == what).unwrap_or_else(|| panic!("no row {what}: {report:?}")).clone()
    }

    #[test]
    fn a_clock_that_is_off_is_looked_at_and_one_that_is_far_off_forbids_trading() {
        let check = |offset_ms, expect| {
            let mut report = Report::default();
            clock("vest", offset_ms, &mut report);
            assert_eq!(row(&report, "clock").verdict, expect, "{offset_ms:?}");
        };
        check(Some(0), Verdict::Ok);
        check(Some(500), Verdict::Ok);
        check(Some(-501), Verdict::Warn);
        check(Some(5_000), Verdict::Warn);
        check(Some(5_001), Verdict::Fail);
        check(Some(i64::MIN), Verdict::Fail);
        check(None, Verdict::Warn);
    }

    #[test]
    fn an_account_is_judged_by_its_margin_and_by_what_only_it_or_only_the_journal_knows() {
        fn check(what: &str, expect: Verdict, found: &str, change: impl Fn(&mut AccountSnapshot, &mut Held, &mut Seen)) {
            let (mut snapshot, mut held, mut seen) = (AccountSnapshot::default(), Held::default(), seen());
            (snapshot.balance, snapshot.free) = (usd(500), usd(500));
            change(&mut snapshot, &mut held, &mut seen);
            let mut report = Report::default();
            account(At { place: "vest", seen: &seen, side: 0 }, &snapshot, &config(), &held, &mut report);
            let row = row(&report, what);
            assert!(row.verdict == expect && row.found.contains(found), "{expect:?} {found:?}: {row:?}");
        }
        let order =
            |key: &str| OpenOrder { instrument: None, key: key.to_owned(), venue_order: VenueOrderId(format!("0x{key}")) };
        let position = |size_e8| Position { instrument: instrument_id(0, 0), size_e8, entry: None };
        check("balance", Verdict::Ok, "500 USD, 500 free", |_, _, _| {});
        check("balance", Verdict::Ok, "lock up 100", |a, _, _| a.free = usd(100));
        check("balance", Verdict::Fail, "the smallest pair locks up 100", |a, _, _| a.free = usd(99));
        check("balance", Verdict::Ok, "0 free", |a, h, _| (a.free, h.rounds) = (Usd::ZERO, 1));
        check("open orders", Verdict::Ok, "0, all of them", |_, _, _| {});
        check("open orders", Verdict::Fail, "knows: 0x17", |a, _, _| a.open_orders.push(order("17")));
        check("open orders", Verdict::Ok, "1, all of them", |a, h, _| {
            a.open_orders.push(order("17"));
            h.orders.insert("17".to_owned());
        });
        check("positions", Verdict::Ok, "0 open", |_, _, _| {});
        check("positions", Verdict::Fail, "journal 0, venue -0.5", |a, _, _| a.positions.push(position(-SCALE / 2)));
        check("positions", Verdict::Fail, "journal 1, venue 0", |_, h, _| {
            h.positions.insert(instrument_id(0, 0), SCALE);
        });
        check("positions", Verdict::Ok, "1 open", |a, h, _| {
            a.positions.push(position(SCALE));
            h.positions.insert(instrument_id(0, 0), SCALE);
        });
        check("activity", Verdict::Fail, "a stranger", |_, _, s| s.foreign.push("a stranger".to_owned()));
    }

    #[test]
    fn a_pair_is_judged_by_the_rules_of_its_venue() {
        fn check(what: &str, expect: Verdict, found: &str, change: impl Fn(&mut Instrument)) {
            let mut seen = seen();
            change(&mut seen.instruments[0]);
            let mut report = Report::default();
            pairs(&config(), &[At { place: "vest", seen: &seen, side: 0 }], &mut report);
            let row = row(&report, what);
            assert!(row.verdict == expect && row.found.contains(found), "{expect:?} {found:?}: {row:?}");
        }
        let size = |e8| Size::from_e8(e8).unwrap();
        check("size", Verdict::Ok, "0.5 on a common step of 0.001", |_| {});
        check("size", Verdict::Ok, "1000 USD a leg", |i| i.min_notional = usd(1_000));
        check("size", Verdict::Fail, "under the smallest value", |i| i.min_notional = usd(1_001));
        check("size", Verdict::Fail, "under the smallest size", |i| i.min_size = size(SCALE));
        check("size", Verdict::Fail, "over the largest size", |i| i.max_size = Some(size(SCALE / 4)));
        check("size", Verdict::Fail, "under the smallest size", |i| i.lot = size(SCALE));
        check("status", Verdict::Ok, "trades", |_| {});
        check("status", Verdict::Warn, "reducing orders only", |i| i.lifecycle = Lifecycle::ReduceOnly);
        check("status", Verdict::Warn, "no orders now", |i| i.lifecycle = Lifecycle::Halted);
        check("status", Verdict::Fail, "off the list", |i| i.lifecycle = Lifecycle::Delisted);
        check("rules", Verdict::Fail, "not told", |i| i.quote.clear());
    }

    #[test]
    fn a_venue_that_does_not_answer_is_named_with_the_way_that_is_missing() {
        let check = |what, expect, change: fn(&mut Seen)| {
            let (mut seen, mut report) = (seen(), Report::default());
            change(&mut seen);
            reachable(At { place: "vest", seen: &seen, side: 0 }, &mut report);
            assert_eq!(row(&report, what).verdict, expect, "{report:?}");
        };
        check("rest", Verdict::Ok, |_| {});
        check("rest", Verdict::Fail, |s| s.rest = false);
        check("websocket", Verdict::Ok, |_| {});
        check("websocket", Verdict::Fail, |s| s.ws = false);
        check("session", Verdict::Fail, |s| s.ready = false);
        check("session", Verdict::Fail, |s| s.fatal = Some("the account is not known".to_owned()));
    }
}
