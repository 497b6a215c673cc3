//! Reading requests: targets, queries, bodies; and framing what goes out over WebSocket.

use super::answer::{Answer, INVALID_PARAMETER, Refused};
use super::config::Frames;
use crate::Message;
use crate::query::Query;
use serde_json::Value;

/// Path without query, and the query's decoded pairs.
pub(super) struct Target<'a> {
    pub path: &'a str,
    query: Query,
}

impl<'a> Target<'a> {
    pub(super) fn read(target: &'a str) -> Self {
        let (path, query) = Query::split(target);
        Self { path, query }
    }

    /// The first value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// A whole number, if it is given.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refused> {
        match self.get(name) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| Refused(INVALID_PARAMETER)),
        }
    }

    /// `limit`, between 1 and `most`.
    pub(super) fn limit(&self, usual: usize, most: usize) -> Result<usize, Refused> {
        match self.number("limit")? {
            None => Ok(usual),
            Some(n) => usize::try_from(n).ok().filter(|n| (1..=most).contains(n)).ok_or(Refused(INVALID_PARAMETER)),
        }
    }
}

/// A JSON object with typed fields; every wrong or missing one is 1130.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a Value);

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value) -> Result<Self, Refused> {
        value.is_object().then_some(Self(value)).ok_or(Refused(INVALID_PARAMETER))
    }
    pub(super) fn object(self, name: &str) -> Result<Self, Refused> {
        self.0.get(name).ok_or(Refused(INVALID_PARAMETER)).and_then(Self::of)
    }
    /// A text; a number in its place is wrong, decimals are strings here (section 4).
    pub(super) fn text(self, name: &str) -> Result<&'a str, Refused> {
        self.0.get(name).and_then(Value::as_str).ok_or(Refused(INVALID_PARAMETER))
    }
    /// A text that may be absent or null.
    pub(super) fn text_or_none(self, name: &str) -> Result<Option<&'a str>, Refused> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.text(name).map(Some),
        }
    }
    pub(super) fn number(self, name: &str) -> Result<u64, Refused> {
        self.0.get(name).and_then(Value::as_u64).ok_or(Refused(INVALID_PARAMETER))
    }
    pub(super) fn number_or(self, name: &str, usual: u64) -> Result<u64, Refused> {
        if self.0.get(name).is_some() { self.number(name) } else { Ok(usual) }
    }
    pub(super) fn flag(self, name: &str) -> Result<bool, Refused> {
        self.0.get(name).and_then(Value::as_bool).ok_or(Refused(INVALID_PARAMETER))
    }
}

/// Body as JSON.
pub(super) fn body(bytes: &[u8]) -> Answer {
    serde_json::from_slice(bytes).map_err(|_| Refused(INVALID_PARAMETER))
}

/// A server message in the frames this venue uses now.
pub(super) fn frame(text: &str, frames: Frames) -> Message {
    match frames {
        Frames::Text => Message::Text(text.to_owned()),
        Frames::Binary => Message::Binary(text.as_bytes().to_vec()),
        Frames::Brotli => Message::Binary(brotli_stored(text.as_bytes())),
    }
}

/// A Brotli stream (RFC 7932) of stored meta-blocks: any decoder reads it, and no compressor is needed here.
fn brotli_stored(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 8);
    let mut first = true;
    for block in data.chunks(65_536) {
        // Least significant bit first: window bits (once), ISLAST 0, MNIBBLES 4, MLEN - 1, ISUNCOMPRESSED 1.
        let header = (block.len() as u32 - 1) << 3 | 1 << 19;
        let header = if first { header << 1 } else { header };
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
        first = false;
    }
    // ISLAST and ISLASTEMPTY, with the window bits before them if nothing came yet.
    out.push(if first { 0b110 } else { 0b11 });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_target_gives_its_path_and_decoded_pairs() {
        let target = Target::read("/v2/orders?id=0x1%2C0x2&nonce=5&x=%zz&flag");
        assert_eq!(target.path, "/v2/orders");
        assert_eq!(target.get("id"), Some("0x1,0x2"));
        assert_eq!(target.number("nonce"), Ok(Some(5)));
        assert_eq!((target.get("x"), target.get("flag"), target.get("none")), (Some("%zz"), Some(""), None));
        assert_eq!(target.number("id"), Err(Refused(1130)));
    }

    #[test]
    fn any_brotli_decoder_reads_the_stored_frames_back() {
        for length in [0usize, 1, 15, 16, 17, 1_000, 65_535, 65_536, 65_537, 200_000] {
            let data: Vec<u8> = (0..length).map(|i| (i * 7 % 251) as u8).collect();
            let stream = brotli_stored(&data);
            assert_ne!(stream[0], b'{', "a client tells JSON from Brotli by this byte");
            let mut back = Vec::new();
            brotli_decompressor::Decompressor::new(stream.as_slice(), 4_096).read_to_end(&mut back).expect("valid");
            assert_eq!(back, data, "{length} bytes");
        }
    }
}
