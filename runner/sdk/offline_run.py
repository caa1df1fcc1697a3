"""The offline run: what a script gets from ``Run.get_context()`` when no step runs it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from ..override import override
from .reports import METRICS, PROPERTIES, TAGS, fold_metrics, fold_properties, fold_tags
from .run import Run


class _OfflineRun(Run):
    """Prints what it would record. Scripts test for this class, under v1's name."""

    def __init__(self) -> None:
        super().__init__(None, f"OfflineRun_{uuid.uuid4()}")
        self._lines: dict[str, list[dict[str, object]]] = {METRICS: [], TAGS: [], PROPERTIES: []}

    @override
    def report(self, file: str, line: Mapping[str, object]) -> None:
        """Print it, and keep it for `get_metrics` and the like."""
        self._lines[file].append(dict(line))
        name = line.get("name", line.get("key"))
        print(f"Attempted to log {file.removesuffix('.jsonl').rstrip('s')} {name}: {line.get('value')}")

    @override
    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: object = None, populate: bool = False
    ) -> dict[str, object]:
        """What was logged in this process."""
        metrics = fold_metrics(self._lines[METRICS])
        return metrics if name is None else {key: value for key, value in metrics.items() if key == name}

    @override
    def get_tags(self) -> dict[str, str]:
        """What was tagged in this process."""
        return fold_tags(self._lines[TAGS])

    @override
    def get_properties(self) -> dict[str, str]:
        """What was set in this process."""
        return fold_properties(self._lines[PROPERTIES])

    def log_image(self, name: str, path: str | None = None, plot: object = None, description: str = "") -> None:
        """Print that there was an image."""
        self.report(METRICS, {"name": name, "value": path or "plot", "kind": "image"})

    def upload_file(self, name: str, path_or_stream: object, datastore_name: str | None = None) -> None:
        """Copy the file to `name` below the current folder, unless it is that file."""
        source, target = Path(str(path_or_stream)), Path(name)
        if source.is_file() and source.absolute() != target.absolute():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
