"""Reads recorded answers with the unmodified boto3 package; see replayed.py."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from replayed import HEADER, main, seen, value
from replayed_families import FAMILIES

client = boto3.client(
    "bedrock-runtime", region_name="us-east-1", endpoint_url=sys.argv[1],
    aws_access_key_id="sample", aws_secret_access_key="sample",
    config=Config(retries={"total_max_attempts": 1}),
)
asked = {}


def add_header(request, **_rest):
    request.headers[HEADER] = asked["number"]


client.meta.events.register("before-sign.bedrock-runtime", add_header)
MESSAGES = [{"role": "user", "content": [{"text": "Hello"}]}]


def tokens(usage):
    """Of the names that Converse and the models' own bodies have."""
    if not usage:
        return None
    cached = [usage.get(name) or 0 for name in (
        "cacheReadInputTokens", "cacheWriteInputTokens", "cacheReadInputTokenCount",
        "cacheWriteInputTokenCount", "cache_read_input_tokens", "cache_creation_input_tokens")]
    # Both spellings of a count mean the same count.
    cached[2:4] = [0 if cached[0] else cached[2], 0 if cached[1] else cached[3]]
    counts = [usage.get(name) for name in ("inputTokens", "outputTokens")]
    if counts == [None, None]:
        counts = [usage.get(name) for name in ("input_tokens", "output_tokens")]
    return [counts[0] + sum(cached), counts[1]]


def converse_seen(content, reason, usage):
    """Of the blocks that Converse and Nova's own bodies have."""
    calls = [block["toolUse"] for block in content if "toolUse" in block]
    return seen(
        ["".join(block.get("text", "") for block in content)],
        [[call["toolUseId"], call["name"], call["input"]] for call in calls],
        [reason] if reason else [], tokens(usage),
    )


def converse(number):
    asked["number"] = number
    answer = client.converse(modelId="m", messages=MESSAGES)
    message = answer["output"].get("message", {})
    return converse_seen(message.get("content", []), answer.get("stopReason"), answer.get("usage"))


def converse_events(events):
    blocks, reason, usage = {}, None, None
    for event in events:
        if start := event.get("contentBlockStart"):
            block = start["start"].get("toolUse")
            if block:
                blocks[start["contentBlockIndex"]] = {"toolUse": {**block, "input": ""}}
        elif piece := event.get("contentBlockDelta"):
            block = blocks.setdefault(piece["contentBlockIndex"], {"text": ""})
            if "toolUse" in block:
                block["toolUse"]["input"] += piece["delta"].get("toolUse", {}).get("input", "")
            else:
                block["text"] += piece["delta"].get("text", "")
        elif "messageStop" in event:
            reason = event["messageStop"].get("stopReason")
        elif "metadata" in event:
            usage = event["metadata"].get("usage") or usage
    content = [blocks[index] for index in sorted(blocks)]
    for block in content:
        if "toolUse" in block:
            block["toolUse"]["input"] = value(block["toolUse"]["input"])
    return converse_seen(content, reason, usage)


def converse_stream(number):
    asked["number"] = number
    return converse_events(client.converse_stream(modelId="m", messages=MESSAGES)["stream"])


def anthropic_seen(body):
    content = body["content"]
    calls = [block for block in content if block["type"] == "tool_use"]
    return seen(
        ["".join(block["text"] for block in content if block["type"] == "text")],
        [[call["id"], call["name"], call["input"]] for call in calls],
        [body["stop_reason"]] if body.get("stop_reason") else [], tokens(body.get("usage")),
    )


def invoke(number):
    """Bodies are the models' own, and their counts may be in headers alone."""
    asked["number"] = number
    answer = client.invoke_model(modelId="m", body=b"{}")
    body = json.loads(answer["body"].read())
    read = body_seen(body)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    in_headers = [headers.get(f"x-amzn-bedrock-{side}-token-count") for side in ("input", "output")]
    counts = zip(read["usage"] or [None, None], in_headers)
    counts = [int(header) if count is None and header else count for count, header in counts]
    return {**read, "usage": None if counts == [None, None] else counts}


def body_seen(body):
    if body.get("type") == "message":
        return anthropic_seen(body)
    if "message" in body.get("output", {}):
        message = body["output"]["message"]
        return converse_seen(message["content"], body.get("stopReason"), body.get("usage"))
    return family_seen([body])


def family_seen(bodies):
    for family in FAMILIES:
        if any(family.is_of(body) for body in bodies):
            return family.seen(bodies)
    raise LookupError("a body of no known family")


def anthropic_events(chunks):
    blocks, reason, usage = {}, None, {}
    for chunk in chunks:
        if chunk["type"] == "message_start":
            usage.update(chunk["message"].get("usage", {}))
        elif chunk["type"] == "content_block_start":
            blocks[chunk["index"]] = {**chunk["content_block"], "pieces": ""}
        elif chunk["type"] == "content_block_delta":
            delta = chunk["delta"]
            piece = delta.get("text") or delta.get("partial_json") or ""
            blocks[chunk["index"]]["pieces"] += piece
        elif chunk["type"] == "message_delta":
            reason = chunk["delta"].get("stop_reason") or reason
            counts = chunk.get("usage", {}).items()
            usage.update({name: count for name, count in counts if count is not None})
    content = [{**block, "text": block["pieces"], "input": value(block["pieces"])}
               for _, block in sorted(blocks.items())]
    return anthropic_seen({"content": content, "stop_reason": reason, "usage": usage})


def invoke_stream(number):
    asked["number"] = number
    answer = client.invoke_model_with_response_stream(modelId="m", body=b"{}")
    chunks = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
    if any(chunk.get("type") == "message_start" for chunk in chunks):
        return anthropic_events(chunk for chunk in chunks if "type" in chunk)
    if any("contentBlockDelta" in chunk for chunk in chunks):
        return converse_events(chunks)
    return family_seen(chunks)


main({
    ("converse", False): converse, ("converse", True): converse_stream,
    ("invoke", False): invoke, ("invoke", True): invoke_stream,
}, (ClientError, EventStreamError))
