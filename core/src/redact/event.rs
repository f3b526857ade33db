//! Which members of an event are texts of others.
//!
//! Every member is named here, so that a new one does not compile before it is decided whether a
//! credential may stand in it. What the gateway itself writes stays as it is: a caller must not be
//! able to break an event by sending one of its words as a key.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::Secrets;
use crate::decision::{Answered, Decision};
use crate::event::{
    ApiError, AuditEvent, AuditLayer, Capture, Choice, Claimed, Completion, Conversation, Gateway,
    Identity, Members, Metadata, PromptPart, Response, ResponsePart, ToolCall,
};
use crate::note::Note;

impl Secrets {
    /// Takes credentials out of every text of an event; a note says if there were any.
    pub fn remove_from_event(&self, event: &mut AuditEvent) {
        if self.is_empty() {
            return;
        }
        let mut cleaning = Cleaning {
            secrets: self,
            has_removed: false,
        };
        cleaning.event(event);
        let notes = &mut event.metadata.audit_layer.capture.notes;
        if cleaning.has_removed && !notes.contains(&Note::CredentialRemoved) {
            notes.push(Note::CredentialRemoved);
            notes.sort_unstable();
        }
    }
}

struct Cleaning<'a> {
    secrets: &'a Secrets,
    has_removed: bool,
}

