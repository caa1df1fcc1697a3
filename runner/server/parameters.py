"""The parameters of a call, read as their schemas state (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from ..errors import Problem
from ..model.reading import unknown
from .operation import Parameter, Schema, Value
from .problems import Refusal, refused

FILE_NAME = "file-name"
"""The ``format`` of texts that name files: they may hold any character but NUL."""


def path_values(known: Iterable[Parameter], given: Mapping[str, object]) -> dict[str, Value]:
    """Return the parameters of a path. Raise Refusal (404) for a value that names nothing."""
    values: dict[str, Value] = {}
    for parameter in known:
        if parameter.in_path:
            try:
                values[parameter.name] = _value(parameter.schema, str(given[parameter.name]))
            except ValueError as error:
                raise Refusal(404, f"{parameter.name!r} in the path {error}", "correct the address") from None
    return values


def query_values(known: Iterable[Parameter], given: Iterable[tuple[str, str]]) -> dict[str, Value]:
    """Return the parameters of a query. Raise Refusal (400) with all problems."""
    by_name = {parameter.name: parameter for parameter in known if not parameter.in_path}
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for name, text in given:
        where = f"query parameter {name[:80]!r}"
        parameter = by_name.get(name)
        if parameter is None:
            what, remedy = unknown("query parameter", name[:80], by_name)
            problems.append(Problem(what, where, remedy))
        elif name in values and not parameter.several:
            problems.append(Problem("it is given twice", where, "keep one of them"))
        else:
            try:
                value = _value(parameter.schema, text)
                values[name] = f"{values[name]},{value}" if name in values else value
            except ValueError as error:
                problems.append(Problem(f"the value {error}", where, "correct it"))
    named = {problem.where for problem in problems}
    for name, parameter in by_name.items():
        where = f"query parameter {name!r}"
        if parameter.required and name not in values and where not in named:
            problems.append(Problem("it is missing", where, f"add {name}=…"))
    if problems:
        raise refused(problems)
    return values


def _value(schema: Schema, text: str) -> Value:
    """Return the value of a text. Raise ValueError with the end of the sentence "the value …"."""
    return _READERS[str(schema.get("type", "string"))](schema, text)


def _text(schema: Schema, text: str) -> str:
    if not int(cast("int", schema.get("minLength", 0))) <= len(text) <= int(cast("int", schema.get("maxLength", 4096))):
        raise ValueError("is empty" if not text else "is too long")
    if "\0" in text or not (text.isprintable() or schema.get("format") == FILE_NAME):
        raise ValueError("holds a character that cannot be printed")
    choices = cast("Iterable[str] | None", schema.get("enum"))
    if choices is not None and text not in choices:
        raise ValueError(f"is none of {', '.join(choices)}")
    pattern = schema.get("pattern")
    if pattern is not None and not re.search(str(pattern), text):
        raise ValueError(f"does not have the form {pattern}")
    return text


def _integer(schema: Schema, text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError("is no whole number")
    number = int(text)
    least, most = cast("int", schema.get("minimum", number)), cast("int", schema.get("maximum", number))
    if not least <= number <= most:
        raise ValueError(f"is not from {least} to {most}" if "maximum" in schema else f"is less than {least}")
    return number


def _boolean(_schema: Schema, text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("is neither true nor false")
    return text == "true"


_READERS: Mapping[str, Callable[[Schema, str], Value]] = {"string": _text, "integer": _integer, "boolean": _boolean}
