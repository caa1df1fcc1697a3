from __future__ import annotations

from dataclasses import replace

import pytest

from runner.control.delivering import delivered
from runner.data import manifest
from runner.errors import BadInput
from runner.model.data import DataRef, Entry, Kind, Manifest, Mode
from runner.model.data_access import DataAccess, MountPolicy
from runner.model.delivery import Delivery, mount_place, unshown_name
from runner.model.task import InputBinding, Task
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

MOUNTS = DataAccess(mounts=True, driver="mounter.example")


def bound(store: MemoryStore, what: Manifest, key: str, mode: Mode = Mode.MOUNT) -> InputBinding:
    ref = DataRef(datastore="lake", key=key, digest=manifest.save(store, what), files=1, bytes=what.bytes)
    return InputBinding(name="x", ref=ref, mode=mode)


def delivery(store: MemoryStore, binding: InputBinding, access: DataAccess = MOUNTS) -> Delivery | None:
    return delivered(b.task(inputs=(binding,)), store, lambda: access).inputs[0].delivery


def test_a_folder_is_mounted_itself_and_a_file_with_the_folder_around_it() -> None:
    store = MemoryStore()
    folder = bound(store, Manifest(Kind.FOLDER, (Entry("a", 5, "etag:1"),)), "data/images")
    assert delivery(store, folder) == Delivery(Mode.MOUNT, 5, "as asked", "data/images")
    file = bound(store, Manifest(Kind.FILE, (Entry("", 5, "etag:1"),)), "data/images/a")
    assert delivery(store, file) == Delivery(Mode.MOUNT, 5, "as asked", "data/images")
    top = bound(store, Manifest(Kind.FILE, (Entry("", 5, "etag:1"),)), "a")
    assert delivery(store, top) == Delivery(Mode.MOUNT, 5, "as asked", "")


@pytest.mark.parametrize("name", ["a\nb", "a\udc80", "a//b", "a/./b", "x" * 256])
def test_names_that_no_mount_shows_are_downloaded(name: str) -> None:
    store = MemoryStore()
    odd = bound(store, Manifest(Kind.FOLDER, (Entry(name, 5, "etag:1"),)), "data")
    found = delivery(store, odd)
    assert found == Delivery(Mode.DOWNLOAD, 5, f"no mount can show the name {name!r}")


@pytest.mark.parametrize("name", ["", "a", "ein Ding/näher.csv", "..a", "x" * 255])
def test_usual_names_can_be_shown(name: str) -> None:
    assert not unshown_name(name)


def test_a_target_is_asked_only_for_tasks_with_inputs() -> None:
    def access() -> DataAccess:
        raise AssertionError("it was asked")

    task = b.task()
    assert delivered(task, MemoryStore(), access) is task


def test_a_mount_that_is_required_and_impossible_is_refused() -> None:
    store = MemoryStore()
    binding = bound(store, Manifest(Kind.FOLDER, (Entry("a", 5, "etag:1"),)), "data")
    strict = DataAccess(problem="no node has the mounter", policy=MountPolicy.REQUIRED)
    with pytest.raises(BadInput, match="input 'x' cannot be mounted: no node has the mounter"):
        delivery(store, binding, strict)
    assert delivery(store, replace(binding, mode=Mode.DOWNLOAD), strict) == Delivery(Mode.DOWNLOAD, 5, "as asked")


def test_the_delivery_is_part_of_the_task_and_not_of_its_fingerprint() -> None:
    store = MemoryStore()
    binding = bound(store, Manifest(Kind.FOLDER, (Entry("a", 5, "etag:1"),)), "data")
    task: Task = b.task(inputs=(binding,))
    mounted = delivered(task, store, lambda: MOUNTS)
    assert mounted.digest != task.digest
    assert mounted.fingerprint == task.fingerprint
    assert mounted.inputs[0].is_mounted
    assert not binding.is_mounted


def test_a_container_finds_a_mount_by_the_name_of_its_input() -> None:
    assert mount_place("x") == "/run/runner/mounts/x"
