//! Traces: which request called what, and how long each part took (W3C Trace Context, OpenTelemetry).
//!
//! A span has the pattern of a route or the name of a job, never an address, an identity or what was typed. Whoever calls
//! may give the trace its id; whether it is sent is decided here, or by a proxy that is configured to decide. Spans wait in a bounded buffer
//! until the worker sends them: a collector that is away costs spans and nothing else.

mod otlp;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::base::clock::Timestamp;
use crate::base::rng::Random;
use crate::base::secret::sha256;
use crate::config;

pub use otlp::encode_spans;

/// The maximum number of spans that wait to be sent, some megabytes.
const MAX_WAITING_SPANS: usize = 8_192;

tokio::task_local! {
    static CURRENT: ActiveTrace;
}

/// The ids of a span, as a header carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    sampled: bool,
}

impl TraceContext {
    /// Reads the header `traceparent` of version 00, or of a later one that begins alike.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let [version, trace, span, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        if version.len() != 2 || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let (_, trace_id, span_id, [flags]) =
            (unhex::<1>(version)?, unhex::<16>(trace)?, unhex::<8>(span)?, unhex::<1>(flags)?);
        let is_valid = trace_id != [0; 16] && span_id != [0; 8];
        is_valid.then_some(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }

    /// Returns the header `traceparent`.
    pub fn header(&self) -> String {
        format!("00-{}-{}-0{}", hex(&self.trace_id), hex(&self.span_id), u8::from(self.sampled))
    }

    /// Returns the id of the trace, for the log.
    pub fn trace_id(&self) -> String {
        hex(&self.trace_id)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads so many bytes in lower-case hexadecimal.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |c: &u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 2 * N || !text.as_bytes().iter().all(digit) {
        return None;
    }
    let mut out = [0u8; N];
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(out)
}

/// The side of a call that a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    Internal,
    Server,
    Client,
}

/// A finished span.
#[derive(Clone, Debug)]
pub struct TraceSpan {
    context: TraceContext,
    parent: Option<[u8; 8]>,
    name: String,
    kind: SpanKind,
    began_at: Timestamp,
    took: Duration,
    attributes: Vec<(&'static str, String)>,
    failed: bool,
}

/// Collects the spans of a process.
#[derive(Debug)]
pub struct Tracer {
    sample_percent: u32,
    waiting: Mutex<Vec<TraceSpan>>,
    dropped: AtomicU64,
    instance: OnceLock<String>,
}

impl Tracer {
    /// Returns `None` if no traces are sent.
    pub fn from_config(config: &config::Traces) -> Option<Arc<Self>> {
        let tracer = Self {
            sample_percent: config.sample_percent,
            waiting: Mutex::default(),
            dropped: AtomicU64::new(0),
            instance: OnceLock::new(),
        };
        (!config.endpoint.is_empty()).then(|| Arc::new(tracer))
    }

    /// Begins a trace, or goes on with that of a caller. A caller that is not trusted does not decide what is sent.
    pub fn begin(self: &Arc<Self>, caller: Option<TraceContext>, trusted: bool, start: SpanStart<'_>) -> ActiveTrace {
        let trace_id = caller.map_or_else(|| start.rng.bytes::<16>(), |caller| caller.trace_id);
        let decided = caller.filter(|_| trusted).map(|caller| caller.sampled);
        // By other random bytes than the id, which a caller may choose.
        let drawn = u32::from_be_bytes(start.rng.bytes::<4>()) % 100 < self.sample_percent;
        let context = TraceContext { trace_id, span_id: start.rng.bytes::<8>(), sampled: decided.unwrap_or(drawn) };
        ActiveTrace(Arc::new(Active {
            context,
            parent: caller.map(|caller| caller.span_id),
            began_at: start.now,
            began: Instant::now(),
            children: AtomicU64::new(0),
            tracer: Arc::clone(self),
        }))
    }

    fn push(&self, span: TraceSpan) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MAX_WAITING_SPANS {
            waiting.push(span);
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the id of this process, drawn at the first call: all servers may have the same configuration.
    pub fn instance(&self, rng: &dyn Random) -> &str {
        self.instance.get_or_init(|| hex(&rng.bytes::<8>()))
    }

    /// Takes the spans that wait, and how many were dropped since the last call.
    pub fn take(&self) -> (Vec<TraceSpan>, u64) {
        let spans = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        (spans, self.dropped.swap(0, Ordering::Relaxed))
    }
}

/// The time and the randomness of a new span.
#[derive(Clone, Copy)]
pub struct SpanStart<'a> {
    pub now: Timestamp,
    pub rng: &'a dyn Random,
}

struct Active {
    context: TraceContext,
    parent: Option<[u8; 8]>,
    began_at: Timestamp,
    began: Instant,
    /// The number of calls that left from it, which makes their ids.
    children: AtomicU64,
    tracer: Arc<Tracer>,
}

/// The span that is under way.
#[derive(Clone)]
pub struct ActiveTrace(Arc<Active>);

impl ActiveTrace {
    pub fn context(&self) -> TraceContext {
        self.0.context
    }

    /// True if the span is sent: for others nothing need be described.
    pub fn is_sampled(&self) -> bool {
        self.0.context.sampled
    }

    /// Runs what belongs to the span: calls that leave meanwhile bear its trace.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), work).await
    }

