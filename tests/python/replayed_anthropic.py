"""Reads recorded answers with the unmodified anthropic package; see replayed.py."""

import sys

from anthropic import Anthropic, APIError

from replayed import HEADER, main, seen

client = Anthropic(base_url=sys.argv[1], api_key="sk-sample", max_retries=0)
CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")


def arguments(number):
    return {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}],
            "extra_headers": {HEADER: number}}


def message_seen(message):
    text = "".join(block.text for block in message.content if block.type == "text")
    # A refusal may come in the place of a text.
    refusal = message.stop_details and message.stop_details.explanation
    usage = message.usage
    cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    return seen(
        [text or refusal or ""],
        [[block.id, block.name, block.input] for block in message.content if block.type in CALLS],
        [message.stop_reason] if message.stop_reason else [],
        [usage.input_tokens + cached, usage.output_tokens],
    )


def message(number):
    return message_seen(client.beta.messages.create(**arguments(number)))


def message_stream(number):
    # The package itself puts the pieces together.
    with client.beta.messages.stream(**arguments(number)) as stream:
        starts = sum(event.type == "message_start" for event in stream)
        if starts > 1:
            raise LookupError("several messages in a stream, which the package mixes up")
        return message_seen(stream.get_final_message())


main({("message", False): message, ("message", True): message_stream}, APIError)
