//! The parts of a decision audit, in the order in which they are read.

use audit_layer_core::decision::Source;
use audit_layer_core::event::{CompletionState, Member, RiskLevel, UsageSource as Observed};
use audit_layer_core::note::Note;

use crate::access::Recorder;
use crate::event::{Node, UsageSource};
use crate::limits;
use crate::report::decision::Check;
use crate::report::document::{Block, Fact, Section, Value};
use crate::report::members::{ERASED, Erased, Members};
use crate::report::outer::outer_request_id;
use crate::report::words;
use crate::store::RecordedBy;

/// What happened, in two sentences.
pub(crate) fn summary(event: &Members<'_>) -> String {
    let text = |member: Member| event.get(member).text().filter(|text| !text.is_empty());
    let user = text(Member::UserId).unwrap_or_else(|| "An unnamed user".to_owned());
    let model = text(Member::ModelName).unwrap_or_else(|| "an unnamed model".to_owned());
    let provider = text(Member::ModelProvider).unwrap_or_else(|| "an unnamed provider".to_owned());
    let time = text(Member::Timestamp).unwrap_or_default();
    let asked = format!("{user} asked the model {model} of {provider} at {time}.");
    let decided = match (text(Member::DecisionType), text(Member::DecisionOutcome)) {
        (Some(kind), Some(outcome)) => {
            format!(" The outcome of the decision “{kind}” was “{outcome}”.")
        }
        (Some(kind), None) => format!(" It served the decision “{kind}”; no outcome was set."),
        (None, Some(outcome)) => format!(" The outcome “{outcome}” was recorded."),
        (None, None) => String::new(),
    };
    asked + &decided
}

/// That the call has another event, if it has.
pub(crate) fn outer(event: &Members<'_>) -> Option<String> {
    let outer = outer_request_id(event)?;
    Some(format!(
        "An outer gateway recorded this call too, as the event with the request id {outer}. Totals count \
         that event and not this one."
    ))
}

/// Why the record or the answer is not whole, if it is not.
pub(crate) fn incomplete(event: &Members<'_>) -> Option<String> {
    let state = event.gateway("completion", "state").text()?;
    if state == CompletionState::Complete.name() {
        return None;
    }
    let meaning = words::of_state(&state);
    let meaning = meaning.unwrap_or_else(|| "Unknown state.".to_owned());
    Some(format!(
        "The call ended as “{state}”, not as “complete”: {meaning}"
    ))
}

/// What the gateway could not read, or cut, if it notes anything of that kind.
pub(crate) fn loss(event: &Members<'_>) -> Option<String> {
    let notes = event.notes().into_iter();
    let lost: Vec<_> = notes
        .filter(|note| words::is_loss(note))
        .map(|note| words::of_note(&note).unwrap_or_default())
        .collect();
    (!lost.is_empty()).then(|| {
        format!(
            "Part of the call is missing from this record. {}",
            lost.join(" ")
        )
    })
}

/// The few facts that stand on the first page.
pub(crate) fn overview(event: &Members<'_>, prompt_check: Option<&Check>) -> Block {
    let mut facts = vec![
        Fact::new("Decision", said(event, Member::DecisionType)),
        Fact::new("Outcome", said(event, Member::DecisionOutcome)),
        Fact::new("Risk level", said(event, Member::RiskLevel)),
        Fact::new("Compliance tags", tags(event)),
    ];
    if let Some(check) = prompt_check {
        facts.push(Fact::new("Prompt hash", Value::text(check.word())));
    }
    if event.is_of_gateway() {
        let state = event.gateway("completion", "state").shown();
        facts.push(Fact::new("Completion state", Value::said(state)));
    }
    Block::Facts { facts }
}

pub(crate) fn who_and_when(
    event: &Members<'_>,
    log_id: &str,
    received_at: &str,
    recorded_by: Option<&RecordedBy>,
) -> Section {
    let facts = vec![
        Fact::new("Time", said(event, Member::Timestamp)),
        Fact::new("User", said(event, Member::UserId)),
        Fact::new("Session", said(event, Member::SessionId)),
        Fact::new("Organization", said(event, Member::OrganizationId)),
        Fact::new("Request", code(event.get(Member::RequestId))),
        Fact::new("Log", Value::code(log_id)),
        Fact::new("Received by the collector", Value::text(received_at)),
        Fact::new("Recorded by", Value::text(recorder(event))),
        Fact::new("Recorded with key", recorded_with(recorded_by)),
    ];
    Section::new("Who and when", vec![Block::Facts { facts }])
}

