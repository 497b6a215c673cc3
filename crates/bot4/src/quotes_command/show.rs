//! The loop: what moved is shown, as a screen, a table or lines, until somebody has seen enough.

use super::line::{self, Mark};
use super::screen::{self, Head, Paint};
use super::terminal::Terminal;
use super::watch::Watch;
use crate::bets_wiring::{AZURO, SX};
use crate::out;
use crate::run::until_asked_to_stop;
use crate::wiring::clock;
use bets::board::{PairIndex, Row, Standing};
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

/// How often the screen is drawn anew, and lines are looked at.
const EVERY: Duration = Duration::from_millis(250);
/// How often terms and what time changes by itself are looked at: once in so many times.
const SLOWLY: u32 = 4;
/// `--once` shows what there is after this long at the latest.
const ONCE_AT_MOST: Duration = Duration::from_secs(45);
/// `--once` waits no longer when no pair has been heard of for the first time for so long.
const QUIET: Duration = Duration::from_secs(4);
/// Letters of a line of the table where no terminal says how many there is room for.
const TABLE_WIDTH: usize = 120;
/// What takes longer is told about.
const PROGRESS: Duration = Duration::from_secs(2);

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Redrawn in place.
    Screen,
    /// A table, once.
    Table,
    /// A line per change.
    Lines,
}

/// See the module.
pub(super) struct Show {
    form: Form,
    all: bool,
    once: bool,
    place: String,
    note: &'static str,
    paint: Paint,
    watch: Watch,
    /// What was last said of a pair.
    told: BTreeMap<PairIndex, Mark>,
    began: Instant,
    progress_told: Option<Instant>,
    /// Only the last word is left to say.
    ended: bool,
    /// Nobody reads the lines any more.
    unheard: bool,
    /// How many pairs wait for a first word, and since when it is so many.
    waiting: (Option<usize>, Instant),
}

/// Whether a pair is shown without being asked for: a person has confirmed it and both venues offer something.
fn is_shown(row: &Row<'_>, all: bool) -> bool {
    all || (row.link.standing == Standing::Confirmed && row.m_net.is_some() && !row.is_over())
}

impl Show {
    /// Shows `all` pairs or those that count, `once` or until it is ended, as JSON or for people, under a head that says
    /// where the venues are and what there is to be seen.
    pub(super) fn new((all, once): (bool, bool), json: bool, (place, note): (String, &'static str), watch: Watch) -> Self {
        let form = match (json, once) {
            (true, _) => Form::Lines,
            (false, true) => Form::Table,
            (false, false) if std::io::stdout().is_terminal() => Form::Screen,
            // As the log does: what is no terminal is read by a program.
            (false, false) => Form::Lines,
        };
        let paint = Paint(std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()));
        Self {
            form,
            all,
            once,
            place,
            note,
            paint,
            watch,
            told: BTreeMap::new(),
            began: Instant::now(),
            progress_told: None,
            ended: false,
            unheard: false,
            waiting: (None, Instant::now()),
        }
    }

    /// Until it is ended by a signal, a key, its time or, asked for once, by having shown it. True if there was anything to show.
    ///
    /// # Errors
    /// Signals cannot be heard.
    pub(super) async fn run(mut self, lasting: Option<Duration>) -> anyhow::Result<bool> {
        let terminal = (self.form == Form::Screen).then(Terminal::take);
        self.until_asked(terminal.as_ref(), lasting).await?;
        drop(terminal);
        self.end().await
    }

