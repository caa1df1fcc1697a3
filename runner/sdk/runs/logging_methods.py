"""The methods of `Run` that record metrics, tags and properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from .run_records import RunRecords, RunReports


class LoggingMethods:
    """The methods ``log`` and others; `RunRecords` does the work."""

    @cached_property
    def reports(self) -> RunReports:
        """The report lines of the run. Each kind of run has them in another place.

        Raises:
            NotImplementedError: The class is no kind of run.

        """
        raise NotImplementedError

    @cached_property
    def records(self) -> RunRecords:
        """The metrics, tags, properties and facts of the run."""
        return RunRecords(self.reports)

    def log(self, name: str, value: object, description: str = "", step: int | None = None) -> None:
        """Record one value of a metric. The same name again makes a list.

        Args:
            name: The metric's name.
            value: A number, text or truth value.
            description: Text for people. Default: empty.
            step: The position on the axis of steps. None: none.

        Raises:
            UserErrorException: The value is a list or a table.

        """
        self.records.scalar(name, value, description, step)

    def log_list(self, name: str, value: Iterable[object], description: str = "") -> None:
        """Record a list of values as a metric.

        Args:
            name: The metric's name.
            value: The values; a generator is possible.
            description: Text for people. Default: empty.

        Raises:
            UserErrorException: It is no list.

        """
        self.records.values(name, value, description)

    def log_row(self, name: str, description: str | None = None, **kwargs: object) -> None:
        """Record one row of a table. The same name again adds a row.

        Args:
            name: The metric's name.
            description: Text for people. None: none.
            **kwargs: The cells by column.

        """
        self.records.metric(name, kwargs, "row", description)

    def log_table(self, name: str, value: Mapping[str, object], description: str = "") -> None:
        """Record a table as a metric.

        Args:
            name: The metric's name.
            value: Lists of cells by column.
            description: Text for people. Default: empty.

        Raises:
            UserErrorException: It is no dict.

        """
        self.records.table(name, value, description)

    def log_confusion_matrix(self, name: str, value: object, description: str = "") -> None:
        """Record a confusion matrix.

        Args:
            name: The metric's name.
            value: v1's document, as a dict or as JSON.
            description: Text for people. Default: empty.

        Raises:
            UserErrorException: It is no such document.

        """
        self.records.document(name, value, "confusion_matrix", description)

    def log_accuracy_table(self, name: str, value: object, description: str = "") -> None:
        """Record an accuracy table.

        Args:
            name: The metric's name.
            value: v1's document, as a dict or as JSON.
            description: Text for people. Default: empty.

        Raises:
            UserErrorException: It is no such document.

        """
        self.records.document(name, value, "accuracy_table", description)

    def log_residuals(self, name: str, value: object, description: str = "") -> None:
        """Record residuals.

        Args:
            name: The metric's name.
            value: v1's document, as a dict or as JSON.
            description: Text for people. Default: empty.

        Raises:
            UserErrorException: It is no such document.

        """
        self.records.document(name, value, "residuals", description)

    def log_predictions(self, name: str, value: object, description: str = "") -> None:
        """Record predictions.

        Args:
            name: The metric's name.
            value: v1's document, as a dict or as JSON.
            description: Text for people. Default: empty.

        Raises:
            UserErrorException: It is no such document.

        """
        self.records.document(name, value, "predictions", description)

    def tag(self, key: str, value: object = None) -> None:
        """Add a tag, or replace the one of that key.

        Args:
            key: The key.
            value: The value. None: empty.

        """
        self.records.tag(key, "" if value is None else value)

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Add tags, or replace those of the same keys.

        Args:
            tags: The tags.

        """
        for key, value in tags.items():
            self.records.tag(key, str(value))

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove tags.

        Args:
            tags: A key, or several.

        """
        for key in [tags] if isinstance(tags, str) else tags:
            self.records.tag(key, None)

    @property
    def tags(self) -> dict[str, str]:
        """The tags."""
        return self.get_tags()

    @property
    def properties(self) -> dict[str, str]:
        """The properties."""
        return self.get_properties()

    def get_tags(self) -> dict[str, str]:
        """Return the tags."""
        return self.records.tags

    def get_properties(self) -> dict[str, str]:
        """Return the properties."""
        return self.records.properties

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties.

        Args:
            properties: The properties.

        Raises:
            UserErrorException: A property of that key exists: properties cannot be changed. None was added.

        """
        self.records.add_properties(properties, self.get_properties())

    def flush(self, timeout_seconds: int = 300) -> None:
        """Write reports that wait to be written.

        Args:
            timeout_seconds: Accepted as in v1 and ignored.

        """
        self.reports.flush()
