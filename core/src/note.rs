//! Notes: why a fact of an event is missing or not as it was sent.

words! {
    /// Why something in an event is missing, cut or changed. A closed set: readers may switch on it.
    pub enum Note {
        AnswerEmpty "answer_empty" "The model answered, but with neither text nor a tool call.",
        AnswerFetched "answer_fetched" "The answer was made earlier and fetched by its id; the request that asked for it has its own event. Its tokens are only in `usage`, so that no sum counts them twice.",
        AnswerNotText "answer_not_text" "The answer is vectors, images, audio or something only the provider can read; it is not recorded.",
        AnswerPending "answer_pending" "The answer is made later, and fetched with another call that is not recorded.",
        ApiUnknown "api_unknown" "The provider is known, but the path is not. The call's content is not read.",
        AuditHeaderInvalid "audit_header_invalid" "An `x-audit-*` header or a member of one was not understood: it was left out, or kept as it was written.",
        AuditHeaderRepeated "audit_header_repeated" "An `x-audit-*` header that takes one value occurred several times; the first counts.",
        AuditMetadataReserved "audit_metadata_reserved" "The caller's metadata had a member `audit_layer`, which is reserved for the gateway.",
        AuditHeaderUnknown "audit_header_unknown" "An unknown `x-audit-*` header was removed.",
        CallUncertain "call_uncertain" "Other services have such paths too, and the body could not be read for a prompt: this may not be a model call.",
        ContentFlagged "content_flagged" "The provider's moderation or content filter found something in the prompt or the answer.",
        CredentialNotSearched "credential_not_searched" "The request had more credentials than are searched for: the event may contain one.",
        CredentialRemoved "credential_removed" "A text contained a credential of the call; a mark replaces it.",
        EncodingNotApplied "encoding_not_applied" "A body was plain text although its content-encoding names a coding; it was read as it is.",
        HeaderNotUtf8 "header_not_utf8" "A header's value was not UTF-8; its bytes were read as ISO 8859-1.",
        HopHeaderIgnored "hop_header_ignored" "The header by which gateways tell each other about a call (`audit-layer-hop`) was forged, too old, or of another audit layer. It was removed.",
        InvalidUnicodeReplaced "invalid_unicode_replaced" "The text contained bytes or lone surrogates that are not Unicode; they became U+FFFD.",
        JsonDialect "json_dialect" "The request was not strict JSON: comments, NaN, other quotes, extra commas. It was read as lenient servers read it; others refuse it.",
        LogCallbackAbsent "log_callback_absent" "The host never called the log callback, as in Envoy's upstream filters. The event covers one attempt of the proxy, and does not know what the client received.",
        LongStringsSkipped "long_strings_skipped" "A string was too long to keep, such as an image: the event has its beginning, or its size and hash. What follows it was read.",
        MemberCaseIgnored "member_case_ignored" "A member's name in the request is written in another case. It was read, as servers in Go do; other servers ignore it.",
        MemberDuplicated "member_duplicated" "A member of the request occurred more than once, perhaps in another case, with different values: servers disagree which of them counts.",
        MemoryShort "memory_short" "The gateway was short of memory, so a body, or the rest of one, was not read.",
        MethodUnusual "method_unusual" "The request has a body and a method other than POST; some servers answer it anyway.",
        ModelAbsent "model_absent" "Nothing in the request names a model.",
        NameTruncated "name_truncated" "An id, a name, a confidence or an error message was longer than an event carries.",
        NotAGeneration "not_a_generation" "The call does not ask a model for an answer: it counts tokens, loads a model, or submits a batch. Its content is not recorded.",
        ParameterTooLarge "parameter_too_large" "A sampling parameter was too large or too deeply nested to keep.",
        PathUnusual "path_unusual" "The path is not written as clients of models write it, for example with encoded letters or doubled slashes; it was matched as servers read it.",
        PromptContentTruncated "prompt_content_truncated" "The event has the prompt only up to the content limit; the hash covers the whole.",
        PromptContinued "prompt_continued" "The provider adds stored content to the prompt, such as earlier turns; that is not recorded.",
        PromptPartUnread "prompt_part_unread" "A part of the prompt has an unknown type: only `prompt.parts` describes it, by its hash or by a text that it contains, or nothing does.",
        PromptPartsTruncated "prompt_parts_truncated" "The prompt has more parts than an event lists; the conversation's hash covers all.",
        ProtocolNotRead "protocol_not_read" "The call uses WebSocket, WebRTC, gRPC or bidirectional event streams, whose messages are not read.",
        ReasoningEncrypted "reasoning_encrypted" "The model's reasoning arrived encrypted; only the provider can read it.",
        RecordedByOuterGateway "recorded_by_outer_gateway" "A gateway before this one recorded the same call: `gateway.outer_request_id` names its event, which is the one to count.",
        RedirectFollowed "redirect_followed" "The gateway followed a redirect itself: the request is the client's, the answer is that to the gateway's last request.",
        RequestBodyEmpty "request_body_empty" "The request's body was empty.",
        RequestBodyTruncated "request_body_truncated" "The request's body was larger than the limit for reading, or has lists with more items than are read; only the beginning was read.",
        RequestCharsetUnknown "request_charset_unknown" "The request names a charset that is not read: a server that honors it reads other characters.",
        RequestIncomplete "request_incomplete" "The request ended before its body was complete.",
        RequestNotSeen "request_not_seen" "Another filter of the gateway ended the call before the request reached the plugin: its body and the answer's are unknown.",
        RequestNotUtf8 "request_not_utf8" "The request's body was UTF-16 or UTF-32.",
        RequestUnreadable "request_unreadable" "The request's body was not JSON of its format.",
        RequestEncodingBroken "request_encoding_broken" "The request's body did not match its content-encoding, or grew too much when decoded.",
        RequestEncodingUnsupported "request_encoding_unsupported" "The request's content-encoding cannot be decoded.",
        ResponseBodyEmpty "response_body_empty" "The response's body was empty.",
        ResponseBodyTruncated "response_body_truncated" "The response's body was larger than the limit for reading.",
        ResponseContentTruncated "response_content_truncated" "The event has the answer only up to the content limit; the hash covers the whole.",
        ResponseEncodingBroken "response_encoding_broken" "The response's body did not match its content-encoding, or grew too much when decoded.",
        ResponseEncodingUnsupported "response_encoding_unsupported" "The response's content-encoding cannot be decoded.",
        ResponseUnreadable "response_unreadable" "The response's body was not JSON of its format.",
        SourceUnreadable "source_unreadable" "A source that the configuration names for identity or decision has a value that is too long or of the wrong kind, or several values; it was left out.",
        StreamEventUnreadable "stream_event_unreadable" "One or more events of the stream were not JSON of their format.",
        StreamEventTruncated "stream_event_truncated" "One or more events of the stream were larger than the limit for reading.",
        StreamFramingBroken "stream_framing_broken" "The stream's framing was broken (a wrong checksum, an impossible length, an end within a message): what follows was not read.",
        StreamUnterminated "stream_unterminated" "The stream ended without the format's last event.",
        ToolCallsTruncated "tool_calls_truncated" "The model asked for more tool calls or choices than an event carries.",
        TrailingData "trailing_data" "Data follows the body's JSON value; it was not read.",
        UsageAbsent "usage_absent" "The provider reported no token counts.",
    }
}

