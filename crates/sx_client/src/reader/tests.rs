//! The reader without an account against a venue that is played by hand.

use super::*;
use domain::Wall;

const METADATA: &str = include_str!("../../testdata/fixtures/v3_metadata_obv3_mainnet.json");
const CHAIN: u64 = 4_162;

fn id(n: u8) -> MarketId {
    MarketId([n; 32])
}
fn market(n: u8) -> String {
    format!(
        r#"{{"status":"ACTIVE","marketHash":"{}","outcomeOneName":"Over 2.5","outcomeTwoName":"Under 2.5","outcomeVoidName":"NO_CONTEST",
        "teamOneName":"Alpha","teamTwoName":"Beta","type":2,"gameTime":1790000600,"line":2.5,"sportXeventId":"L1","liveEnabled":false,
        "sportLabel":"Soccer","sportId":5,"leagueId":29,"leagueLabel":"EPL","mainLine":true}}"#,
        id(n)
    )
}
fn page(markets: &[u8], next: &str) -> String {
    let rows: Vec<String> = markets.iter().map(|n| market(*n)).collect();
    let next = if next.is_empty() { String::new() } else { format!(r#","nextKey":"{next}""#) };
    format!(r#"{{"status":"success","data":{{"markets":[{}]{next}}}}}"#, rows.join(","))
}
fn book(n: u8, version: u64, one: &str) -> String {
    format!(
        r#"{{"status":"success","data":{{"marketHash":"{}","version":"{version:023}","outcomeOne":[{one}],"outcomeTwo":[]}}}}"#,
        id(n)
    )
}
const LEVEL: &str = r#"{"percentageOdds":"40000000000000000000","size":"4000000"}"#;

struct Venue {
    reader: SxReader,
    ms: u64,
    out: BetOut,
    asked: Vec<(RequestId, String)>,
    timers: BTreeMap<u64, Mono>,
}
impl Venue {
    fn started() -> Self {
        let (asked, timers, out) = Default::default();
        let mut venue = Self { reader: SxReader::new(ReaderConfig::new(CHAIN, vec![5])), ms: 0, out, asked, timers };
        venue.act(SxReader::start);
        venue
    }
    fn act(&mut self, act: impl FnOnce(&mut SxReader, Now, &mut BetOut)) {
        let now = Now { mono: Mono(self.ms * 1_000_000), wall: Wall::from_ms(1_790_000_000_000) };
        act(&mut self.reader, now, &mut self.out);
        for action in self.out.actions.drain(..) {
            match action {
                Action::Request { id, target, headers, .. } => {
                    assert!(headers.is_empty(), "nothing that says who asks");
                    self.asked.push((id, target));
                }
                Action::Timer { id, at } => drop(self.timers.insert(id.0, at)),
                _ => {}
            }
        }
    }
    fn wait(&mut self, ms: u64) {
        let end = self.ms + ms;
        while let Some((id, at)) = self.timers.iter().map(|(id, at)| (*id, *at)).min_by_key(|(_, at)| *at) {
            if at > Mono(end * 1_000_000) {
                break;
            }
            self.timers.remove(&id);
            self.ms = self.ms.max(at.0.div_ceil(1_000_000));
            self.act(|reader, now, out| reader.on_timer(TimerId(id), now, out));
        }
        self.ms = end;
    }
    /// Answers the next question, which must begin like this.
    fn answer(&mut self, what: &str, status: u16, body: &str) {
        while self.asked.is_empty() {
            assert!(self.ms < 200_000, "{what} is not asked");
            self.wait(125);
        }
        let (id, target) = self.asked.remove(0);
        assert!(target.starts_with(what), "{target} instead of {what}");
        let reply = Reply::Answer { status, retry_after_ms: None, body: body.as_bytes() };
        self.act(|reader, now, out| reader.on_reply(id, reply, now, out));
    }
    fn up() -> Self {
        let mut venue = Self::started();
        venue.answer("/metadata/obv3", 200, METADATA);
        venue.answer("/markets/active", 200, &page(&[1], "more"));
        venue.answer("/markets/active?sportIds=5&pageSize=50&paginationKey=more", 200, &page(&[2], ""));
        venue
    }
    fn watch(&mut self, n: u8) {
        self.act(|reader, now, out| reader.watch(id(n), now, out));
    }
}

#[test]
fn markets_and_watched_books_are_read_without_a_word_about_who_asks() {
    let mut venue = Venue::up();
    assert_eq!(venue.out.listings.iter().map(|l| l.market).collect::<Vec<_>>(), [id(1), id(2)]);
    assert!(venue.out.news.contains(&BetNews::Listed(2)));
    let terms = venue.reader.terms(id(1), Outcome::ONE).expect("terms");
    assert_eq!((terms.min, terms.profit_fee), (Stake::from_e6(1_000_000), Rate::from_bps(100)));
    assert_eq!(venue.reader.terms(id(9), Outcome::ONE), None);
    venue.watch(9);
    assert_eq!(venue.out.quotes, [QuoteNews::Lost { market: id(9), why: "the venue does not list it" }]);
    venue.out.clear();
    venue.watch(1);
    venue.watch(2);
    venue.answer("/orderbook-v3/snapshot", 200, &book(1, 1, LEVEL));
    // Who bets outcome two takes the level of outcome one.
    let told: Vec<bool> = venue.out.quotes.iter().map(|news| matches!(news, QuoteNews::Best(_))).collect();
    assert_eq!(told, [false, true]);
    let QuoteNews::Best(quote) = venue.out.quotes[1] else { return };
    assert_eq!((quote.market, quote.outcome, quote.odds.ratio()), (id(1), Outcome::TWO, (5, 3)));
    venue.answer("/orderbook-v3/snapshot", 200, &book(2, 1, ""));
    venue.answer("/orderbook-v3/snapshot", 200, &book(1, 1, LEVEL));
    let told = venue.out.quotes.len();
    venue.act(|reader, now, out| reader.unwatch(id(1), now, out));
    venue.answer("/orderbook-v3/snapshot", 200, &book(2, 2, LEVEL));
    assert_eq!(venue.out.quotes.len(), told + 2);
}

#[test]
fn a_book_that_is_not_read_for_too_long_is_lost_once_and_comes_back() {
    let mut venue = Venue::up();
    venue.watch(1);
    venue.answer("/orderbook-v3/snapshot", 200, &book(1, 7, LEVEL));
    venue.out.clear();
    // The list of markets is read again meanwhile and is not answered either.
    for _ in 0..700 {
        venue.wait(125);
        while let Some((request, _)) = venue.asked.pop() {
            venue.act(|reader, now, out| reader.on_reply(request, Reply::Unknown("no answer in time"), now, out));
        }
    }
    let lost = venue.out.quotes.iter().filter(|news| matches!(news, QuoteNews::Lost { .. })).count();
    assert_eq!((lost, venue.out.quotes.len()), (1, 1));
    assert!(venue.out.news.iter().any(|news| matches!(news, BetNews::QueryFailed { .. })));
    while !venue.out.quotes.iter().any(|news| matches!(news, QuoteNews::Best(_))) {
        venue.wait(125);
        while let Some((request, target)) = venue.asked.pop() {
            let body = if target.starts_with("/orderbook") { book(1, 7, LEVEL) } else { page(&[1, 2], "") };
            let body = if target.starts_with("/metadata") { METADATA.to_owned() } else { body };
            let reply = Reply::Answer { status: 200, retry_after_ms: None, body: body.as_bytes() };
            venue.act(|reader, now, out| reader.on_reply(request, reply, now, out));
        }
    }
}

#[test]
fn a_venue_that_names_another_chain_is_not_quoted() {
    let mut venue = Venue::up();
    venue.watch(1);
    venue.answer("/orderbook-v3/snapshot", 200, &book(1, 1, LEVEL));
    venue.out.clear();
    let wrong = METADATA.replace("4162", "1");
    venue.act(|reader, _, out| reader.metadata_read(wrong.as_bytes(), out));
    assert!(matches!(venue.out.quotes[..], [QuoteNews::Lost { .. }]));
    assert_eq!(venue.reader.terms(id(1), Outcome::ONE), None);
}

#[test]
fn it_keeps_the_venues_pace_and_its_silence() {
    let mut venue = Venue::up();
    venue.watch(1);
    venue.watch(2);
    venue.asked.clear();
    venue.reader.under_way.clear();
    let mut questions = 0;
    for _ in 0..100 {
        venue.wait(100);
        questions += venue.asked.len();
        while let Some((request, _)) = venue.asked.pop() {
            let reply = Reply::Answer { status: 200, retry_after_ms: None, body: b"{}" };
            venue.act(|reader, now, out| reader.on_reply(request, reply, now, out));
        }
    }
    assert!((70..=80).contains(&questions), "{questions} in ten seconds");
    while venue.asked.is_empty() {
        venue.wait(10);
    }
    let (request, _) = venue.asked.remove(0);
    let reply = Reply::Answer { status: 429, retry_after_ms: Some(20_000), body: b"" };
    venue.act(|reader, now, out| reader.on_reply(request, reply, now, out));
    venue.wait(19_000);
    assert_eq!(venue.asked, []);
    venue.wait(2_000);
    assert!(!venue.asked.is_empty());
}

#[test]
fn nothing_can_be_bet() {
    let mut venue = Venue::up();
    let now = Now { mono: Mono(1), wall: Wall(1) };
    assert!(!venue.reader.ready(now));
    venue.act(SxReader::read_account);
    assert_eq!(venue.out.news.last(), Some(&BetNews::Funds(None)));
}
