//! Notes: why a fact of an event is missing or not as it was sent.

use serde::Serialize;

/// Why something in an event is missing, cut or changed. A closed set: readers may switch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The model answered, but with neither text nor a tool call.
    AnswerEmpty,
    /// The answer was made earlier and fetched by its id; the request that asked for it has its own
    /// event. Its tokens are only in `usage`, so that no sum counts them twice.
    AnswerFetched,
    /// The answer is vectors, images, audio or something only the provider can read; it is not
    /// recorded.
    AnswerNotText,
    /// The answer is made later, and fetched with another call that is not recorded.
    AnswerPending,
    /// The provider is known, but the path is not. The call's content is not read.
    ApiUnknown,
    /// An `x-audit-*` header or a member of one was not understood: it was left out, or kept as it
    /// was written.
    AuditHeaderInvalid,
    /// An `x-audit-*` header that takes one value occurred several times; the first counts.
    AuditHeaderRepeated,
    /// The caller's metadata had a member `audit_layer`, which is reserved for the gateway.
    AuditMetadataReserved,
    /// An unknown `x-audit-*` header was removed.
    AuditHeaderUnknown,
    /// Other services have such paths too, and the body could not be read for a prompt: this may
    /// not be a model call.
    CallUncertain,
    /// The provider's moderation or content filter found something in the prompt or the answer.
    ContentFlagged,
    /// The request had more credentials than are searched for: the event may contain one.
    CredentialNotSearched,
    /// A text contained a credential of the call; a mark replaces it.
    CredentialRemoved,
    /// A body was plain text although its content-encoding names a coding; it was read as it is.
    EncodingNotApplied,
    /// A header's value was not UTF-8; its bytes were read as ISO 8859-1.
    HeaderNotUtf8,
    /// The header by which gateways tell each other about a call (`audit-layer-hop`) was forged,
    /// too old, or of another audit layer. It was removed.
    HopHeaderIgnored,
    /// The text contained bytes or lone surrogates that are not Unicode; they became U+FFFD.
    InvalidUnicodeReplaced,
    /// The request was not strict JSON: comments, NaN, other quotes, extra commas. It was read as
    /// lenient servers read it; others refuse it.
    JsonDialect,
    /// The host never called the log callback, as in Envoy's upstream filters. The event covers one
    /// attempt of the proxy, and does not know what the client received.
    LogCallbackAbsent,
    /// A string was too long to keep, such as an image: the event has its beginning, or its size
    /// and hash. What follows it was read.
    LongStringsSkipped,
    /// A member's name in the request is written in another case. It was read, as servers in Go do;
    /// other servers ignore it.
    MemberCaseIgnored,
    /// A member of the request occurred more than once, perhaps in another case, with different
    /// values: servers disagree which of them counts.
    MemberDuplicated,
    /// The gateway was short of memory, so a body, or the rest of one, was not read.
    MemoryShort,
    /// The request has a body and a method other than POST; some servers answer it anyway.
    MethodUnusual,
    /// Nothing in the request names a model.
    ModelAbsent,
    /// An id, a name, a confidence or an error message was longer than an event carries.
    NameTruncated,
    /// The call does not ask a model for an answer: it counts tokens, loads a model, or submits a
    /// batch. Its content is not recorded.
    NotAGeneration,
    /// A sampling parameter was too large or too deeply nested to keep.
    ParameterTooLarge,
    /// The path is not written as clients of models write it, for example with encoded letters or
    /// doubled slashes; it was matched as servers read it.
    PathUnusual,
    /// The event has the prompt only up to the content limit; the hash covers the whole.
    PromptContentTruncated,
    /// The provider adds stored content to the prompt, such as earlier turns; that is not recorded.
    PromptContinued,
    /// A part of the prompt has an unknown type: only `prompt.parts` describes it, by its hash or
    /// by a text that it contains, or nothing does.
    PromptPartUnread,
    /// The prompt has more parts than an event lists; the conversation's hash covers all.
    PromptPartsTruncated,
    /// The call uses WebSocket, WebRTC, gRPC or bidirectional event streams, whose messages are not
    /// read.
    ProtocolNotRead,
    /// The model's reasoning arrived encrypted; only the provider can read it.
    ReasoningEncrypted,
    /// A gateway before this one recorded the same call: `gateway.outer_request_id` names its
    /// event, which is the one to count.
    RecordedByOuterGateway,
    /// The gateway followed a redirect itself: the request is the client's, the answer is that to
    /// the gateway's last request.
    RedirectFollowed,
    /// The request's body was empty.
    RequestBodyEmpty,
    /// The request's body was larger than the limit for reading, or has lists with more items than
    /// are read; only the beginning was read.
    RequestBodyTruncated,
    /// The request names a charset that is not read: a server that honors it reads other
    /// characters.
    RequestCharsetUnknown,
    /// The request ended before its body was complete.
    RequestIncomplete,
    /// Another filter of the gateway ended the call before the request reached the plugin: its body
    /// and the answer's are unknown.
    RequestNotSeen,
    /// The request's body was UTF-16 or UTF-32.
    RequestNotUtf8,
    /// The request's body was not JSON of its format.
    RequestUnreadable,
    /// The request's body did not match its content-encoding, or grew too much when decoded.
    RequestEncodingBroken,
    /// The request's content-encoding cannot be decoded.
    RequestEncodingUnsupported,
    /// The response's body was empty.
    ResponseBodyEmpty,
    /// The response's body was larger than the limit for reading.
    ResponseBodyTruncated,
    /// The event has the answer only up to the content limit; the hash covers the whole.
    ResponseContentTruncated,
    /// The response's body did not match its content-encoding, or grew too much when decoded.
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
    /// message): what follows was not read.
    StreamFramingBroken,
    /// The stream ended without the format's last event.
    StreamUnterminated,
    /// The model asked for more tool calls or choices than an event carries.
    ToolCallsTruncated,
    /// Data follows the body's JSON value; it was not read.
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
