"""Reads recorded answers with the unmodified openai package; see replayed.py."""

import sys

from openai import APIError, OpenAI

from replayed import HEADER, main, seen, value

client = OpenAI(base_url=sys.argv[1] + "/v1", api_key="sk-sample", max_retries=0)
MESSAGES = [{"role": "user", "content": "Hello"}]


def tokens(usage, names):
    """All input and all output; some vendors count reasoning in the total alone."""
    counts = [getattr(usage, name, None) for name in names]
    if counts == [None, None]:
        return None
    total = getattr(usage, "total_tokens", None)
    if total and total > sum(count or 0 for count in counts):
        counts[1] = total - (counts[0] or 0)
    return counts


def chat_usage(usage):
    return tokens(usage, ["prompt_tokens", "completion_tokens"])


def has_error(answer):
    """Some report an error with status 200, for which the package raises none."""
    return bool(getattr(answer, "error", None))


def call_of(call):
    called = getattr(call, "function", None) or call.custom
    arguments = getattr(called, "arguments", None) or getattr(called, "input", None)
    return [call.id, called.name, value(arguments)]


def calls_of(message):
    calls = [call_of(call) for call in message.tool_calls or []]
    if message.function_call:
        calls.append([None, message.function_call.name, value(message.function_call.arguments)])
    return calls


def chat(number):
    completion = client.chat.completions.create(
        model="m", messages=MESSAGES, extra_headers={HEADER: number})
    choices = sorted(completion.choices or [], key=lambda choice: choice.index or 0)
    return seen(
        [choice.message.content or choice.message.refusal or "" for choice in choices if choice.message],
        [call for choice in choices if choice.message for call in calls_of(choice.message)],
        [choice.finish_reason for choice in choices if choice.finish_reason],
        chat_usage(completion.usage), has_error(completion),
    )


class Gathered:
    """The choices of a stream by their numbers."""

    def __init__(self):
        self.texts, self.refusals, self.reasons, self.calls, self.usage = {}, {}, {}, {}, None

    def text(self, index, text):
        self.texts[index] = self.texts.get(index, "") + (text or "")

    def refusal(self, index, text):
        self.refusals[index] = self.refusals.get(index, "") + (text or "")

    def call(self, key, call_id, name, arguments):
        call = self.calls.setdefault(key, [None, "", ""])
        # Some vendors repeat id and name in every piece.
        call[0] = call[0] or call_id
        call[1] = call[1] or name or ""
        call[2] += arguments or ""

    def finish(self, index, reason):
        if reason:
            self.reasons[index] = reason

    def seen(self):
        indices = sorted(self.texts)
        return seen(
            [self.texts[index] or self.refusals.get(index, "") for index in indices],
            [[call_id, name, value(arguments)]
             for _, (call_id, name, arguments) in sorted(self.calls.items())],
            [self.reasons[index] for index in indices if index in self.reasons], self.usage,
        )


def chat_stream(number):
    gathered = Gathered()
    for chunk in client.chat.completions.create(
            model="m", messages=MESSAGES, stream=True, extra_headers={HEADER: number}):
        gathered.usage = chat_usage(chunk.usage) or gathered.usage
        for choice in chunk.choices or []:
            if choice.delta is None:
                continue
            index = choice.index or 0
            gathered.text(index, choice.delta.content)
            gathered.refusal(index, getattr(choice.delta, "refusal", None))
            gathered.finish(index, choice.finish_reason)
            for part in choice.delta.tool_calls or []:
                function = part.function
                gathered.call((index, part.index), part.id,
                              function and function.name, function and function.arguments)
            if choice.delta.function_call:
                part = choice.delta.function_call
                gathered.call((index, -1), None, part.name, part.arguments)
    return gathered.seen()


def completion(number):
    answer = client.completions.create(model="m", prompt="Hello", extra_headers={HEADER: number})
    choices = sorted(answer.choices or [], key=lambda choice: choice.index or 0)
    return seen([choice.text for choice in choices], [],
                [choice.finish_reason for choice in choices if choice.finish_reason],
                chat_usage(answer.usage), has_error(answer))


def completion_stream(number):
    gathered = Gathered()
    for chunk in client.completions.create(
            model="m", prompt="Hello", stream=True, extra_headers={HEADER: number}):
        gathered.usage = chat_usage(chunk.usage) or gathered.usage
        for choice in chunk.choices or []:
            gathered.text(choice.index or 0, choice.text)
            gathered.finish(choice.index or 0, choice.finish_reason)
    return gathered.seen()


def embedding(number):
    answer = client.embeddings.create(
        model="m", input="Hello", encoding_format="float", extra_headers={HEADER: number})
    usage = answer.usage
    # Vectors are no tokens: what the total has beyond the prompt is nothing to report.
    return seen([], [], [], usage and [usage.prompt_tokens, None])


def said(item):
    parts = item.content or []
    return "".join(getattr(part, "text", None) or getattr(part, "refusal", None) or "" for part in parts)


def is_call(kind):
    return kind.endswith("_call") or kind in ("mcp_approval_request", "program")


def item_call(item):
    """Of tools that the vendor runs itself, what they were told has a form of its own: null."""
    arguments = getattr(item, "arguments", None) or getattr(item, "input", None)
    named = getattr(item, "name", None)
    return [getattr(item, "call_id", None) or item.id, named or item.type,
            value(arguments) if named else None]


def response_seen(response):
    texts = [said(item) for item in response.output or [] if item.type == "message"]
    calls = [item_call(item) for item in response.output or [] if is_call(item.type)]
    details = response.incomplete_details
    reason = (details and details.reason) or response.status
    reasons = [] if reason in (None, "queued", "in_progress") else [reason]
    return seen(["".join(texts)], calls, reasons,
                tokens(response.usage, ["input_tokens", "output_tokens"]), has_error(response))


def response(number):
    return response_seen(client.responses.create(
        model="m", input="Hello", extra_headers={HEADER: number}))


def response_stream(number):
    gathered = Gathered()
    last = None
    for event in client.responses.create(
            model="m", input="Hello", stream=True, extra_headers={HEADER: number}):
        if event.type == "response.output_text.delta":
            gathered.text(0, event.delta)
        elif event.type in ("response.completed", "response.incomplete", "response.failed"):
            last = event.response
        elif event.type == "error":
            return seen([], [], [], None, error=True)
    if last is None:
        return gathered.seen()
    whole = response_seen(last)
    # The last event repeats the text; shortened streams leave that out.
    if gathered.texts and whole["texts"] != [gathered.texts[0]]:
        return {**whole, "deltas": gathered.texts[0]}
    return whole


main({
    ("chat", False): chat, ("chat", True): chat_stream,
    ("completion", False): completion, ("completion", True): completion_stream,
    ("embedding", False): embedding,
    ("response", False): response, ("response", True): response_stream,
}, APIError)
