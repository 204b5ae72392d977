//! Spans in OTLP's JSON (OpenTelemetry Protocol 1, `ExportTraceServiceRequest`): ids in hexadecimal, 64-bit numbers as
//! texts.

use serde_json::{Value, json};

use super::{SpanKind, TraceSpan, hex};

/// Encodes the body of a request to a collector.
pub fn encode_spans(instance: &str, spans: &[TraceSpan]) -> Value {
    let resource =
        [("service.name", "preau"), ("service.version", env!("CARGO_PKG_VERSION")), ("service.instance.id", instance)];
    let resource: Vec<Value> = resource.into_iter().map(|(key, value)| attribute(key, value)).collect();
    let spans: Vec<Value> = spans.iter().map(encode_span).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "preau" }, "spans": spans }],
    }] })
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn encode_span(span: &TraceSpan) -> Value {
    // The numbers of the protocol's enumerations.
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
    };
    let began = i128::from(span.began_at.0) * 1_000_000;
    let ended = began.saturating_add(i128::try_from(span.took.as_nanos()).unwrap_or(i128::MAX));
    let attributes = span.attributes.iter().map(|(key, value)| match *key {
        "http.response.status_code" => json!({ "key": key, "value": { "intValue": value } }),
        key => attribute(key, value),
    });
    json!({
        "traceId": hex(&span.context.trace_id),
        "spanId": hex(&span.context.span_id),
        "parentSpanId": span.parent.map(|parent| hex(&parent)).unwrap_or_default(),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": began.to_string(),
        "endTimeUnixNano": ended.to_string(),
        "attributes": attributes.collect::<Vec<_>>(),
        "status": if span.failed { json!({ "code": 2 }) } else { json!({}) },
    })
}
