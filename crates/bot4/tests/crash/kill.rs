//! One worker: a world in which the bot trades among faults, is killed, and comes back, until all kinds were struck.

use crate::harness::journal::{Fold, Tail};
use crate::harness::world::{Plan, Venue, World};
use crate::life;
use crate::random::Random;
use crate::state;
use crate::tally::Tally;
use crate::torn::Last;
use domain::record::Record;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use venue_sim::market::MarketShape;

/// A chance every two seconds.
const OFTEN: MarketShape = MarketShape { pulse_every_ms: 2_000, pulse_ms: 1_300, pulse_bps: 52, noise_bps: 4 };
/// Lives after which a world is judged as a whole and left.
const LIVES: u64 = 12;
/// Longest wait for a record of the wanted kind; then the kill falls where it falls.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon a restarted bot must be even: longer than any fence, and than a busy machine needs.
const EVEN_WITHIN: Duration = Duration::from_secs(30);
/// How often the journal is looked at for the wanted record.
const LOOK_EVERY: Duration = Duration::from_micros(400);

/// What may befall an order of either venue, once.
const FAULTS: [(&str, i64); 7] = [
    ("hold_order_answer", 0),
    ("lose_order_answer", 0),
    ("drop_order", 0),
    ("refuse_order", 0),
    ("partial_fill", 4_000),
    ("partial_fill", 0),
    ("late_fill", 0),
];

/// Strikes until nothing is wanted any more.
pub(crate) async fn run(tally: &Tally, seed: u64) {
    let mut random = Random::new(seed);
    while tally.wants_more() {
        world(tally, &mut random).await;
    }
}

async fn world(tally: &Tally, random: &mut Random) {
    let long = random.one_of(&[Venue::Vest, Venue::Paradex]);
    let world = World::of(Plan { shape: OFTEN, long, latency_ms: 0, windows: 4 });
    configure(&world);
    let mut settled = 0;
    for _ in 0..LIVES {
        let Some(aim) = tally.aim() else { break };
        let bot = world.bot();
        let from = Instant::now();
        // Three times in four the life before has come to rest first; else the kill may meet the recovery itself.
        if aim.kind != "started" && !random.once_in(4) {
            world.even(&bot, EVEN_WITHIN).await;
            tally.came_back(from.elapsed());
            world.judge(true).await;
            settled += 1;
        }
        let unmet = tally.unmet();
        let hunts = !unmet.is_empty() && random.once_in(2);
        if hunts {
            refuse_evening(&world, long, random);
        } else if aim.kind != "started" {
            arm(&world, random);
        }
        if aim.kind == "watched" && !hunts {
            bot.interrupt(); // a bot that stops sums up what it has seen
        }
        wait_for(&world, &aim.kind, if hunts { &unmet } else { &[] }).await;
        bot.kill();
        strike(&world, tally, random);
        for venue in [Venue::Vest, Venue::Paradex] {
            FAULTS.iter().for_each(|(name, _)| world.server(venue).clear(name));
        }
    }
    assert!(settled > 0 || !tally.wants_more(), "no life came to rest");
    // The last life closes everything, and the world is judged as a whole.
    let (bot, even_after) = life::whole(&world, EVEN_WITHIN).await;
    tally.came_back(even_after);
    let fold = Fold::of(world.journal().all());
    let told: i64 = fold.rounds.values().filter_map(|r| r.outcome).map(|o| o.net.e8()).sum();
    assert_eq!(world.gained().await, told, "cash by the venues, and by the journal\n{}", bot.story());
}

fn configure(world: &World) {
    let mut settings = world.settings();
    settings["on_stop"] = json!("flatten");
    settings["execution"] = json!({
        "cooldown_ms": 100, "price_bound_percent": "0.20", "answer_ms": 600, "retry_delay_ms": 100, "query_every_ms": 100,
        "close_retry_ms": 200, "max_uncovered_ms": 800,
    });
    settings["venues"]["vest"]["recv_window_ms"] = json!(1_000);
    settings["venues"]["paradex"]["recv_window_ms"] = json!(1_000);
    world.configure(&settings);
}

/// Up to two faults, each for one order of one side.
fn arm(world: &World, random: &mut Random) {
    for venue in [Venue::Vest, Venue::Paradex] {
        if random.once_in(2) {
            continue;
        }
        let (name, share) = random.one_of(&FAULTS);
        let mut parameters = json!({ "count": 1, "side": random.one_of(&["buy", "sell"]) });
        match name {
            "partial_fill" => parameters["share_bps"] = json!(share),
            "late_fill" => parameters["ms"] = json!(200),
            "refuse_order" => parameters["code"] = Value::from(if venue == Venue::Vest { "3001" } else { "MARKET_NOT_OPEN" }),
            _ => {}
        }
        world.fault(venue, name, parameters);
    }
}

/// One leg is refused for good at an entry or an exit, and the other one's close as well for a while: what is uneven stays
/// so, with nothing on its way.
fn refuse_evening(world: &World, long: Venue, random: &mut Random) {
    let refuse = |venue: Venue, side: &str, count: u64| {
        let code = if venue == Venue::Vest { "3001" } else { "MARKET_NOT_OPEN" };
        world.fault(venue, "refuse_order", json!({ "side": side, "count": count, "code": code }));
    };
    if random.once_in(2) {
        refuse(long.other(), "sell", 3);
        refuse(long, "sell", 3);
    } else {
        refuse(long.other(), "buy", 3);
    }
}

/// Returns with a record of this kind as the last one, or with one that makes a state of `unmet`; or after a while.
async fn wait_for(world: &World, kind: &str, unmet: &[&str]) {
    let limit = Instant::now() + PATIENCE;
    let mut tail = Tail::after(world.journal(), 0);
    let mut fold = Fold::of(tail.more());
    let mut look = tokio::time::interval(LOOK_EVERY);
    while Instant::now() < limit {
        let more = tail.more();
        if let Some(last) = more.last().map(Record::word) {
            fold.take(more);
            let met = if unmet.is_empty() { last == kind } else { unmet.contains(&state::word(&fold).as_str()) };
            if met {
                return;
            }
        }
        look.tick().await;
    }
}

/// Counts the kill that has just been, and does to its last record what a torn write would.
fn strike(world: &World, tally: &Tally, random: &mut Random) {
    let book = world.journal();
    let records = book.all();
    let fold = Fold::of(records);
    let Some(last) = fold.records.last() else { return };
    tally.saw(fold.records.iter().map(Record::word));
    let kind = last.word();
    tally.struck(&state::word(&fold), kind);
    let Some(last) = Last::of(&book) else { return };
    let places = last.places();
    tally.cut(last.replay_cut(&book, (places.len() / 4).max(1)));
    if random.once_in(3) && !acted_upon(world, &last.record) {
        last.cut(&book, places.start + random.below(places.len() as u64) as usize);
        tally.came_back_from_a_cut();
    }
}

/// Whether a venue knows an order of this record: then it was on the disk before the order left, and no kill unwrites it.
fn acted_upon(world: &World, record: &Record) -> bool {
    let orders = match record {
        Record::Opened { orders, .. } | Record::Intended { orders, .. } => orders,
        _ => return false,
    };
    let known = |venue| world.orders_inside(venue).into_iter().any(|seen| orders.iter().any(|o| o.key.key == seen.key));
    known(Venue::Vest) || known(Venue::Paradex)
}
