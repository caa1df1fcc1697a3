from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.control.delivery import LARGE, Wanted, choose, deliveries, obstacle, unmet
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.data_access import DataAccess, MountPolicy
from runner.model.delivery import Delivery
from runner.model.resources import Resources
from runner.model.step import InputSpec, OutputOf
from runner.model.task import InputBinding
from tests.support import builders as b

MOUNTS = DataAccess(mounts=True, driver="mounter.example")
NONE = DataAccess(problem="no node has the mounter")
UNREADABLE = DataAccess(unreadable=frozenset({"s"}))
AT_HAND = DataAccess(problem="this machine has no rclone", at_hand=frozenset({"s"}))
GIB = 1 << 30
TABLE = DatasetDefinition(kind="tabular", paths=(DatastorePath("s", "raw.csv"),))


def wanted(mode: Mode = Mode.AUTO, size: int | None = 1, **changes: Any) -> Wanted:
    return replace(Wanted(name="x", mode=mode, datastore="s", bytes=size), **changes)


@pytest.mark.parametrize(
    ("one", "access", "mode", "reason"),
    [
        (wanted(Mode.DOWNLOAD, 9 * GIB), MOUNTS, Mode.DOWNLOAD, "as asked"),
        (wanted(Mode.MOUNT), MOUNTS, Mode.MOUNT, "as asked"),
        (wanted(Mode.MOUNT), NONE, Mode.DOWNLOAD, "no node has the mounter"),
        (wanted(Mode.MOUNT), DataAccess(), Mode.DOWNLOAD, "the target has no mounts"),
        (wanted(), MOUNTS, Mode.DOWNLOAD, "small"),
        (wanted(size=LARGE), MOUNTS, Mode.DOWNLOAD, "small"),
        (wanted(size=LARGE + 1), MOUNTS, Mode.MOUNT, "more than 1 GiB"),
        (wanted(size=LARGE + 1), NONE, Mode.DOWNLOAD, "more than 1 GiB, but no node has the mounter"),
        (wanted(size=None), MOUNTS, Mode.DOWNLOAD, "unless it is large"),
        (wanted(size=None), NONE, Mode.DOWNLOAD, "no node has the mounter"),
        (wanted(Mode.DIRECT, tabular=True), MOUNTS, Mode.DIRECT, "the script reads the table by itself"),
        (wanted(Mode.DIRECT, tabular=True), UNREADABLE, Mode.DOWNLOAD, "small"),
        (wanted(Mode.MOUNT), AT_HAND, Mode.DOWNLOAD, "its files are on this machine"),
        (wanted(size=2 * GIB), AT_HAND, Mode.DOWNLOAD, "more than 1 GiB, but its files are on this machine"),
        (wanted(Mode.AUTO, 9 * GIB, tabular=True), MOUNTS, Mode.MOUNT, "more than 1 GiB"),
        (wanted(Mode.MOUNT, tabular=True), MOUNTS, Mode.MOUNT, "as asked"),
        (wanted(Mode.DIRECT, 2 * GIB), MOUNTS, Mode.MOUNT, "more than 1 GiB"),
        (
            wanted(Mode.MOUNT, writable=True),
            MOUNTS,
            Mode.DOWNLOAD,
            "the script may change it, and changes are written back",
        ),
        (
            wanted(Mode.MOUNT),
            replace(MOUNTS, unmountable=frozenset({"s"})),
            Mode.DOWNLOAD,
            "datastore 's' cannot be mounted",
        ),
        (
            wanted(Mode.MOUNT),
            replace(MOUNTS, policy=MountPolicy.NEVER),
            Mode.DOWNLOAD,
            "the target's policy is never to mount",
        ),
        (wanted(size=60), replace(MOUNTS, free_bytes=100), Mode.MOUNT, "more than half of the free disk"),
        (wanted(size=50), replace(MOUNTS, free_bytes=100), Mode.DOWNLOAD, "small"),
    ],
)
def test_the_rule(one: Wanted, access: DataAccess, mode: Mode, reason: str) -> None:
    assert choose(one, access) == Delivery(mode, one.bytes or 0, reason)


