//! P1 `parse/sbe_book_snap15`: bytes of a book frame to integer levels, through the whole client (template, sequence,
//! validation, events) and through the decoder alone; beside them the JSON shape of the same books, and a floor that
//! copies the levels without looking at them. Run with `cargo bench -p paradex_client`.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use domain::{InstrumentId, Level, Mono, Now, Pair};
use paradex_client::wire::sbe::{self, Message};
use paradex_client::{Config, InstrumentConfig, ParadexClient};
use signing::SanitizedValue;
use venue_api::{ConnId, Frame, Out, VenueClient};

const FRAMES: usize = 1_024;
const MARKET: &str = "BTC-USD-PERP";

fn main() {
    divan::main();
}

/// The next number of a xorshift generator: the same frames at every run.
fn draw(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// One book of 15 + 15 levels: tick 0.1, lot 0.001, at 1e-8.
struct Book {
    seq: u64,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

fn books() -> Vec<Book> {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut mid = 676_297i64;
    (0..FRAMES as u64)
        .map(|seq| {
            mid += (draw(&mut state) % 5) as i64 - 2;
            let mut side = |sign: i64| -> Vec<Level> {
                let mut size = || (1 + draw(&mut state) % 5_000) as i64 * 100_000;
                (1..=15).map(|i| Level { price: (mid + sign * i) * 10_000_000, size: size() }).collect()
            };
            Book { seq, bids: side(-1), asks: side(1) }
        })
        .collect()
}

fn sbe_frame(book: &Book) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [89u16, 3, 1, 1] {
        out.extend(word.to_le_bytes());
    }
    out.extend((1_718_267_837_265_000i64).to_le_bytes());
    out.extend(book.seq.to_le_bytes());
    out.push(0);
    out.extend(std::iter::repeat_n(i64::MIN.to_le_bytes(), 9).flatten());
    for side in [&book.bids, &book.asks] {
        out.extend(16u16.to_le_bytes());
        out.extend((side.len() as u16).to_le_bytes());
        for l in side {
            out.extend(l.price.to_le_bytes());
            out.extend(l.size.to_le_bytes());
        }
    }
    out.push(MARKET.len() as u8);
    out.extend(MARKET.bytes());
    out
}

fn json_frame(book: &Book) -> String {
    let mut levels = Vec::new();
    for (word, side) in [("BUY", &book.bids), ("SELL", &book.asks)] {
        for l in side {
            let text = |v: i64| {
                let mut t = String::new();
                domain::write_e8(v, 1, &mut t);
                t
            };
            levels.push(format!(r#"{{"side":"{word}","price":"{}","size":"{}"}}"#, text(l.price), text(l.size)));
        }
    }
    let (inserts, seq) = (levels.join(","), book.seq);
    format!(
        r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"order_book.{MARKET}.snapshot@15@50ms","data":{{"seq_no":{seq},"market":"{MARKET}","last_updated_at":1718267837265,"update_type":"s","inserts":[{inserts}],"updates":[],"deletes":[]}}}}}}"#
    )
}

fn client() -> ParadexClient {
    let instrument =
        InstrumentConfig { id: InstrumentId(0), pair: Pair::new("BTC-USD"), symbol: MARKET.to_owned(), multiplier: None };
    ParadexClient::new(Config::new("0x1", SanitizedValue::new("0x1234"), vec![instrument])).expect("a client")
}

/// Cycles through the frames, numbered on so that every snapshot is newer than the last.
fn through_client<F>(bencher: Bencher<'_, '_>, frames: Vec<F>, mut feed: impl FnMut(&mut ParadexClient, &mut F, u64, &mut Out)) {
    let (mut client, mut out, mut frames) = (client(), Out::default(), frames);
    let (mut at, mut seq) = (0, 0);
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        seq += 1;
        at = (at + 1) % FRAMES;
        out.clear();
        feed(&mut client, &mut frames[at], seq, &mut out);
        assert_eq!(black_box(&out).levels.len(), 30);
    });
}

#[divan::bench(sample_count = 200, sample_size = 1024, name = "parse/sbe_book_snap15")]
fn sbe_book_snap15(bencher: Bencher<'_, '_>) {
    let frames: Vec<Vec<u8>> = books().iter().map(sbe_frame).collect();
    let now = Now { mono: Mono(1), ..Now::default() };
    through_client(bencher, frames, |client, frame, seq, out| {
        frame[16..24].copy_from_slice(&seq.to_le_bytes());
        client.on_frame(ConnId(0), Frame::Binary(black_box(frame)), now, out);
    });
}

#[divan::bench(sample_count = 200, sample_size = 1024, name = "parse/sbe_book_snap15_decoder_alone")]
fn decoder_alone(bencher: Bencher<'_, '_>) {
    let frames: Vec<Vec<u8>> = books().iter().map(sbe_frame).collect();
    let bytes = frames[0].len();
    let (mut levels, mut at) = (Vec::with_capacity(64), 0);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        at = (at + 1) % FRAMES;
        levels.clear();
        let Ok(Message::Book(book)) = sbe::decode(black_box(&frames[at])) else { panic!("a book") };
        let sides = (book.bids.append(true, true, &mut levels), book.asks.append(true, false, &mut levels));
        let (Ok(bids), Ok(asks)) = sides else { panic!("levels") };
        black_box((&levels, bids, asks, book.seq, book.market));
    });
}

#[divan::bench(sample_count = 200, sample_size = 1024, name = "parse/sbe_book_snap15_floor")]
fn floor(bencher: Bencher<'_, '_>) {
    let frames: Vec<Vec<u8>> = books().iter().map(sbe_frame).collect();
    let bytes = frames[0].len();
    let (mut levels, mut at) = ([Level::default(); 30], 0);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        at = (at + 1) % FRAMES;
        let frame = black_box(&frames[at]);
        let sides = frame[101..341].chunks_exact(16).chain(frame[345..585].chunks_exact(16));
        for (level, chunk) in levels.iter_mut().zip(sides) {
            let number = |at: usize| i64::from_le_bytes(chunk[at..at + 8].try_into().expect("eight bytes"));
            *level = Level { price: number(0), size: number(8) };
        }
        black_box(&levels);
    });
}

#[divan::bench(sample_count = 200, sample_size = 1024, name = "parse/json_book_snap15")]
fn json_book_snap15(bencher: Bencher<'_, '_>) {
    let now = Now { mono: Mono(1), ..Now::default() };
    let frames: Vec<String> = books().iter().map(json_frame).collect();
    let (mut client, mut out, mut at) = (client(), Out::default(), 0);
    bencher.counter(BytesCount::new(frames[0].len())).bench_local(|| {
        out.clear();
        client.on_frame(ConnId(0), Frame::Text(black_box(&frames[at])), now, &mut out);
        assert_eq!(black_box(&out).levels.len(), 30);
        at += 1;
        if at == FRAMES {
            // Numbers start over, which they may on a new connection alone.
            at = 0;
            client.on_open(ConnId(0), now, &mut out);
        }
    });
}
