"""Decide how an attempt gets its inputs: by download, by mount, or directly (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..dataclass import dataclass
from ..model.data import DEFAULT_DATASTORE, DatasetDefinition, DatastorePath, Mode
from ..model.data_access import DataAccess, MountPolicy
from ..model.delivery import Delivery
from ..model.quantity import amount
from ..model.resources import Resources
from ..model.step import InputSpec
from ..model.task import InputBinding

LARGE = 1 << 30
"""Bytes of an input above which `Mode.AUTO` mounts it. A download of less takes a few seconds."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The facts about an input on which its delivery depends."""

    name: str
    mode: Mode
    datastore: str
    bytes: int | None
    """Its size; None: unknown, since it does not exist yet."""
    tabular: bool = False
    writable: bool = False

    @classmethod
    def of_binding(cls, binding: InputBinding) -> Wanted:
        """Return the facts of an input whose data are resolved."""
        return cls(
            name=binding.name,
            mode=binding.mode,
            datastore=binding.ref.datastore,
            bytes=binding.ref.bytes,
            tabular=_is_tabular(binding.dataset),
            writable=binding.writable,
        )

    @classmethod
    def of_spec(cls, spec: InputSpec, size: int | None, datastore: str = DEFAULT_DATASTORE) -> Wanted:
        """Return the facts of an input of a plan.

        Args:
            spec: The input.
            size: Its bytes; None: unknown.
            datastore: The datastore of the output that it is. Other inputs name theirs.

        """
        source, dataset = spec.source, spec.view
        if isinstance(source, DatastorePath):
            datastore = source.datastore
        elif isinstance(source, DatasetDefinition):
            dataset, datastore = source, next((path.datastore for path in source.paths), datastore)
        return cls(
            name=spec.name,
            mode=spec.mode,
            datastore=datastore,
            bytes=size,
            tabular=_is_tabular(dataset),
            writable=spec.writable,
        )


def deliveries(
    inputs: Iterable[Wanted], access: DataAccess, resources: Resources | None = None
) -> Mapping[str, Delivery]:
    """Return how one attempt gets each of its inputs, by their names.

    Args:
        inputs: The inputs of one step.
        access: The ways that its target has.
        resources: The resources of the step. Default: none are known.

    """
    wanted = tuple(inputs)
    chosen = {one.name: choose(one, access, resources) for one in wanted}
    mounted = sorted(
        (one for one in wanted if chosen[one.name].mode is Mode.MOUNT), key=lambda one: (-(one.bytes or 0), one.name)
    )
    reason = f"a step has at most {access.most_mounts} mounts, and larger inputs have them"
    for one in mounted[access.most_mounts :]:
        chosen[one.name] = Delivery(Mode.DOWNLOAD, one.bytes or 0, reason)
    return chosen


def choose(wanted: Wanted, access: DataAccess, resources: Resources | None = None) -> Delivery:
    """Return how an attempt gets one input, without regard to the others: see `deliveries`."""
    mode, reason = _chosen(wanted, access, resources)
    return Delivery(mode, wanted.bytes or 0, reason)


def obstacle(wanted: Wanted, access: DataAccess) -> str:
    """Return why the target cannot mount an input; empty: it can."""
    if access.policy is MountPolicy.NEVER:
        return "the target's policy is never to mount"
    if wanted.datastore in access.at_hand:
        return "its files are on this machine"
    if not access.mounts:
        return access.problem or "the target has no mounts"
    if wanted.datastore in access.unmountable:
        return f"datastore '{wanted.datastore}' cannot be mounted"
    return ""


def unmet(wanted: Wanted, delivery: Delivery, access: DataAccess) -> str:
    """Return what keeps an input from the mount that its author asks for; empty: nothing worth a word."""
    if wanted.mode is not Mode.MOUNT or wanted.writable or delivery.mode is not Mode.DOWNLOAD:
        return ""
    if wanted.datastore in access.at_hand:
        return ""
    if not access.mounts and not access.problem and access.policy is not MountPolicy.REQUIRED:
        return ""
    return delivery.reason


def _chosen(wanted: Wanted, access: DataAccess, resources: Resources | None) -> tuple[Mode, str]:
    if wanted.writable:
        return Mode.DOWNLOAD, "the script may change it, and changes are written back"
    if wanted.mode is Mode.DOWNLOAD:
        return Mode.DOWNLOAD, "as asked"
    if wanted.tabular and wanted.mode is Mode.DIRECT and wanted.datastore not in access.unreadable:
        return Mode.DIRECT, "the script reads the table by itself"
    against = obstacle(wanted, access)
    if wanted.mode is Mode.MOUNT:
        return (Mode.DOWNLOAD, against) if against else (Mode.MOUNT, "as asked")
    if wanted.bytes is None:
        return Mode.DOWNLOAD, against or "unless it is large"
    large = _large(wanted.bytes, access, resources)
    if not large:
        return Mode.DOWNLOAD, "small"
    return (Mode.DOWNLOAD, f"{large}, but {against}") if against else (Mode.MOUNT, large)


def _large(size: int, access: DataAccess, resources: Resources | None) -> str:
    """Return in which respect an input is large; empty: it is small."""
    if size > LARGE:
        return "more than 1 GiB"
    limit = amount(resources.ephemeral_storage) if resources is not None and resources.ephemeral_storage else None
    if limit is not None and size > limit / 2:
        return "more than half of the step's ephemeral_storage"
    if access.free_bytes is not None and size > access.free_bytes / 2:
        return "more than half of the free disk"
    return ""


def _is_tabular(dataset: DatasetDefinition | None) -> bool:
    """Return True for rows that a script gets as an object, by an ID in its arguments. Else it gets their path."""
    return dataset is not None and dataset.kind == "tabular" and bool(dataset.id or dataset.paths)
