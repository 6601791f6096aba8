//! The W3C trace context of a message, so that the trace of a webhook goes on in the worker that folds it.

use lapin::types::FieldTable;
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, global};

use crate::fields::{get_text, text};

/// `traceparent` and `tracestate`, as <https://www.w3.org/TR/trace-context/> writes them. Empty without tracing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceContext {
    traceparent: Option<String>,
    tracestate: Option<String>,
}

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

impl TraceContext {
    /// That of the span in which the caller is.
    pub fn current() -> Self {
        let mut trace = Self::default();
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&Context::current(), &mut trace);
        });
        trace
    }

    /// The context to give to a span that is the direct answer to this message, and to nothing else.
    pub fn as_parent(&self) -> Context {
        global::get_text_map_propagator(|propagator| propagator.extract_with_context(&Context::new(), self))
    }

    /// The context to link to a span that handles many messages; `None` if the message came without a trace.
    pub fn as_link(&self) -> Option<SpanContext> {
        self.traceparent.as_ref()?;
        let span = self.as_parent().span().span_context().clone();
        span.is_valid().then_some(span)
    }

    pub(super) fn write(&self, headers: &mut FieldTable) {
        for (key, value) in [(TRACEPARENT, &self.traceparent), (TRACESTATE, &self.tracestate)] {
            if let Some(value) = value {
                headers.insert(key.into(), text(value));
            }
        }
    }

    pub(crate) fn read(headers: &FieldTable) -> Self {
        let get = |key| get_text(headers, key).map(ToOwned::to_owned);
        Self { traceparent: get(TRACEPARENT), tracestate: get(TRACESTATE) }
    }
}

impl Injector for TraceContext {
    fn set(&mut self, key: &str, value: String) {
        // An empty tracestate says nothing; most are.
        let value = Some(value).filter(|value| !value.is_empty());
        match key {
            TRACEPARENT => self.traceparent = value,
            TRACESTATE => self.tracestate = value,
            _ => {}
        }
    }
}

impl Extractor for TraceContext {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => self.traceparent.as_deref(),
            TRACESTATE => self.tracestate.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};
    use opentelemetry_sdk::propagation::TraceContextPropagator;

    fn span() -> SpanContext {
        let state = TraceState::from_key_value([("vendor", "value")]).unwrap();
        SpanContext::new(TraceId::from(0xabc), SpanId::from(0xdef), TraceFlags::SAMPLED, false, state)
    }

    #[test]
    fn the_span_of_the_publisher_is_the_link_of_the_worker() {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let here = Context::new().with_remote_span_context(span()).attach();
        let published = TraceContext::current();
        drop(here);

        let mut headers = FieldTable::default();
        published.write(&mut headers);
        let consumed = TraceContext::read(&headers);

        assert_eq!(consumed, published);
        let link = consumed.as_link().unwrap();
        assert_eq!((link.trace_id(), link.span_id()), (span().trace_id(), span().span_id()));
        assert_eq!(link.trace_state().header(), "vendor=value");
        assert_eq!(consumed.as_parent().span().span_context().trace_id(), span().trace_id());
    }

    #[test]
    fn without_tracing_nothing_is_written_and_nothing_is_linked() {
        let mut headers = FieldTable::default();
        TraceContext::default().write(&mut headers);
        assert!(headers.inner().is_empty());
        assert_eq!(TraceContext::read(&headers).as_link(), None);
    }

    #[test]
    fn a_trace_that_cannot_be_read_is_no_trace() {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let odd = TraceContext { traceparent: Some("yesterday".to_owned()), tracestate: None };
        assert_eq!(odd.as_link(), None);
    }
}
