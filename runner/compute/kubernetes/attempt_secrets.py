"""The Secret of each attempt whose store makes temporary keys: created before its Job, renewed while it lives."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from ...dataclass import dataclass
from ...errors import BadInput, Problem, RunnerError, StoreError, StoreUnreachable, TargetError, TargetUnreachable
from ...model.data import DEFAULT_DATASTORE
from ...model.document import from_document, to_document
from ...model.names import job_name
from ...model.store_endpoint import BucketEndpoint, StepStores
from ...model.task import Task, TaskId
from ...operations.scoped_stores import Minted, Minters, minted, minting_problem, mount_keys, refused_keys
from ...ports import ObjectStore
from ...runs import records
from . import conventions as c
from .cluster import Cluster
from .json_fields import KubeObject
from .keys_policy import KeysPolicy
from .replaceable_secrets import create_secret, replace_secret
from .run_objects import RunFiles
from .settings import ClusterSettings

_CHECK = timedelta(seconds=30)
"""The pause between two checks of an attempt's keys, and after a check that failed."""


@dataclass(frozen=True, kw_only=True)
class Handed:
    """The keys of one attempt, as this process handed them out."""

    task: Task
    made_for: str
    """The file that was confined: another one has other secrets, or other keys behind the minted ones."""
    renew_at: float
    """Seconds since the epoch; 0: never."""


