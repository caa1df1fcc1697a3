"""The progress of a pull or push over all layers of an image, from the engine's messages about each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ..data.transfers.count import FIRST, TransferState

_PACE = 5.0
"""Seconds between two lines."""
_MOVING = {"Downloading": "pulled", "Pushing": "pushed"}


class LayerProgress:
    """Adds up the layers of which the engine reports bytes; those that are there already have none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin.

        Args:
            clock: Returns seconds.

        """
        self._clock = clock
        self._begun: float | None = None
        self._told: float | None = None
        self._layers: dict[str, tuple[int, int]] = {}

    def line(self, answer: Mapping[str, object]) -> str:
        """Return a line about all layers if one is due; else empty.

        Args:
            answer: One message of the engine's progress stream.

        """
        status, detail, layer = answer.get("status"), answer.get("progressDetail"), answer.get("id")
        verb = _MOVING.get(str(status))
        if verb is None or not isinstance(layer, str) or not isinstance(detail, Mapping):
            return ""
        current, total = detail.get("current"), detail.get("total")
        if not isinstance(current, int) or not isinstance(total, int):
            return ""
        now = self._clock()
        self._begun = now if self._begun is None else self._begun
        self._layers[layer] = (min(current, total), total)
        if now < (self._begun + FIRST if self._told is None else self._told + _PACE):
            return ""
        self._told = now
        return self._state(verb, now - self._begun).words

    def _state(self, verb: str, seconds: float) -> TransferState:
        moved = sum(current for current, _ in self._layers.values())
        whole = sum(total for _, total in self._layers.values())
        over = sum(current >= total for current, total in self._layers.values())
        return TransferState(
            phase=f"layers {verb}",
            files=over,
            files_total=len(self._layers),
            bytes=moved,
            bytes_total=whole,
            seconds=seconds,
        )
