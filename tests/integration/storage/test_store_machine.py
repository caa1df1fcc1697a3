"""Any sequence of calls leaves a store as it leaves a dict."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from runner.errors import ObjectMissing, StoreError
from runner.override import override
from runner.ports import ObjectStore
from runner.storage.directory import DirectoryStore
from runner.storage.overlay import OverlayStore
from tests.support.memory_store import MemoryStore

KEYS = st.sampled_from(["a", "a.b", "a/b", "a/b.c", "a/c/d", "a b", "a0", "b/é", "b/z+%", "c"])
PREFIXES = st.sampled_from(["", "a", "a/", "a/b", "b/", "a/c/", "x"])
CONTENT = st.binary(max_size=3)


class StoreMachine(RuleBasedStateMachine):
    """Drives a store and a dict side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, bytes] = {}
        self.folder = Path(tempfile.mkdtemp())
        self.store = self.make()

    def make(self) -> ObjectStore:
        return MemoryStore()

    @override
    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def blocked(self, key: str) -> bool:
        return any(key.startswith(f"{other}/") or other.startswith(f"{key}/") for other in self.model)

    @rule(key=KEYS, data=CONTENT, by_file=st.booleans())
    def put(self, key: str, data: bytes, by_file: bool) -> None:
        if self.blocked(key):
            try:
                self.store.put(key, data)
            except StoreError:
                return
            raise AssertionError(key)
        if by_file:
            file = Path(tempfile.mkdtemp(dir=self.folder)) / "file"  # an overlay goes on reading it
            file.write_bytes(data)
            self.store.upload(key, file)
        else:
            self.store.put(key, data)
        self.model[key] = data

    @rule(key=KEYS, data=CONTENT)
    def put_if_absent(self, key: str, data: bytes) -> None:
        if self.blocked(key):
            return
        assert self.store.put_if_absent(key, data) == (key not in self.model)
        self.model.setdefault(key, data)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.model.pop(key, None)

    @rule(origin=KEYS, goal=KEYS)
    def copy(self, origin: str, goal: str) -> None:
        if origin in self.model and not self.blocked(goal):
            self.store.copy(origin, goal)
            self.model[goal] = self.model[origin]

    @rule(key=KEYS)
    def read(self, key: str) -> None:
        info = self.store.stat(key)
        assert (info.size if info else None) == (len(self.model[key]) if key in self.model else None)
        try:
            found = self.store.get(key)
            self.store.download(key, self.folder / "copy")
        except ObjectMissing:
            assert key not in self.model
        else:
            assert found == self.model[key] == (self.folder / "copy").read_bytes()

    @rule(key=KEYS, start=st.integers(0, 4), length=st.integers(0, 4))
    def read_range(self, key: str, start: int, length: int) -> None:
        info = self.store.stat(key)
        try:
            found = self.store.read_range(key, start, length, info.etag if info else "")
        except ObjectMissing:
            assert key not in self.model
        else:
            assert found == self.model[key][start : start + length]

    @rule(prefix=PREFIXES, after=st.one_of(st.just(""), KEYS, PREFIXES))
    def narrow(self, prefix: str, after: str) -> None:
        found = [info.key for info in self.store.list(prefix, after=after)]
        assert found == sorted(key for key in self.model if key.startswith(prefix) and key > after)

    @invariant()
    def holds_the_same(self) -> None:
        assert [info.key for info in self.store.list("")] == sorted(self.model)


class DirectoryMachine(StoreMachine):
    """The same over a folder."""

    @override
    def make(self) -> ObjectStore:
        return DirectoryStore(self.folder / "store", durable=False)


class OverlayMachine(StoreMachine):
    """The same over a base that has something already, which the overlay never changes."""

    @override
    def make(self) -> ObjectStore:
        self.base = MemoryStore()
        for key in ("a/b", "c"):
            self.base.put(key, b"base")
        self.model.update(self.base.objects)
        return OverlayStore(self.base)

    @override
    def blocked(self, key: str) -> bool:  # noqa: ARG002 - see the class above
        return False  # planning does not see what only the real store refuses

    @invariant()
    def the_base_is_untouched(self) -> None:
        assert self.base.objects == {"a/b": b"base", "c": b"base"}


BRIEF = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestMemory = StoreMachine.TestCase
TestDirectory = DirectoryMachine.TestCase
TestOverlay = OverlayMachine.TestCase
TestMemory.settings = TestDirectory.settings = TestOverlay.settings = BRIEF