fn recorder(event: &Members<'_>) -> String {
    match event.gateway("gateway", "plugin").text() {
        _ if !event.is_of_gateway() => "the application itself".to_owned(),
        Some(plugin) => format!("a gateway, according to the event ({plugin})"),
        None => "a gateway, according to the event".to_owned(),
    }
}

/// The key, which no event can say.
fn recorded_with(recorded_by: Option<&RecordedBy>) -> Value {
    let Some(RecordedBy { key_id, kind }) = recorded_by else {
        return Value::unknown("it was not recorded yet");
    };
    let kind = kind.name();
    Value::text(match key_id.as_str() {
        Recorder::CONFIGURED => "a key from the collector’s configuration".to_owned(),
        key_id => format!("{key_id} (kind {kind})"),
    })
}

pub(crate) fn decision(event: &Members<'_>) -> Section {
    let mut facts = vec![
        Fact::new("Type", said(event, Member::DecisionType)),
        Fact::new("Outcome", said(event, Member::DecisionOutcome)),
        Fact::new("Confidence", said(event, Member::ConfidenceScore)),
        Fact::new("Risk level", risk(event)),
        Fact::new("Compliance tags", tags(event)),
    ];
    facts.extend(answered(event));
    let mut blocks = vec![Block::Facts { facts }];
    match event.get(Member::Reasoning).shown() {
        Some(reasoning) if !reasoning.is_empty() => {
            blocks.push(Block::named_text("Reasoning of the decision", reasoning));
        }
        _ => blocks.push(Block::paragraph(match event.erased() {
            Some(erased) => erased.sentence("reasoning of the decision, if any,"),
            None => "No reasoning of the decision was recorded.".to_owned(),
        })),
    }
    Section::new("Decision", blocks)
}

/// What the model decided, where it was asked for decisions, and from whom the event's members are.
fn answered(event: &Members<'_>) -> Vec<Fact> {
    let decision = event.gateway("response", "decision");
    let source = |(label, member): (&str, Member)| {
        let source = decision.get("source").get(member.name()).text()?;
        let source = match Source::named(&source)? {
            Source::Answer => "the model’s answer",
            Source::Caller => "the caller",
            Source::Absent => return None,
        };
        Some(Fact::new(label, Value::text(source)))
    };
    let sources = [
        ("Source of the outcome", Member::DecisionOutcome),
        ("Source of the confidence", Member::ConfidenceScore),
    ];
    let answers = decision.get("answers").items().into_iter();
    let answers = answers.take(limits::REPORT_ITEMS_MAX).map(|answer| {
        let name = answer.get("name").shown().map(|name| format!(": {name}"));
        let sure = answer.get("confidence").shown();
        let sure = sure.map(|sure| format!(" ({sure})")).unwrap_or_default();
        let outcome = answer.get("outcome").shown();
        let outcome = outcome.map(|outcome| outcome + &sure);
        let label = format!("Answer{}", name.unwrap_or_default());
        Fact::new(label, Value::said(outcome))
    });
    sources
        .into_iter()
        .filter_map(source)
        .chain(answers)
        .collect()
}

fn risk(event: &Members<'_>) -> Value {
    match event.get(Member::RiskLevel).text() {
        Some(level) if level == RiskLevel::default().name() && event.is_of_gateway() => {
            Value::text(format!("{level} (default, or set by the caller)"))
        }
        level => Value::said(level),
    }
}

fn tags(event: &Members<'_>) -> Value {
    let tags = event.texts(Member::ComplianceTags);
    match tags.is_empty() {
        true => Value::unknown("none set"),
        false => Value::text(tags.join(", ")),
    }
}