    /// Ends the span.
    pub fn end(&self, name: String, kind: SpanKind, attributes: Vec<(&'static str, String)>, failed: bool) {
        let active = &self.0;
        if active.context.sampled {
            active.tracer.push(TraceSpan {
                context: active.context,
                parent: active.parent,
                name,
                kind,
                began_at: active.began_at,
                took: active.began.elapsed(),
                attributes,
                failed,
            });
        }
    }
}

/// Returns the header `traceparent` of the span that is under way, to be kept with what it causes.
pub fn current_trace() -> Option<String> {
    CURRENT.try_with(|active| active.context().header()).ok()
}

/// A call to another server, within the span that is under way.
pub struct TracedCall {
    of: ActiveTrace,
    context: TraceContext,
    began: Instant,
}

impl TracedCall {
    /// Begins a call; `None` outside of a trace.
    pub fn begin() -> Option<Self> {
        let of = CURRENT.try_with(ActiveTrace::clone).ok()?;
        let number = of.0.children.fetch_add(1, Ordering::Relaxed);
        let digest = sha256(&[&of.0.context.span_id[..], &number.to_be_bytes()].concat());
        let (span_id, _) = digest.split_first_chunk::<8>()?;
        let context = TraceContext { span_id: *span_id, ..of.0.context };
        Some(Self { of, context, began: Instant::now() })
    }

    /// Returns the header `traceparent` of the call.
    pub fn header(&self) -> String {
        self.context.header()
    }

    /// Ends the call, with the status of its answer if there was one.
    pub fn end(self, name: &'static str, host: &str, status: Option<u16>) {
        let active = &self.of.0;
        if !self.context.sampled {
            return;
        }
        let mut attributes = vec![("server.address", host.to_owned())];
        attributes.extend(status.map(|status| ("http.response.status_code", status.to_string())));
        let since = self.began.saturating_duration_since(active.began);
        let since = i64::try_from(since.as_millis()).unwrap_or_default();
        active.tracer.push(TraceSpan {
            context: self.context,
            parent: Some(active.context.span_id),
            name: name.to_owned(),
            kind: SpanKind::Client,
            began_at: Timestamp(active.began_at.0.saturating_add(since)),
            took: self.began.elapsed(),
            attributes,
            failed: status.is_none_or(|status| status >= 500),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn tracer(percent: u32) -> Arc<Tracer> {
        let config = config::Traces {
            endpoint: "http://127.0.0.1:4318/v1/traces".to_owned(),
            sample_percent: percent,
            trust_proxy_decision: false,
        };
        Tracer::from_config(&config).unwrap()
    }

    #[test]
    fn a_header_is_read_as_it_is_written_and_nothing_else_is() {
        let context = TraceContext::parse(HEADER).unwrap();
        assert_eq!(context.header(), HEADER);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(TraceContext::parse(&HEADER.replacen("00-", "cc-", 1)).is_some(), "a later version");
        assert!(!TraceContext::parse(&HEADER.replace("-01", "-00")).unwrap().sampled);
        for wrong in [
            "",
            "00",
            &HEADER.to_uppercase(),
            &HEADER.replacen("00-", "ff-", 1),
            &format!("{HEADER}-more"),
            &HEADER.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &HEADER.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &HEADER.replace("4bf92f", "4bf92"),
            &HEADER.replace("4bf92f", "é"),
        ] {
            assert_eq!(TraceContext::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_stranger_names_a_trace_and_does_not_decide_that_it_is_sent() {
        let rng = SeededRandom::new(1);
        let start = SpanStart { now: Timestamp(0), rng: &rng };
        let caller = TraceContext::parse(HEADER);
        let (few, sampled) = (tracer(1), |trace: &ActiveTrace| trace.context().sampled);
        let by_strangers = (0..1_000).filter(|_| sampled(&few.begin(caller, false, start))).count();
        assert!((1..40).contains(&by_strangers), "{by_strangers}");
        assert!((0..100).all(|_| sampled(&few.begin(caller, true, start))));
        let ours = few.begin(caller, false, start).context();
        assert_eq!(ours.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(ours.span_id, caller.unwrap().span_id);
    }

    #[tokio::test]
    async fn a_call_bears_the_trace_of_what_it_belongs_to() {
        assert!(TracedCall::begin().is_none(), "outside of a trace");
        let (tracer, rng) = (tracer(100), SeededRandom::new(1));
        let trace = tracer.begin(None, false, SpanStart { now: Timestamp(1_000), rng: &rng });
        let headers = trace
            .run(async {
                let calls = [TracedCall::begin().unwrap(), TracedCall::begin().unwrap()];
                calls.map(|call| {
                    let header = call.header();
                    call.end("GET", "client.example", Some(200));
                    header
                })
            })
            .await;
        trace.end("GET /oauth2/token".to_owned(), SpanKind::Server, Vec::new(), false);
        let (spans, dropped) = tracer.take();
        assert_eq!((spans.len(), dropped), (3, 0));
        let [first, second] = headers.map(|header| TraceContext::parse(&header).unwrap());
        assert!(first.span_id != second.span_id && first.trace_id == trace.context().trace_id);
        assert_eq!(spans[0].parent, Some(trace.context().span_id));
        assert_eq!(spans[2].parent, None);
    }

    #[test]
    fn spans_that_nobody_fetches_are_bounded() {
        let (tracer, rng) = (tracer(100), SeededRandom::new(1));
        for _ in 0..MAX_WAITING_SPANS + 5 {
            let trace = tracer.begin(None, false, SpanStart { now: Timestamp(0), rng: &rng });
            trace.end(String::new(), SpanKind::Internal, Vec::new(), false);
        }
        let (spans, dropped) = tracer.take();
        assert_eq!((spans.len(), dropped), (MAX_WAITING_SPANS, 5));
    }
}
