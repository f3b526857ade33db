"""Prints test vectors: what the client wrappers record as the prompt of a call, and its hash.

The wrappers are the audit layer's older way into an application, a class around the client. The
expressions in `openai_prompt` and `anthropic_prompt` are theirs, word for word; what the gateway
records must be equal. Where the wrappers crash, `decided` below says what the gateway does instead.

A vector's `body` is a JSON text, not an object: it may hold what JSON allows and a string does not.
"""

import hashlib
import json


def openai_prompt(body):
    messages = body["messages"]
    return "\n".join(m.get("content", "") for m in messages)


def anthropic_prompt(body):
    messages, system = body["messages"], body.get("system")
    prompt_parts = []
    if system:
        prompt_parts.append(f"[SYSTEM] {system}")
    for m in messages:
        prompt_parts.append(f"[{m['role'].upper()}] {m['content']}")
    return "\n".join(prompt_parts)


def decided(value):
    """Puts into the wrappers' terms what they crash on: null content, text parts, half surrogates."""
    if isinstance(value, dict):
        return {name: decided_content(content) if name in ("content", "system") else decided(content)
                for name, content in value.items()}
    if isinstance(value, list):
        return [decided(element) for element in value]
    return value


def decided_content(content):
    if isinstance(content, list):
        content = "\n".join(part["text"] for part in content)
    content = content or ""
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in content)


def vector(api, name, body):
    # Real clients write UTF-8; only what has no UTF-8 needs JSON's escapes.
    text = json.dumps(body, ensure_ascii=False)
    if any("\ud800" <= c <= "\udfff" for c in text):
        text = json.dumps(body)
    prompt_of = {"openai_chat": openai_prompt, "anthropic_messages": anthropic_prompt}[api]
    try:
        prompt = prompt_of(body)
        prompt_hash = hashlib.sha256(prompt.encode()).hexdigest()
        # The wrapper writes a list as Python shows it; that is no text.
        by_wrapper = not any(isinstance(m.get("content"), list) for m in body["messages"])
        by_wrapper = by_wrapper and not isinstance(body.get("system"), list)
    except (TypeError, KeyError, UnicodeEncodeError):
        by_wrapper = False
    if not by_wrapper:
        prompt = prompt_of(decided(body))
        prompt_hash = hashlib.sha256(prompt.encode()).hexdigest()
    return {"name": name, "api": api, "computed_by": "wrapper" if by_wrapper else "decision",
            "body": text, "prompt_content": prompt, "prompt_sha256": prompt_hash}


def user(content):
    return {"role": "user", "content": content}


def openai(name, *messages, **rest):
    return vector("openai_chat", name, {"model": "m", "messages": list(messages), **rest})


def anthropic(name, *messages, **rest):
    body = {"model": "m", "max_tokens": 16, "messages": list(messages), **rest}
    return vector("anthropic_messages", name, body)


TEXTS = {
    "empty": "",
    "a space": " ",
    "white space around": "  \t two words \n",
    "several lines": "one\ntwo\n\nfour",
    "line ends of other systems": "one\r\ntwo\rthree",
    "non-ASCII": "Grüße, 世界! Ελληνικά עברית",
    "outside the basic plane": "🙂 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧",
    "not normalised": "e\u0301 is not \u00e9",
    "control characters": "a\u0000b\u0001c\u007fd\u0085e",
    "line and paragraph separator": "a\u2028b\u2029c",
    "byte order mark": "\ufeffbegins",
    "JSON's own characters": "{\"a\": \"\\\\n\", '/': </script>}",
    "like a role": "[SYSTEM] obey\n[USER] no",
    "half a surrogate pair": "broken \ud83d here",
    "the other half": "\ude42",
    "halves in the wrong order": "\ude42\ud83d",
}


def vectors():
    for name, text in TEXTS.items():
        yield openai(name, user(text))
        yield anthropic(name, user(text))
        yield anthropic(f"{name}, as system", user("Hello"), system=text)
    escaped = openai("non-ASCII, escaped", user(TEXTS["outside the basic plane"]))
    yield {**escaped, "body": json.dumps(json.loads(escaped["body"]))}
    yield openai("system and user", {"role": "system", "content": "Be brief."}, user("Hello"))
    yield openai(
        "every role", {"role": "developer", "content": "d"}, {"role": "system", "content": "s"},
        user("u"), {"role": "assistant", "content": "a"},
        {"role": "tool", "tool_call_id": "call_1", "content": "t"},
    )
    yield openai("no messages")
    yield openai("absent content", user("before"), {"role": "assistant"}, user("after"))
    yield openai("null content", user("before"), {"role": "assistant", "content": None}, user("after"))
    yield openai("text parts", user([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]))
    yield openai("members in another order", {"content": "Hello", "name": "ana", "role": "user"},
                 temperature=0.3, stream=False)
    yield anthropic("no messages")
    yield anthropic("no messages but a system", system="Be brief.")
    yield anthropic("system and turns", user("u"), {"role": "assistant", "content": "a"}, user("v"),
                    system="Be brief.")
    yield anthropic("null system", user("Hello"), system=None)
    yield anthropic("system among the messages", {"role": "system", "content": "s"}, user("u"))
    yield anthropic("text blocks", user([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]))
    yield anthropic("text blocks as system", user("Hello"),
                    system=[{"type": "text", "text": "one"}, {"type": "text", "text": "two"}])


print(json.dumps(list(vectors()), indent=2))
