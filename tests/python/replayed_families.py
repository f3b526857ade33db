"""The bodies of the model families on Bedrock that have neither Anthropic's nor Nova's form.

Each family is a function that gives the pieces of a body as (choice, text, reason for the end), and
the names of its counts. A stream is a list of such bodies.
"""

from replayed import seen


def titan(body):
    if "results" in body:
        return [(0, result["outputText"], result.get("completionReason")) for result in body["results"]]
    return [(0, body["outputText"], body.get("completionReason"))]


def llama(body):
    return [(0, body["generation"], body.get("stop_reason"))]


def mistral(body):
    return [(index, output["text"], output.get("stop_reason"))
            for index, output in enumerate(body["outputs"])]


def command(body):
    return [(index, generation["text"], generation.get("finish_reason"))
            for index, generation in enumerate(body["generations"])]


def command_r(body):
    # The last event of a stream repeats the whole text.
    text = "" if body.get("event_type") == "stream-end" else body.get("text") or ""
    return [(body.get("index") or 0, text, body.get("finish_reason"))]


def claude_2(body):
    return [(0, body["completion"], body.get("stop_reason"))]


def jurassic(body):
    return [(index, completion["data"]["text"], completion["finishReason"]["reason"])
            for index, completion in enumerate(body["completions"])]


def chat(body):
    return [(choice["index"], choice["text"] if "text" in choice else choice["message"]["content"],
             choice.get("finish_reason")) for choice in body["choices"]]


class Family:
    """A function for bodies that have a member, and the names of all input and all output."""

    def __init__(self, member, pieces, counts):
        self.member, self.pieces, self.counts = member, pieces, counts

    def is_of(self, body):
        return self.member in body

    def seen(self, bodies):
        texts, reasons = {}, {}
        for body in filter(self.is_of, bodies):
            for index, text, reason in self.pieces(body):
                texts[index] = texts.get(index, "") + (text or "")
                if reason:
                    reasons[index] = reason
        counts = [self.count(bodies, names) for names in self.counts]
        return seen([texts[index] for index in sorted(texts)], [],
                    [reasons[index] for index in sorted(reasons)],
                    None if counts == [None, None] else counts)

    def count(self, bodies, names):
        """The last count of one of these names; the model's own goes before Bedrock's measure."""
        found = None
        for body in bodies:
            metrics = body.get("amazon-bedrock-invocationMetrics") or {}
            results = body.get("results") or [{}]
            # Cohere bills for fewer tokens than its model reads; Bedrock measures what is billed.
            cohere = body.get("response", {}).get("meta", {}).get("tokens") or {}
            for holder in (metrics, results[0], body.get("usage") or {}, body, cohere):
                for name in names:
                    found = holder[name] if holder.get(name) is not None else found
        return None if found is None else int(found)


MEASURED = ["inputTokenCount"], ["outputTokenCount"]

FAMILIES = [
    Family("results", titan, (["inputTextTokenCount"], ["tokenCount"])),
    Family("outputText", titan, (["inputTextTokenCount", *MEASURED[0]],
                                 ["totalOutputTextTokenCount", *MEASURED[1]])),
    Family("generation", llama, (["prompt_token_count", *MEASURED[0]],
                                 ["generation_token_count", *MEASURED[1]])),
    Family("outputs", mistral, MEASURED),
    Family("generations", command, MEASURED),
    Family("completion", claude_2, (["input_tokens", *MEASURED[0]],
                                    ["output_tokens", *MEASURED[1]])),
    Family("completions", jurassic, MEASURED),
    Family("choices", chat, (["prompt_tokens", *MEASURED[0]], ["completion_tokens", *MEASURED[1]])),
    Family("event_type", command_r, (["input_tokens", *MEASURED[0]],
                                     ["output_tokens", *MEASURED[1]])),
    Family("text", command_r, MEASURED),
]
