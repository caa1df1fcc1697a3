"""Figures of the server for Prometheus. No label holds anything that a caller chooses."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
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
        self.open_calls = Gauge("runner_http_requests_open", "Calls that are being answered.", registry=self._registry)
        self.submissions = Counter("runner_submissions_total", "Runs submitted by REST.", registry=self._registry)
        self.schedule_runs = Counter(
            "runner_schedule_runs_total", "Runs submitted by schedules.", registry=self._registry
        )
        self.schedule_errors = Counter(
            "runner_schedule_errors_total", "Passes over the schedules that failed.", registry=self._registry
        )

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count a call.

        Args:
            operation: The id of the operation; empty: there is none at this path.
            status: The status of the answer.
            seconds: The time until it was complete.

        """
        self._calls.labels(operation or "none", str(status)).inc()
        self._seconds.labels(operation or "none").observe(seconds)

    def text(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        return generate_latest(self._registry)
