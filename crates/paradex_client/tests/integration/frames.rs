//! SBE frames written from the layout of paradex.md 7.2, for what no capture shows.

/// A message: header, block, tail.
pub(crate) fn message(template: u16, version: u16, block: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [block.len() as u16, template, 1, version] {
        out.extend(word.to_le_bytes());
    }
    out.extend(block);
    out.extend(tail);
    out
}

/// A block of `len` bytes with numbers and bytes put where the layout says.
pub(crate) fn block(len: usize, numbers: &[(usize, i64)], bytes: &[(usize, u8)]) -> Vec<u8> {
    let mut out = vec![0; len];
    for (at, v) in numbers {
        out[*at..at + 8].copy_from_slice(&v.to_le_bytes());
    }
    for (at, v) in bytes {
        out[*at] = *v;
    }
    out
}

pub(crate) fn texts(all: &[&str]) -> Vec<u8> {
    all.iter().flat_map(|t| std::iter::once(t.len() as u8).chain(t.bytes())).collect()
}

pub(crate) fn e8(text: &str) -> i64 {
    domain::parse_e8(text.as_bytes()).expect("a decimal")
}

pub(crate) type Levels<'a> = &'a [(&'a str, &'a str)];

/// A book frame; `stride` over 16 stands for a later version with longer entries.
pub(crate) fn book(market: &str, seq: i64, snapshot: bool, bids: Levels<'_>, asks: Levels<'_>, stride: usize) -> Vec<u8> {
    let mut tail = Vec::new();
    for side in [bids, asks] {
        tail.extend((stride as u16).to_le_bytes());
        tail.extend((side.len() as u16).to_le_bytes());
        for (price, size) in side {
            let mut entry = vec![0xff; stride];
            entry[..8].copy_from_slice(&e8(price).to_le_bytes());
            entry[8..16].copy_from_slice(&e8(size).to_le_bytes());
            tail.extend(entry);
        }
    }
    tail.extend(texts(&[market]));
    message(3, 2, &block(89, &[(0, 1_763_712_000_000_000), (8, seq)], &[(16, u8::from(!snapshot))]), &tail)
}

pub(crate) fn bbo(market: &str, seq: i64, sides: [i64; 4]) -> Vec<u8> {
    let [bid, bid_size, ask, ask_size] = sides;
    message(2, 2, &block(48, &[(8, seq), (16, bid), (24, bid_size), (32, ask), (40, ask_size)], &[]), &texts(&[market]))
}

/// Status 1 NEW, 3 OPEN, 4 CLOSED.
pub(crate) fn order(seq: i64, status: u8, size: &str, remaining: &str, ids: [&str; 2], reason: &str) -> Vec<u8> {
    let numbers = [(8, seq), (20, e8("3000")), (36, e8(size)), (44, e8(remaining))];
    let block = block(128, &numbers, &[(16, status), (17, 1), (18, 1), (19, 2)]);
    message(20, 2, &block, &texts(&[ids[0], ids[1], "ETH-USD-PERP", reason, "", ""]))
}

pub(crate) struct Fill<'a> {
    pub(crate) id: &'a str,
    pub(crate) kind: u8,
    pub(crate) size: &'a str,
    pub(crate) price: &'a str,
    pub(crate) fee: &'a str,
    pub(crate) funding: i64,
    pub(crate) ids: [&'a str; 2],
}

pub(crate) fn fill(f: &Fill<'_>) -> Vec<u8> {
    let numbers = [(8, 1), (19, e8(f.price)), (27, e8(f.size)), (35, e8(f.fee)), (99, f.funding), (108, 77)];
    let block = block(116, &numbers, &[(16, f.kind), (17, 1), (18, 2)]);
    message(21, 2, &block, &texts(&[f.id, f.ids[0], f.ids[1], "trade-1", "ETH-USD-PERP", "USDC"]))
}
