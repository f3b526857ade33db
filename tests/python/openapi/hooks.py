"""What schemathesis has to know beyond the OpenAPI document to ask the collector.

The keys are real and of the least role that an operation wants, so that one that wants more fails.
"""

import json
import os

import requests
import schemathesis
from schemathesis import GenerationMode


def bearer(case, key):
    case.headers = case.headers or {}
    case.headers["Authorization"] = f"Bearer {os.environ[key]}"


@schemathesis.auth().apply_to(tag="recording")
class IngestKey:
    def get(self, case, context):
        return "INGEST_KEY"

    def set(self, case, data, context):
        bearer(case, data)


@schemathesis.auth().apply_to(tag="reading")
class ReadKey:
    def get(self, case, context):
        return "READ_KEY"

    def set(self, case, data, context):
        bearer(case, data)


@schemathesis.auth().apply_to(tag="auditing")
class AuditorKey:
    def get(self, case, context):
        return "AUDITOR_KEY"

    def set(self, case, data, context):
        bearer(case, data)


@schemathesis.auth().apply_to(name="GET /session")
class Session:
    def get(self, case, context):
        form = {"key": os.environ["READ_KEY"]}
        answer = requests.post(f"{os.environ['COLLECTOR']}/session", data=form, timeout=60)
        answer.raise_for_status()
        return answer.cookies["audit-session"]

    def set(self, case, data, context):
        case.cookies = case.cookies or {}
        case.cookies["audit-session"] = data


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """The document has the lines of a body as an array; what is none is sent as it is."""
    if not isinstance(value, list):
        return {"data": value if isinstance(value, bytes) else json.dumps(value).encode()}
    return {"data": b"".join(json.dumps(line).encode() + b"\n" for line in value)}


@schemathesis.deserializer("application/x-ndjson")
def array(context, response):
    return [json.loads(line) for line in response.text.split("\n") if line]


@schemathesis.hook
def map_case(context, case):
    """Makes a request good where JSON Schema cannot say what is: the document does so in words."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return case
    if case.query:
        case.query = good_query(case.query)
    if isinstance(case.body, dict):
        good = good_report if "report_type" in case.body else good_event
        case.body = good(case.body)
    if isinstance(case.body, list):
        case.body = [good_event(event) for event in case.body]
    return case


def good_query(query):
    # Only the collector makes cursors.
    query = dict(query)
    query.pop("cursor", None)
    if query.pop("after", None) and query.get("format", "json") == "json":
        query["after"] = "start"
    if "text" in query and not any(letter.isalnum() for letter in query["text"]):
        query["text"] += "a"
    if query.get("format", "json") == "json" and "limit" in query:
        query["limit"] = min(int(query["limit"]), 500)
    years = [int(query[name][:4]) for name in ("start_date", "end_date") if name in query]
    # Two years apart, so that no offset turns them around.
    if len(years) == 2 and years[0] + 1 >= years[1]:
        del query["end_date"]
    return query


def good_report(report):
    report = good_query(report)
    if report["report_type"] == "activity" and "end_date" not in report:
        report["start_date"], report["end_date"] = "2025-01-01", "2025-03-31"
    return report


def good_event(event):
    # To JSON Schema 1.0 is an integer.
    event = {name: int(value) if is_whole(value) else value for name, value in event.items()}
    # The keys reach all organizations, so that none of them gives an event its own.
    for name, request_id in (("organization_id", "request_id"), ("organizationId", "requestId")):
        if request_id in event and event.get(name) is None:
            event[name] = "org_456"
    return event


def is_whole(value):
    return isinstance(value, float) and value.is_integer()
