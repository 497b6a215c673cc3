//! Lenient reading of scalars and lists: numbers with or without quotes, one object or several, unknown keys ignored.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A scalar as it stands in the text, with or without quotes.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(crate) struct Num<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Num<'a> {
    /// The text without its quotes.
    pub(crate) fn text(self) -> &'a str {
        let raw = self.0.get();
        raw.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(raw)
    }
    /// As a whole number.
    pub(crate) fn read<T: std::str::FromStr>(self) -> Option<T> {
        let text = self.text();
        // No sign and no space: amounts and odds are digits alone.
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
    }
}

/// Reads one JSON object, or nothing: a derived struct would also read from an array.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok())?
}

/// The elements of a list as they stand in the text.
pub(crate) fn rows(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

/// Reads a list of objects. All of them or nothing: the one that cannot be read might be the one that matters.
pub(crate) fn list<'a, T: Deserialize<'a>>(text: &'a str) -> Option<Vec<T>> {
    rows(text)?.into_iter().map(|row| object(row.get())).collect()
}

/// One object or an array of them: the venue publishes both (spec section 11.1).
pub(crate) fn one_or_many<'a, T: Deserialize<'a>>(text: &'a str) -> Option<Vec<T>> {
    if text.trim_start().starts_with('[') { list(text) } else { object(text).map(|one| vec![one]) }
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

/// What stands under `data`.
pub(crate) fn data(body: &[u8]) -> Option<&str> {
    Some(object::<Wrapped<'_>>(std::str::from_utf8(body).ok()?)?.data.get())
}

/// The values of these members of an object, as they stand in the text; a member that is not there, or null, is `None`. `None`
/// altogether when the text is no object, or names a wanted member twice.
///
/// For messages that come hundreds of times a second: one pass, nothing on the heap. A value is only delimited here; whoever reads it
/// finds out whether it is one.
pub(crate) fn members<'a, const N: usize>(text: &'a str, wanted: [&str; N]) -> Option<[Option<&'a str>; N]> {
    let mut found = [None; N];
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim_start();
    while !rest.is_empty() {
        let (key, after) = split_value(rest)?;
        let key = key.strip_prefix('"')?.strip_suffix('"')?;
        let (value, after) = split_value(after.trim_start().strip_prefix(':')?.trim_start())?;
        if let Some((_, slot)) = wanted.iter().zip(&mut found).find(|(name, _)| **name == key)
            && slot.replace(value).is_some()
        {
            return None;
        }
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
            (!rest.is_empty()).then_some(())?;
        }
    }
    Some(found.map(|value| value.filter(|value| *value != "null")))
}

/// The value that a text begins with, and what follows it.
fn split_value(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0u32, 0usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = at.checked_add(string_len(bytes.get(at..)?)?)?,
            b'{' | b'[' => {
                depth = depth.checked_add(1)?;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            _ if depth > 0 => at += 1,
            // A number, true, false or null.
            _ => {
                let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\r' | b'\n' | b'"');
                let len = bytes.get(at..)?.iter().position(ends).unwrap_or(bytes.len().saturating_sub(at));
                (len > 0).then_some(())?;
                at = at.checked_add(len)?;
            }
        }
        if depth == 0 {
            return text.split_at_checked(at);
        }
    }
}

/// How long the string is that begins here, its quotes included.
fn string_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The text inside a JSON string.
pub(crate) fn string(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    if inner.bytes().any(|b| b == b'\\' || b < b' ') {
        serde_json::from_str(value).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn members_are_found_as_they_stand_in_the_text() {
        let check = |text: &str, expect: Option<[Option<&str>; 2]>| assert_eq!(members(text, ["a", "b"]), expect, "{text}");
        check("{}", Some([None, None]));
        check(r#" { "b" : [1,{"a":"]}"}] , "x":1, "a":-1.5e3 } "#, Some([Some("-1.5e3"), Some(r#"[1,{"a":"]}"}]"#)]));
        check(r#"{"a":"\"b\":","b":null}"#, Some([Some(r#""\"b\":""#), None]));
        check(r#"{"a":1,"a":2}"#, None);
        check(r#"{"a":1,}"#, None);
        check(r#"{"a"}"#, None);
        check(r#"{"a":}"#, None);
        check(r#"{"a":1"b":2}"#, None);
        check(r#"{"a":"open}"#, None);
        check("[]", None);
        check("", None);
        check(r#"{"a":]}"#, None);
        assert_eq!(string(r#""a\u0041""#).as_deref(), Some("aA"));
        assert_eq!((string("1"), string("\"")), (None, None));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map("[ab\"\\\\c]{0,2}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_whole_reading_finds(value in values(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("JSON");
            let found = members(&text, ["a", "b"]);
            prop_assert_eq!(found.is_some(), value.is_object());
            for (name, found) in ["a", "b"].into_iter().zip(found.unwrap_or_default()) {
                let read: Value = found.map_or(Value::Null, |text| serde_json::from_str(text).expect("a value"));
                prop_assert_eq!(value.get(name).cloned().unwrap_or(Value::Null), read);
            }
        }
        #[test]
        fn no_text_makes_it_panic(text in r#"[\PC{}\[\]",:a\\]{0,40}"#) {
            let _ = (members(&text, ["a"]), string(&text), split_value(&text));
        }
    }
}
