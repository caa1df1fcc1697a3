"""Resolve a step's datasets and data paths as they are now."""

from __future__ import annotations

from ..data import dataset
from ..model.data import DataRef, DatasetDefinition, DatastorePath, Mode
from ..model.step import OutputOf, StepSpec
from ..ports import ObjectStore
from .assign import to_pin
from .fingerprint import Pins


def pins_of(store: ObjectStore, datastores: dataset.Datastores, step: StepSpec) -> Pins:
    """Return the content of every input that no step produces, by input name.

    Raises:
        BadInput: If an input is empty and is not writable; a writable one is an empty folder then.
        StoreError: If the store fails.
    """
    pins: dict[str, DataRef] = {}
    for spec in to_pin(step):
        what = f"input '{spec.name}'"
        match spec.source:
            case DatasetDefinition() as definition:
                pins[spec.name] = dataset.pin_dataset(store, datastores, definition)
            case DatastorePath() as place if spec.mode is Mode.UPLOAD:
                pins[spec.name] = dataset.pin_nothing(store, place)
            case DatastorePath() as place:
                pins[spec.name] = dataset.pin(store, datastores, (place,), what, may_be_absent=spec.writable)
            case OutputOf():
                pass
    return pins
