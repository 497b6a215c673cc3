//! Warm HTTP/1.1 connections per lane, and what became of each request.

use crate::config::LinkConfig;
use crate::dial::Dialer;
use crate::socket::to_header;
use crate::{Clock, TokenBucket};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method as Verb, Request, Response};
use hyper_util::rt::TokioIo;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use venue_api::{Header, Lane, Method, Payload};

pub(crate) const USER_AGENT_OURS: &str = concat!("bot4/", env!("CARGO_PKG_VERSION"));
const LANES: [Lane; 4] = [Lane::Orders, Lane::Account, Lane::Public, Lane::Chain];
/// How long a connection may take to become free again after its answer was read.
const SETTLE: Duration = Duration::from_secs(1);

type Sender = SendRequest<Full<Bytes>>;
type Sending = Pin<Box<dyn Future<Output = Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>>>>>;

/// Counts since the link was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpStats {
    /// Connections made, each with one TLS handshake.
    pub handshakes: u64,
    /// Of these handshakes, how many resumed an earlier TLS session.
    pub resumed: u64,
    /// Requests that were begun on a connection.
    pub requests: u64,
    /// Of these, how many found a warm connection.
    pub reused: u64,
    /// Unused connections that could take a request now, all lanes.
    pub idle: usize,
}

/// What became of a request.
pub(crate) enum Outcome {
    Answer { status: u16, retry_after_ms: Option<u64>, body: Bytes },
    NotSent(String),
    Unknown(String),
}

/// A request as the client asked for it.
pub(crate) struct Ask {
    pub(crate) lane: Lane,
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Payload,
    pub(crate) timeout: Duration,
}

/// A request that has got its budget and, if one was at hand, its connection. If so, it is already on its way.
pub(crate) struct Begun {
    lane: Lane,
    deadline: Instant,
    timeout: Duration,
    /// Whether it has its token of the rate budget.
    paid: bool,
    request: Option<Request<Full<Bytes>>>,
    under_way: Option<(Connection, Sending)>,
}

struct Connection {
    sender: Sender,
    since: Instant,
    served: u64,
}

pub(crate) struct Http {
    dialer: Dialer,
    /// Of lanes that lead elsewhere.
    dialer_of: BTreeMap<Lane, Dialer>,
    tasks: TaskTracker,
    clock: Clock,
    lanes: [LaneState; 4],
    idle_timeout: Duration,
    idle_max: usize,
    message_max: usize,
    requests: Cell<u64>,
    reused: Cell<u64>,
    name: String,
}

#[derive(Default)]
struct LaneState {
    idle: RefCell<VecDeque<Connection>>,
    budget: RefCell<Option<TokenBucket>>,
    /// How many connections to keep warm.
    warm: Cell<usize>,
    busy: Cell<usize>,
    reuse_told: Cell<bool>,
}

impl Http {
    pub(crate) fn new(
        (dialer, dialer_of): (Dialer, BTreeMap<Lane, Dialer>),
        config: &LinkConfig,
        clock: Clock,
        tasks: TaskTracker,
    ) -> Self {
        tracing::info!(
            venue = config.name,
            "[HTTP] Connection pool: idle_timeout={}s, max_idle_per_host={}",
            config.pool_idle_timeout.as_secs(),
            config.pool_max_idle_per_host,
        );
        let lanes = LANES.map(|lane| LaneState {
            budget: RefCell::new(config.budgets.of(lane).map(TokenBucket::new)),
            ..LaneState::default()
        });
        Self {
            dialer,
            dialer_of,
            tasks,
            clock,
            lanes,
            idle_timeout: config.pool_idle_timeout,
            idle_max: config.pool_max_idle_per_host,
            message_max: config.message_max,
            requests: Cell::new(0),
            reused: Cell::new(0),
            name: config.name.clone(),
        }
    }

    pub(crate) fn stats(&self) -> HttpStats {
        HttpStats {
            handshakes: self.dialers().map(Dialer::handshakes).sum(),
            resumed: self.dialers().map(Dialer::resumed).sum(),
            requests: self.requests.get(),
            reused: self.reused.get(),
            idle: self.lanes.iter().map(|l| l.idle.borrow().iter().filter(|c| self.usable(c)).count()).sum(),
        }
    }

    fn dialers(&self) -> impl Iterator<Item = &Dialer> {
        std::iter::once(&self.dialer).chain(self.dialer_of.values())
    }

    /// Where a lane leads.
    fn dialer(&self, lane: Lane) -> &Dialer {
        self.dialer_of.get(&lane).unwrap_or(&self.dialer)
    }

