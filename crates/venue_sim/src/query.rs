//! The target of a request: its path and what its query says. What a venue takes as a list, a page or a date is its own.

/// The decoded pairs of a query, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Cuts a request's target into its path and its query.
    pub(crate) fn split(target: &str) -> (&str, Self) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, "")));
        (path, Self(pairs.map(|(name, value)| (decode(name), decode(value))).collect()))
    }

    /// The first value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Percent-decodes; what is not an escape stays as it is.
fn decode(text: &str) -> String {
    if !text.contains(['%', '+']) {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let mut ahead = bytes.clone();
        let digits = (ahead.next().and_then(hex_digit), ahead.next().and_then(hex_digit));
        match (b, digits) {
            (b'%', (Some(high), Some(low))) => {
                out.push(high * 16 + low);
                bytes = ahead;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(b),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_digit(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).map(|d| d as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_gives_its_path_and_its_decoded_pairs() {
        fn check(target: &str, path: &str, expect: &[(&str, &str)]) {
            let (read, query) = Query::split(target);
            assert_eq!((read, query.pairs().collect::<Vec<_>>()), (path, expect.to_vec()), "{target}");
        }
        check("/orders", "/orders", &[]);
        check("/orders?", "/orders", &[]);
        check("/orders?a=1&b&&c=", "/orders", &[("a", "1"), ("b", ""), ("c", "")]);
        check("/o?id=0x1%2C0x2&two+words=a+b", "/o", &[("id", "0x1,0x2"), ("two words", "a b")]);
        check("/o?x=%zz&y=%&z=%4", "/o", &[("x", "%zz"), ("y", "%"), ("z", "%4")]);
        check("/o?x=%ff%C3%A9&y=a=b?c", "/o", &[("x", "\u{fffd}é"), ("y", "a=b?c")]);
        let (_, query) = Query::split("/o?a=1&a=2");
        assert_eq!((query.get("a"), query.get("b")), (Some("1"), None));
    }
}
