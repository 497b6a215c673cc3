//! Lenient reading of scalars and lists: numbers with or without quotes, one object or several, unknown keys ignored.

use serde::Deserialize;
use serde_json::value::RawValue;

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

/// Reads a list of objects. All of them or nothing: the one that cannot be read might be the one that matters.
pub(crate) fn list<'a, T: Deserialize<'a>>(text: &'a str) -> Option<Vec<T>> {
    let rows: Vec<&'a RawValue> = serde_json::from_str(text).ok()?;
    rows.into_iter().map(|row| object(row.get())).collect()
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
