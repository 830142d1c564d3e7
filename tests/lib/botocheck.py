#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds a journal against botocore's service models.

    botocheck.py JOURNAL…        prints what does not fit; exit code 1 if anything does not

Every request has to be of an operation that the model knows, with no member that it does not, all
that it requires, the right types, and values within patterns, lengths, ranges and enumerations.
"""
import functools
import json
import re
import sys

import botocore.session
from botocore.validate import ParamValidator

# Java's classes of characters, as near as Python's re comes to them.
CLASSES = [
    (r"\\p\{[LMN][a-z]?\}", r"\\w"),
    (r"\\p\{Z[a-z]?\}", r"\\s"),
    (r"\\p\{[SP][a-z]?\}", "!-/:-@"),
    (r"\\p\{Print\}", " -~"),
    (r"\\p\{ASCII\}", r"[\\x00-\\x7f]"),
    (r"\\z", r"\\Z"),
]
SCALARS = ("string", "integer", "long", "float", "double")


@functools.lru_cache(maxsize=None)
def model_of(service):
    return botocore.session.get_session().get_service_model(service)


@functools.lru_cache(maxsize=None)
def pattern_of(text):
    for java, python in CLASSES:
        text = re.sub(java, python, text)
    try:
        return re.compile(text)
    except re.error:
        return None  # two patterns of the models are not even Java's


def limits(shape, value, where):
    size = value if shape.type_name in ("integer", "long", "float", "double") else len(value)
    what = "value" if size is value else "length"
    if "min" in shape.metadata and size < shape.metadata["min"]:
        yield f"{where}: {what} {size} is below {shape.metadata['min']}"
    if "max" in shape.metadata and size > shape.metadata["max"]:
        yield f"{where}: {what} {size} is above {shape.metadata['max']}"


def string(shape, value, where):
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield f"{where}: {value!r} is none of {', '.join(allowed)}"
    pattern = pattern_of(shape.metadata.get("pattern", ""))
    if pattern and pattern.pattern and not pattern.fullmatch(value):
        yield f"{where}: {value!r} does not match {pattern.pattern}"


def walk(shape, value, where):
    if shape.type_name in SCALARS or shape.type_name in ("list", "map"):
        yield from limits(shape, value, where)
    if shape.type_name == "string":
        yield from string(shape, value, where)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in value:
                yield from walk(member, value[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            yield from walk(shape.member, item, f"{where}[{number}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from walk(shape.key, key, f"{where}.{key}")
            yield from walk(shape.value, item, f"{where}.{key}")


def check_entry(entry):
    """What does not fit in one entry, as sentences."""
    name = f"{entry.get('service')} {entry.get('operation')}"
    try:
        operation = model_of(entry["service"]).operation_model(entry["operation"])
    except Exception as error:  # pylint: disable=broad-except
        return [f"{name}: {error}"]
    given = dict(entry.get("input") or {})
    shape = operation.input_shape
    if shape is None:
        return [f"{name}: takes no input"] if given else []
    if "body" in entry and "Body" in shape.members:
        given["Body"] = b""
    report = ParamValidator().validate(given, shape)
    if report.has_errors():
        return [f"{name}: {report.generate_report()}"]
    return [f"{name}: {text}" for text in walk(shape, given, "input")]


def check_file(path):
    """What does not fit in a journal, and how many entries it has."""
    problems, count = [], 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            count += 1
            problems += check_entry(json.loads(line))
    return problems, count


def main():
    problems = [text for path in sys.argv[1:] for text in check_file(path)[0]]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
