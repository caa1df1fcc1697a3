"""The metrics, tags, properties and facts of a run, written as report lines and read back from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from ..base.exceptions import UserErrorException
from .reports import (
    FACTS,
    METRICS,
    PROPERTIES,
    TAGS,
    Line,
    checked_scalar,
    fold_metrics,
    fold_properties,
    fold_tags,
    metric_line,
)


class RunReports(Protocol):
    """The report lines of a run, by file (see `reports`). Each kind of run has them in another place."""

    def append(self, file: str, line: Mapping[str, object]) -> None:
        """Add one line.

        Args:
            file: The report file.
            line: The line.

        Raises:
            StoreError: The store fails.

        """

    def lines(self, file: str) -> Sequence[Line]:
        """Return all lines so far, in the order of writing.

        Args:
            file: The report file.

        Raises:
            StoreError: The store fails.

        """

    def flush(self) -> None:
        """Write lines that wait to be written.

        Raises:
            StoreError: The store fails.

        """


class JoinedReports:
    """Lines from another place, followed by a run's own, to which new ones are added.

    Args:
        earlier: A function that returns the lines of the other place.
        own: The run's own lines.

    """

    def __init__(self, earlier: Lines, own: RunReports) -> None:
        self._earlier = earlier
        self._own = own

    def append(self, file: str, line: Mapping[str, object]) -> None:
        """Add one line to the own ones.

        Args:
            file: The report file.
            line: The line.

        Raises:
            StoreError: The store fails.

        """
        self._own.append(file, line)

    def lines(self, file: str) -> Sequence[Line]:
        """Return all lines so far, the own ones last.

        Args:
            file: The report file.

        Raises:
            StoreError: The store fails.

        """
        return [*self._earlier(file), *self._own.lines(file)]

    def flush(self) -> None:
        """Write the own lines that wait. Raises StoreError."""
        self._own.flush()


class NoticedTags:
    """Reports of a run whose tags are shown in lists of runs, which are told of each change.

    Args:
        own: The reports.
        tell: Tells the lists. It raises StoreError.

    """

    def __init__(self, own: RunReports, tell: Callable[[], None]) -> None:
        self._own = own
        self._tell = tell

    def append(self, file: str, line: Mapping[str, object]) -> None:
        """Add one line. Tell of a tag before and after: a list that looks between them looks again.

        Args:
            file: The report file.
            line: The line.

        Raises:
            StoreError: The store fails.

        """
        if file == TAGS:
            self._tell()
        self._own.append(file, line)
        if file == TAGS:
            self._tell()

    def lines(self, file: str) -> Sequence[Line]:
        """Return all lines so far.

        Args:
            file: The report file.

        Raises:
            StoreError: The store fails.

        """
        return self._own.lines(file)

    def flush(self) -> None:
        """Write the lines that wait. Raises StoreError."""
        self._own.flush()


class Lines(Protocol):
    """A function that returns the lines of one report file."""

    def __call__(self, file: str, /) -> Sequence[Line]:
        """Return the lines so far."""


class RunRecords:
    """Metrics, tags, properties and facts, read from and written to a run's report lines.

    Args:
        reports: The report lines.

    """

    def __init__(self, reports: RunReports) -> None:
        self._reports = reports

    def metric(self, name: object, value: object, kind: str, description: str | None = "", **more: object) -> None:
        """Record one metric.

        Args:
            name: The metric's name.
            value: Its value.
            kind: ``scalar``, ``list``, ``row``, ``table`` and others.
            description: Text for people. Default: empty.
            **more: More fields of the line.

        Raises:
            UserErrorException: The name is empty or no text.

        """
        if not isinstance(name, str) or not name:
            raise UserErrorException(f"a metric's name is a text, not {name!r}")
        self._reports.append(METRICS, metric_line(name, value, kind, description=description or None, **more))

    def scalar(self, name: str, value: object, description: str, step: int | None) -> None:
        """Record one value.

        Args:
            name: The metric's name.
            value: The value.
            description: Text for people.
            step: The position on the axis of steps. None: none.

        Raises:
            UserErrorException: The value is a list or a table.

        """
        self.metric(name, checked_scalar(name, value), "scalar", description, step=step)

    def values(self, name: str, value: Iterable[object], description: str) -> None:
        """Record a list of values.

        Args:
            name: The metric's name.
            value: The values.
            description: Text for people.

        Raises:
            UserErrorException: It is no list of values.

        """
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise UserErrorException(f"metric {name!r}: log_list takes a list, not a {type(value).__name__}")
        self.metric(name, list(value), "list", description)

    def table(self, name: str, value: Mapping[str, object], description: str) -> None:
        """Record a table.

        Args:
            name: The metric's name.
            value: Lists of cells by column.
            description: Text for people.

        Raises:
            UserErrorException: It is no mapping.

        """
        if not isinstance(value, Mapping):
            raise UserErrorException(
                f"metric {name!r}: log_table takes a dict of columns, not a {type(value).__name__}"
            )
        self.metric(name, dict(value), "table", description)

    def document(self, name: str, value: object, kind: str, description: str) -> None:
        """Record one of v1's documents.

        Args:
            name: The metric's name.
            value: The document, as a dict or as JSON.
            kind: The kind of document.
            description: Text for people.

        Raises:
            UserErrorException: It is neither.

        """
        try:
            document = json.loads(value) if isinstance(value, (str, bytes)) else value
        except ValueError as error:
            raise UserErrorException(f"metric {name!r}: the {kind} is no JSON: {error}", error) from error
        if not isinstance(document, Mapping):
            raise UserErrorException(f"metric {name!r}: a {kind} is a dict, not a {type(document).__name__}")
        self.metric(name, dict(document), kind, description)

    def metrics(self, name: str | None = None) -> dict[str, object]:
        """Return the metrics by name.

        Args:
            name: Only this one. None: all.

        """
        return fold_metrics(line for line in self._reports.lines(METRICS) if name in (None, line["name"]))

    @property
    def tags(self) -> dict[str, str]:
        """The tags now."""
        return fold_tags(self._reports.lines(TAGS))

    def tag(self, key: object, value: object) -> None:
        """Add a tag, or replace the one of that key.

        Args:
            key: The key.
            value: The value. None: remove the tag.

        """
        self._reports.append(TAGS, {"key": str(key), "value": None if value is None else str(value)})

    @property
    def properties(self) -> dict[str, str]:
        """The properties that were set."""
        return fold_properties(self._reports.lines(PROPERTIES))

    def add_properties(self, properties: Mapping[str, object], known: Mapping[str, str]) -> None:
        """Add properties.

        Args:
            properties: The properties.
            known: The properties that exist.

        Raises:
            UserErrorException: A property of that key exists. None was added.

        """
        taken = sorted(str(key) for key in properties if str(key) in known)
        if taken:
            raise UserErrorException(f"property {taken[0]!r} is set already: properties cannot be changed")
        for key, value in properties.items():
            self._reports.append(PROPERTIES, {"key": str(key), "value": str(value)})

    @property
    def facts(self) -> dict[str, str]:
        """Other facts of the run, such as its display name and its snapshot."""
        return fold_tags(self._reports.lines(FACTS))

    def set_fact(self, key: str, value: str) -> None:
        """Record a fact.

        Args:
            key: The key.
            value: The value.

        """
        self._reports.append(FACTS, {"key": key, "value": value})
