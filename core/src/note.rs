//! Notes: why a fact of an event is missing or not as it was sent.

use serde::Serialize;

/// Why something in an event is missing, cut or changed. A closed set: readers may switch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The model answered, and there is neither text nor a tool call in it.
    AnswerEmpty,
    /// The answer was made before, and fetched by its id: a request that has an event of its own
    /// asked for it. Its tokens are in `usage` and not counted again in the event's own members.
    AnswerFetched,
    /// The answer is no text but vectors, images, sound or what only the provider can read; it is not
    /// recorded.
    AnswerNotText,
    /// The answer is made later, and fetched with another call that is not recorded.
    AnswerPending,
    /// The provider is known, and nothing here knows the path. The call's content is not read.
    ApiUnknown,
    /// An `x-audit-*` header or a member of one was not understood: it was left out, or stands as
    /// it was written.
    AuditHeaderInvalid,
    /// An `x-audit-*` header that has one value came several times; the first counts.
    AuditHeaderRepeated,
    /// The caller's metadata had a member `audit_layer`, which is the gateway's.
    AuditMetadataReserved,
    /// An `x-audit-*` header that means nothing was removed.
    AuditHeaderUnknown,
    /// Other services have such paths too, and the body could not be read for a prompt: this may
    /// be no call of a model.
    CallUncertain,
    /// The provider's moderation or content filter found something in the prompt or the answer.
    ContentFlagged,
    /// The request had more credentials than are looked for: one may stand in the event.
    CredentialNotSearched,
    /// A text held a credential of the call; a mark stands in its place.
    CredentialRemoved,
    /// A body was plain text, although its content-encoding names a coding; it was read as it is.
    EncodingNotApplied,
    /// A header's value was not UTF-8; its bytes were read as ISO 8859-1.
    HeaderNotUtf8,
    /// The header by which gateways tell each other of a call (`audit-layer-hop`) proved nothing: it
    /// was forged, too old, or of another audit layer. It was removed.
    HopHeaderIgnored,
    /// The text held bytes or half surrogates that are not Unicode; they stand as U+FFFD.
    InvalidUnicodeReplaced,
    /// The request was no strict JSON: comments, NaN, other quotes, a comma too many. It was read
    /// as lenient servers read it; others refuse it.
    JsonDialect,
    /// The host never called the log callback, as Envoy does not for a filter of an upstream. The
    /// event is of one attempt of the proxy, and does not know what the client got.
    LogCallbackAbsent,
    /// A string was too long to be kept, such as an image: where it is recorded, there is its
    /// beginning, or its size and hash. What stands behind it was read.
    LongStringsSkipped,
    /// The name of a member of the request is written in another case. It was read, as servers in
    /// Go read it; others pass over it.
    MemberCaseIgnored,
    /// A member of the request was given more than once, perhaps in another case, with different
    /// values: servers do not agree which of them counts.
    MemberDuplicated,
    /// The gateway's memory was short, so that a body, or the rest of one, was not read.
    MemoryShort,
    /// The request has a body and another method than POST; some servers answer it all the same.
    MethodUnusual,
    /// Nothing in the request names a model.
    ModelAbsent,
    /// An id, a name, a confidence or an error's message was longer than an event carries.
    NameTruncated,
    /// The call asks for no answer of a model: it counts tokens, loads a model, or hands in a
    /// batch. Its content is not recorded.
    NotAGeneration,
    /// A sampling parameter was too large or too deeply nested to be kept.
    ParameterTooLarge,
    /// The path is written as no client of a model writes it, such as with encoded letters or
    /// doubled slashes; it was matched as servers read it.
    PathUnusual,
    /// The prompt is in the event up to the content limit; the hash is of the whole.
    PromptContentTruncated,
    /// The provider adds to the prompt what it keeps, such as earlier turns; that is not recorded.
    PromptContinued,
    /// A part of the prompt is of no type that is known there: it is told by its hash, or by a text
    /// that it holds, in `prompt.parts` only, or not at all.
    PromptPartUnread,
    /// The prompt has more parts than an event lists; the conversation's hash is of all.
    PromptPartsTruncated,
    /// The call speaks WebSocket, WebRTC, gRPC or event streams in both directions, whose messages
    /// are not read.
    ProtocolNotRead,
    /// The model thought, and only the provider can read what: it came encrypted.
    ReasoningEncrypted,
    /// A gateway before this one recorded the same call: `gateway.outer_request_id` names its event,
    /// which is the one to count.
    RecordedByOuterGateway,
    /// The gateway followed a redirect itself: the request is the client's, the answer that of the
    /// last request that the gateway made of it.
    RedirectFollowed,
    /// The request's body was empty.
    RequestBodyEmpty,
    /// The request's body was larger than the limit for reading, or has lists of more items than are
    /// read; what was read is a beginning.
    RequestBodyTruncated,
    /// The request names a charset that is not read: a server that heeds it reads other characters.
    RequestCharsetUnknown,
    /// The request ended before its body was whole.
    RequestIncomplete,
    /// Another filter of the gateway ended the call before the request came here: of its body and of
    /// the answer's nothing is known.
    RequestNotSeen,
    /// The request's body was UTF-16 or UTF-32.
    RequestNotUtf8,
    /// The request's body was not JSON of its format.
    RequestUnreadable,
    /// The request's body was not of its content-encoding, or grew too much when decoded.
    RequestEncodingBroken,
    /// The request's content-encoding cannot be decoded.
    RequestEncodingUnsupported,
    /// The response's body was empty.
    ResponseBodyEmpty,
    /// The response's body was larger than the limit for reading.
    ResponseBodyTruncated,
    /// The answer is in the event up to the content limit; the hash is of the whole.
    ResponseContentTruncated,
    /// The response's body was not of its content-encoding, or grew too much when decoded.
    ResponseEncodingBroken,
    /// The response's content-encoding cannot be decoded.
    ResponseEncodingUnsupported,
    /// The response's body was not JSON of its format.
    ResponseUnreadable,
    /// One or more events of the stream were not JSON of their format.
    StreamEventUnreadable,
    /// One or more events of the stream were larger than the limit for reading.
    StreamEventTruncated,
    /// The stream's framing was broken (a wrong checksum, an impossible length, an end within a
    /// message): what follows is not read.
    StreamFramingBroken,
    /// The stream ended without the format's last event.
    StreamUnterminated,
    /// The model asked for more tool calls or choices than an event carries.
    ToolCallsTruncated,
    /// Something follows the JSON value of which a body consists; it was not read.
    TrailingData,
    /// The provider reported no token counts.
    UsageAbsent,
}

impl Note {
    /// Whether a limit of the gateway cut something.
    pub fn is_truncation(self) -> bool {
        matches!(
            self,
            Self::MemoryShort
                | Self::NameTruncated
                | Self::ParameterTooLarge
                | Self::PromptContentTruncated
                | Self::PromptPartsTruncated
                | Self::RequestBodyTruncated
                | Self::ResponseBodyTruncated
                | Self::ResponseContentTruncated
                | Self::StreamEventTruncated
                | Self::ToolCallsTruncated
        )
    }
}
