from __future__ import annotations

from itertools import count

from runner.server.web.kept import Kept


def test_a_value_is_read_again_only_after_its_time() -> None:
    kept, reads = Kept[int](seconds=1.0), count(1)
    assert [kept.get("a", now, lambda: next(reads)) for now in (0.0, 0.5, 0.99, 1.0)] == [1, 1, 1, 2]


def test_each_name_has_its_value() -> None:
    kept = Kept[str]()
    assert [kept.get(name, 0.0, lambda name=name: name) for name in ("a", "b", "a")] == ["a", "b", "a"]  # type: ignore[misc]
