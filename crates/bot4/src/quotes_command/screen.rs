//! What stands on the screen: a head, the pairs by margin, a foot. A text of given width and height; knows no terminal.

use super::words;
use crate::bets_wiring::Session;
use crate::when;
use bets::board::Row;
use domain::{Rate, Stake, Wall};

/// Narrower, and it is cut off at the right.
pub(super) const WIDTH_MIN: usize = 80;
/// Letters of the columns between the event and the last one: margin, bet, both odds, age.
const MARGIN: usize = 7;
const BET: usize = 16;
const ODDS: usize = 6;
const AGE: usize = 4;
const MONEY: usize = 17;

/// How lines are set off; nothing where colours are not wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }
    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
    fn green(self, text: &str) -> String {
        self.with("32", text)
    }
}

/// What the head says.
pub(super) struct Head<'a> {
    pub(super) now: Wall,
    /// Where the venues are, in a few words.
    pub(super) place: &'a str,
    /// What there is to be seen, where that is not plain.
    pub(super) note: &'a str,
    /// By what pairs are confirmed.
    pub(super) confirmed_by: &'a str,
    pub(super) sx: &'a Session,
    pub(super) azuro: &'a Session,
    /// Markets listed at either venue.
    pub(super) listed: [usize; 2],
    pub(super) pairs: usize,
    pub(super) confirmed: usize,
    pub(super) tradable: usize,
    /// Pairs beyond what can be watched at once.
    pub(super) unwatched: usize,
}

fn session(name: &str, session: &Session, listed: usize) -> String {
    if session.fatal.is_some() {
        return format!("{name} cannot go on");
    }
    let state = if session.connected { "connected" } else { "connecting" };
    match session.listed {
        Some(_) => format!("{name} {state}, {listed} markets"),
        None => format!("{name} {state}, reading markets ({listed})"),
    }
}

/// Cuts a text to a width, with a mark that it was cut.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('~');
    cut
}

/// Both sides, each cut to its share where there is no room for the whole.
fn event(row: &Row<'_>, width: usize) -> String {
    let whole = words::event(row.link);
    let [one, two] = &row.link.listings[0].teams;
    if whole.chars().count() <= width || two.is_empty() {
        return cut(&whole, width);
    }
    let room = width.saturating_sub(3);
    let (of_one, of_two) = (one.chars().count(), two.chars().count());
    // A short name leaves its room to the other.
    let share = (room / 2).max(room.saturating_sub(of_two)).min(of_one);
    format!("{} - {}", cut(one, share), cut(two, room.saturating_sub(share)))
}

/// `+1.23%`; two decimals, rounded down.
fn percent(rate: Rate) -> String {
    let e2 = rate.e8().div_euclid(10_000);
    let sign = if e2 < 0 { '-' } else { '+' };
    format!("{sign}{}.{:02}%", e2.unsigned_abs() / 100, e2.unsigned_abs() % 100)
}

/// Dollars with cents, rounded down.
fn cents(stake: Stake) -> String {
    let e2 = stake.e6() / 10_000;
    format!("{}.{:02}", e2 / 100, e2 % 100)
}

/// `3s`, `4m`, `5h`: of the older quote.
fn age(row: &Row<'_>) -> String {
    match row.ages_ms.iter().flatten().max() {
        None => String::new(),
        Some(ms) if *ms < 100_000 => format!("{}s", ms / 1_000),
        Some(ms) if *ms < 6_000_000 => format!("{}m", ms / 60_000),
        Some(ms) => format!("{}h", ms / 3_600_000),
    }
}

fn odds(row: &Row<'_>, side: usize) -> String {
    row.quotes[side].map_or_else(|| "-".to_owned(), |(odds, _)| cut_decimals(&odds.to_string()))
}

/// Odds with three decimals, rounded down; fewer where they are long.
fn cut_decimals(odds: &str) -> String {
    odds.chars().take(ODDS.min(odds.find('.').map_or(ODDS, |point| point + 4))).collect()
}

