"""Applications on FastAPI that read prompts, each on a port of its own.

`model` declares what it wants and lets pydantic check it; `raw` takes what `request.json()` gives.
Arguments: the file for what was read, and the file for the ports.
"""

import asyncio
import json
import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel

READS, PORTS = sys.argv[1:]

PATHS = [
    "/v1/chat/completions",
    "/chat/completions",
    "/openai/v1/chat/completions",
    "/openai/deployments/d/chat/completions",
    "/v1/completions",
    "/v1/messages",
    "/api/chat",
    "/api/generate",
    "/generate",
    "/completion",
    "/invocations",
]

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "m-1",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Read."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}


class Message(BaseModel):
    role: str = "user"
    content: Any = None


class Call(BaseModel):
    model: str = ""
    messages: list[Message] | None = None
    prompt: str | None = None
    inputs: str | None = None


def text(content):
    """The words of a message's content: a string, parts, or one part."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, map(text, content)))
    if isinstance(content, dict):
        return text(content.get("text"))
    return ""


def keep(server, request, call):
    """Writes down which prompt was read; half of a surrogate pair has no form in UTF-8."""
    messages = call.get("messages")
    if messages:
        prompt = "\n".join(text(message.get("content")) for message in messages)
    else:
        prompt = call.get("prompt") or call.get("inputs")
    if not isinstance(prompt, str):
        return
    prompt = prompt.encode("utf-8", "replace").decode()
    read = {"server": server, "way": request.headers.get("x-way"), "prompt": prompt}
    with open(READS, "a", encoding="utf-8") as file:
        file.write(json.dumps(read) + "\n")


def model():
    app = FastAPI()

    async def answer(call: Call, request: Request):
        keep("fastapi-model", request, call.model_dump())
        return ANSWER

    for path in PATHS:
        app.post(path)(answer)
    return app


def raw():
    app = FastAPI()

    async def answer(request: Request):
        keep("fastapi-raw", request, await request.json())
        return ANSWER

    for path in PATHS:
        app.post(path)(answer)
    return app


async def main():
    servers = []
    for name, app in [("fastapi-model", model()), ("fastapi-raw", raw())]:
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", timeout_keep_alive=600)
        servers.append(uvicorn.Server(config).serve([listener]))
        with open(PORTS, "a", encoding="utf-8") as file:
            file.write(f"{name} {listener.getsockname()[1]}\n")
    await asyncio.gather(*servers)


asyncio.run(main())
