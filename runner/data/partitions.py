"""``partition_format``: columns out of files' paths (pure).

``{name}`` is text up to the next slash; ``{name:yyyy/MM/dd}`` is a time in .NET's letters, as v1 has it.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from ..errors import BadInput

_FIELD = re.compile(r"\{(\w+)(?::([^}]+))?\}")
_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_DIGITS = {"yyyy": r"\d{4}", **dict.fromkeys(("MM", "dd", "HH", "mm", "ss"), r"\d{2}")}
_LETTER = re.compile("|".join(_LETTERS))


def partition_values(form: object, path: str) -> dict[str, str | datetime]:
    """Return the columns that `path` (``/a/b/file.csv``) gives by the format; none if there is no format.

    The format describes the end of the path. Raises BadInput for a path that does not fit.
    """
    if not form:
        return {}
    rule, fields = _rule(str(form))
    found = rule.search(path)
    if found is None:
        raise BadInput(f"{path} does not fit partition_format {form!r}", remedy="correct the format or the path's glob")
    try:
        return {name: _value(found[name], letters) for name, letters in fields.items()}
    except ValueError as error:
        raise BadInput(f"{path} does not fit partition_format {form!r}: {error}") from error


def partition_columns(form: object) -> list[str]:
    """Return the columns that a format makes."""
    return [name for name, _letters in _FIELD.findall(str(form or ""))]


def _value(text: str, letters: str) -> str | datetime:
    if not letters:
        return text
    form = _LETTER.sub(lambda found: _LETTERS[found[0]], letters)
    return datetime.strptime(text, form)  # noqa: DTZ007 - a path says no time zone, as in v1


@lru_cache(maxsize=16)
def _rule(form: str) -> tuple[re.Pattern[str], dict[str, str]]:
    out, end = "", 0
    for found in _FIELD.finditer(form):
        out += _literal(form[end : found.start()]) + _group(found[1], found[2] or "")
        end = found.end()
    fields: dict[str, str] = dict(_FIELD.findall(form))
    return re.compile(f"{out}{_literal(form[end:])}$"), fields


def _literal(text: str) -> str:
    return re.escape(text).replace(r"\*", "[^/]*")


def _group(name: str, letters: str) -> str:
    if not letters:
        return f"(?P<{name}>[^/]+)"
    out, end = "", 0
    for found in _LETTER.finditer(letters):
        out += re.escape(letters[end : found.start()]) + _DIGITS[found[0]]
        end = found.end()
    return f"(?P<{name}>{out}{re.escape(letters[end:])})"