/// What is bet; totals in one letter each where the words are too long.
fn bet(row: &Row<'_>) -> String {
    let words = words::bet(row.link, row.cover);
    if words.chars().count() <= BET { words } else { cut(&words.replace("over", "o").replace("under", "u"), BET) }
}

/// Stakes where it is tradable, else why it is not.
fn last(row: &Row<'_>, width: usize) -> String {
    let money = row.round.map(|round| format!("{}+{}", cents(round.stakes[0]), cents(round.stakes[1])));
    match (row.why, money) {
        (None, Some(money)) if width >= MONEY + 14 => {
            let worst = row.round.map(|round| round.worst.to_string()).unwrap_or_default();
            cut(&format!("{money} earns {worst}"), width)
        }
        (None, Some(money)) => cut(&money, width),
        (Some(why), _) if width >= 40 => cut(&why.to_string(), width),
        (Some(why), _) => cut(&why.short(), width),
        (None, None) => String::new(),
    }
}

/// Width of the event's column and of the last one.
fn shares(width: usize) -> (usize, usize) {
    let fixed = MARGIN + BET + 2 * ODDS + AGE + 6;
    let rest = width.max(WIDTH_MIN).saturating_sub(fixed);
    // Events want 40 at most, the rest tells more about the money.
    let event = rest.saturating_sub(MONEY).min(40);
    (event, rest.saturating_sub(event))
}

fn counts(head: &Head<'_>) -> String {
    let counts =
        format!("{} pairs, {} confirmed ({}), {} tradable", head.pairs, head.confirmed, head.confirmed_by, head.tradable);
    match head.unwatched {
        0 => counts,
        more => format!("{counts}, {more} beyond what can be watched"),
    }
}

/// The head's lines, column heads the last of them.
pub(super) fn head(head: &Head<'_>, width: usize, paint: Paint) -> Vec<String> {
    let (event, _) = shares(width);
    let title = format!("bot4 quotes {} UTC: {}", when::clock(head.now), head.place);
    let mut lines = vec![
        paint.bold(&cut(&title, width)),
        cut(&format!("{}; {}", session("SX Bet", head.sx, head.listed[0]), session("Azuro", head.azuro, head.listed[1])), width),
        cut(&counts(head), width),
    ];
    if !head.note.is_empty() {
        lines.push(cut(head.note, width));
    }
    for (name, session) in [("SX Bet", head.sx), ("Azuro", head.azuro)] {
        if let Some(why) = session.fatal.as_ref().or_else(|| session.trouble.as_ref().filter(|_| !session.connected)) {
            lines.push(cut(&format!("{name}: {why}"), width));
        }
    }
    let heads = format!(
        "{:>MARGIN$} {:<event$} {:<BET$} {:>ODDS$} {:>ODDS$} {:>AGE$} {}",
        "m_net", "event", "bet sx/azuro", "sx", "azuro", "age", "stakes or why not"
    );
    lines.push(paint.dim(&cut(&heads, width)));
    lines
}

/// One pair.
pub(super) fn line(row: &Row<'_>, width: usize, paint: Paint) -> String {
    let (wide, rest) = shares(width);
    let text = format!(
        "{:>MARGIN$} {:<wide$} {:<BET$} {:>ODDS$} {:>ODDS$} {:>AGE$} {}",
        row.m_net.map_or_else(|| "-".to_owned(), percent),
        event(row, wide),
        bet(row),
        odds(row, 0),
        odds(row, 1),
        age(row),
        last(row, rest),
    );
    let text = text.trim_end();
    if row.why.is_none() { paint.green(text) } else { text.to_owned() }
}

/// What stands below: what is not shown, and, on a screen, how to end it.
pub(super) fn foot(hidden: usize, below: usize, on_screen: bool) -> String {
    let mut parts = Vec::new();
    if below > 0 {
        parts.push(format!("{below} more below"));
    }
    if hidden > 0 {
        parts.push(format!("{hidden} not shown (--all shows them)"));
    }
    if on_screen {
        parts.push("q or Ctrl-C ends it".to_owned());
    }
    parts.join("; ")
}

