//! A betting client on real sockets: the link's events go to the client, what the client asks for goes to the link.
//!
//! Owns no decision and no record. What the client told is handed over before what it asks for is performed, so that a record of it can
//! be written first. For clients that run beside the path of orders: quotes, the dry run, tests, and the betting strategy's own shell.

use crate::{Clock, Link, LinkConfig, LinkError, LinkEvent};
use domain::Now;
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use venue_api::{BetClient, BetOut};

/// Called with what the client told, before its actions are performed. Must not call back into the [`BetLink`].
type Tell = Box<dyn Fn(&BetOut, Now)>;

struct Shared<C> {
    client: RefCell<C>,
    out: RefCell<BetOut>,
    link: RefCell<Option<Link>>,
    clock: Clock,
    tell: Tell,
}

impl<C: BetClient> Shared<C> {
    fn enter<R>(&self, now: Now, act: impl FnOnce(&mut C, Now, &mut BetOut) -> R) -> R {
        let mut out = self.out.borrow_mut();
        out.clear();
        let result = act(&mut self.client.borrow_mut(), now, &mut out);
        (self.tell)(&out, now);
        if let Some(link) = self.link.borrow().as_ref() {
            link.perform_all(out.actions.drain(..));
        }
        result
    }

    fn on_event(&self, event: LinkEvent<'_>, now: Now) {
        self.enter(now, |client, now, out| match event {
            LinkEvent::Open { conn } => client.on_open(conn, now, out),
            LinkEvent::Closed { conn, code, why } => client.on_closed(conn, code, why, now, out),
            LinkEvent::Frame { conn, frame } => client.on_frame(conn, frame, now, out),
            LinkEvent::Reply { id, reply } => client.on_reply(id, reply, now, out),
            LinkEvent::Timer { id } => client.on_timer(id, now, out),
            LinkEvent::Reconnecting { .. } => {}
        });
    }
}

/// A betting client and its sockets. Not `Send`; lives inside a `LocalSet`.
pub struct BetLink<C> {
    shared: Rc<Shared<C>>,
}

impl<C: BetClient + 'static> BetLink<C> {
    /// Makes the link and starts the client.
    ///
    /// # Errors
    /// [`LinkError`]: the configuration of the link; nothing was connected.
    pub fn start(client: C, config: LinkConfig, clock: Clock, tell: impl Fn(&BetOut, Now) + 'static) -> Result<Self, LinkError> {
        let shared = Rc::new(Shared {
            client: RefCell::new(client),
            out: RefCell::default(),
            link: RefCell::default(),
            clock,
            tell: Box::new(tell),
        });
        let weak: Weak<Shared<C>> = Rc::downgrade(&shared);
        let link = Link::new(config, clock, move |event, now| {
            if let Some(shared) = weak.upgrade() {
                shared.on_event(event, now);
            }
        })?;
        shared.link.replace(Some(link));
        shared.enter(clock.now(), |client, now, out| client.start(now, out));
        Ok(Self { shared })
    }

    /// Calls the client, then hands over what it told and performs what it asked for.
    pub fn with<R>(&self, act: impl FnOnce(&mut C, Now, &mut BetOut) -> R) -> R {
        self.shared.enter(self.shared.clock.now(), act)
    }

    /// Looks at the client.
    pub fn look<R>(&self, look: impl FnOnce(&C, Now) -> R) -> R {
        look(&self.shared.client.borrow(), self.shared.clock.now())
    }

    /// Lets the client say goodbye and ends the sockets.
    pub async fn stop(self) {
        self.with(|client, now, out| client.stop(now, out));
        let link = self.shared.link.borrow_mut().take();
        if let Some(link) = link {
            link.stop().await;
        }
    }
}
