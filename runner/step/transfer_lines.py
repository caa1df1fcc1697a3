"""Lines in a step's log about transfers that take long: one JSON object per line.

Transfers that end within `count.FIRST` seconds write nothing.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..data.transfers import wire
from ..data.transfers.count import TransferCount, TransferState
from ..errors import RunnerError

TICK = 1.0
"""Seconds between two looks at the clock."""
_PATIENCE = 5.0
"""Seconds to wait for a line that is on its way to the store."""


@contextmanager
def reported(phase: str, add: Callable[[str], None]) -> Iterator[TransferCount]:
    """Write lines about the transfers of the block, in a thread, so that a slow store for logs never delays them.

    Args:
        phase: ``inputs`` or ``outputs``.
        add: Adds a line to the log. What it raises of the store's failures is shown in the container's log alone.

    Yields:
        What the transfers have to tell.

    """
    count, over = TransferCount(phase=phase), threading.Event()

    def tell() -> None:
        while not over.wait(TICK):
            _write(count.due(), add)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        with wire.heard(count.carried, incoming=phase == "inputs"):
            yield count
    finally:
        over.set()
    thread.join(_PATIENCE)
    if not thread.is_alive():  # else the store for logs is away
        _write(count.last(), add)


def _write(state: TransferState | None, add: Callable[[str], None]) -> None:
    if state is None:
        return
    try:
        add(state.line)
    except (RunnerError, OSError) as error:
        print(f"runner: a line about transfers waits for the store: {error}", file=sys.stderr)
