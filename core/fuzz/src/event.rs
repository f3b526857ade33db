//! What holds of any event, whatever its call was.

use audit_layer_core::capture::CapturePolicy;
use audit_layer_core::digest::HashForm;
use audit_layer_core::event::{
    AuditEvent, CompletionState, ContentLevel, ContentPolicy, Conversation, PromptPart,
};
use audit_layer_core::limits::{
    ANSWER_PARTS_MAX, CHOICES_MAX, FINDINGS_MAX, PROMPT_PARTS_MAX, TOOL_CALLS_MAX,
};
use audit_layer_core::note::Note;

/// What keeps the hashes of a prompt from being made again of the event.
const LESS_THAN_HASHED: [Note; 4] = [
    Note::CredentialRemoved,
    Note::NameTruncated,
    Note::PromptContentTruncated,
    Note::PromptPartsTruncated,
];

/// Notes of a request of which a part is not known.
const LESS_THAN_ASKED: [Note; 5] = [
    Note::RequestBodyTruncated,
    Note::RequestEncodingBroken,
    Note::RequestEncodingUnsupported,
    Note::RequestIncomplete,
    Note::RequestUnreadable,
];

/// Panics if something does not hold.
pub(crate) fn check(event: &AuditEvent, capture: &CapturePolicy) {
    within_limits(event, capture);
    prompt(event, capture);
    response(event, capture);
    nothing_is_silent(event);
    if capture.content == ContentPolicy::both(ContentLevel::Hash) {
        hashes_only(event);
    }
}

fn within_limits(event: &AuditEvent, capture: &CapturePolicy) {
    let layer = &event.metadata.audit_layer;
    let max = capture.limits.content_bytes;
    let parts = layer.prompt.iter().flat_map(|prompt| &prompt.parts);
    let beside = parts.flat_map(|part| [&part.text, &part.arguments, &part.reference]);
    let asked = beside.flatten().map(String::len).sum::<usize>();
    assert!(event.prompt_content.len() + asked <= max);
    let response = &layer.response;
    let texts = [Some(&event.response_content), response.reasoning.as_ref()];
    let arguments = response.tool_calls.iter().map(|call| &call.arguments);
    let said = texts.into_iter().flatten().chain(arguments);
    // A mark may be longer than the credential in whose place it stands.
    let has_marks = has(event, Note::CredentialRemoved);
    assert!(has_marks || said.map(String::len).sum::<usize>() <= max);
    let listed = layer.prompt.iter().map(|prompt| prompt.parts.len()).sum();
    for (count, max) in [
        (listed, PROMPT_PARTS_MAX),
        (response.choices.len(), CHOICES_MAX),
        (response.findings.len(), FINDINGS_MAX),
        (response.parts.len(), ANSWER_PARTS_MAX),
        (response.tool_calls.len(), TOOL_CALLS_MAX),
    ] {
        assert!(count <= max, "{count} of {max}");
    }
}

fn has(event: &AuditEvent, note: Note) -> bool {
    event.metadata.audit_layer.capture.notes.contains(&note)
}

fn prompt(event: &AuditEvent, capture: &CapturePolicy) {
    let Some(prompt) = &event.metadata.audit_layer.prompt else {
        assert!(event.prompt_hash.is_empty() && event.prompt_content.is_empty());
        return;
    };
    assert_eq!(prompt.hash.is_empty(), event.prompt_hash.is_empty());
    let mut end = 0;
    for part in &prompt.parts {
        end = place(part, end, event, capture);
    }
    let is_told = capture.content == ContentPolicy::default()
        && !LESS_THAN_HASHED.iter().any(|note| has(event, *note));
    if !is_told || event.prompt_hash.is_empty() {
        return;
    }
    let of_text = capture.hash.hash(event.prompt_content.as_bytes());
    assert_eq!(event.prompt_hash, of_text);
    if !matches!(capture.hash, HashForm::Hmac(_)) {
        let of_parts = capture.hash.hash(&record(event, prompt));
        assert_eq!(prompt.hash, of_parts, "{prompt:?}");
    }
}

/// Where a part ends in the canonical text: it stands behind those before it, and there is as much
/// to be read of it as it says, or its hash.
fn place(part: &PromptPart, before: usize, event: &AuditEvent, capture: &CapturePolicy) -> usize {
    let told = [&part.text, &part.arguments, &part.reference];
    let count = told.into_iter().flatten().count();
    assert!(count + usize::from(part.at.is_some()) <= 1, "{part:?}");
    let Some(start) = part.at else {
        return before;
    };
    let size = |number: u64| usize::try_from(number).expect("a size");
    let bytes = size(part.bytes.expect("the size of a text that has a place"));
    let (start, end) = (size(start), size(start) + bytes);
    assert!(before <= start, "{part:?}");
    let text = event.prompt_content.get(start..end);
    assert_eq!(text.is_none() && bytes > 0, part.hash.is_some(), "{part:?}");
    assert!(capture.content.prompt.has_text());
    end
}

