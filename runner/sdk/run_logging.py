"""The part of a Run that records: metrics, tags, properties. Each kind of run says where to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .reports import METRICS, PROPERTIES, TAGS, checked_scalar, metric_line


class Logging:
    """``run.log`` and its family."""

    def report(self, file: str, line: Mapping[str, object]) -> None:
        """Record one line. Raises where this run cannot be written to."""
        raise NotImplementedError

    def log(self, name: str, value: object, description: str = "", step: int | None = None) -> None:
        """Record one value; the same name again makes a list. Raises UserErrorException for a list."""
        self.report(METRICS, metric_line(name, checked_scalar(name, value), "scalar", step=step))

    def log_list(self, name: str, value: Iterable[object], description: str = "") -> None:
        """Record a list of values; a generator is good."""
        self.report(METRICS, metric_line(name, list(value), "list"))

    def log_row(self, name: str, description: str | None = None, **kwargs: object) -> None:
        """Record one row; the same name again makes a table."""
        self.report(METRICS, metric_line(name, kwargs, "row"))

    def log_table(self, name: str, value: Mapping[str, object], description: str = "") -> None:
        """Record a table: a mapping of columns to lists."""
        self.report(METRICS, metric_line(name, dict(value), "table"))

    def log_confusion_matrix(self, name: str, value: object, description: str = "") -> None:
        """Record a confusion matrix, as v1 writes it."""
        self.report(METRICS, metric_line(name, value, "confusion_matrix"))

    def log_accuracy_table(self, name: str, value: object, description: str = "") -> None:
        """Record an accuracy table, as v1 writes it."""
        self.report(METRICS, metric_line(name, value, "accuracy_table"))

    def log_residuals(self, name: str, value: object, description: str = "") -> None:
        """Record residuals, as v1 writes them."""
        self.report(METRICS, metric_line(name, value, "residuals"))

    def log_predictions(self, name: str, value: object, description: str = "") -> None:
        """Record predictions, as v1 writes them."""
        self.report(METRICS, metric_line(name, value, "predictions"))

    def tag(self, key: str, value: str | None = None) -> None:
        """Set a tag; without a value it is a mark."""
        self.report(TAGS, {"key": key, "value": "" if value is None else str(value)})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags."""
        for key, value in tags.items():
            self.report(TAGS, {"key": key, "value": str(value)})

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove tags by key."""
        for key in [tags] if isinstance(tags, str) else tags:
            self.report(TAGS, {"key": key, "value": None})

    def record_properties(self, properties: Mapping[str, object]) -> None:
        """Set properties; what is set stays."""
        for key, value in properties.items():
            self.report(PROPERTIES, {"key": key, "value": str(value)})

    def flush(self, timeout_seconds: int = 300) -> None:
        """Nothing to wait for: every line is written when it is logged."""