def test_an_input_is_large_for_a_step_with_little_storage() -> None:
    little = Resources(ephemeral_storage="1Mi")
    assert choose(wanted(size=600_000), MOUNTS, little).mode is Mode.MOUNT
    assert choose(wanted(size=500_000), MOUNTS, little).mode is Mode.DOWNLOAD
    assert choose(wanted(size=600_000), MOUNTS, Resources()).mode is Mode.DOWNLOAD


def test_the_largest_inputs_are_mounted() -> None:
    access = replace(MOUNTS, most_mounts=2)
    inputs = [replace(wanted(Mode.MOUNT, size), name=name) for name, size in (("a", 1), ("b", 3), ("c", 2), ("d", 1))]
    chosen = deliveries(inputs, access)
    assert {name: one.mode for name, one in chosen.items()} == {
        "a": Mode.DOWNLOAD,
        "b": Mode.MOUNT,
        "c": Mode.MOUNT,
        "d": Mode.DOWNLOAD,
    }
    assert chosen["a"].reason == "a step has at most 2 mounts, and larger inputs have them"


@given(
    st.lists(
        st.builds(
            wanted,
            st.sampled_from([Mode.AUTO, Mode.MOUNT, Mode.DOWNLOAD, Mode.DIRECT]),
            st.integers(0, 4 * GIB),
            tabular=st.booleans(),
            writable=st.booleans(),
        ),
        max_size=12,
    ),
    st.builds(
        DataAccess,
        mounts=st.booleans(),
        policy=st.sampled_from(MountPolicy),
        unmountable=st.sampled_from([frozenset(), frozenset({"s"})]),
        free_bytes=st.none() | st.integers(0, 4 * GIB),
        most_mounts=st.integers(0, 4),
    ),
)
def test_nothing_is_mounted_that_cannot_be(inputs: list[Wanted], access: DataAccess) -> None:
    named = [replace(one, name=str(place)) for place, one in enumerate(inputs)]
    chosen = deliveries(named, access)
    mounted = [one for one in named if chosen[one.name].mode is Mode.MOUNT]
    assert len(mounted) <= access.most_mounts
    for one in mounted:
        assert not obstacle(one, access)
        assert not one.writable
        assert one.mode is not Mode.DOWNLOAD
    assert chosen.keys() == {one.name for one in named}


@pytest.mark.parametrize(
    ("one", "access", "said"),
    [
        (wanted(Mode.MOUNT), NONE, "no node has the mounter"),
        (wanted(Mode.MOUNT), MOUNTS, ""),
        (wanted(Mode.MOUNT), AT_HAND, ""),
        (wanted(Mode.MOUNT), DataAccess(), ""),  # copies are as good there
        (wanted(Mode.MOUNT), DataAccess(policy=MountPolicy.REQUIRED), "the target has no mounts"),
        (wanted(Mode.AUTO, 2 * GIB), NONE, ""),
        (wanted(Mode.MOUNT, writable=True), NONE, ""),
    ],
)
def test_what_keeps_an_input_from_the_mount_it_asks_for(one: Wanted, access: DataAccess, said: str) -> None:
    assert unmet(one, choose(one, access), access) == said


def test_the_facts_of_a_binding_and_of_a_spec() -> None:
    binding = InputBinding(name="raw", ref=b.ref("raw.csv"), mode=Mode.DIRECT, dataset=TABLE)
    assert Wanted.of_binding(binding) == Wanted(
        name="raw", mode=Mode.DIRECT, datastore="workspaceblobstore", bytes=10, tabular=True
    )
    view = DatasetDefinition(kind="tabular", paths=(), id="7")
    made = InputSpec(name="y", source=OutputOf("a", "out"), mode=Mode.MOUNT, view=view)
    assert Wanted.of_spec(made, None, "t") == Wanted(name="y", mode=Mode.MOUNT, datastore="t", bytes=None, tabular=True)
    place = InputSpec(name="z", source=DatastorePath("u", "x"), mode=Mode.MOUNT, writable=True)
    assert Wanted.of_spec(place, 5) == Wanted(name="z", mode=Mode.MOUNT, datastore="u", bytes=5, writable=True)
    assert Wanted.of_spec(InputSpec(name="raw", source=TABLE, mode=Mode.DIRECT), 7).datastore == "s"
