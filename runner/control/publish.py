"""Publishing: a committed output is put at the place its author named, and registered as a dataset.

Done between the commit and the event that tells the step's success, so dependents find it; done again after a
crash with the same end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..data import integrity, manifest, registry, transfer
from ..data.dataset import Datastores
from ..errors import BadInput, DataChanged
from ..model.data import DataPath, DataRef, DatasetDefinition, Manifest
from ..model.names import fixed_place
from ..model.step import OutputSpec, StepSpec
from ..ports import ObjectStore


def to_publish(step: StepSpec) -> tuple[OutputSpec, ...]:
    """The outputs that have a fixed place or a registration."""
    return tuple(spec for spec in step.outputs if spec.register or fixed_place(spec.destination, spec.name))


def publish(
    store: ObjectStore, datastores: Datastores, specs: tuple[OutputSpec, ...], outputs: Mapping[str, DataRef]
) -> None:
    """Fill each fixed place from the committed output, then register.

    Raises DataChanged when the output has not the bytes any more that were committed, StoreError, BadInput.

    Files of earlier runs at the same place stay unless one of the same name replaces them, as in v1.
    """
    for spec in specs:
        ref = outputs[spec.name]
        place = fixed_place(spec.destination, spec.name)
        if place:
            there = datastores(spec.datastore)
            if not integrity.is_intact(store, there, ref):
                raise DataChanged(f"{spec.datastore}/{ref.key} was changed in the store after its commit")
            described = manifest.load(store, ref.digest)
            _check_keys(there, described, place)
            transfer.copy(there, ref.key, described, place)
        for wanted in spec.register:
            path = DataPath(spec.datastore, place or ref.key)
            entry = registry.Registration(_at(wanted.view, path), wanted.description, wanted.tags)
            registry.register(store, wanted.name, entry, new_version=wanted.new_version)


def _check_keys(store: ObjectStore, described: Manifest, place: str) -> None:
    """Raise BadInput if a file of `described` cannot lie below `place`: then none is to be copied."""
    longest = max((entry.path for entry in described.entries), key=lambda path: len(path.encode()), default="")
    try:
        store.stat(f"{place}/{longest}" if longest else place)
    except ValueError as error:
        raise BadInput(f"its output cannot lie at {place}: {error}", remedy="choose a shorter destination") from error


def _at(view: DatasetDefinition, path: DataPath) -> DatasetDefinition:
    """The view over what lies at `path`; a glob of the view's own is below it."""
    patterns = [f"{path.path}/{pattern.path}" for pattern in view.paths] or [path.path]
    return replace(view, paths=tuple(DataPath(path.datastore, pattern) for pattern in patterns))
