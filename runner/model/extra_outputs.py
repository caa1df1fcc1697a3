"""Files of a pool's outputs that its other workers have uploaded, as worker 0 lists them for its bootstrap."""

from __future__ import annotations

from collections.abc import Mapping

from ..dataclass import dataclass, field
from .data import Entry


@dataclass(frozen=True)
class ExtraOutputs:
    """The content of the file that the variable `workers.EXTRA` names: JSON, written by `document.to_document`.

    The program of worker 0 writes it before it ends, if there are such files. The bootstrap adds them to the manifests
    of the outputs. Each file lies in the output's datastore at ``<key of the output>/<path>``.
    """

    outputs: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    """The files by the name of the output: path relative to the output, size in bytes, and hex SHA-256."""
