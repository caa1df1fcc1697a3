"""``partition_format``: columns out of files' paths (pure).

``{name}`` is text up to the next slash; ``{name:yyyy/MM/dd}`` is a time in .NET's letters, as v1 has it.
"""

from __future__ import annotations

import re
from datetime import datetime

from .exceptions import UserErrorException

_FIELD = re.compile(r"\{(\w+)(?::([^}]+))?\}")
_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_DIGITS = {"yyyy": r"\d{4}", **dict.fromkeys(("MM", "dd", "HH", "mm", "ss"), r"\d{2}")}
_LETTER = re.compile("|".join(_LETTERS))


def partition_values(form: object, path: str) -> dict[str, str | datetime]:
    """The columns that `path` (``/a/b/file.csv``) gives by the format; none when there is no format.

    Raises UserErrorException for a path that does not fit.
    """
    if not form:
        return {}
    fields: dict[str, str] = dict(_FIELD.findall(str(form)))
    found = _rule(str(form)).search(path)
    if found is None:
        raise UserErrorException(f"{path} does not fit partition_format {form!r}")
    return {name: _value(found[name], letters) for name, letters in fields.items()}


def partition_columns(form: object) -> list[str]:
    """The columns a format makes."""
    return [name for name, _letters in _FIELD.findall(str(form or ""))]


def _value(text: str, letters: str) -> str | datetime:
    if not letters:
        return text
    form = _LETTER.sub(lambda found: _LETTERS[found[0]], letters)
    return datetime.strptime(text, form)  # noqa: DTZ007 - a path says no time zone, as in v1


def _rule(form: str) -> re.Pattern[str]:
    out, end = "", 0
    for found in _FIELD.finditer(form):
        out += _literal(form[end : found.start()]) + _group(found[1], found[2] or "")
        end = found.end()
    return re.compile(f"{out}{_literal(form[end:])}$")


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
