"""Hints to runs in other places, for a user who has found none: other targets and workspaces of the same buckets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from ..config import LOCAL, Config
from ..datastores import BucketConfig
from ..errors import BadInput, RunnerError
from ..model.workspace import WORKSPACES, name_of
from ..ports import ObjectStore
from ..runs import index
from . import adapters

SECONDS = 4.0
"""The time limit of all requests together: they only add to an error message."""
_SILENCE = 2.0
"""Seconds that a store may keep silent here."""
_MOST = 20
"""Workspaces of one bucket that are looked at: each costs two listings."""


def hints(config: Config, override: str, text: str = "") -> tuple[str, ...]:
    """Return hints that show the runs of other places.

    Args:
        config: The open workspace's.
        override: The target whose store was looked at already; empty: the folder.
        text: The run that is looked for, as `index.find` takes it; empty: any.

    Returns:
        A sentence per place that has some; a place that does not answer within `SECONDS` is left out.

    """
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        try:
            for hint in _of_target(config, override, name, text):
                found.setdefault(name, []).append(hint)
        except RunnerError:
            return

    names = list(_targets(config))
    threads = [threading.Thread(target=look, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    _join(threads)
    return tuple(hint for name in names for hint in tuple(found.get(name, ())))


def named(store: ObjectStore) -> Iterator[str]:
    """Yield the names of the workspaces below a target's prefix in key order, by one listing each."""
    after = ""
    while first := next(iter(store.list(WORKSPACES, after=after)), None):
        written = first.key[len(WORKSPACES) :].partition("/")[0]
        name = name_of(written)
        if name is not None:
            yield name
        after = f"{WORKSPACES}{written}0"  # "0" follows "/": beyond all keys of this one


def _targets(config: Config) -> Iterator[str]:
    """Yield the targets with a bucket, and one for the workspace's folder."""
    yield LOCAL
    yield from (name for name, settings in config.targets.items() if settings.store)


def _of_target(config: Config, override: str, name: str, text: str) -> Iterator[str]:
    store, here = config.targets[name].store, config.targets.get(override or LOCAL)
    if store is None:
        if here and here.store and _has(adapters.folder_store(config.folder), text):
            way = f"pass --target {LOCAL}" if config.target else "leave out --target"
            yield f"this folder has {_them(text)}: {way}"
        return
    if name != override and _has(_opened(config, store, config.workspace), text):
        yield f"target '{name}' has {_them(text)}: pass --target {name}"
    for number, other in enumerate(named(_quick(store, store.prefix))):
        if number >= _MOST:
            return
        if other != config.workspace and _has(_opened(config, store, other), text):
            where = f" (and --target {name})" if name != override else ""
            yield f"workspace '{other}' of target '{name}' has {_them(text)}: name: {other} in runner.yaml{where}"


def _has(store: ObjectStore, text: str) -> bool:
    try:
        return bool(index.find(store, text or "latest"))
    except BadInput as error:
        return not isinstance(error, index.NoRun)  # it fits several


def _them(text: str) -> str:
    return f"run '{text}'" if text else "some"


def _opened(config: Config, store: BucketConfig, workspace: str) -> ObjectStore:
    return _quick(store, config.bucket(store, workspace).prefix)


def _quick(store: BucketConfig, prefix: str) -> ObjectStore:
    """Return a store without retries: nobody waits long for a hint."""
    from ..storage.s3.connections import Timeouts
    from ..storage.s3.http import RetryPolicy
    from ..storage.s3.store import BucketStore
    from ..storage.s3.web_identity import configured_endpoints

    near, _ = configured_endpoints(replace(store, prefix=prefix), "")
    retries = RetryPolicy(
        attempts=1, first_wait=0.01, longest_wait=0.05, timeouts=Timeouts(_SILENCE, _SILENCE, _SILENCE)
    )
    return BucketStore(near, retries)


def _join(threads: list[threading.Thread]) -> None:
    deadline = time.monotonic() + SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
