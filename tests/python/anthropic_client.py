"""Makes calls with the unmodified anthropic package and prints what it saw, one JSON line a call.

usage: anthropic_client.py BASE_URL CASES
CASES is a JSON list of {"name", "async", "retries", "arguments"}; the arguments are those of
`client.messages.create`.
"""

import asyncio
import json
import sys

from anthropic import Anthropic, APIStatusError, AsyncAnthropic


def view(headers, message_id, model, text, stop_reason, usage, tool_calls):
    return {
        "request_id": headers["x-audit-request-id"], "id": message_id, "model": model,
        "text": text, "finish_reason": stop_reason, "usage": usage, "tool_calls": tool_calls,
    }


def seen_whole(headers, message):
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [[block.id, block.name, json.dumps(block.input)]
             for block in message.content if block.type == "tool_use"]
    usage = [message.usage.input_tokens, message.usage.output_tokens]
    return view(headers, message.id, message.model, text, message.stop_reason, usage, calls)


def seen_stream(headers, events):
    text, stop_reason, calls, message, usage = "", None, [], None, None
    for event in events:
        if event.type == "message_start":
            message, usage = event.message, [event.message.usage.input_tokens, 0]
        elif event.type == "content_block_start" and event.content_block.type == "tool_use":
            calls.append([event.content_block.id, event.content_block.name, ""])
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            text += event.delta.text
        elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
            calls[-1][2] += event.delta.partial_json
        elif event.type == "message_delta":
            stop_reason, usage[1] = event.delta.stop_reason, event.usage.output_tokens
    return view(headers, message.id, message.model, text, stop_reason, usage, calls)


def seen_error(error):
    return {"status": error.status_code, "message": error.message,
            "request_id": error.response.headers["x-audit-request-id"]}


def call(base_url, case):
    client = Anthropic(base_url=base_url, api_key="sk-sample", max_retries=case["retries"])
    try:
        raw = client.messages.with_raw_response.create(**case["arguments"])
    except APIStatusError as error:
        return seen_error(error)
    if case["arguments"].get("stream"):
        return seen_stream(raw.headers, list(raw.parse()))
    return seen_whole(raw.headers, raw.parse())


async def parsed(raw):
    """Some versions parse an answer asynchronously."""
    answer = raw.parse()
    return await answer if asyncio.iscoroutine(answer) else answer


async def call_async(base_url, case):
    client = AsyncAnthropic(base_url=base_url, api_key="sk-sample", max_retries=case["retries"])
    try:
        raw = await client.messages.with_raw_response.create(**case["arguments"])
    except APIStatusError as error:
        return seen_error(error)
    answer = await parsed(raw)
    if case["arguments"].get("stream"):
        return seen_stream(raw.headers, [event async for event in answer])
    return seen_whole(raw.headers, answer)


def main():
    base_url, cases = sys.argv[1], json.loads(sys.argv[2])
    for case in cases:
        seen = asyncio.run(call_async(base_url, case)) if case["async"] else call(base_url, case)
        print(json.dumps({"name": case["name"], **seen}))


main()
