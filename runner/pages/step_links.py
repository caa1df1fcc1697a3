"""The addresses of the pages of a step (pure)."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from ..dataclass import dataclass


@dataclass(frozen=True)
class StepLinks:
    """Makes addresses of the pages of one step. The chosen attempt and worker stay chosen."""

    run: str
    key: str
    attempt: int = 0
    """The attempt that was chosen; 0: none, the newest one is shown."""
    worker: int = 0

    @property
    def base(self) -> str:
        """The path of all pages of the step."""
        return f"/runs/{quote(self.run, safe='')}/steps/{quote(self.key, safe='')}"

    def to(self, page: str = "", **query: object) -> str:
        """Return the address of a page.

        Args:
            page: ``log``, ``log.json``, ``metrics`` or ``environment``. Default: the overview.
            **query: More parameters; None and empty texts are left out.

        """
        path = f"{self.base}/{page}" if page else self.base
        return self._with(path, query)

    def files(self, place: str = "", **query: object) -> str:
        """Return the address of the page of a file or folder.

        Args:
            place: Its place in the tree of the step. Default: the start of the tree.
            **query: More parameters.

        """
        return self._with(f"{self.base}/files/{quote(place)}" if place else f"{self.base}/files", query)

    def raw(self, place: str, **query: object) -> str:
        """Return the address of the content of a file.

        Args:
            place: Its place in the tree of the step.
            **query: More parameters.

        """
        return self._with(f"{self.base}/raw/{quote(place)}", query)

    @property
    def whole_log(self) -> str:
        """The address of the whole log, as text."""
        return self._with(f"/api/v1{self.base}/logs", {})

    def of(self, attempt: int = 0, worker: int = 0) -> StepLinks:
        """Return the addresses for another attempt or worker.

        Args:
            attempt: The attempt. Default: 0, the newest one.
            worker: The worker. Default: 0.

        """
        return StepLinks(self.run, self.key, attempt, worker)

    def _with(self, path: str, query: dict[str, object]) -> str:
        chosen = {"attempt": self.attempt or None, "worker": self.worker or None, **query}
        given = {name: str(value) for name, value in chosen.items() if value not in (None, "")}
        return f"{path}?{urlencode(given)}" if given else path
