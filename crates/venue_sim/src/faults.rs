//! Named faults as harnesses switch them on: which words each one understands, what is on, how often it still applies.
//!
//! Owns the way faults are asked for, the same for all simulated venues, so that a harness learns it once. What a fault is called,
//! takes and does is each venue's own: it brings its [`Parameters`].

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A fault's name, the parameters it must have, the parameters it may have.
pub(crate) type Known = (&'static str, &'static [&'static str], &'static [&'static str]);

/// What one venue's faults are given.
pub(crate) trait Parameters: Clone + DeserializeOwned {
    /// Every fault of the venue.
    const KNOWN: &'static [Known];
    /// Faults that the venue passes on to a part of its own; named among the known ones, read elsewhere.
    const PASSED_ON: &'static [&'static str] = &[];

    /// Checks and bounds what serde has read; `given` says which parameters were there.
    ///
    /// # Errors
    /// A sentence that names the fault and the parameter that is wrong.
    fn bound(self, name: &str, given: &Map<String, Value>) -> Result<Self, String>;

    /// How many times it still applies; `None` until cleared.
    fn count(&mut self) -> &mut Option<u32>;

    /// Its `ms`.
    fn ms(&self) -> i64;
}

/// What is on.
#[derive(Debug)]
pub(crate) struct Faults<P> {
    on: BTreeMap<&'static str, P>,
}

impl<P> Default for Faults<P> {
    fn default() -> Self {
        Self { on: BTreeMap::new() }
    }
}

impl<P: Parameters> Faults<P> {
    /// Reads a fault's parameters.
    ///
    /// # Errors
    /// A sentence that names the known faults or the parameter that is wrong.
    pub(crate) fn read(name: &str, parameters: &Value) -> Result<(&'static str, P), String> {
        let Some((known, needs, takes)) = P::KNOWN.iter().find(|(known, ..)| *known == name) else {
            let names: Vec<&str> = P::KNOWN.iter().map(|(known, ..)| *known).chain(P::PASSED_ON.iter().copied()).collect();
            return Err(format!("no fault is called {name:?}; known are {}", names.join(", ")));
        };
        let empty = Map::new();
        let given = match parameters {
            Value::Null => &empty,
            Value::Object(object) => object,
            _ => return Err(format!("the parameters of {name} are one JSON object")),
        };
        if let Some(missing) = needs.iter().find(|p| !given.contains_key(**p)) {
            return Err(format!("{name} needs the parameter {missing:?}"));
        }
        if let Some(odd) = given.keys().find(|p| !needs.contains(&p.as_str()) && !takes.contains(&p.as_str())) {
            return Err(format!("{name} has no parameter {odd:?}"));
        }
        let fault: P = serde_json::from_value(Value::Object(given.clone())).map_err(|e| format!("parameters of {name}: {e}"))?;
        if given.get("status").is_some_and(|s| !s.as_u64().is_some_and(|s| (400..=599).contains(&s))) {
            return Err(format!("the status of {name} is a number from 400 to 599"));
        }
        Ok((known, fault.bound(name, given)?))
    }

    /// Switches a fault on, in place of an earlier one of its name.
    pub(crate) fn set(&mut self, name: &'static str, fault: P) {
        self.on.insert(name, fault);
    }

    /// Switches a fault off.
    pub(crate) fn clear(&mut self, name: &str) {
        self.on.remove(name);
    }

    /// The fault, if it is on; does not count.
    pub(crate) fn on(&self, name: &str) -> Option<&P> {
        self.on.get(name)
    }

    /// Applies the fault once, if it is on and `fits`; a count that has run out clears it.
    pub(crate) fn take_if(&mut self, name: &str, fits: impl Fn(&P) -> bool) -> Option<P> {
        let fault = self.on.get_mut(name).filter(|f| fits(f))?;
        let mut applied = fault.clone();
        match fault.count() {
            None => return Some(applied),
            Some(left) => *left = left.saturating_sub(1),
        }
        if *fault.count() == Some(0) {
            self.on.remove(name);
        }
        (*applied.count() != Some(0)).then_some(applied)
    }

    /// Delay of everything the venue says, microseconds.
    pub(crate) fn latency_us(&self) -> u64 {
        self.on("latency").map_or(0, |f| f.ms().max(0) as u64 * 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Clone, Debug, Default, Deserialize)]
    #[serde(default)]
    struct Fault {
        count: Option<u32>,
        ms: i64,
        status: u16,
    }

    impl Parameters for Fault {
        const KNOWN: &'static [Known] = &[
            ("error_after", &["status"], &[]),
            ("http_error", &["status"], &["count"]),
            ("latency", &["ms"], &[]),
            ("odd_status", &[], &["status"]),
        ];
        const PASSED_ON: &'static [&'static str] = &["slow_reader"];

        fn bound(self, name: &str, given: &Map<String, Value>) -> Result<Self, String> {
            if given.contains_key("ms") && self.ms > 10 { Err(format!("{name} takes 10 ms at most")) } else { Ok(self) }
        }
        fn count(&mut self) -> &mut Option<u32> {
            &mut self.count
        }
        fn ms(&self) -> i64 {
            self.ms
        }
    }

    #[test]
    fn a_fault_that_is_not_known_or_ill_worded_says_what_is_wrong() {
        fn check(name: &str, parameters: Value, expect: &str) {
            let error = Faults::<Fault>::read(name, &parameters).expect_err(name);
            assert!(error.contains(expect), "{error}");
        }
        check(
            "latncy",
            json!({}),
            "no fault is called \"latncy\"; known are error_after, http_error, latency, odd_status, slow_reader",
        );
        check("slow_reader", json!({}), "no fault is called");
        check("latency", json!({}), "needs the parameter \"ms\"");
        check("latency", Value::Null, "needs the parameter \"ms\"");
        check("latency", json!({"ms": "5"}), "parameters of latency: invalid type");
        check("latency", json!({"ms": 5, "count": 1}), "has no parameter \"count\"");
        check("latency", json!({"ms": 11}), "takes 10 ms at most");
        check("latency", json!([1]), "one JSON object");
        check("http_error", json!({"status": 200}), "from 400 to 599");
        check("odd_status", json!({"status": 600}), "from 400 to 599");
    }

    #[test]
    fn a_count_applies_so_often_and_only_where_it_fits() {
        let mut faults = Faults::default();
        for (count, expect) in [(json!(null), [true; 4]), (json!(0), [false; 4]), (json!(2), [true, true, false, false])] {
            let (name, fault) = Faults::<Fault>::read("http_error", &json!({"status": 502, "count": count})).expect("good");
            faults.set(name, fault);
            assert!(faults.take_if(name, |f| f.status == 500).is_none(), "what does not fit counts nothing");
            assert_eq!([(); 4].map(|()| faults.take_if(name, |f| f.status == 502).is_some()), expect, "{count}");
            assert_eq!(faults.on(name).is_some(), expect[3], "what has run out is off");
        }
    }

    #[test]
    fn latency_is_what_was_asked_for_and_never_negative() {
        let mut faults = Faults::<Fault>::default();
        assert_eq!(faults.latency_us(), 0);
        for (ms, expect) in [(7, 7_000), (-7, 0)] {
            let (name, fault) = Faults::read("latency", &json!({"ms": ms})).expect("good");
            faults.set(name, fault);
            assert_eq!(faults.latency_us(), expect);
        }
        faults.clear("latency");
        assert_eq!(faults.latency_us(), 0);
    }
}
