"""The threads of a target of local processes, made when they are first needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor

_EACH = 4


class Threads:
    """Two pools, so that no end of a step waits for a copy."""

    @cached_property
    def workers(self) -> Executor:
        """Threads for work that no step should wait for: the ends of other attempts, deletions."""
        from concurrent.futures import ThreadPoolExecutor  # slow to load: whoever only asks for problems needs none

        return ThreadPoolExecutor(_EACH)

    @cached_property
    def stagers(self) -> Executor:
        """Threads that bring inputs when that takes long."""
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(_EACH)

    def close(self) -> None:
        """End all threads: those that bring inputs without waiting for them."""
        if "stagers" in vars(self):
            self.stagers.shutdown(wait=False, cancel_futures=True)
        self.workers.shutdown()
