//! One cell over the wire: what is arranged, what the bot does about it, and what both venues say in the end.

use crate::cell::{Cell, Fault, Fill, Phase};
use crate::faults::{ANSWER_MS, Leg, Then};
use crate::harness::journal::{Fold, Tail};
use crate::harness::world::{Plan, Venue, World};
use crate::harness::{LIMIT, bot::Bot, until};
use domain::record::{Decision, Record};
use domain::{LegId, OrderEnd, OrderId, OrderNews, Purpose, RoundId};
use saga::Round;
use serde_json::json;
use std::fmt;
use venue_sim::market::MarketShape;

/// The venues are apart most of the time, so that an entry has time for all its attempts.
const APART: MarketShape = MarketShape { pulse_every_ms: 4_000, pulse_ms: 3_400, pulse_bps: 52, noise_bps: 4 };
/// They come together again soon, so that the exit comes.
const BRISK: MarketShape = MarketShape { pulse_every_ms: 2_600, pulse_ms: 1_600, pulse_bps: 52, noise_bps: 4 };
/// A venue that is away stays away for so long after the bot has noticed, ms.
const AWAY_MS: i64 = 700;
/// How often a cell is set up anew when something else went wrong before its orders left.
const SETUPS: usize = 3;

/// How a cell ended.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// Not arranged because it cannot be, for this reason; it was tried.
    pub(crate) impossible: Option<&'static str>,
    /// `held`, or the round's ending.
    pub(crate) ending: &'static str,
    /// Longest time that one leg was uncovered, by the journal, ms.
    pub(crate) uncovered_ms: i64,
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.impossible {
            Some(why) => write!(f, "cannot be: {why}"),
            None => write!(f, "{}, uncovered for {} ms", self.ending, self.uncovered_ms),
        }
    }
}

/// Plays a cell to its end.
pub(crate) async fn play(cell: Cell) -> Played {
    let mut last = String::new();
    for _ in 0..SETUPS {
        match once(cell).await {
            Ok(played) => return played,
            Err(Missed(why)) => last = why,
        }
    }
    panic!("was not met in {SETUPS} attempts: {last}")
}

/// Something else than the cell happened, and was brought to a good end as well.
struct Missed(String);

async fn once(cell: Cell) -> Result<Played, Missed> {
    // Both sides of both venues have their turn: Vest buys at the struck orders of an entry, and at those of an exit.
    let long = if cell.phase == Phase::Entry { Venue::Vest } else { Venue::Paradex };
    let shape = if cell.phase == Phase::Entry { APART } else { BRISK };
    let world = World::of(Plan { shape, long, latency_ms: 0, windows: 8 });
    configure(&world);
    let struck = cell.struck();
    let legs = LegId::BOTH.map(|leg| {
        let i = leg.index();
        let venue = if leg == LegId::A { long } else { long.other() };
        let buys = (Round::entry_side(leg) == domain::Side::Buy) == (cell.phase == Phase::Entry);
        Leg { venue, buys, fill: cell.fills[i], fault: struck[i].then_some(cell.fault) }
    });
    let then = legs.map(|leg| leg.arm(&world));
    let mut bot = world.bot();
    let over = phase_over(&world, &bot, cell.phase, &legs, then).await;
    for venue in [Venue::Vest, Venue::Paradex] {
        world.server(venue).clear("duplicate_events");
        world.line(venue, |line| line.mend());
    }
    bot.terminate(); // with `on_stop: flatten`
    let status = bot.ended().await;
    assert_eq!(status.code(), Some(0), "{cell}\n{}", bot.story());
    let (fold, id) = over?;
    world.audit().await;
    assert_eq!(world.positions().await, [0, 0], "{cell}: not flat\n{}", bot.story());
    let whole = Fold::of(world.journal().all());
    let told: i64 = whole.rounds.values().filter_map(|r| r.outcome).map(|o| o.net.e8()).sum();
    assert_eq!(world.gained().await, told, "{cell}: cash by the venues, and by the journal\n{}", bot.story());
    let called = whole.records.iter().any(|r| matches!(r, Record::Decided { decision: Decision::Stuck { .. }, .. }));
    assert!(!called, "{cell}: a person was called while both venues answered\n{}", bot.story());

    let round = &fold.rounds[&id];
    let first = LegId::BOTH.map(|leg| first_order(round, leg, cell.phase));
    let met = LegId::BOTH.map(|leg| {
        let i = leg.index();
        let id = first[i];
        filled_as(&whole, &whole.rounds[&round.id()], id, cell.fills[i])
            && (!struck[i] || befell(&world, &whole, &whole.rounds[&round.id()], id, legs[i], cell))
    });
    let met = met == [true, true];
    match (cell.impossible(), met) {
        (Some(why), true) => panic!("{cell} cannot be ({why}), and was\n{}", bot.story()),
        (None, false) => {
            let orders = first.map(|id| format!("{:?}", round.order(id)));
            return Err(Missed(format!("{orders:#?}\n{}", bot.story())));
        }
        _ => {}
    }
    let ending = match round.outcome {
        None => "held",
        Some(outcome) => outcome.ending.word(),
    };
    let uncovered_ms = round.uncovered_ms;
    Ok(Played { impossible: cell.impossible(), ending, uncovered_ms })
}

