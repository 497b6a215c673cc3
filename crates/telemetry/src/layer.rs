//! The `tracing` layer: turns an event into a record and hands it to the writer. Runs on the thread that logs.

use crate::fields::{Fields, Style};
use crate::writer::{Queue, Record};
use std::time::SystemTime;
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

pub(crate) struct LogLayer {
    pub(crate) style: Style,
    pub(crate) queue: Queue,
}

/// A span's fields, rendered once.
struct SpanFields(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let mut fields = Fields::new(self.style);
        attributes.record(&mut fields);
        if let Some(span) = ctx.span(id) {
            span.extensions_mut().insert(SpanFields(fields.rest));
        }
    }

    fn on_record(&self, id: &Id, values: &tracing::span::Record<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::new(self.style);
        values.record(&mut fields);
        if let Some(span) = ctx.span(id)
            && let Some(known) = span.extensions_mut().get_mut::<SpanFields>()
        {
            known.0.push_str(&fields.rest);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::new(self.style);
        event.record(&mut fields);
        let mut spans = String::new();
        for span in ctx.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(known) = span.extensions().get::<SpanFields>() {
                spans.push_str(&known.0);
            }
        }
        // The event's own fields come last: where a name stands twice, readers of JSON take that one.
        let fields_text = if spans.is_empty() { fields.rest } else { spans + &fields.rest };
        self.queue.push(Record {
            at: SystemTime::now(),
            level: *event.metadata().level(),
            target: event.metadata().target(),
            message: fields.message,
            fields: fields_text,
        });
    }
}
