"""What a step's datasets and data paths mean at this moment."""

from __future__ import annotations

from ..data import dataset
from ..model.data import DataRef, DatasetDefinition
from ..model.step import StepSpec
from ..ports import ObjectStore
from .assign import to_pin
from .fingerprint import Pins


def pins_of(store: ObjectStore, datastores: dataset.Datastores, step: StepSpec) -> Pins:
    """The content of every input that no step makes, by its name. Raises BadInput where there is none, StoreError."""
    pins: dict[str, DataRef] = {}
    for name, source in to_pin(step).items():
        if isinstance(source, DatasetDefinition):
            pins[name] = dataset.pin_dataset(store, datastores, source)
        else:
            pins[name] = dataset.pin(store, datastores, (source,), f"input '{name}'")
    return pins
