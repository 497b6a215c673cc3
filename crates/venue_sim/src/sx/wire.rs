//! Reading requests and writing answers: targets and refusals (sx.md sections 4, 8, 12).

use crate::date::parse_iso;
use crate::query::Query;
use serde_json::{Value, json};

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

    /// A comma list; `None` if it is not given.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name).map(|text| text.split(',').map(str::trim).filter(|t| !t.is_empty()).collect())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// A size of a page between 1 and `most`.
    pub(super) fn page(&self, name: &str, usual: usize, most: usize) -> Result<usize, Refused> {
        let Some(text) = self.get(name) else { return Ok(usual) };
        let size = text.parse().ok().filter(|n| (1..=most).contains(n));
        size.ok_or_else(|| Refused::listed(&format!("{name} must not be greater than {most}")))
    }

    /// ISO 8601 text as ms; a number of seconds is refused (section 8).
    pub(super) fn date(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let ms = parse_iso(text).ok_or_else(|| Refused::listed(&format!("{name} must be a valid ISO 8601 date string")))?;
        Ok(Some(ms))
    }
}

/// A refusal: HTTP status and what the body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub status: u16,
    pub message: Value,
}

impl Refused {
    /// 400 with a code.
    pub(super) fn code(code: &str) -> Self {
        Self { status: 400, message: json!(code) }
    }
    /// 400 with a list of texts, as request validation answers.
    pub(super) fn listed(text: &str) -> Self {
        Self { status: 400, message: json!([text]) }
    }
    pub(super) fn with(status: u16, message: &str) -> Self {
        Self { status, message: json!(message) }
    }
    /// The live form, or the one of the official error page (section 12).
    pub(super) fn body(&self, failure_form: bool) -> Value {
        if failure_form {
            let code = self.message.as_str().unwrap_or("BAD_REQUEST");
            return json!({ "status": "failure", "errorCode": code });
        }
        let error = match self.status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            429 => "Too Many Requests",
            _ => "Error",
        };
        json!({ "error": error, "message": self.message, "statusCode": self.status })
    }
}

/// `data` of a good answer.
pub(super) type Answer = Result<Value, Refused>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_gives_its_path_lists_and_pages() {
        let target = Target::read("/markets/find?marketHashes=a%2Cb,c&perPage=101&x=%zz&live=true");
        assert_eq!((target.path, target.list("marketHashes")), ("/markets/find", Some(vec!["a", "b", "c"])));
        assert!(target.page("perPage", 50, 100).is_err());
        assert_eq!((target.page("other", 50, 100), target.get("x"), target.flag("live")), (Ok(50), Some("%zz"), true));
    }
}
