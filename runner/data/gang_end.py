"""The words of a gang about its failure, which its program leaves in the step folder for those who record its end."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from ..dataclass import dataclass

_FILE = "gang-end.json"


@dataclass(frozen=True)
class GangEnd:
    """The failure of a gang."""

    reason: str
    """Words for people, which name the rank."""
    lost: bool = False
    """True: another worker was lost, which is no fault of the script."""
    lines: tuple[str, ...] = ()
    """The last lines of the process that failed, without those of the others."""

    def tail(self, log: str) -> str:
        """Return the lines that the attempt record shows.

        Args:
            log: The end of the log, which has lines of all processes; it is for failures without lines of their own.

        """
        return "\n".join(self.lines) or log


def write_gang_end(folder: Path, end: GangEnd) -> None:
    """Leave the words in a step folder. Raises OSError.

    Args:
        folder: The step folder.
        end: The words.

    """
    document = {"reason": end.reason, "lost": end.lost, "lines": list(end.lines)}
    (folder / _FILE).write_text(json.dumps(document), encoding="utf-8")


def gang_end(folder: Path) -> GangEnd | None:
    """Return the words in a step folder; None: there are none, or a script has written something else there.

    Args:
        folder: The step folder.

    """
    with suppress(OSError, ValueError, KeyError, TypeError):
        document = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return GangEnd(str(document["reason"]), document["lost"] is True, tuple(map(str, document["lines"])))
    return None
