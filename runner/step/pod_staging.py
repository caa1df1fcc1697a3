"""The paths of an attempt's data in a pod."""

from __future__ import annotations

from pathlib import Path

from ..data.dataset import Datastores
from ..data.work_dir import Staging, WorkDir
from ..model.context import StoreAccess
from ..model.data import Kind
from ..model.task import InputBinding, OutputBinding
from ..ports import ObjectStore


def staging(place: WorkDir, workspace: ObjectStore, datastores: Datastores, stores: str = "") -> Staging:
    """Return the staging into `place`, or to the path that the step states, which is a mounted folder of its own.

    `stores` is the path of the file with the store settings for the script.
    """

    def input_place(binding: InputBinding, kind: Kind) -> Path:
        named = place.named(binding.path_on_compute) or Path(binding.path_on_compute or place.inputs / binding.name)
        # The mount is a folder, so a single file lies in it under its own name.
        return named / binding.ref.key.rsplit("/", 1)[-1] if kind is Kind.FILE else named

    def output_place(binding: OutputBinding) -> Path:
        return place.named(binding.path_on_compute) or Path(binding.path_on_compute or place.outputs / binding.name)

    return Staging(
        workspace=workspace,
        datastores=datastores,
        input_place=input_place,
        output_place=output_place,
        access=StoreAccess(stores=stores),
    )
