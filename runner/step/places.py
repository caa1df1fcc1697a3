"""Where a pod keeps an attempt's data."""

from __future__ import annotations

from pathlib import Path

from ..data.dataset import Datastores
from ..data.workplace import Staging, Workplace
from ..model.data import Kind
from ..model.task import InputBinding, OutputBinding
from ..ports import ObjectStore


def staging(place: Workplace, workspace: ObjectStore, datastores: Datastores) -> Staging:
    """Staging into `place`, or to the path the step names: that is a mounted folder of its own."""

    def input_place(binding: InputBinding, kind: Kind) -> Path:
        if not binding.path_on_compute:
            return place.inputs / binding.name
        named = Path(binding.path_on_compute)
        # The mount is a folder: a lone file lies in it under its own name.
        return named / binding.ref.key.rsplit("/", 1)[-1] if kind is Kind.FILE else named

    def output_place(binding: OutputBinding) -> Path:
        return Path(binding.path_on_compute) if binding.path_on_compute else place.outputs / binding.name

    return Staging(workspace, datastores, input_place, output_place)
