"""What a vendor's package makes of recorded answers, one JSON line for each.

usage: replayed_VENDOR.py BASE_URL CASES
CASES is a file with a JSON list of {"number", "kind", "stream"}: which recording the server is to
answer with, which of the vendor's interfaces reads it, and whether as a stream.

A line has the texts and the reasons for the end of every choice, the calls of tools as
[id, name, arguments] with the arguments as a value, and all input and all output tokens; or it says
that the package raised an error.
"""

import json
import sys

HEADER = "x-replay"


def seen(texts, tool_calls, finish_reasons, usage, error=False):
    return {"texts": texts, "tool_calls": tool_calls, "finish_reasons": finish_reasons,
            "usage": usage, "error": error}


def value(arguments):
    """Arguments that are no JSON, as models err too, are compared as the text that they are."""
    try:
        return json.loads(arguments) if arguments else {}
    except ValueError:
        return arguments


def main(readers, errors):
    """Reads each case with the reader of its kind; `errors` are what the package raises."""
    with open(sys.argv[2], encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        try:
            read = readers[case["kind"], case["stream"]](str(case["number"]))
        except errors as error:
            read = {**seen([], [], [], None, error=True), "message": str(error)}
        except Exception as error:
            # Not an error that the answer reports: the package cannot read it.
            read = {**seen([], [], [], None), "unreadable": f"{type(error).__name__}: {error}"}
        print(json.dumps({"number": case["number"], **read}))