class AttemptSecrets:
    """Keys for attempts: minted, in Secrets of their own, or none if the store makes none."""

    def __init__(
        self,
        cluster: Cluster,
        settings: ClusterSettings,
        *,
        store: ObjectStore,
        files: Callable[[str], RunFiles],
        minters: Minters,
        say: Callable[[str], None],
    ) -> None:
        """Ask nothing.

        Args:
            cluster: The namespace.
            settings: The settings of the target.
            store: The workspace store.
            files: Returns the files of a run's Secret, with the keys of whole stores. Its errors are passed on.
            minters: Returns what mints keys for a datastore.
            say: Prints a line for people.
        """
        self._cluster, self._settings, self._store = cluster, settings, store
        self._files, self._minters, self._say = files, minters, say
        self._lock = threading.Lock()
        self._verdicts: dict[str, str] = {}
        self._said: set[str] = set()
        self._whole: set[str] = set()
        self._handed: dict[TaskId, Handed] = {}
        self._checked: dict[TaskId, datetime] = {}

    def warning(self) -> str:
        """Return a line for people if steps get the keys of the whole store, and nobody has said that they should."""
        if self._settings.keys is KeysPolicy.STATIC:
            return ""
        try:
            problem = self.problem()
        except RunnerError:  # whoever starts an attempt asks again, and waits
            return ""
        return whole_store_line(problem) if problem else ""

    def problems(self) -> tuple[Problem, ...]:
        """Return the problem of a target that demands keys of each attempt's own and cannot have them."""
        if self._settings.keys is not KeysPolicy.SCOPED:
            return ()
        try:
            found = self.problem()
        except RunnerError as error:
            found = str(error)
        remedy = "use a store with STS AssumeRole (MinIO, AWS S3, Ceph), or set `credentials: auto`"
        return (Problem(refusal(found), remedy=remedy),) if found else ()

    def problem(self) -> str:
        """Return why no keys can be confined, asked once; empty: they can. Raises StoreUnreachable, BadInput."""
        if self._settings.keys is KeysPolicy.STATIC:
            return "the target says `credentials: static`"
        return self._no_keys(DEFAULT_DATASTORE)

    def run_files(self, run: str) -> RunFiles:
        """Return the files of the run's own Secret: none if each attempt has one. Raises TargetError."""
        return {} if self._are_scoped() else self._files(run)

    def prepare(self, task: Task, owner: str) -> str:
        """Create the Secret of an attempt, and return its name; empty: it gets the run's.

        A Secret of an earlier controller is replaced: nobody knows when its keys end.

        Args:
            task: The attempt.
            owner: The uid of the run's ConfigMap.

        Raises:
            TargetError: No keys can be made, and the target demands them; a server that makes keys refuses those of
                this attempt; or the cluster refuses the Secret.
        """
        if not self._are_scoped():
            return ""
        file = self._files(task.id.run)[task.access]
        made = self._minted(task, file)
        self._judge(made)
        write = create_secret if self._is_current(task.id, file) else replace_secret
        if write(self._cluster, self._owner(task.id, owner), lambda uid: self._secret(task.id, made, uid)):
            self._remember(task, file, made)
        return self._name(task.id)

    def mount_endpoint(self, task: Task, datastore: str, endpoint: BucketEndpoint) -> BucketEndpoint:
        """Return the bucket of mounts with keys for them alone, where there are such. Raises TargetError."""
        if not self._are_scoped():
            return endpoint
        try:
            if self._settings.keys is KeysPolicy.AUTO and (self.is_known_whole(datastore) or self._no_keys(datastore)):
                return endpoint
            return mount_keys(task, datastore, endpoint, self._minters, self._cluster.now().timestamp())
        except StoreUnreachable as error:
            raise TargetUnreachable(f"no keys for the mounts of step {task.id.key}: {error}") from error
        except (StoreError, BadInput) as error:
            raise TargetError(refused_keys(task, datastore, error)) from error

    def is_known_whole(self, datastore: str) -> bool:
        """Return True if attempts get the keys of a whole datastore, and that was said."""
        return datastore in self._whole

    def renew(
        self, live: Iterable[TaskId], owner: Callable[[str], str], mounts: Callable[[Task, str], None], now: datetime
    ) -> None:
        """Replace the keys of live attempts that end soon, or that were made from others than those of now.

        Args:
            live: The attempts.
            owner: Returns the uid of a run's ConfigMap.
            mounts: Replaces the keys of an attempt's mounts, given that uid. They end no earlier than its own.
            now: The present time.

        Raises:
            RunnerError: Of the store, the server or the settings. The old keys may stay valid for long.
        """
        if not self._are_scoped():
            return
        for task in live:
            last = self._checked.get(task)
            if last is not None and last <= now < last + _CHECK:
                continue
            self._checked[task] = now
            self._renew_one(task, owner, mounts)

    def forget(self, task: TaskId) -> None:
        """Delete the Secret of an ended attempt, by its owner."""
        self._handed.pop(task, None)
        self._checked.pop(task, None)
        if self._settings.keys is not KeysPolicy.STATIC and not self._verdicts.get(DEFAULT_DATASTORE):
            self._cluster.delete("configmaps", self._name(task))

    def _renew_one(self, task: TaskId, owner: Callable[[str], str], mounts: Callable[[Task, str], None]) -> None:
        known = self._handed.get(task)
        whole = known.task if known else records.assignment(self._store, task.assignment)
        file = self._files(task.run)[whole.access]
        if self._is_current(task, file):
            return
        made = self._minted(whole, file)
        self._judge(made)
        uid = owner(task.run)
        replace_secret(self._cluster, self._owner(task, uid), lambda of: self._secret(task, made, of))
        mounts(whole, uid)
        self._remember(whole, file, made)  # last: after a failure of either, both are tried again

    def _is_current(self, task: TaskId, file: str) -> bool:
        """Return True if this process handed out keys made from this file, and half of their time is left."""
        known = self._handed.get(task)
        if known is None or known.made_for != file:
            return False
        return not known.renew_at or self._cluster.now().timestamp() < known.renew_at

    def _are_scoped(self) -> bool:
        """Return True if attempts get keys of their own. Raises TargetError if they must and cannot."""
        if self._settings.keys is KeysPolicy.STATIC:
            return False
        try:
            problem = self.problem()
        except StoreError as error:
            raise TargetUnreachable(f"the store does not answer when asked for temporary keys: {error}") from error
        if problem and self._settings.keys is KeysPolicy.SCOPED:
            raise TargetError(refusal(problem))
        if problem:
            self._once(whole_store_line(problem))
        return not problem

    def _no_keys(self, datastore: str) -> str:
        """Return why a server makes no keys for anybody, asked once; empty: it does. Raises StoreUnreachable."""
        with self._lock:
            if datastore not in self._verdicts:
                self._verdicts[datastore] = minting_problem(self._minters(datastore))
            return self._verdicts[datastore]

    def _minted(self, task: Task, file: str) -> Minted:
        stores = from_document(StepStores, json.loads(file))
        try:
            return minted(task, stores, self._minters, self._no_keys, self._cluster.now().timestamp())
        except StoreError as error:
            raise TargetUnreachable(f"no keys for step {task.id.key}: {error}") from error

    def _judge(self, made: Minted) -> None:
        """Report the stores whose keys open all of them, or refuse them."""
        for name, problem in made.whole.items():
            line = f"datastore '{name}': steps get the keys of all of it ({problem})"
            if self._settings.keys is KeysPolicy.SCOPED:
                raise TargetError(f"{line}; the target demands `credentials: scoped`")
            self._whole.add(name)
            self._once(f"WARNING: {line}")

    def _once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._say(line)

    def _remember(self, task: Task, file: str, made: Minted) -> None:
        now = self._cluster.now().timestamp()
        renew_at = now + (made.expires - now) / 2 if made.expires else 0.0
        self._handed[task.id] = Handed(task=task, made_for=file, renew_at=renew_at)

    def _name(self, task: TaskId) -> str:
        return c.attempt_secret_name(job_name(self._settings.store_id, task.run, task.key, task.attempt))

    def _owner(self, task: TaskId, owner: str) -> KubeObject:
        """Return the ConfigMap that owns the Secret of an attempt, and goes with the run at the latest."""
        run = {"apiVersion": "v1", "kind": "ConfigMap", "name": c.run_object_name(task.run), "uid": owner}
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": self._metadata(task, run),
            "immutable": True,
            "data": {"step": task.key, "attempt": str(task.attempt)},
        }

    def _secret(self, task: TaskId, made: Minted, owner: str) -> KubeObject:
        content = json.dumps(to_document(made.stores)).encode()
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": self._metadata(
                task, {"apiVersion": "v1", "kind": "ConfigMap", "name": self._name(task), "uid": owner}
            ),
            "type": "Opaque",
            "data": {c.STORES: base64.b64encode(content).decode()},
        }

    def _metadata(self, task: TaskId, owner: Mapping[str, str]) -> KubeObject:
        return {
            "name": self._name(task),
            "namespace": self._settings.namespace,
            "labels": c.run_labels(self._settings.store_id, task.run),
            "ownerReferences": [owner],
        }


def whole_store_line(problem: str) -> str:
    """Return the line for people about keys that open a whole store."""
    return (
        "WARNING: every step gets the keys of the whole store, and can read and overwrite what others keep there: "
        f"{problem} (docs/explanation/security.md)"
    )


def refusal(problem: str) -> str:
    """Return the words of a target that demands keys of each attempt's own and cannot have them."""
    return f"the target demands `credentials: scoped`, and steps cannot have keys of their own: {problem}"
