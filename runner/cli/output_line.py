"""A line of a step's output in one row of a board (pure)."""

from __future__ import annotations

import re

from ..data.transfers.count import state_of
from ..model.printable import escape, last_overwrite

_MOST = 400
"""Characters of a line that a row can need."""
_CODES = re.compile(r"\x1b\[[0-9;]*m")
"""Colours (ECMA-48, 8.3.117): a row has its own."""


def output_line(line: str) -> str:
    """Return a line of a step's output as one row shows it, without colours; one about transfers in words.

    Args:
        line: The line. It may hold anything.

    """
    state = state_of(line)
    if state is not None:
        return state.words
    return escape(_CODES.sub("", last_overwrite(line[-_MOST:] if "\r" in line else line[:_MOST]))).strip()
