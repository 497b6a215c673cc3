//! Fields of events and spans as text, ready to be joined: `,"key":value` for JSON, ` key=value` for people.

use std::fmt::{self, Write as _};
use tracing::field::{Field, Visit};

/// Names a line has of its own; a field of that name gets an underscore.
const TAKEN: [&str; 4] = ["timestamp", "level", "target", "message"];
/// Longer texts are cut: a library's TRACE line can hold a megabyte of frame.
const TEXT_MAX: usize = 16 * 1024;

/// Which of the two ways of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Json,
    Human,
}

/// Collects the fields of one event or span.
pub(crate) struct Fields {
    style: Style,
    /// The message by itself, escaped as the style wants.
    pub(crate) message: String,
    /// All other fields, each with its separator in front.
    pub(crate) rest: String,
}

impl Fields {
    pub(crate) fn new(style: Style) -> Self {
        Self { style, message: String::new(), rest: String::new() }
    }

    fn bare(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.key(field.name());
        self.rest.write_fmt(value).ok(); // writing to a String does not fail
    }

    fn text(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            self.message.clear();
            escape(cut(text), &mut self.message);
            if self.style == Style::Human {
                self.message = self.message.replace("\\\"", "\"").replace("\\\\", "\\");
            }
            return;
        }
        self.key(field.name());
        let quoted =
            self.style == Style::Json || text.is_empty() || text.contains([' ', '"', '=']) || text.chars().any(char::is_control);
        if quoted {
            self.rest.push('"');
            escape(cut(text), &mut self.rest);
            self.rest.push('"');
        } else {
            self.rest.push_str(cut(text));
        }
    }

    fn key(&mut self, name: &str) {
        let name = name.strip_prefix("r#").unwrap_or(name);
        match self.style {
            Style::Json => {
                self.rest.push_str(",\"");
                escape(name, &mut self.rest);
                if TAKEN.contains(&name) {
                    self.rest.push('_');
                }
                self.rest.push_str("\":");
            }
            Style::Human => {
                self.rest.push(' ');
                self.rest.push_str(name);
                self.rest.push('=');
            }
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, format_args!("{value}"));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, format_args!("{value}"));
    }
    /// As text: no JSON reader keeps all digits of these.
    fn record_i128(&mut self, field: &Field, value: i128) {
        self.text(field, &value.to_string());
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.text(field, &value.to_string());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, format_args!("{value}"));
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.bare(field, format_args!("{value}"));
        } else {
            self.text(field, &value.to_string());
        }
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            write!(text, ": {error}").ok(); // writing to a String does not fail
            cause = error.source();
        }
        self.text(field, &text);
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Lines of the `log` crate come with fields about themselves; their target is the line's own.
        if !field.name().starts_with("log.") {
            self.text(field, &format!("{value:?}"));
        }
    }
}

/// Appends `text` as it stands between the quotes of a JSON string.
pub(crate) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                write!(out, "\\u{:04x}", u32::from(c)).ok(); // writing to a String does not fail
            }
            c => out.push(c),
        }
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_MAX)).unwrap_or(text)
}
