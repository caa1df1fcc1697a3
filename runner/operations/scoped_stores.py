"""The stores of one attempt with keys that open its own part of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from ..dataclass import dataclass, field
from ..errors import BadInput, Problem, RunnerError, StoreError, StoreUnreachable, TargetError
from ..model.data import DEFAULT_DATASTORE
from ..model.data_access import DataAccess
from ..model.delivery import Delivery
from ..model.grants import Grants, mount_grants, own_folders, own_grants, shared_grants
from ..model.store_endpoint import BucketEndpoint, StepStores, StoreEndpoint
from ..model.task import Task, TaskId, TimeLimits
from ..ports import CredentialMinter

UNLIMITED = 24 * 3600.0
"""Seconds for each phase of an attempt that has no limit. Keys are renewed at half of their time."""
MARGIN = 15 * 60.0
"""Seconds after the last limit, for the upload of outputs and the end of the attempt."""
Minters = Callable[[str], "CredentialMinter | None"]
"""Returns what mints keys for a datastore; None: nothing does."""
NoKeys = Callable[[str], str]
"""Returns why the server of a datastore makes no temporary keys at all; empty: it makes them."""
REMEDY = "let the store's server make them, or set `credentials: static` for the target: steps get the whole store"


@dataclass(frozen=True)
class Minted:
    """The stores of an attempt, with keys of its own where their servers make such."""

    stores: StepStores
    expires: float
    """Seconds since the epoch at which the first of the keys end; 0: none do."""
    whole: Mapping[str, str] = field(default_factory=dict)
    """The datastores that the attempt gets the keys of all of, with the reasons."""


def lifetime(limits: TimeLimits) -> float:
    """Return the seconds that keys of an attempt last: its time limits, a day for a phase without one, and a margin."""
    return sum(limit or UNLIMITED for limit in (limits.queue, limits.start, limits.run)) + MARGIN


def minted(task: Task, stores: StepStores, minters: Minters, no_keys: NoKeys, now: float) -> Minted:
    """Return the stores of an attempt with minted keys, and with whole keys where the server makes none for anybody.

    What one attempt asks for decides nothing else: a step could ask for so much that its keys are refused.

    Args:
        task: The attempt.
        stores: The stores with the keys that open all of them, as the attempt reaches them.
        minters: What mints keys for the workspace store and each datastore.
        no_keys: The datastores whose servers make no keys.
        now: Seconds since the epoch.

    Raises:
        StoreUnreachable: A server does not answer now.
        TargetError: A server that makes keys refuses those of this attempt.
    """
    end = now + lifetime(task.time_limits)
    whole: dict[str, str] = {}

    def of(name: str, endpoint: StoreEndpoint) -> StoreEndpoint:
        minter = minters(name)
        if minter is None or not isinstance(endpoint, BucketEndpoint):
            whole[name] = "its store makes no temporary keys"
            return endpoint
        if problem := no_keys(name):
            whole[name] = problem
            return endpoint
        try:
            return _confined(task, name, endpoint, minter, end)
        except StoreUnreachable:
            raise
        except (StoreError, BadInput) as error:
            raise TargetError(refused_keys(task, name, error)) from error

    workspace = of(DEFAULT_DATASTORE, stores.workspace)
    assert isinstance(workspace, BucketEndpoint)
    found = replace(
        stores, workspace=workspace, datastores={name: of(name, one) for name, one in stores.datastores.items()}
    )
    buckets = [one for one in (workspace, *found.datastores.values()) if isinstance(one, BucketEndpoint)]
    keys = [key for one in buckets for key in (one.credentials, one.shared) if key is not None and key.expires]
    return Minted(found, min((key.expires for key in keys), default=0.0), whole)


def refused_keys(task: Task, datastore: str, error: RunnerError) -> str:
    """Return the words for an attempt whose keys are refused by a server that makes them."""
    causes = error.problems if isinstance(error, BadInput) else (Problem(str(error)),)
    said = "; ".join(each.what for each in causes)
    remedy = next((each.remedy for each in causes if each.remedy), REMEDY)
    return str(Problem(f"no keys of its own for step {task.id.key} in datastore '{datastore}': {said}", remedy=remedy))


def mount_keys(task: Task, datastore: str, endpoint: BucketEndpoint, minters: Minters, now: float) -> BucketEndpoint:
    """Return the bucket of an attempt's mounts with keys that read its mounted inputs alone.

    Args:
        task: The attempt.
        datastore: The datastore that is mounted.
        endpoint: Its bucket, with the keys that open all of it.
        minters: What mints keys.
        now: Seconds since the epoch.

    Raises:
        StoreUnreachable: The server does not answer now.
        StoreError: It makes no keys.
    """
    minter = minters(datastore)
    if minter is None:
        raise StoreError("its store makes no temporary keys")
    deliveries = (one.delivery for one in task.inputs if one.is_mounted and one.ref.datastore == datastore)
    grants = mount_grants((each.prefix for each in deliveries if isinstance(each, Delivery)), datastore)
    return replace(endpoint, credentials=minter.mint(task.id, grants, now + lifetime(task.time_limits)))


def minting_problem(minter: CredentialMinter | None) -> str:
    """Return why a store makes no temporary keys; empty: it does. Raises StoreUnreachable."""
    if minter is None:
        return "no server makes temporary keys for it"
    try:
        minter.mint(TaskId("probe", "probe"), Grants(reads=("probe/none",)), time.time() + 900)
    except StoreUnreachable:
        raise
    except (StoreError, BadInput) as error:
        return str(error)
    return ""


def announce_whole_stores(
    targets: Iterable[str], access: Callable[[str], DataAccess], notify: Callable[[str], None]
) -> None:
    """Print a line for each target whose steps get the keys of a whole store although nobody has said so.

    Args:
        targets: The targets of the steps of a plan.
        access: Returns the ways in which the steps of a target get data. An error of it is left to others.
        notify: Prints a line.
    """
    for name in dict.fromkeys(targets):
        with suppress(RunnerError):
            if warning := access(name).warning:
                notify(f"target '{name}': {warning}")


def _confined(task: Task, name: str, endpoint: BucketEndpoint, minter: CredentialMinter, end: float) -> BucketEndpoint:
    shared = minter.mint(task.id, shared_grants(name, read_only=endpoint.read_only), end)
    grants = own_grants(task, name)
    if not (grants.reads or grants.writes):
        return replace(endpoint, credentials=shared, shared=shared)
    own = minter.mint(task.id, grants, end)
    return replace(endpoint, credentials=own, shared=shared, own=own_folders(name))