impl Cleaning<'_> {
    fn event(&mut self, event: &mut AuditEvent) {
        let AuditEvent {
            request_id: _,
            timestamp: _,
            duration_ms: _,
            user_id,
            session_id,
            organization_id: _,
            prompt_hash: _,
            prompt_content,
            prompt_tokens: _,
            response_content,
            response_tokens: _,
            model_provider: _,
            model_name,
            model_parameters,
            decision_type,
            decision_outcome,
            confidence_score,
            reasoning,
            compliance_tags,
            risk_level: _,
            metadata,
        } = event;
        // Other members tell places in it.
        self.has_removed |= self.secrets.cover(prompt_content);
        self.texts([user_id, response_content, model_name]);
        self.texts(
            [session_id, decision_type, decision_outcome, reasoning]
                .into_iter()
                .flatten(),
        );
        self.texts(compliance_tags);
        self.members(model_parameters);
        self.number(confidence_score);
        let Metadata {
            caller,
            audit_layer,
        } = metadata;
        self.members(caller);
        self.audit_layer(audit_layer);
    }

    /// The sizes of texts are told beside them.
    fn prompt(&mut self, prompt: &mut Conversation) {
        let Conversation { hash: _, parts } = prompt;
        for part in parts {
            let PromptPart {
                message: _,
                role,
                kind: _,
                type_name,
                id,
                name,
                at: _,
                bytes: _,
                text,
                arguments,
                reference,
                hash: _,
            } = part;
            self.texts([role]);
            self.texts([type_name, id, name, reference].into_iter().flatten());
            if let Some(text) = text {
                self.has_removed |= self.secrets.cover(text);
            }
            if let Some(arguments) = arguments {
                self.has_removed |= self.secrets.remove_from_arguments(arguments);
            }
        }
    }

    fn audit_layer(&mut self, audit_layer: &mut AuditLayer) {
        let AuditLayer {
            schema: _,
            writer: _,
            completion,
            usage: _,
            timing: _,
            identity,
            prompt,
            response,
            capture,
            gateway,
        } = audit_layer;
        // Where something comes from is in the operator's words.
        let Identity {
            user_id: _,
            session_id: _,
            claimed,
        } = identity;
        if let Some(claimed) = claimed {
            self.claimed(claimed);
        }
        let Capture {
            point: _,
            api: _,
            streamed: _,
            request_bytes: _,
            response_bytes: _,
            request_hash: _,
            encoding,
            content: _,
            truncated: _,
            notes: _,
        } = capture;
        self.texts(encoding);
        if let Some(prompt) = prompt {
            self.prompt(prompt);
        }
        self.completion(completion);
        self.response(response);
        self.gateway(gateway);
    }

    fn claimed(&mut self, claimed: &mut Claimed) {
        let Claimed {
            user_id,
            session_id,
            decision_type,
            decision_outcome,
            confidence_score,
            reasoning,
            compliance_tags,
            risk_level: _,
            metadata,
        } = claimed;
        let texts = [
            user_id,
            session_id,
            decision_type,
            decision_outcome,
            reasoning,
        ];
        self.texts(texts.into_iter().flatten());
        self.texts(compliance_tags);
        self.number(confidence_score);
        self.members(metadata);
    }

    fn completion(&mut self, completion: &mut Completion) {
        let Completion {
            state: _,
            http_status: _,
            finish_reasons,
            flags: _,
            details,
            error,
        } = completion;
        self.texts(finish_reasons);
        self.texts(details);
        if let Some(ApiError {
            kind,
            code,
            message,
        }) = error
        {
            self.texts([kind, code, message].into_iter().flatten());
        }
    }

    fn response(&mut self, response: &mut Response) {
        let Response {
            id,
            model,
            hash: _,
            reasoning,
            refusal,
            findings,
            decision,
            tool_calls,
            parts,
            choices,
        } = response;
        for part in parts {
            let ResponsePart {
                kind: _,
                type_name,
                id,
                text,
                bytes: _,
                hash: _,
            } = part;
            self.texts([type_name]);
            self.texts([id, text].into_iter().flatten());
        }
        self.texts([id, model, reasoning, refusal].into_iter().flatten());
        self.texts(findings);
        if let Some(decision) = decision {
            self.decision(decision);
        }
        for call in tool_calls {
            let ToolCall {
                choice: _,
                id,
                name,
                arguments,
            } = call;
            self.texts(id);
            self.texts([name]);
            self.has_removed |= self.secrets.remove_from_arguments(arguments);
        }
        for choice in choices {
            let Choice {
                index: _,
                content,
                finish_reason,
            } = choice;
            self.texts([content]);
            self.texts(finish_reason);
        }
    }

    fn decision(&mut self, decision: &mut Decision) {
        let Decision {
            outcome,
            confidence,
            source: _,
            answers,
        } = decision;
        self.texts(outcome);
        self.number(confidence);
        for answer in answers {
            let Answered {
                name,
                kind,
                outcome,
                confidence,
            } = answer;
            self.texts([name, kind, outcome].into_iter().flatten());
            self.number(confidence);
        }
    }

    fn gateway(&mut self, gateway: &mut Gateway) {
        let Gateway {
            request_id,
            outer_request_id: _,
            traceparent,
            host,
            path,
            method,
            route,
            cluster,
            source: _,
            user_agent,
            upstream_attempts: _,
            retry_count: _,
            plugin: _,
        } = gateway;
        let ids = [request_id, traceparent];
        let target = [host, path, method, route, cluster, user_agent];
        self.texts(ids.into_iter().chain(target).flatten());
    }

    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t mut String>) {
        for text in texts {
            self.has_removed |= self.secrets.remove(text);
        }
    }

    fn members(&mut self, members: &mut Members) {
        let mut names_removed = false;
        for (name, value) in &mut members.0 {
            names_removed |= self.secrets.remove(name);
            if let Some(clean) = self.secrets.removed_from_json(value) {
                *value = clean;
                self.has_removed = true;
            }
        }
        if names_removed {
            self.has_removed = true;
            // An object with one name twice is read in as many ways as there are readers.
            let mut names = BTreeSet::new();
            members.0.retain(|(name, _)| names.insert(name.clone()));
        }
    }

    /// A number cannot hold a mark.
    fn number(&mut self, number: &mut Option<Box<RawValue>>) {
        let removed = number
            .as_deref()
            .and_then(|number| self.secrets.removed_from_json(number));
        if removed.is_some() {
            *number = None;
            self.has_removed = true;
        }
    }
}
