#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tells what of some JSON is not as the control API's description says.

usage: described.py OPENAPI SCHEMA [list] <JSON

SCHEMA is one of those in components; with "list" the JSON is an array of such. Knows of JSON Schema what the description uses, and refuses
what it does not describe. Prints the first fault and exits with 1, or nothing.
"""
import json
import sys

TYPES = {"null": type(None), "string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict}
KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "oneOf", "$ref", "description", "format", "minimum"}


def is_of(value, name):
    return isinstance(value, TYPES[name]) and not (name in ("integer", "number") and isinstance(value, bool))


def fault_of(value, schema, schemas, at):
    if unknown := set(schema) - KNOWN:
        return f"{at}: the description has {unknown}, which this does not know"
    if "$ref" in schema:
        return fault_of(value, schemas[schema["$ref"].rpartition("/")[2]], schemas, at)
    if "oneOf" in schema:
        faults = [fault_of(value, each, schemas, at) for each in schema["oneOf"]]
        return None if None in faults else faults[-1]
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_of(value, name) for name in types):
        return f"{at}: is {json.dumps(value)[:80]}, not of the type {' or '.join(types)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{at}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, dict):
        if missing := [name for name in schema.get("required", []) if name not in value]:
            return f"{at}: lacks {missing[0]}"
        for name, member in value.items():
            own = schema.get("properties", {}).get(name)
            if own is None and schema.get("additionalProperties", True) is False:
                return f"{at}: has an undescribed {name}"
            if own is not None and (fault := fault_of(member, own, schemas, f"{at}.{name}")):
                return fault
    if isinstance(value, list):
        for number, element in enumerate(value):
            if fault := fault_of(element, schema.get("items", {}), schemas, f"{at}[{number}]"):
                return fault
    return None


def main():
    with open(sys.argv[1], encoding="utf-8") as description:
        schemas = json.load(description)["components"]["schemas"]
    schema = {"$ref": sys.argv[2]}
    if sys.argv[3:] == ["list"]:
        schema = {"type": "array", "items": schema}
    sys.exit(fault_of(json.load(sys.stdin), schema, schemas, sys.argv[2]))


main()
