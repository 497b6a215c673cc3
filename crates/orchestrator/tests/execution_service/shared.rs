//! What a test looks at while others use it: the venues' machines and the log.

use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// A lock that a failed test leaves usable.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A venue that can be looked at beside its server.
pub(crate) struct Shared<S>(pub(crate) Arc<Mutex<S>>);

impl<S: VenueSim> VenueSim for Shared<S> {
    fn name(&self) -> &'static str {
        lock(&self.0).name()
    }
    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        lock(&self.0).on_connect(conn, target, headers, now, out);
    }
    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        lock(&self.0).on_message(conn, message, now, out);
    }
    fn on_disconnect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>) {
        lock(&self.0).on_disconnect(conn, now, out);
    }
    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        lock(&self.0).on_request(request, http, now, out);
    }
    fn next_wake(&self) -> Option<SimNow> {
        lock(&self.0).next_wake()
    }
    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        lock(&self.0).on_wake(now, out);
    }
    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        lock(&self.0).set_fault(name, parameters)
    }
    fn clear_fault(&mut self, name: &str) {
        lock(&self.0).clear_fault(name);
    }
}

/// What the services said.
#[derive(Clone, Default)]
pub(crate) struct Log(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