pub(crate) fn model(event: &Members<'_>) -> Section {
    let mut facts = vec![
        Fact::new("Provider", said(event, Member::ModelProvider)),
        Fact::new("Requested", said(event, Member::ModelName)),
    ];
    if event.is_of_gateway() {
        let answered = event.gateway("response", "model").shown();
        let answered = answered.map_or(event.unknown("not reported"), Value::Text);
        facts.push(Fact::new("Answered by", answered));
        let id = event.gateway("response", "id").shown();
        let id = id.map_or(event.unknown("none reported"), Value::Code);
        facts.push(Fact::new("Answer id", id));
    }
    let parameters = event.get(Member::ModelParameters);
    if parameters.members().is_empty() && event.erased().is_some() {
        facts.push(Fact::new("Parameters", Value::unknown(ERASED)));
    }
    push_members(&mut facts, parameters, "");
    Section::new("Model", vec![Block::Facts { facts }])
}

pub(crate) fn answer(event: &Members<'_>) -> Section {
    let text = event.get(Member::ResponseContent).text();
    let mut blocks = vec![content(event, text, "answer", "response")];
    for choice in event
        .gateway("response", "choices")
        .items()
        .into_iter()
        .take(limits::REPORT_ITEMS_MAX)
    {
        let name = format!("Choice {}", choice.get("index").shown().unwrap_or_default());
        blocks.push(Block::named_text(
            name,
            choice.get("content").shown().unwrap_or_default(),
        ));
    }
    for (name, heading) in [
        ("refusal", "Model refusal"),
        ("reasoning", "Model reasoning"),
    ] {
        if let Some(text) = event.gateway("response", name).shown() {
            blocks.push(Block::named_text(heading, text));
        }
    }
    Section::new("Answer", blocks)
}

/// A text, or why there is none. Notes on it begin with `side`.
pub(crate) fn content(event: &Members<'_>, text: Option<String>, what: &str, side: &str) -> Block {
    match text {
        Some(text) if !text.is_empty() => Block::text(text),
        _ if let Some(erased) = event.erased() => {
            Block::paragraph(erased.sentence(&format!("{what}, if any,")))
        }
        _ if event.has_only_hashes() => {
            Block::paragraph(format!("Only the hash of the {what} is kept."))
        }
        _ if event.is_stub() => Block::paragraph(format!(
            "The {what} was not kept in the gateway’s log, from which this event was imported."
        )),
        _ => {
            let notes = event.notes().into_iter();
            let is_on_it = |note: &String| {
                note.starts_with(side)
                    || note.starts_with(what)
                    || UNREAD.iter().any(|one| one.name() == note)
            };
            let notes = notes.filter(is_on_it);
            let none = format!("No text of the {what} was recorded.");
            let why = notes.filter_map(|note| words::of_note(&note));
            let why: Vec<String> = [none].into_iter().chain(why).collect();
            Block::paragraph(why.join(" "))
        }
    }
}

/// Notes that neither prompt nor answer was read.
const UNREAD: [Note; 4] = [
    Note::ApiUnknown,
    Note::CallUncertain,
    Note::ProtocolNotRead,
    Note::RequestNotSeen,
];

pub(crate) fn tool_calls(event: &Members<'_>) -> Option<Section> {
    let calls = event.gateway("response", "tool_calls").items();
    if calls.is_empty() {
        return None;
    }
    let shown = calls.iter().take(limits::REPORT_ITEMS_MAX);
    let mut blocks: Vec<Block> = shown
        .map(|call| {
            let name = call.get("name").shown().unwrap_or_default();
            let id = call.get("id").shown().map(|id| format!(" ({id})"));
            let arguments = call.get("arguments").shown().unwrap_or_default();
            Block::named_text(format!("{name}{}", id.unwrap_or_default()), arguments)
        })
        .collect();
    let more = calls.len().saturating_sub(limits::REPORT_ITEMS_MAX);
    if more > 0 {
        blocks.push(Block::paragraph(format!(
            "And {more} more; see the JSON report."
        )));
    }
    Some(Section::new("Tool calls", blocks))
}