    /// Takes the budget and hands the request to a warm connection if there is one: without waiting, so that an
    /// order leaves in the turn in which it was decided.
    pub(crate) fn begin(&self, ask: Ask) -> Result<Begun, Outcome> {
        let (lane, timeout) = (ask.lane, ask.timeout);
        let request = self.to_request(ask).map_err(Outcome::NotSent)?;
        let paid = self.take_token(lane).is_ok();
        if !paid && lane == Lane::Orders {
            return Err(Outcome::NotSent("rate budget".to_owned())); // never queued: a late order is another order
        }
        let deadline = Instant::now() + timeout;
        let mut begun = Begun { lane, deadline, timeout, paid, request: Some(request), under_way: None };
        if paid {
            self.start(&mut begun);
        }
        Ok(begun)
    }

    /// Waits for the end of a request. `publish` is called exactly once, before the connection is put back.
    pub(crate) async fn finish(&self, mut begun: Begun, publish: impl FnOnce(Outcome)) {
        let lane = begun.lane;
        let sent = Cell::new(begun.under_way.is_some());
        let (deadline, ms) = (begun.deadline, begun.timeout.as_millis());
        let _busy = Busy::new(&self.lane(lane).busy);
        match tokio::time::timeout_at(deadline, self.exchange(&mut begun, &sent)).await {
            Err(_) if sent.get() => publish(Outcome::Unknown(format!("no answer within {ms} ms"))),
            Err(_) => publish(Outcome::NotSent(format!("did not get its turn within {ms} ms"))),
            Ok(Err(outcome)) => publish(outcome),
            Ok(Ok((outcome, connection))) => {
                publish(outcome);
                self.put_back(lane, connection).await;
            }
        }
    }

    async fn exchange(&self, begun: &mut Begun, sent: &Cell<bool>) -> Result<(Outcome, Connection), Outcome> {
        if !begun.paid {
            self.wait_for_token(begun.lane).await;
            begun.paid = true;
            self.start(begun);
            sent.set(begun.under_way.is_some());
        }
        // A kept connection may have ended unseen; then no byte of the request left and a fresh one is tried. More
        // than one of them may have ended, so only a refusal by a fresh connection is final.
        loop {
            let mut fresh = false;
            let (connection, sending) = match begun.under_way.take() {
                Some(under_way) => under_way,
                None => {
                    fresh = true;
                    let connection = self.connect(begun.lane).await.map_err(Outcome::NotSent)?;
                    let request = begun.request.take().expect("it is only away while a connection has it");
                    sent.set(true);
                    self.hand_over(connection, request)
                }
            };
            match sending.await {
                Ok(response) => return self.read(response).await.map(|outcome| (outcome, connection)),
                Err(mut error) => match error.take_message() {
                    None => {
                        return Err(Outcome::Unknown(format!("the connection broke before the answer: {}", error.into_error())));
                    }
                    Some(_) if fresh => {
                        return Err(Outcome::NotSent(format!("the connection ended at once: {}", error.into_error())));
                    }
                    Some(request) => {
                        sent.set(false);
                        begun.request = Some(request);
                        self.start(begun);
                        sent.set(begun.under_way.is_some());
                    }
                },
            }
        }
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Outcome, Outcome> {
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.trim().parse::<u64>().ok());
        let retry_after_ms = retry_after.map(|s| s.saturating_mul(1_000));
        match Limited::new(response.into_body(), self.message_max).collect().await {
            Ok(body) => Ok(Outcome::Answer { status, retry_after_ms, body: body.to_bytes() }),
            Err(error) => Err(Outcome::Unknown(format!("the answer ({status}) could not be read to its end: {error}"))),
        }
    }

    /// Hands a request to a warm connection, if there is one that is neither ended nor too old.
    fn start(&self, begun: &mut Begun) {
        let Some(connection) = self.take_warm(begun.lane) else { return };
        let Some(request) = begun.request.take() else { return };
        self.reused.set(self.reused.get() + 1);
        let lane = self.lane(begun.lane);
        let (served, handshakes) = (connection.served, self.dialer(begun.lane).handshakes());
        if lane.reuse_told.replace(true) {
            tracing::debug!(venue = self.name, lane = ?begun.lane, served, handshakes, "[HTTP] Connection reused");
        } else {
            tracing::info!(venue = self.name, lane = ?begun.lane, served, handshakes, "[HTTP] Connection reused");
        }
        begun.under_way = Some(self.hand_over(connection, request));
    }

    fn hand_over(&self, mut connection: Connection, request: Request<Full<Bytes>>) -> (Connection, Sending) {
        self.requests.set(self.requests.get() + 1);
        connection.served += 1;
        let sending = connection.sender.try_send_request(request);
        (connection, Box::pin(sending))
    }

