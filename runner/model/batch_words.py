"""The progress and the failures of a pool in words (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from .batches import BatchError, BatchProgress

_MINUTE, _HOUR = 60, 3600


def progress_words(progress: BatchProgress) -> str:
    """Return the progress in one line: ``batches 300/1,000 done, 2 failed, 35 items/s, 20 s left``.

    Args:
        progress: The progress.
    """
    parts = [f"batches {progress.done:,}/{progress.total:,} done"]
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if progress.failed_items and progress.done == progress.total:
        parts.append(f"{progress.failed_items:,} of {progress.items:,} items failed")
    if progress.carried:
        parts.append(f"{progress.carried:,} carried over")
    if progress.done < progress.total:
        if progress.rate:
            parts.append(f"{_number(progress.rate)} items/s")
        if progress.seconds_left is not None:
            parts.append(f"{_time(progress.seconds_left)} left")
    return ", ".join(parts)


def error_words(error: BatchError) -> str:
    """Return one line about a failed batch: which, where, and why.

    Args:
        error: The failure.
    """
    return f"batch {error.number} ({error.label}), worker {error.worker}, {error.process}: {error.reason}"


def failure_lines(why: str, errors: list[BatchError], place: str) -> Iterator[str]:
    """Yield the last lines of a step that has failed. They end like a traceback, so that the last one is its reason.

    Args:
        why: The reason.
        errors: The failures of batches that are known.
        place: The folder with all errors.
    """
    first = min(errors, key=lambda error: error.number, default=None)
    if first is not None:
        for line in first.detail.splitlines():
            yield f"  {line}"
        yield f"  the first of {len(errors):,} known failures: {error_words(first)}"
    yield f"  all errors of run() with their tracebacks: {place} among the run's files"
    reason = f"; first: {error_words(first)}" if first is not None else ""
    yield f"ParallelRunFailed: {why}{reason}".replace("\n", " ")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _time(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"
