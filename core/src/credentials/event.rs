//! Credentials taken out of every text of an event.

use serde_json::value::RawValue;

use super::Secrets;
use crate::event::edit::{Edit, Side, edit};
use crate::event::{AuditEvent, Members, PromptPart};
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
        edit(event, &mut cleaning);
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

impl Edit for Cleaning<'_> {
    fn fact(&mut self, text: &mut String) {
        self.has_removed |= self.secrets.remove(text);
    }

    fn name(&mut self, _: Side, name: &mut String) {
        self.has_removed |= self.secrets.remove(name);
    }

    fn text(&mut self, _: Side, text: &mut String) {
        self.has_removed |= self.secrets.remove(text);
    }

    /// Parts tell their places in the text, so that all of it keeps its own.
    fn canonical(&mut self, text: &mut String, _: &mut [PromptPart]) {
        self.has_removed |= self.secrets.cover(text);
    }

    fn arguments(&mut self, _: Side, arguments: &mut String) {
        self.has_removed |= self.secrets.remove_from_arguments(arguments);
    }

    fn members(&mut self, _: Side, members: &mut Members) {
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
            members.keep_first_of_each_name();
        }
    }

    /// A number cannot hold a mark.
    fn number(&mut self, _: Side, number: &mut Option<Box<RawValue>>) {
        let removed = number
            .as_deref()
            .and_then(|number| self.secrets.removed_from_json(number));
        if removed.is_some() {
            *number = None;
            self.has_removed = true;
        }
    }
}
