"""The fields of a form that a page sends."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from ...errors import BadInput, Problem
from ..operation import Call
from ..problems import Refusal

MEDIA_TYPE = "application/x-www-form-urlencoded"
_MOST = 3000
"""The most fields."""


class Fields:
    """The fields of one form."""

    def __init__(self, given: Mapping[str, tuple[str, ...]]) -> None:
        """Remember the fields.

        Args:
            given: The values of each field by name.

        """
        self._given = given

    def text(self, name: str, default: str = "") -> str:
        """Return the last value of a field, without line ends of browsers.

        Args:
            name: The name of the field.
            default: What is returned if there is none. Default: empty.

        """
        found = self._given.get(name)
        return found[-1].replace("\r\n", "\n") if found else default

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of a field, in the order of the form.

        Args:
            name: The name of the field.

        """
        return self._given.get(name, ())

    def starting(self, prefix: str) -> dict[str, str]:
        """Return the fields whose names begin with a prefix, by the rest of their names.

        Args:
            prefix: The prefix.

        """
        return {name[len(prefix) :]: self.text(name) for name in self._given if name.startswith(prefix)}

    def needed(self, name: str) -> str:
        """Return a field that must have a value. Raise BadInput without one.

        Args:
            name: The name of the field.

        """
        found = self.text(name).strip()
        if not found:
            raise BadInput([Problem(f"the form lacks {name!r}", "", "fill it in, and send the form again")])
        return found


def fields(call: Call) -> Fields:
    """Return the fields of the form in the body of a call.

    Args:
        call: The call.

    Raises:
        Refusal: 415: the body is no form; 400: it cannot be read.

    """
    declared = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != MEDIA_TYPE:
        raise Refusal(415, "the body is no form", f"send it as {MEDIA_TYPE}")
    try:
        pairs = parse_qsl(call.body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError:
        raise Refusal(400, "the form cannot be read", "send it again from its page") from None
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return Fields(found)
