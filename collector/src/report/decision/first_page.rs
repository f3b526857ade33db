//! What a decision audit says first: what happened, what is wrong with the record, and the few facts that
//! matter most.

use audit_layer_core::event::{CompletionState, Member};

use crate::report::decision::Check;
use crate::report::decision::sections::{said, tags};
use crate::report::document::{Block, Fact, Value};
use crate::report::members::Members;
use crate::report::outer::outer_request_id;
use crate::report::words;

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
