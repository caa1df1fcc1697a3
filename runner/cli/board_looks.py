"""Facts of a board that no journal entry tells: the output of running steps, mini-batches and the best trials."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from ..dataclass import dataclass, field
from ..errors import RunnerError
from ..model.batches import BatchProgress
from ..operations.batch_progress import with_progress
from ..operations.last_lines import LastLines
from ..operations.search_progress import Bests
from ..operations.values import RunView
from ..ports import FolderStore, ObjectStore
from .board import NO_FACTS, BoardFacts
from .output_line import output_line

_PAUSE = 2.0
"""Seconds between two looks into a bucket; each running step on the screen is a request or two."""
_FOLDER_PAUSE = 0.5


@dataclass(frozen=True)
class Looked:
    """The findings of the last look."""

    board: BoardFacts = NO_FACTS
    batches: Mapping[str, BatchProgress] = field(default_factory=dict)
    """By the keys of the steps."""


class BoardLooks:
    """Looks into the store again and again, from a thread, so that a slow store never holds a board up."""

    def __init__(self, store: ObjectStore) -> None:
        """Look at nothing yet.

        Args:
            store: The workspace store.

        """
        self._store = store
        self._lines, self._bests = LastLines(store=store), Bests(store)
        self._pause = _FOLDER_PAUSE if isinstance(store, FolderStore) else _PAUSE
        self._view: RunView | None = None
        self._keys: tuple[str, ...] = ()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._making: dict[tuple[str, str], datetime] = {}
        self.facts = Looked()

    def begin(self, view: RunView, keys: Iterable[str]) -> None:
        """Look at these steps of the run from now on; at those of an earlier call no more.

        Args:
            view: The run.
            keys: The steps that are on the screen.

        """
        self._view, self._keys = view, tuple(keys)
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name=f"looks-{view.state.run}", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Look no more. A look that is under way ends by itself."""
        self._ended.set()

    def _loop(self) -> None:
        while not self._ended.is_set():
            view, keys = self._view, self._keys
            try:
                if view is not None:
                    self.facts = self._look(view, keys)
            except RunnerError:  # the board tells of a store that is away; what was seen last stays
                pass
            self._ended.wait(self._pause)

    def _look(self, view: RunView, keys: tuple[str, ...]) -> Looked:
        outputs = {key: output_line(line) for key, line in self._lines.look(view, keys).items()}
        now = datetime.now(timezone.utc)
        self._making = {pair: self._making.get(pair, now) for pair in view.state.making}
        return Looked(
            BoardFacts(self._bests.look(view), outputs, self._making), with_progress(self._store, view).batches
        )
