"""Validates events against their JSON Schema: validate_events.py SCHEMA EVENT...

Each event is a JSON file. Its members must all be in the schema, which allows others for later versions. As
in the fixtures, a member that would be null may be absent. Prints how many events are valid, or stops at
the first that is not.
"""

import json
import sys

import jsonschema_rs


def is_nullable(schema):
    kinds = [schema.get("type")] + [each.get("type") for each in schema.get("anyOf", [])]
    return "null" in kinds or any(isinstance(kind, list) and "null" in kind for kind in kinds)


def strict(schema):
    """The same without unknown members, and with nullable ones optional."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: strict(part) for name, part in schema.items()}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        required = schema.get("required", [])
        schema["required"] = [name for name in required if not is_nullable(properties[name])]
        # The rest of the metadata is the caller's.
        if list(properties) != ["audit_layer"]:
            schema["additionalProperties"] = False
    return schema


with open(sys.argv[1], encoding="utf-8") as file:
    validator = jsonschema_rs.validator_for(strict(json.load(file)))
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as file:
        event = json.load(file)
    for error in validator.iter_errors(event):
        sys.exit(f"{path}: {error.message} at {list(error.instance_path)}")
print(len(sys.argv) - 2)