pub(crate) fn completion(event: &Members<'_>) -> Option<Section> {
    let ended = event.part("completion");
    if !ended.is_object() {
        return None;
    }
    let state = ended.get("state").shown().unwrap_or_default();
    let meaning = words::of_state(&state).unwrap_or_default();
    let listed = |name: &str| {
        let items = ended.get(name).items().into_iter();
        let items: Vec<String> = items.filter_map(Node::shown).collect();
        match items.is_empty() {
            true => event.unknown("none reported"),
            false => Value::text(items.join(", ")),
        }
    };
    let details = ended.get("details").shown();
    let status = ended.get("http_status").shown();
    let status = status.map_or(Value::unknown("there was no answer"), Value::Text);
    let mut facts = vec![
        Fact::new("State", Value::text(format!("{state}: {meaning}"))),
        Fact::new("HTTP status", status),
        Fact::new("Stop reason", listed("finish_reasons")),
        Fact::new("Proxy flags", listed("flags")),
        Fact::new(
            "Proxy details",
            details.map_or(event.unknown("not reported"), Value::Text),
        ),
    ];
    let error = ended.get("error");
    if error.members().is_empty() && event.erased().is_some() {
        facts.push(Fact::new("Error", Value::unknown(ERASED)));
    }
    push_members(&mut facts, error, "Error: ");
    Some(Section::new("Completion", vec![Block::Facts { facts }]))
}

pub(crate) fn usage(event: &Members<'_>) -> Section {
    let usage = event.usage();
    let count = |tokens: Option<u64>| match tokens {
        Some(tokens) => Value::number(tokens),
        None => Value::unknown("the provider reported no count, and none is estimated"),
    };
    let mut facts = vec![
        Fact::new("Input tokens", count(usage.input_tokens)),
        Fact::new("Output tokens", count(usage.output_tokens)),
    ];
    for (name, label) in [
        ("cache_read", "Input tokens read from cache"),
        ("cache_write", "Input tokens written to cache"),
        ("reasoning", "Output tokens for reasoning"),
    ] {
        if let Some(count) = event.gateway("usage", name).count() {
            facts.push(Fact::new(label, Value::number(count)));
        }
    }
    let meaning = match usage.source {
        UsageSource::Absent => words::of_usage(Observed::Absent),
        UsageSource::Fetched => FETCHED.to_owned(),
        UsageSource::InputOnly => words::of_usage(Observed::InputOnly),
        UsageSource::OutputOnly => words::of_usage(Observed::OutputOnly),
        UsageSource::Partial => words::of_usage(Observed::Partial),
        UsageSource::Reported => words::of_usage(Observed::Reported),
        UsageSource::Application if usage.is_application_zero() => {
            "Set by the application that recorded the event; 0 may mean unknown.".to_owned()
        }
        UsageSource::Application => "Set by the application that recorded the event.".to_owned(),
    };
    let meaning = Value::text(meaning);
    facts.push(Fact::new("Source of the counts", meaning));
    let millis = |node: Node<'_>| node.count().map(Value::number);
    facts.push(Fact::new(
        "Duration, in ms",
        millis(event.get(Member::DurationMs)).unwrap_or(Value::unknown("not set")),
    ));
    if event.is_of_gateway() {
        let first = millis(event.gateway("timing", "first_byte_ms"));
        let first = first.unwrap_or(Value::unknown("there was no response"));
        facts.push(Fact::new("Time to first byte, in ms", first));
    }
    Section::new("Tokens and time", vec![Block::Facts { facts }])
}

pub(crate) fn capture(event: &Members<'_>) -> Option<Section> {
    let capture = event.part("capture");
    if !capture.is_object() {
        return None;
    }
    let mut facts = Vec::new();
    let own = capture
        .members()
        .into_iter()
        .filter(|(name, _)| name != "notes");
    push_entries(&mut facts, own.collect(), "");
    let mut blocks = vec![Block::Facts { facts }];
    let notes = event.notes();
    let erased = event.erased();
    if notes.is_empty() && erased.is_none() {
        blocks.push(Block::paragraph("The gateway has no capture notes."));
    }
    if !notes.is_empty() {
        let facts = notes.into_iter().map(|note| {
            let meaning = words::of_note(&note);
            let meaning = meaning.unwrap_or_else(|| "Unknown note.".to_owned());
            Fact::new(note, Value::text(meaning))
        });
        blocks.push(Block::paragraph(
            "Capture notes on what is missing or changed:",
        ));
        blocks.push(Block::Facts {
            facts: facts.collect(),
        });
    }
    blocks.extend(erased.map(the_rest));
    Some(Section::new("Capture", blocks))
}

