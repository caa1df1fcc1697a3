"""What a step's datasets and data paths mean at this moment."""

from __future__ import annotations

from ..data import dataset
from ..model.data import DataPath, DataRef, DatasetDefinition, Mode
from ..model.step import OutputOf, StepSpec
from ..ports import ObjectStore
from .assign import to_pin
from .fingerprint import Pins


def pins_of(store: ObjectStore, datastores: dataset.Datastores, step: StepSpec) -> Pins:
    """Look up the content of every input that no step makes, by its name.

    Raises:
        BadInput: where nothing lies, unless the input is writable: then it is an empty folder.
        StoreError: for the store's failures.

    """
    pins: dict[str, DataRef] = {}
    for spec in to_pin(step):
        what = f"input '{spec.name}'"
        match spec.source:
            case DatasetDefinition() as definition:
                pins[spec.name] = dataset.pin_dataset(store, datastores, definition)
            case DataPath() as place if spec.mode is Mode.UPLOAD:
                pins[spec.name] = dataset.pin_nothing(store, place)
            case DataPath() as place:
                pins[spec.name] = dataset.pin(store, datastores, (place,), what, may_be_absent=spec.writable)
            case OutputOf():
                pass
    return pins
