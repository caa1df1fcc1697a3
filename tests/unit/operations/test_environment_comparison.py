from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from runner.environments import lock_store
from runner.environments.lock import Lock, LockedPackage
from runner.model.environment import EnvironmentSpec
from runner.operations.differences import Difference
from runner.operations.environment_comparison import (
    ABSENT,
    MOST,
    EnvironmentFacts,
    compare,
    locked_differences,
    nearest,
    package_differences,
)
from tests.support.memory_store import MemoryStore

OLD = EnvironmentFacts(
    name="train",
    run="run-abcdef",
    target="kind",
    spec=EnvironmentSpec(pip=("numpy", "pandas"), python="3.8"),
    reference="runner-env:1",
    lock="a" * 64,
    python="3.8",
    platform="x86_64-manylinux_2_28",
    packages={"numpy": "1.20.3", "pandas": "1.2.4"},
)
_PACKAGES = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2"]))


def test_equal_environments_do_not_differ() -> None:
    found = compare(OLD, replace(OLD, run="run-ghijkl"))
    assert (found.before, found.after, found.parts, found.differences) == ("abcdef:train", "ghijkl:train", (), ())


def test_a_changed_specification_is_told_line_by_line() -> None:
    spec = replace(OLD.spec, pip=("numpy", "scikit-learn"), python="3.9")
    found = compare(OLD, replace(OLD, spec=spec))
    assert found.parts == ("specification",)
    assert found.differences == (
        Difference("pip", "pandas", ABSENT),
        Difference("pip", ABSENT, "scikit-learn"),
        Difference("python", "3.8", "3.9"),
    )


def test_no_credentials_are_told() -> None:
    line = "--extra-index-url https://ada:pw@example.org/simple"
    found = compare(OLD, replace(OLD, spec=replace(OLD.spec, pip=(*OLD.spec.pip, line))))
    assert found.differences == (Difference("pip", ABSENT, "--extra-index-url https://***@example.org/simple"),)


def test_a_changed_order_of_lines_is_a_difference() -> None:
    found = compare(OLD, replace(OLD, spec=replace(OLD.spec, pip=("pandas", "numpy"))))
    assert [each.field for each in found.differences] == ["order of pip"]


def test_a_renewed_lock_is_told_by_its_packages() -> None:
    spec = replace(OLD.spec, generation=1)
    packages = {"numpy": "1.24.4", "pandas": "1.2.4", "six": "1.16.0"}
    found = compare(OLD, replace(OLD, spec=spec, lock="b" * 64, packages=packages))
    assert found.parts == ("lock",)
    assert found.differences == (
        Difference("generation", "0", "1"),
        Difference("numpy", "1.20.3", "1.24.4"),
        Difference("six", ABSENT, "1.16.0"),
    )


def test_a_lock_whose_hashes_alone_differ_is_a_difference() -> None:
    found = compare(OLD, replace(OLD, lock="b" * 64))
    assert found.differences == (Difference("lock", "a" * 12, "b" * 12),)


def test_the_base_and_the_dockerfile_are_parts_of_their_own() -> None:
    spec = replace(OLD.spec, image="base:2", dockerfile="FROM base:2\nRUN true")
    found = compare(OLD, replace(OLD, spec=spec))
    assert found.parts == ("base", "Dockerfile")
    assert found.differences == (Difference("image", ABSENT, "base:2"), Difference("Dockerfile", ABSENT, "2 lines"))


def test_another_image_of_the_same_content_has_another_base() -> None:
    assert compare(OLD, replace(OLD, reference="runner-env:2")).parts == ("base",)
    assert compare(OLD, replace(OLD, reference="/venv/bin/python", target="local")).parts == ()


def test_bases_of_one_name_are_told_by_their_digests() -> None:
    old, new = (replace(OLD, base=f"python:3.8-slim@sha256:{digest}") for digest in ("aa", "bb"))
    found = compare(old, new)
    assert found.parts == ("base",)
    assert found.differences == (Difference("base image", old.base, new.base),)
    assert compare(old, old).differences == ()
    other = replace(new, spec=replace(OLD.spec, image="other:1"))
    assert [each.field for each in compare(old, other).differences] == ["image"]


def test_the_nearest_differs_least_and_of_equal_ones_it_is_the_first() -> None:
    far = replace(OLD, name="far", spec=EnvironmentSpec(conda=("a", "b", "c")))
    near = replace(OLD, name="near", spec=replace(OLD.spec, python="3.9"))
    new = replace(OLD, name="new", run="", spec=replace(OLD.spec, python="3.10"))
    found = nearest(new, [far, near, replace(near, name="same")])
    assert found is not None
    assert found.before == "abcdef:near"
    assert nearest(new, []) is None


@given(_PACKAGES, _PACKAGES)
def test_the_differences_turn_one_set_of_packages_into_the_other(old: dict[str, str], new: dict[str, str]) -> None:
    result = dict(old)
    for each in package_differences(old, new):
        assert result.pop(each.field, ABSENT) == each.before
        if each.after != ABSENT:
            result[each.field] = each.after
    assert result == new


def _lock(spec: str, packages: int, version: str) -> Lock:
    found = tuple(LockedPackage(name=f"p{number:02d}", version=version) for number in range(packages))
    return Lock(spec=spec, python="3.11", platform="any", packages=found)


def test_of_many_packages_that_differ_between_two_locks_the_first_are_listed() -> None:
    store = MemoryStore()
    old, new = (lock_store.keep(store, _lock(spec, MOST + 2, spec)) for spec in ("1", "2"))
    found = locked_differences(store, ("1", old.digest), ("2", new.digest))
    assert found[0] == Difference("package p00", "1", "2")
    assert found[MOST:] == (Difference("package", "and 2 more", ""),)


def test_a_lock_that_is_unknown_or_damaged_tells_nothing() -> None:
    store = MemoryStore()
    lock = lock_store.keep(store, _lock("1", 1, "1"))
    known = ("1", lock.digest)
    assert locked_differences(store, ("1", ""), known) == ()
    assert locked_differences(store, ("1", "ff"), known) == ()
    store.put(lock_store.key("1", "3.11", "any"), b"{")
    assert locked_differences(store, known, known) == ()
