"""A minter and a store in memory that keep the rules of a real one: what is not granted is refused."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from runner.errors import StoreDenied
from runner.model.credentials import Credentials
from runner.model.grants import Grants
from runner.model.task import TaskId
from runner.ports import ObjectInfo, ObjectStore
from tests.support.fake_clock import FakeClock


@dataclass
class FakeMinter:
    """Makes keys for `store`, which `opened` takes."""

    store: ObjectStore
    clock: FakeClock = field(default_factory=FakeClock)
    minted: dict[Credentials, tuple[TaskId, Grants]] = field(default_factory=dict)

    def mint(self, attempt: TaskId, grants: Grants, expires: float) -> Credentials:
        """Make keys."""
        made = Credentials(secrets.token_hex(4), secrets.token_hex(16), secrets.token_hex(16), expires)
        self.minted[made] = (attempt, grants)
        return made

    def opened(self, credentials: Credentials) -> ObjectStore:
        """The store as these keys see it."""
        return Confined(self.store, self.minted[credentials][1], lambda: self._ended(credentials))

    def _ended(self, credentials: Credentials) -> bool:
        return self.clock.now().timestamp() >= credentials.expires


def matches(patterns: tuple[str, ...], text: str) -> bool:
    """Whether one of the patterns is the text; ``*`` stands for anything."""
    return any(re.fullmatch(".*".join(map(re.escape, one.split("*"))), text, re.DOTALL) for one in patterns)


def reads(grants: Grants, key: str) -> bool:
    return matches((*grants.reads, *grants.writes), key) and not matches(grants.closed, key)


def writes(grants: Grants, key: str) -> bool:
    return matches(grants.writes, key) and not matches((*grants.closed, *grants.fixed, *grants.kept), key)


def lists(grants: Grants, prefix: str) -> bool:
    hidden = (*grants.closed, *grants.fixed, *grants.unlisted)
    crosses = f"{prefix.rpartition('/')[0]}/" in grants.stepwise
    return matches(grants.lists, prefix) and not matches(hidden, prefix) and not crosses


class Confined:
    """A store for one set of grants."""

    def __init__(self, store: ObjectStore, grants: Grants, ended: Callable[[], bool]) -> None:
        self._store, self._grants, self._ended = store, grants, ended

    def _check(self, key: str, allowed: Callable[[Grants, str], bool]) -> str:
        if self._ended() or not allowed(self._grants, key):
            raise StoreDenied(f"access to {key!r} denied")
        return key

    def _read(self, key: str) -> str:
        return self._check(key, reads)

    def _write(self, key: str) -> str:
        return self._check(key, writes)

    def get(self, key: str) -> bytes:
        return self._store.get(self._read(key))

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        return self._store.read_range(self._read(key), start, length, etag)

    def put(self, key: str, data: bytes) -> None:
        self._store.put(self._write(key), data)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self._store.put_if_absent(self._write(key), data)

    def stat(self, key: str) -> ObjectInfo | None:
        return self._store.stat(self._read(key))

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        return self._store.list(self._check(prefix, lists), after=after)

    def delete(self, key: str) -> None:
        self._store.delete(self._write(key))

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        self._store.upload(self._write(key), path, digest)

    def download(self, key: str, path: Path) -> None:
        self._store.download(self._read(key), path)

    def copy(self, source: str, target: str) -> None:
        self._store.copy(self._read(source), self._write(target))

    def now(self) -> datetime:
        return self._store.now()
