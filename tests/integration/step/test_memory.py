from __future__ import annotations

from pathlib import Path

import pytest

from runner.step.memory import MemoryWatch, oom_kills


@pytest.mark.parametrize(
    ("name", "text", "kills"),
    [
        ("memory.events", "low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\noom_group_kill 0\n", 2),
        ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", 1),
        ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", 0),
        ("memory.events", "what is this", 0),
    ],
)
def test_kills_are_counted_in_either_version(tmp_path: Path, name: str, text: str, kills: int) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert oom_kills(tmp_path) == kills


@pytest.mark.parametrize("name", ["memory.peak", "memory/memory.max_usage_in_bytes"])
def test_the_kernels_own_peak_is_taken(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("123\n")
    watch = MemoryWatch(tmp_path)
    watch.start()
    assert watch.stop() == (123, 0)


@pytest.mark.parametrize(("first", "last"), [("70", "50"), ("50", "70")])
def test_where_the_kernel_keeps_none_it_is_sampled(tmp_path: Path, first: str, last: str) -> None:
    (tmp_path / "memory.current").write_text(first)
    watch = MemoryWatch(tmp_path)
    watch.start()
    (tmp_path / "memory.current").write_text(last)
    assert watch.stop() == (70, 0)


def test_outside_a_container_nothing_is_known(tmp_path: Path) -> None:
    watch = MemoryWatch(tmp_path)
    watch.start()
    assert watch.stop() == (0, 0)
