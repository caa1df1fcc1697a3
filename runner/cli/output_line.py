"""A line of a step's output in one row of a board (pure)."""

from __future__ import annotations

import re

from ..model.printable import escape, last_overwrite
from ..operations.staging_lines import TransferState, transfer_state
from .formatting import duration, size

_MOST = 400
"""Characters of a line that a row can need."""
_CODES = re.compile(r"\x1b\[[0-9;]*m")
"""Colours (ECMA-48, 8.3.117): a row has its own."""


def output_line(line: str) -> str:
    """Return a line of a step's output as one row shows it, without colours; one about transfers in words.

    Args:
        line: The line. It may hold anything.

    """
    state = transfer_state(line)
    if state is not None:
        return transfer_words(state)
    return escape(_CODES.sub("", last_overwrite(line[-_MOST:] if "\r" in line else line[:_MOST]))).strip()


def transfer_words(state: TransferState) -> str:
    """Return ``inputs: 1.2 GiB of 3.4 GiB, 80.0 MiB/s, 28.0 s left``.

    Args:
        state: The transfers.

    """
    text = f"{state.phase}: {size(state.bytes)} of {size(state.bytes_total)}"
    if state.over or state.left is None:
        return f"{text}, {state.files} of {state.files_total} files"
    return f"{text}, {size(round(state.rate))}/s, {duration(state.left)} left"
