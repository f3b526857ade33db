//! What a guardrail of Amazon Bedrock found, as a trace of Converse or InvokeModel tells it.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailAssessment.html>.

use crate::answer::Answer;
use crate::json::{self, Broken, Flag, FromObject, Json, Members, Object, OneOrMany, Text};

/// The finding that stands for all where there is no trace; Converse's word for it.
pub(super) const INTERVENED: &str = "guardrail_intervened";

/// Takes the findings of a trace, and the model that a prompt router chose.
pub(super) fn read(trace: Json<'_>, answer: &mut Answer) {
    let Some(Object(Some(TraceWire { guardrail, router }))) = json::read(trace) else {
        return;
    };
    let model = router.0.and_then(|router| router.model.0);
    answer.identify(None, model.as_deref());
    for node in guardrail.0 {
        node.tell(answer);
    }
}

/// Whatever stands in a trace. Assessments of input and output hold policies, those hold lists,
/// and in the lists is what was looked for; the names on the way differ between the two APIs.
#[derive(Default)]
pub(super) struct Node<'a> {
    name: Text<'a>,
    kind: Text<'a>,
    action: Text<'a>,
    detected: Flag,
    below: Vec<Node<'a>>,
}

impl<'de> FromObject<'de> for Node<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "name" => self.name = value.next_value()?,
            "type" => self.kind = value.next_value()?,
            "action" => self.action = value.next_value()?,
            "detected" => self.detected = value.next_value()?,
            _ => {
                let OneOrMany(below) = value.next_value()?;
                self.below.extend(below);
            }
        }
        Ok(())
    }
}

impl Node<'_> {
    /// Words and expressions that matched are content, and are not told.
    pub(super) fn tell(&self, answer: &mut Answer) {
        let is_filtered = self.action.0.as_deref().is_some_and(|it| it != "NONE");
        if is_filtered || self.detected.0 {
            let category = self.name.0.as_deref().or(self.kind.0.as_deref());
            answer.find(category.unwrap_or(INTERVENED));
        }
        for node in &self.below {
            node.tell(answer);
        }
    }
}

json::wire! {
    struct TraceWire<'a> {
        guardrail: OneOrMany<Node<'a>> = "guardrail",
        router: Object<RouterWire<'a>> = "promptRouter",
    }

    struct RouterWire<'a> {
        model: Text<'a> = "invokedModelId",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;

    fn findings(trace: &str) -> Vec<String> {
        let mut answer = Answer::new(HashForm::Sha256, 10);
        read(json::read(trace).unwrap(), &mut answer);
        answer.findings.into_iter().collect()
    }

    #[test]
    fn what_was_filtered_or_detected_is_found_and_what_was_looked_for_in_vain_is_not() {
        let converse = r#"{"guardrail":{
            "inputAssessment":{"g":{
                "topicPolicy":{"topics":[{"name":"loans","type":"DENY","action":"BLOCKED"}]},
                "wordPolicy":{"customWords":[{"match":"secret","action":"BLOCKED"}]}}},
            "outputAssessments":{"g":[{
                "contentPolicy":{"filters":[
                    {"type":"VIOLENCE","confidence":"HIGH","action":"NONE","detected":true},
                    {"type":"HATE","action":"NONE","detected":false}]},
                "contextualGroundingPolicy":{"filters":[{"type":"GROUNDING","action":"NONE"}]}}]}}}"#;
        assert_eq!(
            findings(converse),
            ["VIOLENCE", "guardrail_intervened", "loans"]
        );
        let invoke = r#"{"guardrail":{"outputs":[{"g":{"sensitiveInformationPolicy":{
            "regexes":[{"name":"account","match":"1234","action":"ANONYMIZED"}]}}}],
            "actionReason":"Guardrail masked."}}"#;
        assert_eq!(findings(invoke), ["account"]);
    }

    #[test]
    fn a_trace_of_another_shape_has_no_findings() {
        let deep = format!(
            r#"{{"guardrail":{}1{}}}"#,
            "[".repeat(9999),
            "]".repeat(9999)
        );
        for trace in ["7", "{}", r#"{"guardrail":[7,{"action":3}]}"#, &*deep] {
            assert_eq!(findings(trace), Vec::<String>::new());
        }
    }
}
