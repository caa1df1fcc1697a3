"""Figures of the server for Prometheus. No label holds anything that a caller chooses."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from .. import __version__
from ..errors import ObjectDamaged, StoreDenied, StoreError, StoreUnreachable

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STORE_ERRORS = ((StoreUnreachable, "unreachable"), (StoreDenied, "denied"), (ObjectDamaged, "damaged"))
"""Kinds of errors of the store; any other one is ``other``."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The figures of one server process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "runner_http_requests_total",
            "Calls by operation and status.",
            ("operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "runner_http_request_seconds",
            "Time until an answer is complete.",
            ("operation",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._first = Histogram(
            "runner_http_first_byte_seconds",
            "Time until an answer begins.",
            ("operation",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._bytes = Counter(
            "runner_http_response_bytes_total", "Bytes of answers.", ("operation",), registry=self._registry
        )
        self.open_streams = Gauge(
            "runner_http_streams_open", "Answers that are sent in parts: logs and files.", registry=self._registry
        )
        self._store_errors = Counter(
            "runner_store_errors_total", "Calls that failed at the store.", ("kind",), registry=self._registry
        )
        for _, kind in _STORE_ERRORS:
            self._store_errors.labels(kind)
        self.store_reachable = Gauge(
            "runner_store_reachable", "1: the last readiness check reached the store.", registry=self._registry
        )
        Info("runner_build", "The server.", registry=self._registry).info({"version": __version__})
        ProcessCollector(registry=self._registry)
        self.open_calls = Gauge("runner_http_requests_open", "Calls that are being answered.", registry=self._registry)
        self.submissions = Counter(
            "runner_submissions_total", "Runs submitted by REST and pages, retries included.", registry=self._registry
        )
        self.schedule_runs = Counter(
            "runner_schedule_runs_total", "Runs submitted by schedules.", registry=self._registry
        )
        self.schedule_errors = Counter(
            "runner_schedule_errors_total", "Passes over the schedules that failed.", registry=self._registry
        )

    def answered(self, operation: str, status: int, seconds: float, *, first: float | None, size: int) -> None:
        """Count a call.

        Args:
            operation: The id of the operation; empty: there is none at this path.
            status: The status of the answer.
            seconds: The time until it was complete.
            first: The time until it began, in seconds; None: it did not.
            size: The bytes of its body.

        """
        name = operation or "none"
        self._calls.labels(name, str(status)).inc()
        self._seconds.labels(name).observe(seconds)
        self._bytes.labels(name).inc(size)
        if first is not None:
            self._first.labels(name).observe(first)

    def store_failed(self, error: StoreError) -> None:
        """Count an error of the store.

        Args:
            error: The error.

        """
        kind = next((name for shape, name in _STORE_ERRORS if isinstance(error, shape)), "other")
        self._store_errors.labels(kind).inc()

    def text(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        return generate_latest(self._registry)
