//! What a journal says of the time its rounds took.

use crate::support::Ended;
use domain::record::{Decision, Record};
use domain::{OrderEnd, OrderId, OrderNews, Purpose, RoundId, VenueId};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Some durations, ms.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spread {
    pub(crate) n: usize,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of durations in µs. The p-th of n is the smallest that p of 100 do not exceed.
    fn of(mut us: Vec<i64>) -> Self {
        us.sort_unstable();
        let at = |percent: usize| {
            let rank = (us.len() * percent).div_ceil(100).max(1) - 1;
            us.get(rank).map_or(f64::NAN, |us| *us as f64 / 1_000.0)
        };
        Self { n: us.len(), p50: at(50), p95: at(95), p99: at(99), max: at(100) }
    }
}

/// One entry order's way, µs from detection.
#[derive(Default)]
struct Way {
    venue: Option<VenueId>,
    answered: Option<i64>,
    filled: Option<i64>,
}

/// One round's entry, µs.
struct Entry {
    detected: i64,
    signed: i64,
    entered: Option<i64>,
    first: [OrderId; 2],
    tried_again: bool,
}

/// Everything that one run shows.
pub(crate) struct Figures {
    rows: Vec<(String, Spread)>,
    opened: usize,
    tried_again: usize,
    /// The bot's own figures of all orders: from the frame that decided them to the write.
    written: Spread,
    /// By venue and kind of order: orders, and the median parts of their breakdown, µs.
    parts: Vec<(String, usize, [u64; 5])>,
}

const BOTH_FILLED: &str = "both legs filled, round entered";

impl Figures {
    /// From the journal below `folder` and the bot's last words.
    pub(crate) fn read(folder: &Path, ended: &Ended) -> Self {
        let history = journal::History::open(&folder.join("state/journal"), 1).unwrap();
        let records: Vec<Record> = history
            .map(Result::unwrap)
            .filter(|r| r.kind >= journal::KIND_FIRST_FREE)
            .map(|r| serde_json::from_slice(&r.body).unwrap())
            .collect();
        let mut entries: BTreeMap<RoundId, Entry> = BTreeMap::new();
        let mut ways: BTreeMap<OrderId, Way> = BTreeMap::new();
        let mut venues: BTreeMap<OrderId, VenueId> = BTreeMap::new();
        let mut parts: BTreeMap<String, Vec<[u64; 5]>> = BTreeMap::new();
        for record in &records {
            if let Record::Opened { orders, .. } | Record::Intended { orders, .. } = record {
                venues.extend(orders.iter().map(|o| (o.spec.id, o.spec.venue)));
            }
            match record {
                Record::Opened { plan, orders, .. } => {
                    let signed = i64::try_from(plan.decided_ns / 1_000).unwrap();
                    let first = [orders[0].spec.id, orders[1].spec.id];
                    entries.insert(plan.id, Entry { detected: plan.at.0, signed, entered: None, first, tried_again: false });
                    for order in orders {
                        ways.insert(order.spec.id, Way { venue: Some(order.spec.venue), ..Way::default() });
                    }
                }
                Record::Intended { round, orders, .. } if orders.iter().any(|o| o.spec.id.purpose == Purpose::Entry) => {
                    if let Some(entry) = entries.get_mut(round) {
                        entry.tried_again = true;
                    }
                }
                Record::Decided { at, round, decision: Decision::Entered } => {
                    if let Some(entry) = entries.get_mut(round) {
                        entry.entered.get_or_insert(at.0 - entry.detected);
                    }
                }
                Record::News { at, order, news: OrderNews::Done { end: OrderEnd::Filled, .. } } => {
                    if let (Some(way), Some(entry)) = (ways.get_mut(order), entries.get(&order.round)) {
                        way.filled.get_or_insert(at.0 - entry.detected);
                    }
                }
                Record::Timed { at, order, way, sign_ns, encode_ns, network_ns, parse_ns } => {
                    if let (Some(way), Some(entry)) = (ways.get_mut(order), entries.get(&order.round)) {
                        way.answered.get_or_insert(at.0 - entry.detected);
                    }
                    let total = sign_ns + encode_ns + network_ns + parse_ns;
                    let venue = venues.get(order).map_or("?", VenueId::as_str);
                    let kind = if order.purpose == Purpose::Entry { "entry" } else { "exit or close" };
                    let row = [*sign_ns, *encode_ns, *network_ns, *parse_ns, total].map(|ns| ns / 1_000);
                    parts.entry(format!("{venue}, {way}, {kind}")).or_default().push(row);
                }
                _ => {}
            }
        }
        let entered: Vec<&Entry> = entries.values().filter(|e| e.entered.is_some()).collect();
        let of_venue = |name: &str, what: &dyn Fn(&Way) -> Option<i64>| {
            let own = entered.iter().flat_map(|e| e.first).filter_map(|id| ways.get(&id));
            Spread::of(own.filter(|w| w.venue.is_some_and(|v| v.as_str() == name)).filter_map(what).collect())
        };
        let both = |what: &dyn Fn(&Way) -> Option<i64>| {
            let later = |e: &&Entry| Some(what(ways.get(&e.first[0])?)?.max(what(ways.get(&e.first[1])?)?));
            Spread::of(entered.iter().filter_map(later).collect())
        };
        let rows = vec![
            ("both orders decided, cleared and signed".to_owned(), Spread::of(entered.iter().map(|e| e.signed).collect())),
            ("vest order answered".to_owned(), of_venue("vest", &|w| w.answered)),
            ("paradex order answered".to_owned(), of_venue("paradex", &|w| w.answered)),
            ("both orders answered".to_owned(), both(&|w| w.answered)),
            ("vest order filled".to_owned(), of_venue("vest", &|w| w.filled)),
            ("paradex order filled".to_owned(), of_venue("paradex", &|w| w.filled)),
            (BOTH_FILLED.to_owned(), Spread::of(entered.iter().filter_map(|e| e.entered).collect())),
        ];
        let summary = ended.line("Summary");
        let us = |name: &str| summary[name].as_u64().unwrap_or_else(|| panic!("no {name} in {summary}")) as f64 / 1_000.0;
        let written = Spread {
            n: venues.len(),
            p50: us("detect_to_sent_p50_us"),
            p95: us("detect_to_sent_p95_us"),
            p99: us("detect_to_sent_p99_us"),
            max: us("detect_to_sent_max_us"),
        };
        Self {
            rows,
            opened: entries.len(),
            tried_again: entered.iter().filter(|e| e.tried_again).count(),
            written,
            parts: parts.into_iter().map(|(name, rows)| (name, rows.len(), medians(&rows))).collect(),
        }
    }

