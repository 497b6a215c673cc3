//! A line to one venue's REST API, to ask single questions of: the same sockets and the same TLS that trading uses.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::sync::oneshot;
use transport::{Clock, Link, LinkConfig, LinkError, LinkEvent};
use venue_api::{Action, Header, Lane, Method, Payload, Reply, RequestId};

/// How long one question may take.
const PATIENCE_MS: u64 = 8_000;

/// What became of a question.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The venue answered.
    Said {
        /// HTTP status.
        status: u16,
        /// As received.
        body: Vec<u8>,
    },
    /// It did not, and why.
    Nothing(String),
}

impl std::fmt::Debug for Answer {
    /// Without the body, which may hold a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Said { status, body } => write!(f, "{status}, {} bytes", body.len()),
            Self::Nothing(why) => write!(f, "nothing: {why}"),
        }
    }
}

type Waiting = Rc<RefCell<BTreeMap<RequestId, oneshot::Sender<Answer>>>>;

/// One venue's line. Lives inside a `LocalSet`, as every link does.
pub(crate) struct Line {
    link: Link,
    waiting: Waiting,
    next: Cell<u64>,
}

impl Line {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// See [`Link::new`].
    pub(crate) fn new(config: LinkConfig, clock: Clock) -> Result<Self, LinkError> {
        let waiting = Waiting::default();
        let answered = Rc::clone(&waiting);
        let link = Link::new(config, clock, move |event, _| {
            let LinkEvent::Reply { id, reply } = event else { return };
            let answer = match reply {
                Reply::Answer { status, body, .. } => Answer::Said { status, body: body.to_vec() },
                Reply::NotSent(why) | Reply::Unknown(why) => Answer::Nothing(why.to_owned()),
            };
            if let Some(asker) = answered.borrow_mut().remove(&id) {
                let _ = asker.send(answer); // who asked may have given up
            }
        })?;
        Ok(Self { link, waiting, next: Cell::new(1) })
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, method: Method, target: String, headers: Vec<Header>, body: String) -> Answer {
        let id = RequestId(self.next.replace(self.next.get().saturating_add(1)));
        let (tell, told) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, tell);
        let (lane, body, timeout_ms) = (Lane::Account, Payload::Text(body), PATIENCE_MS);
        self.link.perform(Action::Request { id, lane, method, target, headers, body, timeout_ms });
        told.await.unwrap_or_else(|_| Answer::Nothing("the connection was given up".to_owned()))
    }

    /// Asks for something to read.
    pub(crate) async fn get(&self, target: impl Into<String>, headers: Vec<Header>) -> Answer {
        self.ask(Method::Get, target.into(), headers, String::new()).await
    }

    /// Ends it.
    pub(crate) async fn stop(&self) {
        self.link.stop().await;
    }
}
