"""Decide the deliveries of a task's inputs, with a look at its target and the manifests of what is mounted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..data import manifest
from ..errors import BadInput, Problem
from ..model.data import Kind, Mode
from ..model.data_access import DataAccess, MountPolicy
from ..model.delivery import Delivery, unshown_name
from ..model.task import InputBinding, Task
from ..ports import ObjectStore
from .delivery import Wanted, deliveries, unmet


def delivered(task: Task, store: ObjectStore, access: Callable[[], DataAccess]) -> Task:
    """Return the task with a delivery for each input.

    Args:
        task: The task.
        store: The workspace store, which has the manifests.
        access: Returns the ways that the task's target has. It is called only for a task with inputs.

    Raises:
        BadInput: An input that must be mounted cannot be.
        StoreError, TargetError: The store or the target cannot be used.

    """
    if not task.inputs:
        return task
    ways = access()
    chosen = deliveries(map(Wanted.of_binding, task.inputs), ways, task.resources)
    inputs = tuple(replace(one, delivery=_placed(one, chosen[one.name], store)) for one in task.inputs)
    if ways.policy is MountPolicy.REQUIRED:
        problems = tuple(_refusals(inputs, ways))
        if problems:
            raise BadInput(problems)
    return replace(task, inputs=inputs)


def _placed(binding: InputBinding, delivery: Delivery, store: ObjectStore) -> Delivery:
    """Return the delivery with the prefix of its mount; a download if no mount can show a name."""
    if delivery.mode is not Mode.MOUNT:
        return delivery
    pinned, key = manifest.load(store, binding.ref.digest), binding.ref.key
    odd = next(filter(unshown_name, (name for entry in pinned.entries for name in (entry.key or key, entry.path))), "")
    if odd:
        return Delivery(Mode.DOWNLOAD, delivery.bytes, f"no mount can show the name {odd!r}")
    return replace(delivery, prefix=key.rpartition("/")[0] if pinned.kind is Kind.FILE else key)


def _refusals(inputs: tuple[InputBinding, ...], access: DataAccess) -> Iterator[Problem]:
    for binding in inputs:
        delivery = binding.delivery
        reason = unmet(Wanted.of_binding(binding), delivery, access) if delivery is not None else ""
        if reason:
            yield refusal(binding.name, reason)


def refusal(name: str, reason: str, where: str = "") -> Problem:
    """Return the problem of an input that its target must mount and cannot.

    Args:
        name: The input's name.
        reason: Why it cannot be mounted.
        where: The step. Default: empty, it is known otherwise.

    """
    return Problem(
        f"input '{name}' cannot be mounted: {reason}",
        where,
        "ask for a download of it (as_download), or let the target prefer mounts (mounts: {policy: preferred})",
    )
