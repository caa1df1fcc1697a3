"""The paths of an attempt's data in a pod, and of one that brings its own bootstrap to the user's machine."""

from __future__ import annotations

from pathlib import Path

from ..data.dataset import Datastores
from ..data.node_cache import NodeCache
from ..data.work_dir import Staging, WorkDir
from ..model.context import StoreAccess
from ..model.data import Kind
from ..model.delivery import MOUNTED_DATA, mount_place
from ..model.task import InputBinding, OutputBinding
from ..ports import ObjectStore
from .machine import Machine


def staging(
    place: WorkDir,
    workspace: ObjectStore,
    datastores: Datastores,
    access: StoreAccess,
    *,
    here: Machine | None = None,
    cache: NodeCache | None = None,
) -> Staging:
    """Return the staging into `place`, or to the path that the step states, which is a mounted folder of its own.

    Args:
        place: The attempt's folders.
        workspace: The workspace store.
        datastores: The stores of the datastores.
        access: The script's own access to the stores.
        here: The user's machine, if the step runs there: absolute paths that the step states are then not made.
            Default: none, it runs in a pod, and has a folder of its own at each such path.
        cache: The cache of the node. Default: none.

    """

    def folder(path_on_compute: str, otherwise: Path) -> Path:
        stated = Path(path_on_compute) if path_on_compute and here is None else otherwise
        return place.named(path_on_compute) or stated

    def input_place(binding: InputBinding, kind: Kind) -> Path:
        named = folder(binding.path_on_compute, place.inputs / binding.name)
        # The mount is a folder, so a single file lies in it under its own name.
        return named / binding.ref.key.rsplit("/", 1)[-1] if kind is Kind.FILE else named

    def output_place(binding: OutputBinding) -> Path:
        return folder(binding.path_on_compute, place.outputs / binding.name)

    return Staging(
        workspace=workspace,
        datastores=datastores,
        input_place=input_place,
        output_place=output_place,
        mount=here.mount if here else lambda binding: Path(mount_place(binding.name), MOUNTED_DATA),
        access=access,
        cache=cache,
    )
