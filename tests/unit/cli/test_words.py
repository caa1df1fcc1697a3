from __future__ import annotations

import pytest

from runner.cli.formatting import clip, duration, many, size


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, ""), (-0.1, "0.0 s"), (0.04, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 m 00 s"), (125.4, "2 m 05 s"),
     (3599.6, "1 h 00 m"), (7325, "2 h 02 m")],
)  # fmt: skip
def test_duration(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_048_575, "1.0 MiB"), (3 << 30, "3.0 GiB"),
     (5 << 50, "5120.0 TiB")],
)  # fmt: skip
def test_size(count: int, shown: str) -> None:
    assert size(count) == shown


def test_many() -> None:
    assert (many(0, "step"), many(1, "step"), many(2, "step")) == ("0 steps", "1 step", "2 steps")


def test_clip_keeps_the_first_line_and_marks_what_is_cut() -> None:
    assert clip("short", 10) == "short"
    assert clip("0123456789", 5) == "0123…"
    assert clip("one\ntwo", 10) == "one"