    /// From detection to both legs filled: entered rounds, those with a second attempt included.
    pub(crate) fn both_filled(&self) -> Spread {
        self.rows.iter().find(|(name, _)| name == BOTH_FILLED).map(|(_, spread)| *spread).unwrap()
    }

    /// For people, and for docs/performance.md as it stands.
    pub(crate) fn table(&self, title: &str) -> String {
        let mut out = format!("{title}, ms from detection\n\n| | n | p50 | p95 | p99 | max |\n|---|---:|---:|---:|---:|---:|\n");
        let mut row = |name: &str, s: &Spread| {
            writeln!(out, "| {name} | {} | {:.2} | {:.2} | {:.2} | {:.2} |", s.n, s.p50, s.p95, s.p99, s.max).unwrap();
        };
        for (index, (name, spread)) in self.rows.iter().enumerate() {
            row(name, spread);
            if index == 0 {
                row("orders written to their sockets (entries and exits, from the frame that decided)", &self.written);
            }
        }
        let (opened, entered, again) = (self.opened, self.both_filled().n, self.tried_again);
        writeln!(
            out,
            "\n{opened} rounds opened, {entered} entered with both legs; {again} of these needed a second attempt on a leg.\n"
        )
        .unwrap();
        out.push_str("Medians of every order's breakdown, µs\n\n");
        out.push_str("| order | n | signature | encode | network | parse | total |\n|---|---:|---:|---:|---:|---:|---:|\n");
        for (name, n, [sign, encode, network, parse, total]) in &self.parts {
            writeln!(out, "| {name} | {n} | {sign} | {encode} | {network} | {parse} | {total} |").unwrap();
        }
        out
    }

    /// What the other run took longer.
    pub(crate) fn difference(&self, other: &Self) -> String {
        let mut out = "difference, ms\n\n| | p50 | p95 | p99 | max |\n|---|---:|---:|---:|---:|\n".to_owned();
        for ((name, a), (_, b)) in self.rows.iter().zip(&other.rows) {
            let (p50, p95, p99, max) = (b.p50 - a.p50, b.p95 - a.p95, b.p99 - a.p99, b.max - a.max);
            writeln!(out, "| {name} | {p50:+.2} | {p95:+.2} | {p99:+.2} | {max:+.2} |").unwrap();
        }
        out
    }

    /// Every kind of order with the number of its breakdowns and their medians: signature, encode, network, parse, total, µs.
    pub(crate) fn parts(&self) -> &[(String, usize, [u64; 5])] {
        &self.parts
    }
}

fn medians(rows: &[[u64; 5]]) -> [u64; 5] {
    std::array::from_fn(|column| {
        let mut all: Vec<u64> = rows.iter().map(|row| row[column]).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or(0)
    })
}
