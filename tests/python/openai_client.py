"""Makes calls with the unmodified openai package and prints what it saw, one JSON line a call.

usage: openai_client.py BASE_URL CASES
CASES is a JSON list of {"name", "async", "retries", "arguments"}; the arguments are those of
`client.chat.completions.create`.
"""

import asyncio
import json
import sys

from openai import APIStatusError, AsyncOpenAI, OpenAI


def view(headers, model, choice_text, **rest):
    return {"request_id": headers["x-audit-request-id"], "model": model, "text": choice_text, **rest}


def seen_whole(headers, completion):
    choice = completion.choices[0]
    calls = choice.message.tool_calls or []
    return view(
        headers, completion.model, choice.message.content or "",
        id=completion.id, finish_reason=choice.finish_reason,
        usage=completion.usage and [completion.usage.prompt_tokens, completion.usage.completion_tokens],
        tool_calls=[[call.id, call.function.name, call.function.arguments] for call in calls],
    )


def seen_stream(headers, chunks):
    text, finish_reason, usage, calls = "", None, None, {}
    for chunk in chunks:
        if chunk.usage:
            usage = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens]
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish_reason = choice.finish_reason or finish_reason
            for part in choice.delta.tool_calls or []:
                call = calls.setdefault(part.index, ["", "", ""])
                call[0] += part.id or ""
                call[1] += part.function.name or ""
                call[2] += part.function.arguments or ""
    return view(
        headers, chunks[0].model, text, id=chunks[0].id, finish_reason=finish_reason, usage=usage,
        tool_calls=[calls[index] for index in sorted(calls)],
    )


def seen_error(error):
    return {"status": error.status_code, "message": error.message,
            "request_id": error.response.headers["x-audit-request-id"]}


def call(base_url, case):
    client = OpenAI(base_url=base_url, api_key="sk-sample", max_retries=case["retries"])
    try:
        raw = client.chat.completions.with_raw_response.create(**case["arguments"])
    except APIStatusError as error:
        return seen_error(error)
    if case["arguments"].get("stream"):
        return seen_stream(raw.headers, list(raw.parse()))
    return seen_whole(raw.headers, raw.parse())


async def call_async(base_url, case):
    client = AsyncOpenAI(base_url=base_url, api_key="sk-sample", max_retries=case["retries"])
    try:
        raw = await client.chat.completions.with_raw_response.create(**case["arguments"])
    except APIStatusError as error:
        return seen_error(error)
    if case["arguments"].get("stream"):
        return seen_stream(raw.headers, [chunk async for chunk in raw.parse()])
    return seen_whole(raw.headers, raw.parse())


def main():
    base_url, cases = sys.argv[1], json.loads(sys.argv[2])
    for case in cases:
        seen = asyncio.run(call_async(base_url, case)) if case["async"] else call(base_url, case)
        print(json.dumps({"name": case["name"], **seen}))


main()
