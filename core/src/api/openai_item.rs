//! An item of a response: a message, a thought, a call of a tool, or what a tool gave.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses/object>, `output`.

use std::borrow::Cow;

use crate::json::{self, Broken, FromObject, Json, Members, Object, Text, TextOrList};

/// What the provider's own tools are asked, by the names that each has for it; the first that says
/// something counts.
const ASKED: [&str; 12] = [
    "arguments",
    "input",
    "actions",
    "action",
    "code",
    "operation",
    "queries",
    "query",
    "commands",
    "command",
    "prompt",
    "revised_prompt",
];

/// What a tool gave, which some items hold beside what it was asked.
const GIVEN: [&str; 5] = ["output", "outputs", "result", "results", "error"];

/// Members that say nothing of what a tool is asked.
const ABOUT: [&str; 12] = [
    "acknowledged_safety_checks",
    "caller",
    "container_id",
    "created_by",
    "environment",
    "execution",
    "fingerprint",
    "item_id",
    "pending_safety_checks",
    "phase",
    "status",
    "tools",
];

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Message,
    Reasoning,
    Call,
    Result,
    Other,
}

/// An item, whole or as it begins.
#[derive(Default)]
pub(super) struct ItemWire<'a> {
    kind: Text<'a>,
    role: Text<'a>,
    id: Text<'a>,
    call_id: Text<'a>,
    name: Text<'a>,
    content: TextOrList<'a>,
    summary: TextOrList<'a>,
    encrypted: Option<Json<'a>>,
    /// Members that are a tool's, in their order.
    members: Vec<(Cow<'a, str>, Json<'a>)>,
}

impl<'de> FromObject<'de> for ItemWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "type" => self.kind = value.next_value()?,
            "role" => self.role = value.next_value()?,
            "id" => self.id = value.next_value()?,
            "call_id" => self.call_id = value.next_value()?,
            "name" => self.name = value.next_value()?,
            "content" => self.content = value.next_value()?,
            "summary" => self.summary = value.next_value()?,
            "encrypted_content" => self.encrypted = value.next_value()?,
            _ if ABOUT.contains(&name) => value.skip()?,
            _ => {
                let member: Option<Json<'de>> = value.next_value()?;
                let member = member.map(|member| (Cow::Owned(name.to_owned()), member));
                self.members.extend(member);
            }
        }
        Ok(())
    }
}

/// What a message or a thought says.
#[derive(Debug, Default)]
pub(super) struct SaidWire {
    pub(super) content: String,
    pub(super) refusal: String,
    pub(super) reasoning: String,
    /// Whether there is something beside it that is no text.
    pub(super) has_media: bool,
}

impl<'a> ItemWire<'a> {
    /// What it is; `None` if it says nothing of its own, such as what a user said before.
    pub(super) fn sort(&self) -> Sort {
        match self.kind.0.as_deref() {
            // A compaction begins with what users said.
            Some("message") if self.role.0.as_deref() == Some("user") => Sort::Other,
            Some("message") => Sort::Message,
            Some("reasoning") => Sort::Reasoning,
            None if self.role.0.as_deref() == Some("assistant") => Sort::Message,
            None
            | Some(
                "compaction"
                | "mcp_list_tools"
                | "additional_tools"
                | "configuration_update"
                | "mcp_approval_response",
            ) => Sort::Other,
            // Tools that the provider runs itself give their results as items, too.
            Some(kind) if kind.ends_with("_output") => Sort::Result,
            Some(_) => Sort::Call,
        }
    }

    /// Its own id.
    pub(super) fn id(&self) -> &str {
        self.id.0.as_deref().unwrap_or_default()
    }

    /// The id by which a call is answered.
    pub(super) fn call_id(&self) -> Option<&str> {
        let known = [self.call_id.0.as_deref(), self.id.0.as_deref()];
        known.into_iter().flatten().find(|id| !id.is_empty())
    }

    /// The name of its type.
    pub(super) fn kind(&self) -> &str {
        self.kind.0.as_deref().unwrap_or_default()
    }

