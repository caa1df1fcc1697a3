"""References in stored documents: ids of runs and digests, found as text (pure).

Text is read rather than fields: an id that stands anywhere in a document counts, also in one that another version of
runner wrote. What is found in excess is kept longer than needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...dataclass import dataclass
from ...model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ...model.names import RUNS_FOLDER

_RUN = rb"\d{8}t\d{9}z-[a-z2-7]{16}"
_ANY_RUN = re.compile(_RUN)
_STEP_RUN = re.compile(rb"(" + _RUN + rb")\.")
_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_PATH = re.compile(
    rb'(?:"datastore":\s*"(?P<store>[^"]*)",\s*)?"path":\s*"/*(?P<path>' + RUNS_FOLDER.encode() + rb'(?:/[^"]*)?)"'
)
_OWN = (b"", DEFAULT_DATASTORE.encode(), FILE_DATASTORE.encode())


@dataclass(frozen=True, kw_only=True)
class Mentions:
    """The references of some documents."""

    runs: frozenset[str] = frozenset()
    """Runs that are named, or whose steps are."""
    makers: frozenset[str] = frozenset()
    """Runs of which a step is named, as in the key of an output."""
    digests: frozenset[str] = frozenset()
    every_output: bool = False
    """A path covers the outputs of all runs: the folder of outputs itself, or a pattern over it."""
    elsewhere: bool = False
    """The same for a path in a datastore that is not the workspace's own."""

    def __or__(self, other: Mentions) -> Mentions:
        """Return the references of both."""
        return Mentions(
            runs=self.runs | other.runs,
            makers=self.makers | other.makers,
            digests=self.digests | other.digests,
            every_output=self.every_output or other.every_output,
            elsewhere=self.elsewhere or other.elsewhere,
        )


NOTHING = Mentions()


def in_document(data: bytes) -> Mentions:
    """Return the references of a document."""
    wide = [(found["store"] or b"") for found in _PATH.finditer(data) if _is_wide(found["path"])]
    return Mentions(
        runs=frozenset(found.decode() for found in _ANY_RUN.findall(data)),
        makers=frozenset(found.decode() for found in _STEP_RUN.findall(data)),
        digests=frozenset(found.decode() for found in _DIGEST.findall(data)),
        every_output=bool(wide),
        elsewhere=any(store not in _OWN for store in wide),
    )


def in_documents(documents: Iterable[bytes]) -> Mentions:
    """Return the references of several documents."""
    runs: set[str] = set()
    makers: set[str] = set()
    digests: set[str] = set()
    every = elsewhere = False
    for data in documents:
        found = in_document(data)
        runs |= found.runs
        makers |= found.makers
        digests |= found.digests
        every, elsewhere = every or found.every_output, elsewhere or found.elsewhere
    return Mentions(
        runs=frozenset(runs),
        makers=frozenset(makers),
        digests=frozenset(digests),
        every_output=every,
        elsewhere=elsewhere,
    )


def _is_wide(path: bytes) -> bool:
    return not _ANY_RUN.search(path) and b"{run-id}" not in path