impl Note {
    /// Whether something of the call could not be read, or is not in the event.
    pub fn is_loss(self) -> bool {
        matches!(
            self,
            Self::ApiUnknown
                | Self::CallUncertain
                | Self::LogCallbackAbsent
                | Self::LongStringsSkipped
                | Self::MemberDuplicated
                | Self::MemoryShort
                | Self::NameTruncated
                | Self::ParameterTooLarge
                | Self::PromptContentTruncated
                | Self::PromptPartUnread
                | Self::PromptPartsTruncated
                | Self::ProtocolNotRead
                | Self::ReasoningEncrypted
                | Self::RequestBodyTruncated
                | Self::RequestCharsetUnknown
                | Self::RequestEncodingBroken
                | Self::RequestEncodingUnsupported
                | Self::RequestIncomplete
                | Self::RequestNotSeen
                | Self::RequestUnreadable
                | Self::ResponseBodyTruncated
                | Self::ResponseContentTruncated
                | Self::ResponseEncodingBroken
                | Self::ResponseEncodingUnsupported
                | Self::ResponseUnreadable
                | Self::SourceUnreadable
                | Self::StreamEventTruncated
                | Self::StreamEventUnreadable
                | Self::StreamFramingBroken
                | Self::StreamUnterminated
                | Self::ToolCallsTruncated
                | Self::TrailingData
        )
    }

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
