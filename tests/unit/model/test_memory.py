from __future__ import annotations

import pytest

from runner.model.memory import more_memory, oom_reason

GIB = 1024**3


@pytest.mark.parametrize(
    ("limit", "peak", "child", "words"),
    [
        ("1Gi", GIB, False, "OOMKilled: peaked at 1.0 GiB of 1 GiB"),
        ("1536Mi", GIB + GIB // 4, False, "OOMKilled: peaked at 1.2 GiB of 1.5 GiB"),
        (
            "256Mi",
            200 * 1024**2,
            True,
            "OOMKilled: peaked at 200.0 MiB of 256 MiB; a process it started was killed for want of memory",
        ),
        ("1Gi", 0, False, "OOMKilled: its limit was 1 GiB"),
        ("", GIB, False, "OOMKilled: peaked at 1.0 GiB"),
        ("", 0, False, "OOMKilled: its machine has no more memory"),
        ("512", 600, False, "OOMKilled: peaked at 600 bytes of 512 bytes"),
    ],
)
def test_what_happened(limit: str, peak: int, child: bool, words: str) -> None:
    assert oom_reason(limit, peak, child=child) == words


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("1Gi", "set memory to 2Gi, or --retry-oom 2"),
        ("1500Mi", "set memory to 3000Mi, or --retry-oom 2"),
        ("", "set the step's memory, or --retry-oom 2"),
    ],
)
def test_what_to_do_about_it(limit: str, words: str) -> None:
    assert more_memory(limit) == words