/// The bytes of which a conversation's hash is, made of what the event tells. `core/PROMPT.md` has
/// the form.
fn record(event: &AuditEvent, prompt: &Conversation) -> Vec<u8> {
    let mut record = b"audit-layer/prompt/1\n".to_vec();
    let hex = event.prompt_hash.trim_start_matches("sha256:");
    let digits = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    record.extend(digits.map(|two| u8::from_str_radix(two, 16).expect("a hash is hexadecimal")));
    for part in &prompt.parts {
        number(part.message, &mut record);
        string(&part.role, &mut record);
        said(part, &mut record);
    }
    record
}

fn said(part: &PromptPart, record: &mut Vec<u8>) {
    let text = part.text.as_ref().or(part.arguments.as_ref());
    let is_empty = text.is_none() && part.at.is_none() && part.reference.is_none();
    if is_empty && part.hash.is_none() {
        record.push(b'-');
        return;
    }
    record.push(match part.kind.name() {
        "text" => b'T',
        "tool_call" => b'C',
        "tool_result" => b'R',
        "media" => b'M',
        "reasoning" => b'Z',
        "document" => b'D',
        _ => b'O',
    });
    for name in [&part.type_name, &part.id, &part.name] {
        record.push(u8::from(name.is_some()));
        name.iter().for_each(|name| string(name, record));
    }
    let bytes = part.bytes.unwrap_or_default();
    match (part.at, text, &part.reference, &part.hash) {
        (Some(at), ..) => {
            record.push(b'p');
            number(at, record);
            number(bytes, record);
        }
        (None, Some(text), ..) => {
            record.push(b't');
            string(text, record);
        }
        (None, None, Some(reference), _) => {
            record.push(b'r');
            string(reference, record);
        }
        (None, None, None, hash) => {
            record.push(b'h');
            number(bytes, record);
            string(hash.as_deref().unwrap_or_default(), record);
        }
    }
}

fn number(number: u64, record: &mut Vec<u8>) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    record.extend_from_slice(&number.to_be_bytes());
}

fn string(text: &str, record: &mut Vec<u8>) {
    number(u64::try_from(text.len()).unwrap_or(u64::MAX), record);
    record.extend_from_slice(text.as_bytes());
}

/// What the event has of the answer is what its hash is of.
fn response(event: &AuditEvent, capture: &CapturePolicy) {
    let hash = &event.metadata.audit_layer.response.hash;
    let content = &event.response_content;
    assert!(!hash.is_empty() || content.is_empty());
    let is_whole = !has(event, Note::ResponseContentTruncated);
    if capture.content == ContentPolicy::default() && is_whole && !hash.is_empty() {
        assert_eq!(*hash, capture.hash.hash(content.as_bytes()), "{content:?}");
    }
}

/// Where there is less than there was, something says why.
fn nothing_is_silent(event: &AuditEvent) {
    let layer = &event.metadata.audit_layer;
    let capture = &layer.capture;
    assert!(event.prompt_hash.is_empty() || capture.request_hash.is_none());
    let is_less = LESS_THAN_ASKED.iter().any(|note| has(event, *note));
    assert!(!is_less || event.prompt_hash.is_empty());
    let is_asked = layer.prompt.is_some() || capture.request_bytes == 0;
    assert!(is_asked || !capture.notes.is_empty(), "{event:?}");
    let said = &layer.response;
    let is_said = !said.hash.is_empty() || !said.tool_calls.is_empty() || !said.parts.is_empty();
    let is_beside = said.reasoning.is_some() || !said.choices.is_empty();
    let is_given = is_said || is_beside || layer.completion.error.is_some();
    let is_due = layer.completion.state == CompletionState::Complete;
    assert!(
        !is_due || is_given || !capture.notes.is_empty(),
        "{event:?}"
    );
}

/// Nothing that was asked or answered is told.
fn hashes_only(event: &AuditEvent) {
    let layer = &event.metadata.audit_layer;
    let response = &layer.response;
    let parts = layer.prompt.iter().flat_map(|prompt| &prompt.parts);
    let asked = parts.flat_map(|part| [&part.text, &part.arguments, &part.reference]);
    let beside = response.parts.iter().map(|part| &part.text);
    let said = [&response.reasoning, &response.refusal];
    assert!(asked.chain(beside).chain(said).all(Option::is_none));
    assert!(event.prompt_content.is_empty() && event.response_content.is_empty());
    assert!(response.choices.iter().all(|it| it.content.is_empty()));
    let error = layer.completion.error.as_ref();
    assert!(error.is_none_or(|error| error.message.is_none()));
}
