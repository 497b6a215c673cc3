//! The encoding under a transaction: recursive length prefixes, as far as one list of fields needs them. Writing only.
//!
//! Source: Ethereum's yellow paper, appendix B. A number is its bytes without leading zeros; a text of one byte below 0x80 is itself;
//! else a prefix of 0x80 (a list: 0xc0) plus the length, or, beyond 55 bytes, plus 55 and the length of the length.

/// Fields of a list, already encoded.
#[derive(Debug, Default)]
pub(super) struct List(Vec<u8>);

impl List {
    pub(super) fn number(&mut self, number: u128) {
        self.big(&number.to_be_bytes());
    }
    /// A number of any width, big-endian.
    pub(super) fn big(&mut self, number: &[u8]) {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        self.bytes(number.get(zeros..).unwrap_or_default());
    }
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if let [byte @ 0..=0x7f] = bytes {
            self.0.push(*byte);
            return;
        }
        prefix(&mut self.0, 0x80, bytes.len());
        self.0.extend_from_slice(bytes);
    }
    pub(super) fn list(&mut self, list: Self) {
        self.0.extend(list.encode());
    }
    pub(super) fn encode(self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.0.len().saturating_add(9));
        prefix(&mut all, 0xc0, self.0.len());
        all.extend(self.0);
        all
    }
}

fn prefix(out: &mut Vec<u8>, base: u8, length: usize) {
    if let Ok(short @ 0..=55) = u8::try_from(length) {
        out.push(base.saturating_add(short));
        return;
    }
    let width = length.to_be_bytes();
    let zeros = width.iter().take_while(|byte| **byte == 0).count();
    let width = width.get(zeros..).unwrap_or_default();
    out.push(base.saturating_add(55).saturating_add(u8::try_from(width.len()).unwrap_or(8)));
    out.extend_from_slice(width);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Ethereum's own documentation of the encoding.
    #[test]
    fn texts_numbers_and_lists_are_written_as_the_documentation_has_them() {
        let check = |fill: &dyn Fn(&mut List), expect: &[u8]| {
            let mut list = List::default();
            fill(&mut list);
            assert_eq!(list.0, expect);
        };
        check(&|l| l.bytes(b"dog"), &[0x83, b'd', b'o', b'g']);
        check(&|l| l.bytes(b""), &[0x80]);
        check(&|l| l.number(0), &[0x80]);
        check(&|l| l.number(15), &[0x0f]);
        check(&|l| l.number(127), &[0x7f]);
        check(&|l| l.number(128), &[0x81, 0x80]);
        check(&|l| l.number(1_024), &[0x82, 0x04, 0x00]);
        check(&|l| l.bytes(&[0]), &[0x00]);
        check(&|l| l.list(List::default()), &[0xc0]);
        check(&|l| l.bytes(&[7; 55]), &[[0x80 + 55].as_slice(), [7; 55].as_slice()].concat());
        check(&|l| l.bytes(&[7; 56]), &[[0xb8, 56].as_slice(), [7; 56].as_slice()].concat());
        check(&|l| l.bytes(&[7; 1_024]), &[[0xb9, 4, 0].as_slice(), [7; 1_024].as_slice()].concat());
        let mut pair = List::default();
        pair.bytes(b"cat");
        pair.bytes(b"dog");
        assert_eq!(pair.encode(), [0xc8, 0x83, b'c', b'a', b't', 0x83, b'd', b'o', b'g']);
    }
}