/// By margin, the best first; those without one last, by event.
pub(super) fn sort(rows: &mut [Row<'_>]) {
    rows.sort_by(|a, b| {
        let key = |row: &Row<'_>| (row.why.is_none(), row.m_net);
        key(b).cmp(&key(a)).then_with(|| words::event(a.link).cmp(&words::event(b.link))).then(a.pair.cmp(&b.pair))
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;
    use crate::bets_wiring::{AZURO, SX};
    use bets::board::{Board, BoardOptions, Cover, Link, Site, Standing};
    use books::betting::BetTerms;
    use domain::{Line, Listing, MarketId, Mono, Now, Odds, Outcome, Period, Pick, Question, Quote, Sport, Unit};
    use expect_test::{Expect, expect};

    fn link(n: u8, teams: [&str; 2], question: Question, picks: [Pick; 2], line: Option<i32>, standing: Standing) -> Link {
        let listing = |venue| Listing {
            venue,
            market: MarketId([n; 32]),
            event: "1".to_owned(),
            sport: Sport::Tennis,
            country: String::new(),
            league: "League".to_owned(),
            teams: teams.map(str::to_owned),
            starts: Wall(90_000_000_000),
            question,
            period: Period::Whole,
            unit: if question == Question::Total { Unit::Games } else { Unit::Score },
            line: line.map(Line),
            picks: Vec::new(),
            kind: 1,
            open: true,
        };
        let covers = vec![Cover { outcomes: [Outcome(1), Outcome(2)], picks }];
        Link { listings: [listing(SX), listing(AZURO)], covers, standing }
    }

    fn board() -> Board {
        let site = |venue| Site { venue, age_ms_max: 60_000 };
        let usd = |cents: u64| Stake::from_e6(cents * 10_000);
        let options = BoardOptions { sites: [site(SX), site(AZURO)], budget: usd(10_000), m_net_min: Rate::from_bps(50) };
        let mut board = Board::new(options);
        let confirmed = || Standing::Confirmed;
        let pairs = [
            (["Arsenal", "Chelsea"], Question::Handicap, [Pick::One, Pick::Two], Some(150), confirmed(), 210, 210),
            (["Wolverhampton Wanderers", "Man City"], Question::Result, [Pick::NotOne, Pick::One], None, confirmed(), 120, 500),
            (
                ["Juan Manuel Cerundolo", "Stefanos Sakellaridis"],
                Question::Total,
                [Pick::Over, Pick::Under],
                Some(2150),
                confirmed(),
                200,
                201,
            ),
            (["Zorya", "Dynamo"], Question::Winner, [Pick::One, Pick::Two], None, Standing::Proposed(871), 1_250, 109),
            (
                ["Real", "Betis"],
                Question::BothScore,
                [Pick::Yes, Pick::No],
                None,
                Standing::Refused("a push is paid by one".to_owned()),
                0,
                0,
            ),
        ];
        for (n, (teams, question, picks, line, standing, sx, azuro)) in (1..).zip(pairs) {
            board.link(link(n, teams, question, picks, line, standing));
            for (venue, outcome, odds) in [(SX, 1, sx), (AZURO, 2, azuro)] {
                let terms = BetTerms::new(usd(100), None, usd(1), Rate::ZERO, usd(0)).unwrap();
                board.termed(venue, MarketId([n; 32]), Outcome(outcome), Some(terms));
                let Some(odds) = Odds::from_decimal_e12(odds * 10_000_000_000) else { continue };
                let (market, outcome, size) = (MarketId([n; 32]), Outcome(outcome), usd(100_000));
                board.quoted(&Quote { venue, market, line: None, outcome, odds, size }, Now::default());
            }
        }
        board
    }

    #[track_caller]
    fn check(width: usize, expect: Expect) {
        let board = board();
        let now = Now { mono: Mono(7_000_000_000), wall: Wall(67_503_000_000) };
        let mut rows: Vec<Row<'_>> = board.pairs().filter_map(|pair| board.row(pair, now)).collect();
        sort(&mut rows);
        let up = Session { connected: true, listed: Some(512), ..Session::default() };
        let down = Session { trouble: Some("the feed is gone: closed (code 1006)".to_owned()), ..Session::default() };
        let (place, by) = ("demo, simulated venues, no real money (seed 3)", "in the demo a sure score confirms");
        let about = Head {
            now: now.wall,
            place,
            note: super::super::demo::NOTE,
            confirmed_by: by,
            sx: &up,
            azuro: &down,
            listed: [512, 40],
            pairs: 5,
            confirmed: 3,
            tradable: 1,
            unwatched: 0,
        };
        let mut lines = head(&about, width, Paint(false));
        lines.extend(rows.iter().map(|row| line(row, width, Paint(false))));
        lines.push(foot(2, 0, true));
        assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:#?}");
        expect.assert_eq(&(lines.join("\n") + "\n"));
    }

    #[test]
    fn the_screen_fits_eighty_columns_and_uses_more() {
        check(
            80,
            expect![[r"
            bot4 quotes 18:45:03 UTC: demo, simulated venues, no real money (seed 3)
            SX Bet connected, 512 markets; Azuro connecting, reading markets (40)
            5 pairs, 3 confirmed (in the demo a sure score confirms), 1 tradable
            Now and then Azuro's odds drift from SX Bet's; what is tradable then is on top.
            Azuro: the feed is gone: closed (code 1006)
              m_net event              bet sx/azuro         sx  azuro  age stakes or why not
             +5.00% Arsenal - Chelsea  1/2 +1.5          2.100  2.100   7s 50.00+50.00
             +0.25% Zorya - Dynamo     1/2              12.500  1.090   7s unconfirmed (871)
             +0.24% Juan M~ - Stefano~ o/u 21.5 games    2.000  2.010   7s under 0.50%
             -3.23% Wolver~ - Man City not 1/1           1.200  5.000   7s no margin
                  - Real - Betis       yes/no score          -      -      rules differ
            2 not shown (--all shows them); q or Ctrl-C ends it
        "]],
        );
        check(
            130,
            expect![[r"
            bot4 quotes 18:45:03 UTC: demo, simulated venues, no real money (seed 3)
            SX Bet connected, 512 markets; Azuro connecting, reading markets (40)
            5 pairs, 3 confirmed (in the demo a sure score confirms), 1 tradable
            Now and then Azuro's odds drift from SX Bet's; what is tradable then is on top.
            Azuro: the feed is gone: closed (code 1006)
              m_net event                                    bet sx/azuro         sx  azuro  age stakes or why not
             +5.00% Arsenal - Chelsea                        1/2 +1.5          2.100  2.100   7s 50.00+50.00 earns 5
             +0.25% Zorya - Dynamo                           1/2              12.500  1.090   7s not confirmed to be the same (score 871 of 1~
             +0.24% Juan Manuel Cerun~ - Stefanos Sakellari~ o/u 21.5 games    2.000  2.010   7s a margin of 0.248724% is under the 0.50% ask~
             -3.23% Wolverhampton Wanderers - Man City       not 1/1           1.200  5.000   7s no margin: -3.225807%
                  - Real - Betis                             yes/no score          -      -      a push is paid by one
            2 not shown (--all shows them); q or Ctrl-C ends it
        "]],
        );
    }

    #[test]
    fn colours_are_only_put_where_they_are_wanted() {
        let board = board();
        let row = board.row(bets::board::PairIndex(0), Now::default()).unwrap();
        assert!(line(&row, 80, Paint(true)).starts_with("\u{1b}[32m") && !line(&row, 80, Paint(false)).contains('\u{1b}'));
    }
}
