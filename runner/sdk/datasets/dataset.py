"""Dataset: the factories ``Dataset.Tabular`` and ``Dataset.File``, and registered datasets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...data import registry
from ...model.context import STEP_VARIABLE, StagedInput
from ...model.data import DatasetDefinition, Mode
from ..base.exceptions import UserErrorException
from .factories import FileDatasetFactory, TabularDatasetFactory
from .file_dataset import FileDataset
from .files import place_of
from .tabular import TabularDataset

if TYPE_CHECKING:
    from ..base.session import OpenWorkspace
    from ..workspaces.workspace import Workspace


class Dataset:
    """Registered datasets, and the factories that define new ones: ``Dataset.Tabular`` and ``Dataset.File``.

    Example:
        >>> dataset = Dataset.File.from_files((datastore, "images/**"))
        >>> dataset = dataset.register(ws, "images", create_new_version=True)
        >>> images = Dataset.get_by_name(ws, "images").as_named_input("images").as_mount()

    """

    Tabular = TabularDatasetFactory
    File = FileDatasetFactory

    class Scenario:
        """v1's words for what a model uses a dataset for."""

        TRAINING = "training"
        VALIDATION = "validation"
        INFERENCING = "inferencing"

    @staticmethod
    def get_by_name(workspace: Workspace, name: str, version: int | str = "latest") -> TabularDataset | FileDataset:
        """Return a registered dataset.

        Args:
            workspace: The workspace.
            name: The registered name.
            version: The version, from 1. Default: ``"latest"``.

        Raises:
            UserErrorException: There is no such name or version.

        """
        return registered_dataset(workspace, name, version)

    @staticmethod
    def get_by_id(workspace: Workspace, id: str) -> TabularDataset | FileDataset:
        """Return a registered dataset by its id; in a step, one of its inputs.

        Args:
            workspace: The workspace.
            id: The dataset's id.

        Raises:
            UserErrorException: No registered dataset has that id.

        """
        staged = _input_of_this_step(id)
        if staged is not None:
            return staged
        found = registry.find(workspace.session.store, id)
        if found is None:
            raise UserErrorException(f"no registered dataset has the id {id!r}")
        return _registered(found)

    @staticmethod
    def get_all(workspace: Workspace) -> dict[str, TabularDataset | FileDataset]:
        """Return the newest version of every registered dataset, by name.

        Args:
            workspace: The workspace.

        """
        names = registry.names(workspace.session.store)
        return {name: Dataset.get_by_name(workspace, name) for name in names}


def registered_dataset(workspace: OpenWorkspace, name: str, version: int | str) -> TabularDataset | FileDataset:
    """Return a registered dataset; see `Dataset.get_by_name`.

    Args:
        workspace: The workspace.
        name: The registered name.
        version: The version, or ``"latest"``.

    Raises:
        UserErrorException: There is no such name or version.

    """
    store = workspace.session.store
    latest = version in ("latest", None)
    found = registry.latest(store, name) if latest else registry.fetch(store, name, _number(version))
    if found is not None:
        return _registered(found)
    known = ", ".join(registry.names(store)) or "none"
    shown = "" if latest else f" version {version}"
    raise UserErrorException(
        f"dataset {name!r}{shown} is not registered in workspace {workspace.name!r} (registered: {known})",
        remedy=f"define it (Dataset.Tabular.from_delimited_files(...)) and register(workspace, {name!r})",
    )


def dataset_from(
    definition: DatasetDefinition, *, staged: Path | None = None, facts: Mapping[str, object] | None = None
) -> TabularDataset | FileDataset:
    """Return the user's object for a definition.

    Args:
        definition: The definition.
        staged: The folder or file to which a step's staging brought the data. None: they are in their datastore.
        facts: Description and tags of the registration. None: none.

    """
    shape = TabularDataset if definition.kind == "tabular" else FileDataset
    place = None if staged is None else place_of(definition, StagedInput(Mode.DOWNLOAD, str(staged)))
    return shape(definition, staged=place, facts=facts)


def _input_of_this_step(identity: str) -> TabularDataset | FileDataset | None:
    """Return the input of this step with that id, if any: v1's scripts get the id as an argument and look it up."""
    if STEP_VARIABLE not in os.environ:
        return None
    from ..base.step_folder import step_context

    for staged in step_context().inputs.values():
        if staged.dataset is not None and identity in (staged.dataset.id, staged.dataset.identity):
            return dataset_of_input(staged.dataset, staged)
    return None


def dataset_of_input(definition: DatasetDefinition, given: StagedInput) -> TabularDataset | FileDataset:
    """Return the object of a step's input.

    Args:
        definition: The definition of the input.
        given: The input.

    """
    shape = TabularDataset if definition.kind == "tabular" else FileDataset
    return shape(definition, staged=place_of(definition, given))


def _number(version: object) -> int:
    try:
        return int(str(version))
    except ValueError as error:
        text = f"{version!r} is no version of a dataset"
        raise UserErrorException(text, remedy="it is a number or 'latest'") from error


def _registered(found: registry.Registration) -> TabularDataset | FileDataset:
    return dataset_from(found.definition, facts={"description": found.description, "tags": found.tags})
