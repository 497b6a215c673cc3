//! What one channel remembers: its epoch, its last offset and its latest publications.

use super::config::Namespace;
use super::wire::Position;
use crate::SimNow;
use std::collections::VecDeque;

/// The stream of a channel. Offsets begin at 1 and grow by one; 0 is before the first.
#[derive(Debug)]
pub(super) struct Stream {
    epoch: String,
    top: u64,
    kept: VecDeque<Kept>,
}

#[derive(Debug)]
struct Kept {
    offset: u64,
    until: SimNow,
    json: String,
}

impl Stream {
    /// An empty one.
    pub(super) fn new(epoch: String) -> Self {
        Self { epoch, top: 0, kept: VecDeque::new() }
    }
    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }
    pub(super) fn top(&self) -> u64 {
        self.top
    }

    /// The offset of the next publication.
    pub(super) fn advance(&mut self) -> u64 {
        self.top = self.top.saturating_add(1);
        self.top
    }

    /// Keeps what was published at the top.
    pub(super) fn keep(&mut self, json: String, namespace: Namespace, now: SimNow) {
        self.expire(now);
        let until = SimNow(now.0.saturating_add(namespace.history_s.saturating_mul(1_000_000)));
        self.kept.push_back(Kept { offset: self.top, until, json });
        while self.kept.len() > namespace.history_size {
            self.kept.pop_front();
        }
    }

    /// Drops what is older than the window.
    pub(super) fn expire(&mut self, now: SimNow) {
        while self.kept.front().is_some_and(|kept| kept.until <= now) {
            self.kept.pop_front();
        }
    }

    /// Everything after `from`, if nothing of it is lost: same epoch (an empty one asks for any), no gap, no more
    /// than `most`.
    pub(super) fn since(&self, from: &Position, most: usize) -> Option<Vec<&str>> {
        if !from.epoch.is_empty() && from.epoch != self.epoch {
            return None;
        }
        let missed = self.top.checked_sub(from.offset)?;
        let after = self.after(from.offset);
        let whole = usize::try_from(missed).is_ok_and(|missed| missed <= most && missed == after.len());
        whole.then_some(after)
    }

    /// What is still kept after an offset, oldest first.
    pub(super) fn after(&self, offset: u64) -> Vec<&str> {
        self.kept.iter().filter(|kept| kept.offset > offset).map(|kept| kept.json.as_str()).collect()
    }

    /// What is still kept before an offset, newest first.
    pub(super) fn before(&self, offset: u64) -> Vec<&str> {
        self.kept.iter().rev().filter(|kept| kept.offset < offset).map(|kept| kept.json.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_gives_everything_after_a_position_or_nothing() {
        let mut stream = Stream::new("ep".into());
        let namespace = Namespace { history_s: 10, ..Namespace::remembering(4) };
        for second in 0..6 {
            let offset = stream.advance();
            stream.keep(offset.to_string(), namespace, SimNow(second * 1_000_000));
        }
        let check = |stream: &Stream, epoch: &str, offset: u64, most: usize, expect: Option<&[&str]>| {
            let got = stream.since(&Position { epoch: epoch.into(), offset }, most);
            assert_eq!(got.as_deref(), expect, "{epoch} {offset} {most}");
        };
        check(&stream, "ep", 6, 9, Some(&[])); // nothing missed
        check(&stream, "ep", 4, 9, Some(&["5", "6"]));
        check(&stream, "ep", 2, 9, Some(&["3", "4", "5", "6"])); // the oldest that four can bring back
        check(&stream, "ep", 1, 9, None); // 2 is gone
        check(&stream, "ep", 2, 3, None); // more than one answer may hold
        check(&stream, "ep", 7, 9, None); // a future the stream never had
        check(&stream, "other", 6, 9, None);
        check(&stream, "", 5, 9, Some(&["6"]));
        stream.expire(SimNow(14_000_000));
        check(&stream, "ep", 5, 9, Some(&["6"]));
        check(&stream, "ep", 4, 9, None); // 5 has expired
        stream.expire(SimNow(15_000_000));
        check(&stream, "ep", 6, 9, Some(&[])); // an expired stream still knows that nothing was missed
        check(&stream, "ep", 5, 9, None);
    }
}
