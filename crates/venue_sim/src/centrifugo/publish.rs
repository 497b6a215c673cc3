//! Publications on their way to subscribers, and what becomes of a subscriber that missed one.
//!
//! The server keeps the position of every subscriber that asked for one. A publication that is not the next one for
//! it is not sent: it is skipped when the subscriber is past it, and ends the subscription with 2500 when something
//! between is missing, so that a positioned client never sees a gap that it is not told of.

use super::connection::Connection;
use super::stream::Stream;
use super::wire;
use super::{Hub, after};
use crate::{SimAction, SimNow};
use serde_json::Value;

/// A publication that is late.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) due: SimNow,
    publication: Publication,
}

#[derive(Debug)]
struct Publication {
    channel: String,
    /// Epoch and offset, if the channel has a stream.
    at: Option<(String, u64)>,
    json: String,
    /// How often it is sent.
    times: usize,
}

impl Hub {
    /// Publishes to a channel; the offset it got. `None`: a namespace without a stream, or an unknown one, whose
    /// channels nobody can be subscribed to.
    pub fn publish(&mut self, channel: &str, data: &Value, now: SimNow, out: &mut Vec<SimAction>) -> Option<u64> {
        let namespace = self.config.namespace(channel)?;
        let at = self.stream(channel, now).map(|stream| {
            let offset = stream.advance();
            stream.keep(wire::publication(data, Some(offset)), namespace, now);
            (stream.epoch().to_owned(), offset)
        });
        let offset = at.as_ref().map(|(_, offset)| *offset);
        if !self.switches.loses_publication() {
            let times = if self.switches.doubles_publication() { 2 } else { 1 };
            let json = wire::publication(data, offset);
            let publication = Publication { channel: channel.to_owned(), at, json, times };
            // Publications of one channel never overtake each other.
            let behind = self.held.iter().rev().find(|held| held.publication.channel == channel).map(|held| held.due);
            let late = self.switches.late_ms.map(|ms| SimNow(now.0.saturating_add(ms.saturating_mul(1_000))));
            match late.max(behind) {
                Some(due) => {
                    let place = self.held.partition_point(|held| held.due <= due);
                    self.held.insert(place, Held { due, publication });
                }
                None => self.deliver(&publication),
            }
        }
        self.flush(now, out);
        offset
    }

    /// Gives channels a new epoch, as a server that lost its memory does: of one channel, or of all. Subscribers are
    /// told at once (2500), or find out by the next publication or the next check of positions.
    pub fn new_epoch(&mut self, channel: Option<&str>, told: bool, now: SimNow, out: &mut Vec<SimAction>) {
        self.renew_epochs(channel, told);
        self.flush(now, out);
    }

    pub(super) fn renew_epochs(&mut self, channel: Option<&str>, told: bool) {
        let named: Vec<String> = match channel {
            Some(channel) => self.streams.contains_key(channel).then(|| channel.to_owned()).into_iter().collect(),
            None => self.streams.keys().cloned().collect(),
        };
        for channel in named {
            let epoch = self.fresh_epoch();
            self.streams.insert(channel.clone(), Stream::new(epoch));
            if told {
                self.connections.values_mut().for_each(|connection| lose(connection, &channel));
            }
        }
    }

    /// Sends the late publications whose time has come.
    pub(super) fn release_held(&mut self, now: SimNow) {
        while self.held.front().is_some_and(|held| held.due <= now) {
            let Some(held) = self.held.pop_front() else { return };
            self.deliver(&held.publication);
        }
    }

    /// Tells subscribers whose position is not the channel's, although nothing is on its way to them.
    pub(super) fn check_positions(&mut self, now: SimNow) {
        for connection in self.connections.values_mut() {
            if connection.check_at.is_none_or(|at| at > now) {
                continue;
            }
            connection.check_at = Some(after(now, self.config.position_check_s));
            let lost: Vec<String> = connection
                .subscriptions
                .iter()
                .filter(|(channel, subscription)| {
                    let on_its_way = self.held.iter().any(|held| held.publication.channel == **channel);
                    let agrees = |stream: &Stream| {
                        let here = subscription.position.as_ref();
                        here.is_none_or(|here| here.epoch == stream.epoch() && here.offset == stream.top())
                    };
                    !on_its_way && !self.streams.get(*channel).is_none_or(agrees)
                })
                .map(|(channel, _)| channel.clone())
                .collect();
            lost.iter().for_each(|channel| lose(connection, channel));
        }
    }

    fn deliver(&mut self, publication: &Publication) {
        let push = wire::publication_push(&publication.channel, &publication.json);
        for connection in self.connections.values_mut() {
            let Some(subscription) = connection.subscriptions.get_mut(&publication.channel) else { continue };
            if let (Some(here), Some((epoch, offset))) = (&mut subscription.position, &publication.at) {
                if here.epoch != *epoch || *offset > here.offset.saturating_add(1) {
                    lose(connection, &publication.channel);
                    continue;
                }
                if *offset <= here.offset {
                    continue;
                }
                here.offset = *offset;
            }
            (0..publication.times).for_each(|_| connection.say(push.clone()));
        }
    }
}

/// Ends a subscription whose position is lost; the client may subscribe again.
fn lose(connection: &mut Connection, channel: &str) {
    if connection.subscriptions.remove(channel).is_some() {
        connection.say(wire::unsubscribe_push(channel, 2500));
    }
}
