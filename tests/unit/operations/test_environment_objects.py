from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from runner.operations.environment_objects import AGE, unneeded_objects
from runner.operations.environment_uses import RunUse
from runner.ports import ObjectInfo
from tests.support import builders as b

NOW = b.at(1_000_000)
OLD = (NOW - 2 * AGE).timestamp()
_DIGESTS = st.sampled_from(["aa", "bb", "cc"])


def stored(key: str, modified: float = OLD) -> ObjectInfo:
    return ObjectInfo(key, 10, "etag", modified)


def use(specs: frozenset[str] = frozenset(), wheels: frozenset[str] = frozenset()) -> RunUse:
    return RunUse(run="r1", ended=None, references={}, specs=specs, wheels=wheels)


_OBJECTS = st.lists(
    st.builds(
        lambda kind, digest, days: stored(f"environments/{kind}/{digest}/x", (NOW - timedelta(days=days)).timestamp()),
        st.sampled_from(["locks", "bases", "wheels", "generations"]),
        _DIGESTS,
        st.integers(0, 100),
    )
)
_RUNS = st.lists(st.builds(use, st.frozensets(_DIGESTS), st.frozensets(_DIGESTS)))


def test_what_a_plan_names_is_kept() -> None:
    lock, base, wheel = (f"environments/{kind}/aa/x" for kind in ("locks", "bases", "wheels"))
    objects = [stored(lock), stored(base), stored(wheel)]
    assert unneeded_objects(objects, [use(specs=frozenset({"aa"}))], NOW) == (stored(wheel),)
    assert unneeded_objects(objects, [use(wheels=frozenset({"aa"}))], NOW) == (stored(lock), stored(base))
    assert unneeded_objects(objects, [], NOW) == tuple(objects)


def test_what_is_young_or_of_unknown_age_is_kept() -> None:
    young = (NOW - AGE / 2).timestamp()
    assert (
        unneeded_objects([stored("environments/locks/aa/x", young), stored("environments/locks/bb/x", 0)], [], NOW)
        == ()
    )


def test_what_is_unknown_is_kept() -> None:
    assert unneeded_objects([stored("environments/registered/train.json")], [], NOW) == ()


@given(_OBJECTS, _RUNS)
def test_nothing_is_free_that_a_run_names(objects: list[ObjectInfo], runs: list[RunUse]) -> None:
    for each in unneeded_objects(objects, runs, NOW):
        _, kind, digest, _ = each.key.split("/")
        assert kind != "generations"
        assert not any(digest in (run.wheels if kind == "wheels" else run.specs) for run in runs)
        assert NOW.timestamp() - each.modified >= AGE.total_seconds()
