"""Publish a committed output: copy it to its destination and register it as a dataset.

This happens after the commit and before the event of the step's success, so that dependents find the output. A
repetition after a crash leads to the same result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..data import integrity, manifest, registry
from ..data.dataset import Datastores
from ..data.transfers import trees
from ..errors import BadInput, DataChanged
from ..model.data import DataRef, DatasetDefinition, DatastorePath, Manifest
from ..model.names import fixed_place
from ..model.step import OutputSpec, StepSpec
from ..ports import ObjectStore


def to_publish(step: StepSpec) -> tuple[OutputSpec, ...]:
    """Return the outputs that have a destination or a registration."""
    return tuple(spec for spec in step.outputs if spec.register or fixed_place(spec.destination, spec.name))


def publish(
    store: ObjectStore, datastores: Datastores, specs: tuple[OutputSpec, ...], outputs: Mapping[str, DataRef]
) -> None:
    """Copy each output to its destination, then register it.

    Files of earlier runs at the same destination stay, unless one of the same name replaces them (v1 behaviour).

    Raises:
        DataChanged: If the output's bytes are no longer those that were committed.
        StoreError: If the store fails.
        BadInput: If a file cannot lie below the destination.
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
            trees.copy(there, ref.key, described, place)
        for wanted in spec.register:
            path = DatastorePath(spec.datastore, place or ref.key)
            entry = registry.Registration(_at(wanted.view, path), wanted.description, wanted.tags)
            registry.register(store, wanted.name, entry, new_version=wanted.new_version)


def _check_keys(store: ObjectStore, described: Manifest, place: str) -> None:
    """Raise BadInput if a file of `described` cannot lie below `place`, before any file is copied."""
    elsewhere = next((entry.key for entry in described.entries if entry.key), "")
    if elsewhere:  # only manifests of datasets have such files, and a script may write a manifest
        raise BadInput(
            f"the manifest of its output names a file that is not its own: {elsewhere}",
            remedy="see whether its script writes below manifests/ of the workspace store, where only runner writes",
        )
    longest = max((entry.path for entry in described.entries), key=lambda path: len(path.encode()), default="")
    try:
        store.stat(f"{place}/{longest}" if longest else place)
    except ValueError as error:
        raise BadInput(f"its output cannot lie at {place}: {error}", remedy="choose a shorter destination") from error


def _at(view: DatasetDefinition, path: DatastorePath) -> DatasetDefinition:
    """Return the dataset definition over the files at `path`; the definition's own glob applies below it."""
    patterns = [f"{path.path}/{pattern.path}" for pattern in view.paths] or [path.path]
    return replace(view, paths=tuple(DatastorePath(path.datastore, pattern) for pattern in patterns))
