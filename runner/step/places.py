"""Where a pod keeps an attempt's data."""

from __future__ import annotations

from pathlib import Path

from ..data.dataset import Datastores
from ..data.workplace import Staging, Workplace
from ..model.context import StoreAccess
from ..model.data import Kind
from ..model.task import InputBinding, OutputBinding
from ..ports import ObjectStore


def staging(place: Workplace, workspace: ObjectStore, datastores: Datastores, stores: str = "") -> Staging:
    """Staging into `place`, or to the path the step names: that is a mounted folder of its own.

    `stores` is the path of the file by which the script reaches the stores itself.
    """

    def input_place(binding: InputBinding, kind: Kind) -> Path:
        named = place.named(binding.path_on_compute) or Path(binding.path_on_compute or place.inputs / binding.name)
        # The mount is a folder: a lone file lies in it under its own name.
        return named / binding.ref.key.rsplit("/", 1)[-1] if kind is Kind.FILE else named

    def output_place(binding: OutputBinding) -> Path:
        return place.named(binding.path_on_compute) or Path(binding.path_on_compute or place.outputs / binding.name)

    return Staging(workspace, datastores, input_place, output_place, access=StoreAccess(stores=stores))
