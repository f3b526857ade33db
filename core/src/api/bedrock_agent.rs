//! Agents of Amazon Bedrock: InvokeAgent and InvokeInlineAgent.
//!
//! Sources: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_InvokeAgent.html>
//! and its page on `InvokeInlineAgent`. An agent keeps its instructions and the session, calls
//! models as often as it wants, and tells of it only where the caller asked for a trace.

use super::bedrock_agent_answer::AnswerReader;
use super::bedrock_agent_state::{said, tools};
use super::{Format, Request};
use crate::json::{self, Json};
use crate::note::Note;
use crate::prompt::{Fields, Message, Prompt};

/// Members of a request that steer.
const PARAMETERS: [&str; 5] = [
    "agentCollaboration",
    "bedrockModelConfigurations",
    "orchestrationType",
    "promptCreationConfigurations",
    "streamingConfigurations",
];

/// Members that say what an inline agent is and may do.
const DEFINITIONS: [&str; 5] = [
    "actionGroups",
    "collaboratorConfigurations",
    "collaborators",
    "knowledgeBases",
    "promptOverrideConfiguration",
];

pub(super) const FORMAT: Format =
    Format::new("bedrock.invoke_agent", "bedrock", read_request, || {
        Box::new(AnswerReader::default())
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let mut fields: Fields<'_> = json::object(text)?;
    let instruction = fields.text("instruction");
    let instruction = instruction.map(|text| Message::text("system", text));
    let state = fields.take_any(&["sessionState", "inlineSessionState"]);
    let said = said(state, fields.text("inputText"));
    let messages: Vec<_> = instruction.into_iter().chain(said).collect();
    let definitions = fields.take_each(&DEFINITIONS);
    let parameters = fields.take_each(&PARAMETERS);
    let groups = definitions.iter().find(|(name, _)| *name == "actionGroups");
    let model = fields.text("foundationModel");
    fields.leave();
    Some(Request {
        model,
        parameters,
        tools: groups.map(|(_, groups)| tools(groups)).unwrap_or_default(),
        definitions,
        prompt: (!messages.is_empty()).then(|| Prompt::contents(messages)),
        note: Some(Note::PromptContinued),
        ..Request::default()
    })
}
