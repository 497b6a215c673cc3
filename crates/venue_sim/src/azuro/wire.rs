//! Reading requests: targets, queries, bodies.

use crate::HttpRequest;
use crate::query::Query;
use serde_json::{Value, json};

/// What a route answers: status and body.
pub(super) type Answer = (u16, Value);

/// 400 with a sentence (section 7.7).
pub(super) fn bad(message: &str) -> Answer {
    (400, json!({ "statusCode": 400, "error": "Bad Request", "errorMessage": message }))
}

pub(super) fn not_found() -> Answer {
    (404, json!({ "statusCode": 404, "error": "Not Found", "errorMessage": "Not Found" }))
}

/// Path without query, and the query's decoded pairs; lists are repeated keys.
pub(super) struct Target<'a> {
    pub path: &'a str,
    query: Query,
}

impl<'a> Target<'a> {
    pub(super) fn read(http: &HttpRequest<'a>) -> Self {
        let (path, query) = Query::split(http.target);
        Self { path, query }
    }

    /// The first value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.query.get(name)
    }

    /// Every value of this name; `name[]` is the same list.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.query.pairs().filter(move |(n, _)| n.strip_suffix("[]").unwrap_or(n) == name).map(|(_, v)| v)
    }

    /// A whole number from 0 on, or `usual` when it is absent.
    pub(super) fn number(&self, name: &str, usual: usize) -> Result<usize, Answer> {
        self.get(name).map_or(Ok(usual), |t| t.parse().map_err(|_| bad(&format!("{name} must be a number"))))
    }

    /// A value that must be there.
    pub(super) fn must(&self, name: &str) -> Result<&str, Answer> {
        self.get(name).filter(|v| !v.is_empty()).ok_or_else(|| bad(&format!("{name} should not be empty")))
    }
}

/// The JSON object that was posted.
pub(super) fn body(http: &HttpRequest<'_>) -> Result<Value, Answer> {
    serde_json::from_slice(http.body).ok().filter(Value::is_object).ok_or_else(|| bad("the body must be a JSON object"))
}

/// A list of texts in a body.
pub(super) fn texts<'a>(body: &'a Value, name: &str) -> Result<Vec<&'a str>, Answer> {
    let list = body[name].as_array().ok_or_else(|| bad(&format!("{name} must be an array")))?;
    let all: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    all.ok_or_else(|| bad(&format!("each value in {name} must be a string")))
}

/// A JSON number with the digits of a plain decimal.
pub(super) fn number(text: &str) -> Value {
    text.parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}
