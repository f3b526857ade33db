"""Reads recorded answers with the unmodified google-genai package; see replayed.py."""

import re
import sys

from google import genai
from google.genai import errors, types

from replayed import HEADER, main, seen

client = genai.Client(api_key="sample", http_options=types.HttpOptions(
    base_url=sys.argv[1], api_version="v1beta", retry_options=types.HttpRetryOptions(attempts=1)))


def arguments(number):
    options = types.HttpOptions(headers={HEADER: number})
    return {"model": "m", "contents": "Hello",
            "config": types.GenerateContentConfig(http_options=options)}


def tokens(usage):
    if usage is None or (usage.prompt_token_count is None and usage.candidates_token_count is None):
        return None
    return [(usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
            (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)]


def whole(number):
    return gathered([client.models.generate_content(**arguments(number))])


def stream(number):
    return gathered(client.models.generate_content_stream(**arguments(number)))


def take_call(part, calls):
    """A call, or a piece of the last one: Gemini 3 may send arguments one by one."""
    if part.name:
        calls.append([part.id, part.name, part.args or {}])
    for piece in part.partial_args or []:
        steps = [name or int(number) for name, number in
                 re.findall(r"\.(\w+)|\[(\d+)\]", piece.json_path)]
        calls[-1][2] = placed(calls[-1][2], steps, piece)


def placed(value, steps, piece):
    """The value with a piece of text added, or a plain value put, at the end of these steps."""
    if not steps:
        plain = [piece.number_value, piece.bool_value]
        plain = [candidate for candidate in plain if candidate is not None]
        if piece.string_value is not None:
            return (value or "") + piece.string_value
        return plain[0] if plain else None
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        items = list(value or []) + [None] * (step + 1 - len(value or []))
        items[step] = placed(items[step], rest, piece)
        return items
    return {**(value or {}), step: placed((value or {}).get(step), rest, piece)}


def gathered(answers):
    texts, calls, reasons, usage, blocked = {}, [], {}, None, []
    for answer in answers:
        usage = tokens(answer.usage_metadata) or usage
        if answer.prompt_feedback and answer.prompt_feedback.block_reason:
            blocked = [answer.prompt_feedback.block_reason.value]
        for candidate in answer.candidates or []:
            index = candidate.index or 0
            texts.setdefault(index, "")
            for part in (candidate.content and candidate.content.parts) or []:
                if part.text and not part.thought:
                    texts[index] += part.text
                if part.function_call:
                    take_call(part.function_call, calls)
            if candidate.finish_reason:
                reasons[index] = candidate.finish_reason.value
    indices = sorted(texts)
    return seen([texts[index] for index in indices], calls,
                [reasons[index] for index in indices if index in reasons] or blocked, usage)


main({("content", False): whole, ("content", True): stream}, errors.APIError)
