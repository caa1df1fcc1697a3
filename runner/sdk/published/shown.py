"""Published objects as text and as HTML of a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ...model.printable import escape as terminal_escape


def as_text(kind: str, rows: Mapping[str, str]) -> str:
    """Return v1's text of an object, with a line for each value.

    Args:
        kind: The word before the bracket.
        rows: The values by their names.

    """
    return f"{kind}({_joined(rows)})"


def _joined(rows: Mapping[str, str]) -> str:
    return ",\n".join(f"{name}: {terminal_escape(value)}" for name, value in rows.items())


def as_html(rows: Mapping[str, str]) -> str:
    """Return a table with a row for each value.

    Args:
        rows: The values by their names.

    """
    cells = (f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows.items())
    return f"<table>{''.join(cells)}</table>"