    fn take_warm(&self, lane: Lane) -> Option<Connection> {
        let mut idle = self.lane(lane).idle.borrow_mut();
        // The youngest first: the oldest are then the ones that time out.
        while let Some(connection) = idle.pop_back() {
            if self.usable(&connection) {
                return Some(connection);
            }
        }
        None
    }

    fn usable(&self, connection: &Connection) -> bool {
        !connection.sender.is_closed() && connection.since.elapsed() < self.idle_timeout
    }

    async fn put_back(&self, lane: Lane, mut connection: Connection) {
        let ready = tokio::time::timeout(SETTLE, connection.sender.ready()).await;
        if matches!(ready, Ok(Ok(()))) {
            connection.since = Instant::now();
            self.keep(lane, connection);
        }
    }

    fn keep(&self, lane: Lane, connection: Connection) {
        let mut idle = self.lane(lane).idle.borrow_mut();
        if idle.len() < self.idle_max.max(self.lane(lane).warm.get()) {
            idle.push_back(connection);
        }
    }

    async fn connect(&self, lane: Lane) -> Result<Connection, String> {
        let stream = self.dialer(lane).dial().await?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| format!("no HTTP connection: {e}"))?;
        // Ends when the sender is dropped or the venue closes; nobody needs its result, the request has it.
        self.tasks.spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "HTTP connection ended");
            }
        });
        Ok(Connection { sender, since: Instant::now(), served: 0 })
    }

    /// From now on keeps so many connections of a lane ready; makes the missing ones and says how many there are.
    pub(crate) async fn warm(&self, lane: Lane, connections: usize) -> Result<usize, String> {
        self.lane(lane).warm.set(connections);
        self.fill(lane).await
    }

    /// Drops what has ended or grown old, and makes what is missing.
    pub(crate) async fn keep_warm(&self) -> Result<(), String> {
        for lane in LANES {
            self.lane(lane).idle.borrow_mut().retain(|c| self.usable(c));
            self.fill(lane).await?;
        }
        Ok(())
    }

    async fn fill(&self, lane: Lane) -> Result<usize, String> {
        let state = self.lane(lane);
        let count = || state.idle.borrow().len() + state.busy.get();
        // What may not grow a moment old is made when it is needed and not before.
        let warm = if self.idle_timeout.is_zero() { 0 } else { state.warm.get() };
        let missing = warm.saturating_sub(count());
        let made = futures_util::future::join_all((0..missing).map(|_| self.connect(lane))).await;
        let mut failed = None;
        for connection in made {
            match connection {
                Ok(connection) => self.keep(lane, connection),
                Err(why) => failed = Some(why),
            }
        }
        match failed {
            Some(why) => Err(why),
            None => Ok(count()),
        }
    }

    /// Drops every unused connection.
    pub(crate) fn close(&self) {
        for lane in &self.lanes {
            lane.warm.set(0);
            lane.idle.borrow_mut().clear();
        }
    }

    fn take_token(&self, lane: Lane) -> Result<(), u64> {
        match self.lane(lane).budget.borrow_mut().as_mut() {
            Some(bucket) => bucket.take(self.clock.mono()),
            None => Ok(()),
        }
    }

    /// Waits for a token; the caller's deadline bounds it.
    async fn wait_for_token(&self, lane: Lane) {
        while let Err(wait_ms) = self.take_token(lane) {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    fn to_request(&self, ask: Ask) -> Result<Request<Full<Bytes>>, String> {
        let endpoint = self.dialer(ask.lane).endpoint();
        let verb = match ask.method {
            Method::Get => Verb::GET,
            Method::Post => Verb::POST,
            Method::Put => Verb::PUT,
            Method::Delete => Verb::DELETE,
        };
        let body = match ask.body {
            Payload::Text(text) => Bytes::from(text),
            Payload::Binary(bytes) => Bytes::from(bytes),
        };
        let json = !body.is_empty();
        let mut request = Request::builder()
            .method(verb)
            // A request for the base itself: a node of a chain has one address and nothing below it.
            .uri(if endpoint.path.is_empty() && ask.target.is_empty() {
                "/".to_owned()
            } else {
                format!("{}{}", endpoint.path, ask.target)
            })
            .header(HOST, &endpoint.authority)
            .header(USER_AGENT, USER_AGENT_OURS)
            .body(Full::new(body))
            .map_err(|_| "the request's target is not part of a URL".to_owned())?;
        if json {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for header in &ask.headers {
            let (name, value) = to_header(header)?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    fn lane(&self, lane: Lane) -> &LaneState {
        let [orders, account, public, chain] = &self.lanes;
        match lane {
            Lane::Orders => orders,
            Lane::Account => account,
            Lane::Public => public,
            Lane::Chain => chain,
        }
    }
}

/// Counts a connection as busy while a request has it.
struct Busy<'a>(&'a Cell<usize>);
impl<'a> Busy<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}
impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}
