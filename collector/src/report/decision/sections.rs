//! The facts of a decision audit around prompt and answer, in the order in which they are read.

use audit_layer_core::decision::Source;
use audit_layer_core::event::{
    CapturePoint, IdentitySource, Member, RiskLevel, UsageSource as Observed,
};

use crate::access::Recorder;
use crate::event::{Node, UsageSource, in_print};
use crate::limits;
use crate::report::document::{Block, Fact, Section, Value};
use crate::report::members::{ERASED, Erased, Members};
use crate::report::words;
use crate::store::RecordedBy;

pub(crate) fn who_and_when(
    event: &Members<'_>,
    log_id: &str,
    received_at: &str,
    recorded_by: Option<&RecordedBy>,
) -> Section {
    let mut facts = vec![Fact::new("Time", said(event, Member::Timestamp))];
    facts.extend(origin(event, "User", Member::UserId));
    facts.extend(origin(event, "Session", Member::SessionId));
    facts.extend(origin(event, "Organization", Member::OrganizationId));
    facts.extend([
        Fact::new("Request", code(event.get(Member::RequestId))),
        Fact::new("Log", Value::code(log_id)),
        Fact::new("Received by the collector", Value::text(received_at)),
        Fact::new("Recorded by", Value::text(recorder(event))),
        Fact::new("Recorded with key", recorded_with(recorded_by)),
    ]);
    Section::new("Who and when", vec![Block::Facts { facts }])
}

/// An id and who says so, if the event knows it; and what the caller claims instead.
fn origin(event: &Members<'_>, label: &'static str, member: Member) -> Vec<Fact> {
    let mut facts = vec![Fact::new(label, said(event, member))];
    let from = event.gateway("identity", member.name());
    let source = from.get("source").text();
    if let Some(source) = source.and_then(|source| IdentitySource::named(&source)) {
        let name = from.get("name").shown().map(|name| format!(" ({name})"));
        let words = in_print(source.meaning()) + &name.unwrap_or_default();
        facts.push(Fact::new(
            format!("{label} according to"),
            Value::text(words),
        ));
    }
    let claimed = event.gateway("identity", "claimed").get(member.name());
    if let Some(claimed) = claimed.shown() {
        let label = format!("{label} that the caller claims");
        facts.push(Fact::new(label, Value::said(Some(claimed))));
    }
    facts
}

fn recorder(event: &Members<'_>) -> String {
    if !event.is_of_gateway() {
        return "the application itself".to_owned();
    }
    let point = event.gateway("capture", "point").text();
    let who = match point.and_then(|point| CapturePoint::named(&point)) {
        Some(CapturePoint::Sdk) => "the application itself",
        // Events of earlier versions do not say it.
        Some(CapturePoint::Gateway) | None => "a gateway",
    };
    let plugin = event.gateway("gateway", "plugin").text();
    let plugin = plugin.map(|plugin| format!(" ({plugin})"));
    format!(
        "{who}, according to the event{}",
        plugin.unwrap_or_default()
    )
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
            Source::Rule => "a rule of the gateway’s operator",
            Source::Configured => "a source that the gateway’s operator configured",
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

pub(super) fn tags(event: &Members<'_>) -> Value {
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

pub(super) fn said(event: &Members<'_>, member: Member) -> Value {
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
