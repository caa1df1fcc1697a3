"""The part of a Run that records metrics, tags and properties, and knows them. Each kind of run says where to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from .exceptions import UserErrorException
from .reports import (
    FACTS,
    METRICS,
    PROPERTIES,
    TAGS,
    Line,
    checked_scalar,
    fold_properties,
    fold_tags,
    metric_line,
)


class Logging:
    """``run.log`` and its family."""

    def report(self, file: str, line: Mapping[str, object]) -> None:
        """Record one line. Raises where this run cannot be written to."""
        raise NotImplementedError

    def report_lines(self, file: str) -> Sequence[Line]:
        """What was reported of it so far."""
        return ()

    def metric(self, name: object, value: object, kind: str, description: str | None = "", **more: object) -> Line:
        """The line of one metric. Raises UserErrorException for a name that is none."""
        if not isinstance(name, str) or not name:
            raise UserErrorException(f"a metric's name is a text, not {name!r}")
        return metric_line(name, value, kind, description=description or None, **more)

    def log(self, name: str, value: object, description: str = "", step: int | None = None) -> None:
        """Record one value; the same name again makes a list. Raises UserErrorException for a list."""
        self.report(METRICS, self.metric(name, checked_scalar(name, value), "scalar", description, step=step))

    def log_list(self, name: str, value: Iterable[object], description: str = "") -> None:
        """Record a list of values; a generator is good. Raises UserErrorException for what is no list."""
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise UserErrorException(f"metric {name!r}: log_list takes a list, not a {type(value).__name__}")
        self.report(METRICS, self.metric(name, list(value), "list", description))

    def log_row(self, name: str, description: str | None = None, **kwargs: object) -> None:
        """Record one row; the same name again makes a table."""
        self.report(METRICS, self.metric(name, kwargs, "row", description))

    def log_table(self, name: str, value: Mapping[str, object], description: str = "") -> None:
        """Record a table: a mapping of columns to lists. Raises UserErrorException for what is no mapping."""
        if not isinstance(value, Mapping):
            raise UserErrorException(
                f"metric {name!r}: log_table takes a dict of columns, not a {type(value).__name__}"
            )
        self.report(METRICS, self.metric(name, dict(value), "table", description))

    def log_confusion_matrix(self, name: str, value: object, description: str = "") -> None:
        """Record a confusion matrix: v1's document, as a dict or as JSON."""
        self._document(name, value, "confusion_matrix", description)

    def log_accuracy_table(self, name: str, value: object, description: str = "") -> None:
        """Record an accuracy table: v1's document, as a dict or as JSON."""
        self._document(name, value, "accuracy_table", description)

    def log_residuals(self, name: str, value: object, description: str = "") -> None:
        """Record residuals: v1's document, as a dict or as JSON."""
        self._document(name, value, "residuals", description)

    def log_predictions(self, name: str, value: object, description: str = "") -> None:
        """Record predictions: v1's document, as a dict or as JSON."""
        self._document(name, value, "predictions", description)

    def _document(self, name: str, value: object, kind: str, description: str) -> None:
        try:
            document = json.loads(value) if isinstance(value, (str, bytes)) else value
        except ValueError as error:
            raise UserErrorException(f"metric {name!r}: the {kind} is no JSON: {error}", error) from error
        if not isinstance(document, Mapping):
            raise UserErrorException(f"metric {name!r}: a {kind} is a dict, not a {type(document).__name__}")
        self.report(METRICS, self.metric(name, dict(document), kind, description))

    def tag(self, key: str, value: object = None) -> None:
        """Set a tag; without a value it is a mark."""
        self.report(TAGS, {"key": str(key), "value": "" if value is None else str(value)})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags."""
        for key, value in tags.items():
            self.report(TAGS, {"key": str(key), "value": str(value)})

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove tags by key."""
        for key in [tags] if isinstance(tags, str) else tags:
            self.report(TAGS, {"key": str(key), "value": None})

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return self.get_tags()

    @property
    def properties(self) -> dict[str, str]:
        """Its properties."""
        return self.get_properties()

    @property
    def facts(self) -> dict[str, str]:
        """What was said of it beside tags and properties: its name, its snapshot."""
        return fold_tags(self.report_lines(FACTS))

    def state_fact(self, key: str, value: str) -> None:
        """Say one of the things that `facts` tells."""
        self.report(FACTS, {"key": key, "value": value})

    def get_tags(self) -> dict[str, str]:
        """Its tags."""
        return fold_tags(self.report_lines(TAGS))

    def get_properties(self) -> dict[str, str]:
        """Its properties."""
        return fold_properties(self.report_lines(PROPERTIES))

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Set properties. Raises UserErrorException for a key that is set already, before anything is set."""
        known = self.get_properties()
        taken = sorted(str(key) for key in properties if str(key) in known)
        if taken:
            raise UserErrorException(f"property {taken[0]!r} is set already: properties cannot be changed")
        self.record_properties(properties)

    def record_properties(self, properties: Mapping[str, object]) -> None:
        """Set properties; what is set stays."""
        for key, value in properties.items():
            self.report(PROPERTIES, {"key": str(key), "value": str(value)})

    def flush(self, timeout_seconds: int = 300) -> None:
        """Nothing to wait for where every line is written when it is logged."""
