//! What the probe found: rows with a verdict each, as a table for people and as JSON for machines.

use serde::Serialize;
use std::fmt::Write as _;

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// Trading can start; somebody should look.
    Warn,
    /// Live trading would be refused.
    Fail,
}

impl Verdict {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// `vest`, `paradex`, `here`, or a pair.
    pub(crate) place: String,
    /// What was looked at.
    pub(crate) what: &'static str,
    /// How it stands.
    pub(crate) verdict: Verdict,
    /// What was found, in a sentence.
    pub(crate) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
}

impl Report {
    fn push(&mut self, place: &str, what: &'static str, verdict: Verdict, found: impl Into<String>, advice: Option<String>) {
        self.rows.push(Row { place: place.to_owned(), what, verdict, found: found.into(), advice });
    }
    pub(crate) fn ok(&mut self, place: &str, what: &'static str, found: impl Into<String>) {
        self.push(place, what, Verdict::Ok, found, None);
    }
    pub(crate) fn warn(&mut self, place: &str, what: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.push(place, what, Verdict::Warn, found, Some(advice.into()));
    }
    pub(crate) fn fail(&mut self, place: &str, what: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.push(place, what, Verdict::Fail, found, Some(advice.into()));
    }

    /// The worst of all.
    pub(crate) fn verdict(&self) -> Verdict {
        self.rows.iter().map(|r| r.verdict).max().unwrap_or(Verdict::Ok)
    }

    /// What forbids live trading, a sentence each.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = String> {
        self.rows.iter().filter(|r| r.verdict == Verdict::Fail).map(Row::sentence)
    }

    /// For people: verdict first, so that the eye finds what is wrong.
    pub(crate) fn table(&self) -> String {
        let place = self.rows.iter().map(|r| r.place.chars().count()).max().unwrap_or(0);
        let what = self.rows.iter().map(|r| r.what.chars().count()).max().unwrap_or(0);
        let mut out = String::new();
        for r in &self.rows {
            let _ = writeln!(out, "{:<4}  {:<place$}  {:<what$}  {}", r.verdict.word(), r.place, r.what, r.found);
            if let Some(advice) = &r.advice {
                let _ = writeln!(out, "{:<4}  {:<place$}  {:<what$}  -> {advice}", "", "", "");
            }
        }
        let count = |v| self.rows.iter().filter(|r| r.verdict == v).count();
        let (warns, fails) = (count(Verdict::Warn), count(Verdict::Fail));
        let _ = writeln!(out, "\n{} looked at, {warns} to look at, {fails} against live trading.", self.rows.len());
        out
    }

    /// For machines.
    pub(crate) fn json(&self) -> String {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "verdict": self.verdict(), "rows": self.rows }));
        text.expect("rows hold strings alone")
    }
}

impl Row {
    /// As one sentence of a log or of a refusal.
    pub(crate) fn sentence(&self) -> String {
        let advice = self.advice.as_ref().map(|a| format!(": {a}")).unwrap_or_default();
        format!("{} {}: {}{advice}", self.place, self.what, self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn the_table_names_the_place_the_finding_and_what_to_do() {
        let mut report = Report::default();
        report.ok("vest", "api", "v2 answers as documented");
        report.warn("here", ".env", "other users of this machine can read it", "chmod 600 .env");
        report.fail("ETH-USD", "size", "0.001 is under the smallest size", "raise notional_usd");
        expect![[r"
            ok    vest     api   v2 answers as documented
            warn  here     .env  other users of this machine can read it
                                 -> chmod 600 .env
            FAIL  ETH-USD  size  0.001 is under the smallest size
                                 -> raise notional_usd

            3 looked at, 1 to look at, 1 against live trading.
        "]]
        .assert_eq(&report.table());
        assert_eq!(report.verdict(), Verdict::Fail);
        assert_eq!(report.reasons().collect::<Vec<_>>(), ["ETH-USD size: 0.001 is under the smallest size: raise notional_usd"]);
        let back: serde_json::Value = serde_json::from_str(&report.json()).expect("JSON");
        assert_eq!((back["verdict"].as_str(), back["rows"][2]["advice"].as_str()), (Some("fail"), Some("raise notional_usd")));
    }
}
