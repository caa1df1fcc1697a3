"""No document is written that its own reader refuses, whatever values the constructors let through."""

from __future__ import annotations

import dataclasses
import sys
import threading

from runner.model.document import to_document


@dataclasses.dataclass(frozen=True)
class Nested:
    """A type that contains itself, and that nothing else writes."""

    inner: tuple[Nested, ...] = ()


def test_threads_that_meet_a_type_for_the_first_time_at_once() -> None:
    """Many threads of a controller write at its start."""
    interval = sys.getswitchinterval()
    found: list[object] = []
    value = Nested((Nested(),))
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=lambda: found.append(to_document(value))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [{"inner": [{}]}] * 8