    /// The name of the tool, if that is said; one of the provider's own is named by its type.
    pub(super) fn name(&self) -> Option<&str> {
        let is_named = matches!(
            self.kind(),
            "function_call" | "custom_tool_call" | "mcp_call" | "mcp_approval_request"
        );
        let name = self.name.0.as_deref().filter(|name| !name.is_empty());
        name.or(Some(self.kind()).filter(|_| !is_named))
    }

    /// Whether it is reasoning that only the provider can read.
    pub(super) fn is_sealed(&self) -> bool {
        self.sort() == Sort::Reasoning && self.encrypted.is_some()
    }

    /// Whether it stands for all that came before it, and only the provider can read it.
    pub(super) fn is_sealed_summary(&self) -> bool {
        self.kind() == "compaction" && self.encrypted.is_some()
    }

    /// What a message or a thought says.
    pub(super) fn said(&self) -> SaidWire {
        let mut said = SaidWire::default();
        match self.sort() {
            Sort::Message => said.take_content(&self.content),
            Sort::Reasoning => {
                said.take_reasoning(&self.summary);
                said.take_reasoning(&self.content);
            }
            _ => {}
        }
        said
    }

    /// What a tool is asked; of one whose name for it is not known, all members that it has.
    pub(super) fn asked(&self) -> Cow<'a, str> {
        let named = |name: &&str| self.members.iter().find(|(known, _)| known == name);
        let says = |value: Json<'_>| !matches!(value.get(), "[]" | "{}");
        let known = ASKED.iter().filter_map(named);
        let known = known.map(|(_, value)| *value).find(|value| says(*value));
        if let Some(value) = known {
            return json::text_of(value);
        }
        let is_asked = |(name, _): &&(Cow<'_, str>, Json<'_>)| !GIVEN.contains(&&**name);
        let members = self.members.iter().filter(is_asked);
        let members: Vec<_> = members
            .map(|(name, value)| format!("{}:{}", json::quoted(name), value.get()))
            .collect();
        match members.as_slice() {
            [] => Cow::Borrowed(""),
            members => Cow::Owned(format!("{{{}}}", members.join(","))),
        }
    }

    /// What a tool gave, where the item says it.
    pub(super) fn given(&self) -> Option<Cow<'a, str>> {
        // The image that one painted is not kept.
        if self.kind() == "image_generation_call" {
            return None;
        }
        let named = |name: &&str| self.members.iter().find(|(known, _)| known == name);
        let (_, value) = GIVEN.iter().find_map(named)?;
        Some(json::text_of(*value)).filter(|text| !text.is_empty())
    }
}

impl SaidWire {
    fn take_content(&mut self, content: &TextOrList<'_>) {
        match content {
            TextOrList::Absent => {}
            TextOrList::Text(text) => self.content.push_str(text),
            TextOrList::List(parts) => {
                for part in parts.iter().filter_map(|part| read_part(*part)) {
                    let is_text = part.text.0.is_some() || part.refusal.0.is_some();
                    self.has_media |= !is_text;
                    self.content.push_str(&part.text.0.unwrap_or_default());
                    self.refusal.push_str(&part.refusal.0.unwrap_or_default());
                }
            }
        }
    }

    fn take_reasoning(&mut self, content: &TextOrList<'_>) {
        match content {
            TextOrList::Absent => {}
            TextOrList::Text(text) => self.reasoning.push_str(text),
            TextOrList::List(parts) => {
                let texts = parts.iter().filter_map(|part| read_part(*part)?.text.0);
                texts.for_each(|text| self.reasoning.push_str(&text));
            }
        }
    }
}

fn read_part<'a>(part: Json<'a>) -> Option<PartWire<'a>> {
    json::read::<Object<PartWire<'a>>>(part.get())?.0
}

json::wire! {
    struct PartWire<'a> {
        text: Text<'a> = "text" | "transcript",
        refusal: Text<'a> = "refusal",
    }
}