pub(crate) fn gateway(event: &Members<'_>) -> Option<Section> {
    let known = event.part("gateway");
    if !known.is_object() {
        return None;
    }
    let mut facts = Vec::new();
    push_members(&mut facts, known, "");
    let facts = Block::Facts { facts };
    let rest = event.erased().map(the_rest);
    Some(Section::new(
        "Gateway",
        [facts].into_iter().chain(rest).collect(),
    ))
}

/// That erasing keeps only a part of a section.
fn the_rest(erased: Erased) -> Block {
    Block::paragraph(erased.sentence("rest, if any,"))
}

pub(crate) fn metadata(event: &Members<'_>) -> Option<Section> {
    let own = event.get(Member::Metadata).members().into_iter();
    let own: Vec<_> = own.filter(|(name, _)| name != "audit_layer").collect();
    if own.is_empty() {
        return None;
    }
    let mut facts = Vec::new();
    push_entries(&mut facts, own, "");
    Some(Section::new(
        "Caller metadata",
        vec![Block::Facts { facts }],
    ))
}

pub(crate) fn hashes(event: &Members<'_>, event_sha256: &str, facts: &mut Vec<Fact>) {
    let hash = |node: Node<'_>, why: &str| match node.text().filter(|hash| !hash.is_empty()) {
        Some(hash) => Value::code(hash),
        None => Value::unknown(why),
    };
    let no_hash = match event.is_of_gateway() {
        true => "none was recorded, as when a gateway could not read the prompt completely",
        false => "none was recorded",
    };
    let no_hash = event.erased().map_or(no_hash, |_| ERASED);
    let prompt = hash(event.get(Member::PromptHash), no_hash);
    facts.push(Fact::new("prompt_hash, as recorded", prompt));
    let answer = event.gateway("response", "hash");
    let answer = match (answer.text(), event.erased()) {
        (None, None) => None,
        (None, Some(_)) => Some(Value::unknown(ERASED)),
        (Some(_), _) => Some(hash(answer, "there was no answer")),
    };
    facts.extend(answer.map(|answer| Fact::new("Answer hash, as recorded", answer)));
    if event.part("prompt").is_object() {
        let conversation = event.part("prompt").get("hash");
        let conversation = hash(conversation, "the prompt could not be read completely");
        facts.push(Fact::new("Conversation hash, as recorded", conversation));
    }
    facts.push(Fact::new(
        "SHA-256 of the event as stored",
        Value::code(event_sha256),
    ));
    if event.erased().is_some() {
        let erasure = event.erasure();
        // Earlier versions, and other collectors, noted it.
        if let Some(before) = erasure.get("event_hash").text() {
            let name = "SHA-256 of the event before it was erased";
            facts.push(Fact::new(name, Value::code(before)));
        }
        let erased_at = erasure.get("erased_at").shown();
        facts.push(Fact::new("Erased at", Value::said(erased_at)));
    }
}

fn said(event: &Members<'_>, member: Member) -> Value {
    Value::said(event.get(member).shown())
}

fn code(node: Node<'_>) -> Value {
    node.shown().map_or(Value::unknown("not set"), Value::Code)
}

fn push_members(facts: &mut Vec<Fact>, node: Node<'_>, prefix: &str) {
    push_entries(facts, node.members(), prefix);
}

/// A fact for each member, under the name that it has: it may be a stranger's.
fn push_entries(facts: &mut Vec<Fact>, members: Vec<(String, Node<'_>)>, prefix: &str) {
    let more = members.len().saturating_sub(limits::REPORT_ITEMS_MAX);
    for (name, node) in members.into_iter().take(limits::REPORT_ITEMS_MAX) {
        let value = node.shown().map_or(Value::unknown("no value"), Value::Text);
        facts.push(Fact::new(format!("{prefix}{name}"), value));
    }
    if more > 0 {
        let more = format!("{more} more; see the JSON report");
        facts.push(Fact::new("and", Value::text(more)));
    }
}

const FETCHED: &str = "The provider’s counts of an answer that was made earlier. They are counted with the \
    call that asked for it.";