    async fn until_asked(&mut self, terminal: Option<&Terminal>, lasting: Option<Duration>) -> anyhow::Result<()> {
        let by_key = async {
            match terminal {
                Some(terminal) => terminal.ended_by_key().await,
                None => std::future::pending().await,
            }
        };
        let asked = async {
            tokio::select! {
                biased;
                asked = until_asked_to_stop() => asked,
                () = by_key => Ok(()),
            }
        };
        let over = async {
            match lasting {
                Some(lasting) => tokio::time::sleep(lasting).await,
                None => std::future::pending().await,
            }
        };
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut ticks, mut asked, mut over) = (0u32, std::pin::pin!(asked), std::pin::pin!(over));
        loop {
            // To be ended comes first; then what moved, which is what it is for; the clock last, since it comes again.
            tokio::select! {
                biased;
                asked = &mut asked => return Ok(asked?),
                () = &mut over => return Ok(()),
                () = self.watch.feeds().heard(), if self.form == Form::Lines && !self.once => self.say_moved(),
                _ = tick.tick() => {
                    ticks = ticks.wrapping_add(1);
                    let slowly = ticks.is_multiple_of(SLOWLY);
                    if slowly {
                        self.watch.match_listings();
                        self.watch.refresh_terms();
                    }
                    self.show(slowly);
                    // Whoever stopped reading (`| head`) has read enough.
                    if self.unheard || (self.once && self.is_complete()) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// `--once` has all it waits for, or what is left does not come: some outcomes are never quoted.
    fn is_complete(&mut self) -> bool {
        let waiting = self.watch.waiting(clock().now());
        if self.waiting.0 != waiting {
            self.waiting = (waiting, Instant::now());
        }
        let quiet = waiting.is_some() && self.waiting.1.elapsed() >= QUIET;
        waiting == Some(0) || quiet || self.began.elapsed() >= ONCE_AT_MOST
    }

    fn show(&mut self, slowly: bool) {
        match self.form {
            Form::Screen => {
                self.watch.moved();
                let (width, height) = Terminal::size();
                Terminal::draw(&self.lines(width, Some(height), self.paint));
            }
            Form::Lines => {
                self.say_moved();
                if slowly {
                    // What time alone has changed: odds grow old, events begin.
                    let all: Vec<PairIndex> = self.watch.board().pairs().collect();
                    self.say(&all);
                }
                self.progress();
            }
            Form::Table => {
                self.watch.moved();
                self.progress();
            }
        }
    }

    /// While it loads for longer than a moment, where it is: on the side, so that what is shown stays clean.
    fn progress(&mut self) {
        let due = self.progress_told.map_or(PROGRESS, |_| PROGRESS * 2);
        let waiting = !self.watch.loaded || self.once;
        if !waiting || self.progress_told.unwrap_or(self.began).elapsed() < due {
            return;
        }
        self.progress_told = Some(Instant::now());
        let feeds = self.watch.feeds();
        let said = [("SX Bet", SX), ("Azuro", AZURO)].map(|(name, venue)| {
            let session = feeds.session(venue);
            let trouble = session.fatal.or(session.trouble).filter(|_| session.listed.is_none());
            let trouble = trouble.map_or_else(String::new, |why| format!(" ({why})"));
            let so_far = if session.listed.is_some() { "" } else { ", reading more" };
            format!("{name}: {} markets{so_far}{trouble}", feeds.listing_count(venue))
        });
        let odds = self.waiting.0.map_or_else(String::new, |pairs| format!("; {pairs} pairs wait for odds"));
        let line = format!("{}; {}{odds}", said[0], said[1]);
        eprintln!("{}", telemetry::Redactor::global().redact(&line));
    }

    fn say_moved(&mut self) {
        let moved = self.watch.moved();
        if !self.once {
            self.say(&moved);
        }
    }

    /// A line for each of these pairs that says something new.
    fn say(&mut self, pairs: &[PairIndex]) {
        if self.once || !self.watch.loaded {
            return;
        }
        let now = clock().now();
        let board = self.watch.board();
        let mut text = String::new();
        for pair in pairs {
            let Some(row) = board.row(*pair, now) else { continue };
            // Who was shown once is shown until it is gone, with the reason.
            if !is_shown(&row, self.all) && !self.told.contains_key(pair) {
                continue;
            }
            let mark = Mark::of(&row);
            if self.told.get(pair) != Some(&mark) {
                self.told.insert(*pair, mark);
                text.push_str(&line::json(&row, now.wall).to_string());
                text.push('\n');
            }
        }
        drop(board);
        if !text.is_empty() {
            let text = telemetry::Redactor::global().redact(&text);
            let mut out = std::io::stdout().lock();
            self.unheard = out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err();
        }
    }

    /// The whole screen; without a height all pairs.
    fn lines(&self, width: usize, height: Option<usize>, paint: Paint) -> Vec<String> {
        let now = clock().now();
        let board = self.watch.board();
        let feeds = self.watch.feeds();
        let all: Vec<Row<'_>> = board.pairs().filter_map(|pair| board.row(pair, now)).collect();
        let tradable = all.iter().filter(|row| row.why.is_none()).count();
        let pairs = all.len();
        let mut rows: Vec<Row<'_>> = all.into_iter().filter(|row| is_shown(row, self.all)).collect();
        screen::sort(&mut rows);
        let hidden = pairs - rows.len();
        let (sx, azuro) = (feeds.session(SX), feeds.session(AZURO));
        let head = Head {
            now: now.wall,
            place: &self.place,
            note: self.note,
            confirmed_by: self.watch.confirmed_by(),
            sx: &sx,
            azuro: &azuro,
            listed: [feeds.listing_count(SX), feeds.listing_count(AZURO)],
            pairs,
            confirmed: board.confirmed(),
            tradable,
            unwatched: self.watch.unwatched,
        };
        let mut lines = screen::head(&head, width, paint);
        let room = height.map_or(rows.len(), |height| height.saturating_sub(lines.len() + 1));
        let below = rows.len().saturating_sub(room);
        lines.extend(rows.iter().take(room).map(|row| screen::line(row, width, paint)));
        if rows.is_empty() {
            let why = if self.watch.loaded {
                "No confirmed pair has odds at both venues now."
            } else {
                "Reading what both venues list ..."
            };
            lines.push(why.to_owned());
        }
        let foot = screen::foot(hidden, below, height.is_some() && !self.ended);
        if !foot.is_empty() {
            lines.push(foot);
        }
        let redactor = telemetry::Redactor::global();
        lines.into_iter().map(|line| redactor.redact(&line).into_owned()).collect()
    }

    /// The last word, and whether there was anything to show.
    async fn end(mut self) -> anyhow::Result<bool> {
        self.ended = true;
        self.watch.moved();
        match self.form {
            // What was on the page that is gone now, so that the last look stays.
            Form::Screen => {
                let (width, height) = Terminal::size();
                out::say(&self.lines(width, Some(height.saturating_sub(1)), self.paint).join("\n"));
            }
            Form::Table => {
                let width = if std::io::stdout().is_terminal() { Terminal::size().0 } else { TABLE_WIDTH };
                out::say(&self.lines(width, None, self.paint).join("\n"));
            }
            Form::Lines if self.once => {
                self.once = false;
                let all: Vec<PairIndex> = self.watch.board().pairs().collect();
                self.say(&all);
            }
            Form::Lines => {}
        }
        let _ = std::io::stdout().flush(); // nobody is left to tell
        let loaded = self.watch.loaded;
        if !loaded {
            for (name, venue) in [("SX Bet", SX), ("Azuro", AZURO)] {
                let session = self.watch.feeds().session(venue);
                if session.listed.is_none() {
                    let why = session.fatal.or(session.trouble).unwrap_or_else(|| "no answer yet".to_owned());
                    eprintln!(
                        "bot4: {}",
                        telemetry::Redactor::global().redact(&format!("{name} has not told what it lists: {why}"))
                    );
                }
            }
        }
        self.watch.stop().await;
        Ok(loaded)
    }
}
