//! Requests and answers of every format: reading them twice gives the same twice, within limits.
//!
//! An input is a byte that picks the format, and a text that is read as a request, as an answer
//! and as the messages of a streamed one.

use audit_layer_core::answer::Answer;
use audit_layer_core::api::{FORMATS, Format, Reader};
use audit_layer_core::capture::PromptFormat;
use audit_layer_core::digest::HashForm;
use audit_layer_core::framing::{Decoder, Message, ndjson, sse};
use audit_layer_core::limits::{
    ANSWER_PARTS_BYTES_MAX, ANSWER_PARTS_MAX, CHOICES_MAX, DECISIONS_MAX, ERROR_MESSAGE_BYTES_MAX,
    FINDINGS_MAX, NAME_BYTES_MAX, TOOL_CALLS_MAX,
};
use audit_layer_core::prompt::{Canonical, Prompt, Said};

/// Bytes of an answer's texts, few enough that inputs reach them.
const TEXT_BYTES_MAX: usize = 1 << 10;

/// Panics if the input shows a fault.
pub fn check(input: &[u8]) {
    let Some((byte, text)) = input.split_first() else {
        return;
    };
    let format = pick(*byte);
    let text = String::from_utf8_lossy(text);
    assert_eq!(request(format, &text), request(format, &text));
    let messages = messages(&text);
    let body = || read(format, |reader, answer| vec![reader.body(&text, answer)]);
    let stream = || {
        read(format, |reader, answer| {
            let read = |(name, data): &(String, String)| reader.message(name, data, answer);
            messages.iter().map(read).collect()
        })
    };
    assert_eq!(body(), body());
    assert_eq!(stream(), stream());
}

/// The format of a byte: another format takes some bytes for itself, and leaves the others.
fn pick(byte: u8) -> &'static Format {
    FORMATS
        .iter()
        .max_by_key(|format| rank(format.name, byte))
        .expect("there are formats")
}

/// FNV-1a.
fn rank(name: &str, byte: u8) -> u64 {
    let bytes = [byte].into_iter().chain(name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A byte that picks a format.
pub fn byte(format: &str) -> Option<u8> {
    (0..=u8::MAX).find(|byte| pick(*byte).name == format)
}

/// What is read of a request, and its prompt in both layouts.
fn request(format: &Format, text: &str) -> Option<Vec<String>> {
    let mut read = vec![format!("{:?}", (format.read_request)(text.into())?)];
    for layout in [PromptFormat::Roles, PromptFormat::Wrapper] {
        let prompt = (format.read_request)(text.into())?.prompt;
        read.extend(prompt.map(|prompt| canonical(&prompt, layout)));
    }
    Some(read)
}

/// The canonical text, in which each part stands where it is said to.
fn canonical(prompt: &Prompt<'_>, layout: PromptFormat) -> String {
    let Canonical { text, places } = prompt.canonical(layout);
    let parts = prompt.messages.iter().flat_map(|message| &message.parts);
    for (part, place) in parts.zip(places) {
        if let (Said::Text(said), Some(place)) = (&part.said, place) {
            assert_eq!(&text[place], said);
        }
    }
    text
}

/// What was read and the answer gathered from it, as text to be compared.
fn read(format: &Format, act: impl Fn(&mut dyn Reader, &mut Answer) -> Vec<bool>) -> String {
    let mut answer = Answer::new(HashForm::Sha256, TEXT_BYTES_MAX);
    let read = act(&mut *(format.reader)(), &mut answer);
    let said = format!("{read:?} {answer:?}");
    within_limits(answer);
    said
}

/// The names and data of server-sent events; of a text without them, its lines.
fn messages(text: &str) -> Vec<(String, String)> {
    let events = framed(Decoder::Sse(sse::Decoder::default()), text);
    if events.is_empty() {
        return framed(Decoder::Ndjson(ndjson::Decoder::default()), text);
    }
    events
}

fn framed(mut decoder: Decoder, text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut deliver = |message: Message<'_>| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        found.push((text(message.name), text(message.data)));
    };
    let pushed = decoder.push(text.as_bytes(), &mut deliver);
    pushed
        .and(decoder.finish(&mut deliver))
        .expect("text has no broken framing");
    found
}

fn within_limits(mut answer: Answer) {
    let (calls, parts) = (answer.take_tool_calls().0, answer.take_parts());
    for (count, max) in [
        (answer.choices.len(), CHOICES_MAX),
        (answer.decisions.len(), DECISIONS_MAX),
        (answer.findings.len(), FINDINGS_MAX),
        (calls.len(), TOOL_CALLS_MAX),
        (parts.len(), ANSWER_PARTS_MAX),
    ] {
        assert!(count <= max, "{count} of {max}");
    }
    let texts = answer.choices.iter().map(|choice| {
        choice.content.text.len() + choice.refusal.text.len() + choice.reasoning.len()
    });
    let arguments = calls.iter().map(|call| call.arguments.len());
    assert!(texts.chain(arguments).sum::<usize>() <= TEXT_BYTES_MAX);
    let beside = parts.iter().map(|part| part.said.text.len());
    assert!(beside.sum::<usize>() <= ANSWER_PARTS_BYTES_MAX);
    let called = calls.iter().map(|call| Some(&call.name));
    let reasons = answer.choices.iter().map(|it| it.finish_reason.as_ref());
    let found = answer.findings.iter().map(Some);
    let names = called.chain(reasons).chain(found);
    assert!(names.flatten().all(|name| name.len() <= NAME_BYTES_MAX));
    let decided = answer
        .decisions
        .iter()
        .filter_map(|it| it.confidence.as_ref());
    assert!(
        decided
            .into_iter()
            .all(|it| it.get().len() <= NAME_BYTES_MAX)
    );
    for name in [&answer.id, &answer.model] {
        assert!(
            name.as_ref()
                .is_none_or(|name| name.len() <= NAME_BYTES_MAX)
        );
    }
    let message = answer
        .error
        .as_ref()
        .and_then(|error| error.message.as_ref());
    assert!(message.is_none_or(|message| message.len() <= ERROR_MESSAGE_BYTES_MAX));
}