fn configure(world: &World) {
    let mut settings = world.settings();
    settings["on_stop"] = json!("flatten");
    settings["execution"] = json!({
        "cooldown_ms": 60_000, "price_bound_percent": "0.20", "answer_ms": ANSWER_MS, "retry_delay_ms": 50,
        "query_every_ms": 100, "close_retry_ms": 100, "max_uncovered_ms": 1_000,
    });
    settings["venues"]["paradex"]["recv_window_ms"] = json!(1_000);
    settings["venues"]["vest"]["recv_window_ms"] = json!(1_000);
    world.configure(&settings);
}

/// Waits until the first round that came to this phase is at rest after it, and does meanwhile what the legs want done. A
/// round whose entry the market outran never comes to an exit: that is another story than the cell's.
async fn phase_over(
    world: &World,
    bot: &Bot,
    phase: Phase,
    legs: &[Leg; 2],
    mut then: [Then; 2],
) -> Result<(Fold, RoundId), Missed> {
    let mut tail = Tail::after(world.journal(), 0);
    let mut fold = Fold::default();
    let mut since: Option<tokio::time::Instant> = None;
    let look = async || {
        fold.take(tail.more());
        let begun = |r: &Round| phase == Phase::Entry || exit_begun(&fold, r.id());
        if let Some(round) = fold.rounds.values().find(|r| phase == Phase::Exit && r.outcome.is_some() && !begun(r)) {
            return Some(Err(Missed(format!("round {} ended before any exit\n{}", round.id(), bot.story()))));
        }
        let round = fold.rounds.values().find(|r| begun(r) && has_orders(r, phase))?;
        let mut open = false;
        for (i, leg) in LegId::BOTH.into_iter().enumerate() {
            let was_unknown = became_unknown(&fold, first_order(round, leg, phase));
            open |= then[i] != Then::Nothing;
            if was_unknown && then[i] != Then::Nothing {
                let away = since.get_or_insert_with(tokio::time::Instant::now).elapsed();
                if then[i] == Then::Release || away.as_millis() as i64 >= AWAY_MS {
                    legs[i].finish(then[i], world);
                    then[i] = Then::Nothing;
                }
            }
        }
        (!open && Fold::at_rest(round)).then(|| Ok(round.id()))
    };
    let id = until(LIMIT, look, || format!("{} at rest; the bot:\n{}", phase.word(), bot.story())).await?;
    Ok((fold, id))
}

fn purpose(phase: Phase) -> Purpose {
    if phase == Phase::Entry { Purpose::Entry } else { Purpose::Exit }
}

fn exit_begun(fold: &Fold, id: RoundId) -> bool {
    let begun = |r: &Record| matches!(r, Record::Decided { decision: Decision::ExitBegun { .. }, round, .. } if *round == id);
    fold.records.iter().any(begun)
}

fn has_orders(round: &Round, phase: Phase) -> bool {
    LegId::BOTH.iter().all(|leg| round.attempts(*leg, purpose(phase)) > 0)
}

fn first_order(round: &Round, leg: LegId, phase: Phase) -> OrderId {
    OrderId { round: round.id(), leg, purpose: purpose(phase), attempt: 1 }
}

/// Whether the bot recorded that it does not know what became of the order.
fn became_unknown(fold: &Fold, id: OrderId) -> bool {
    fold.records.iter().any(|r| match r {
        Record::Decided { decision: Decision::TimedOut(order), .. } => *order == id,
        Record::News { order, news: OrderNews::Unknown { .. }, .. } => *order == id,
        _ => false,
    })
}

/// Whether the order came to what the cell says.
fn filled_as(fold: &Fold, round: &Round, id: OrderId, fill: Fill) -> bool {
    let Some(order) = round.order(id) else { return false };
    let (filled, size) = (order.fills.size.e8(), order.spec.size.e8());
    match fill {
        Fill::None => filled == 0,
        Fill::Partial => 0 < filled && filled < size,
        Fill::Full => filled == size,
        Fill::Unknown => became_unknown(fold, id),
    }
}

/// Whether the fault is what the order met.
fn befell(world: &World, fold: &Fold, round: &Round, id: OrderId, leg: Leg, cell: Cell) -> bool {
    let filled = round.order(id).is_some_and(|o| !o.fills.size.is_zero());
    let request = || world.line(leg.venue, |line| line.requests.iter().find(|r| r.buys == leg.buys).cloned());
    match cell.fault {
        Fault::Refused => fold.records.iter().any(
            |r| matches!(r, Record::News { order, news: OrderNews::Done { end: OrderEnd::Refused(_), .. }, .. } if *order == id),
        ),
        // An unknown leg's answer was late, not lost.
        Fault::Timeout if leg.fill == Fill::Unknown => became_unknown(fold, id),
        Fault::Timeout | Fault::LostAck | Fault::Disconnect => request().is_some_and(|r| !r.answered),
        Fault::DuplicateFill | Fault::LateFill => filled,
    }
}
