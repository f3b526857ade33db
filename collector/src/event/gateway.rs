//! What the collector understands of what a gateway says of a call.

use audit_layer_core::dead_letter::NOT_LOGGED;
use audit_layer_core::note::Note;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::limits;

/// The part of `metadata.audit_layer` that the collector understands.
///
/// The member belongs to the gateway, but any client can send one: what is not of the expected
/// shape is kept in the text like other metadata, and means nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GatewayFacts {
    /// The wire format as which the call was read.
    pub(crate) capture_api: Option<String>,
    pub(crate) completion_state: Option<String>,
    /// Whether it is what a gateway's log has of an event that is somewhere with its content, or was.
    pub(crate) is_stub: bool,
    /// Whether the answer was made before, and its tokens are those of another call.
    pub(crate) is_fetched: bool,
    /// The `request_id` of the event that an outer gateway recorded of the same call.
    pub(crate) outer_request_id: Option<String>,
    /// Whether it names a writer, in whatever way.
    pub(crate) names_writer: bool,
    pub(crate) writer_id: Option<String>,
    pub(crate) writer_seq: Option<i64>,
}

impl GatewayFacts {
    /// What `metadata`, the member of an event, has of it.
    pub(crate) fn read(metadata: Option<&str>) -> Self {
        let metadata = metadata.and_then(object::<RawMetadata<'_>>);
        Self::of(metadata.map(|metadata| metadata.audit_layer.get()))
    }

    /// What `audit_layer`, the member of the metadata, has of it.
    pub(super) fn of(audit_layer: Option<&str>) -> Self {
        let Some(facts) = audit_layer.and_then(object::<RawAuditLayer<'_>>) else {
            return Self::default();
        };
        let RawAuditLayer {
            capture,
            completion,
            gateway,
            writer,
        } = facts;
        let capture = capture.and_then(|raw| object::<RawCapture<'_>>(raw.get()));
        let gateway = gateway.and_then(|raw| object::<RawGateway<'_>>(raw.get()));
        let completion = completion.and_then(|raw| object::<RawCompletion>(raw.get()));
        let names_writer = writer.is_some();
        let writer = writer.and_then(|raw| object::<RawWriter>(raw.get()));
        let writer = writer.filter(RawWriter::is_plausible);
        let is_fetched = capture.as_ref().is_some_and(RawCapture::is_fetched);
        let is_stub = capture.as_ref().is_some_and(RawCapture::is_stub);
        Self {
            is_stub,
            is_fetched,
            names_writer,
            capture_api: capture.and_then(|capture| id(capture.api?)),
            outer_request_id: gateway.and_then(|gateway| id(gateway.outer_request_id?)),
            completion_state: completion.map(|completion| completion.state),
            writer_seq: writer.as_ref().map(|writer| writer.seq),
            writer_id: writer.map(|writer| writer.id),
        }
    }
}

/// A text as long as an id may be, if it is one.
fn id(raw: &RawValue) -> Option<String> {
    let text: String = serde_json::from_str(raw.get()).ok()?;
    (1..=limits::ID_BYTES_MAX)
        .contains(&text.len())
        .then_some(text)
}

/// Reads an object, and nothing else: what is derived would take an array for one.
pub(super) fn object<'a, T: Deserialize<'a>>(raw: &'a str) -> Option<T> {
    match raw.starts_with('{') {
        true => serde_json::from_str(raw).ok(),
        false => None,
    }
}

#[derive(Deserialize)]
struct RawMetadata<'a> {
    #[serde(borrow)]
    audit_layer: &'a RawValue,
}

#[derive(Deserialize)]
struct RawAuditLayer<'a> {
    #[serde(borrow)]
    capture: Option<&'a RawValue>,
    #[serde(borrow)]
    completion: Option<&'a RawValue>,
    #[serde(borrow)]
    gateway: Option<&'a RawValue>,
    #[serde(borrow)]
    writer: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawCapture<'a> {
    #[serde(borrow)]
    api: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    notes: Option<&'a RawValue>,
}

impl RawCapture<'_> {
    fn is_stub(&self) -> bool {
        let content = self.content.map(RawValue::get);
        content.and_then(|content| serde_json::from_str(content).ok()) == Some(NOT_LOGGED)
    }

    fn is_fetched(&self) -> bool {
        // Hardly any event has notes, and most of those few.
        let notes = self.notes.map(RawValue::get);
        let notes = notes.filter(|notes| notes.contains(Note::AnswerFetched.name()));
        let notes = notes.and_then(|notes| serde_json::from_str::<Vec<&RawValue>>(notes).ok());
        let note = |raw: &&RawValue| {
            serde_json::from_str(raw.get()).ok() == Some(Note::AnswerFetched.name())
        };
        notes.is_some_and(|notes| notes.iter().any(note))
    }
}

/// Whether a text is a name as gateways make them, and those who number calls, and no sentence of
/// anybody: what is kept by it stays when content goes.
pub(super) fn is_token(text: &str) -> bool {
    let is_of_one = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b':');
    text.len() <= TOKEN_BYTES_MAX && text.bytes().all(is_of_one)
}

const TOKEN_BYTES_MAX: usize = 128;

#[derive(Deserialize)]
struct RawGateway<'a> {
    #[serde(borrow)]
    outer_request_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawCompletion {
    state: String,
}

#[derive(Deserialize)]
struct RawWriter {
    id: String,
    seq: i64,
}

impl RawWriter {
    /// A sequence begins at 1, and no gateway counts further than numbers in JSON are exact
    /// everywhere (RFC 8259, section 6): one such number would be a hole as large as any alert.
    fn is_plausible(&self) -> bool {
        (1..=SEQ_MAX).contains(&self.seq) && self.id.len() <= limits::ID_BYTES_MAX
    }
}

/// 2^53-1.
pub(super) const SEQ_MAX: i64 = (1 << 53) - 1;
