"""A finished step's output in the driver: its place, and its download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...model.data import DataRef, DatastorePath, Mode
from ...override import override
from ..base.exceptions import UserErrorException
from ..base.placeholders import Consumed, Placeholder
from ..datastores.data_paths import reading_mode

if TYPE_CHECKING:
    from ..runs.step_run import StepRun


class StepRunOutput:
    """An output of a step's run.

    Args:
        step_run: The step's run.
        name: The output's name.

    """

    def __init__(self, step_run: StepRun, name: str) -> None:
        self.step_run = step_run
        self.name = name

    @override
    def __repr__(self) -> str:
        return f"StepRunOutput({self.name!r} of {self.step_run.id})"

    @property
    def id(self) -> str:
        """The step run's id and the output's name."""
        return f"{self.step_run.id}/{self.name}"

    def get_port_data_reference(self) -> PortDataReference:
        """Return the place of the output.

        Raises:
            UserErrorException: The step has not delivered it.

        """
        ref = self.step_run.state.outputs.get(self.name)
        if ref is None:
            raise UserErrorException(
                f"step '{self.step_run.name}' has not delivered output '{self.name}' "
                f"(status {self.step_run.get_status()})",
                remedy="wait for the run to finish",
            )
        return PortDataReference(self.step_run, self.name, ref)


class PortDataReference(Placeholder):
    """The place of a step's output. It can be an input of a step of a later pipeline.

    Args:
        step_run: The step's run.
        name: The output's name.
        ref: The committed data.
        mode: The mode as an input. Default: mounted if it is large.
        path: The path in the step. Default: empty, a path is chosen.

    """

    def __init__(self, step_run: StepRun, name: str, ref: DataRef, mode: Mode = Mode.AUTO, path: str = "") -> None:
        self._step_run = step_run
        self.name = name
        self.ref = ref
        self._mode = mode
        self._path_on_compute = path

    @property
    def datastore_name(self) -> str:
        """The name of the datastore."""
        return self.ref.datastore

    @property
    def datastore(self) -> object:
        """The datastore."""
        from ..datastores.datastore import Datastore

        return Datastore(self._step_run.experiment.workspace, self.ref.datastore)

    @property
    def path_on_datastore(self) -> str:
        """The path on the datastore: ``azureml/<step run id>/<output>``."""
        return self.ref.key

    @property
    def _path_on_datastore(self) -> str:  # samples open this private name of v1's
        return self.ref.key

    def download(self, local_path: str, overwrite: bool | None = None, show_progress: bool | None = None) -> int:
        """Copy the output to this machine.

        Args:
            local_path: The folder; each file gets its whole path on the datastore below it.
            overwrite: True: replace files that exist. None or False: they stay as they are.
            show_progress: True: print a line for each file that stays as it is. None: print nothing.

        Returns:
            The number of files copied.

        Raises:
            DataChanged: The datastore no longer has the bytes that the step committed.

        """
        from ...data import manifest
        from ...data.transfers import trees
        from ...model.inside import check_inside
        from ..datastores.files import fetch

        session = self._step_run.session
        store = session.datastore(self.ref.datastore)
        described = manifest.load(session.store, self.ref.digest)
        known = {trees.key_of(self.ref.key, entry): entry for entry in described.entries}
        check_inside((*known, *(f"{self.ref.key}/{folder}" for folder in described.folders)))
        for folder in described.folders:
            Path(local_path, self.ref.key, folder).mkdir(parents=True, exist_ok=True)

        def bring(key: str, path: Path) -> None:
            trees.fetch_file(store, key, known[key], path)

        return fetch(store, {key: key for key in known}, local_path, overwrite, show_progress, bring=bring)

    def as_mount(self, input_name: str | None = None) -> PortDataReference:
        """Return the output as a mounted input.

        Args:
            input_name: The input's name. None: the output's.

        """
        return self.create_input_binding(input_name, "mount")

    def as_download(
        self, input_name: str | None = None, path_on_compute: str | None = None, overwrite: bool | None = None
    ) -> PortDataReference:
        """Return the output as an input that is copied.

        Args:
            input_name: The input's name. None: the output's.
            path_on_compute: The path in the step. None: a path is chosen.
            overwrite: Accepted as in v1 and ignored.

        """
        return self.create_input_binding(input_name, "download", path_on_compute, overwrite)

    def as_input(self, input_name: str) -> PortDataReference:
        """Return the output as an input under another name.

        Args:
            input_name: The input's name.

        """
        return PortDataReference(self._step_run, input_name, self.ref, self._mode, self._path_on_compute)

    def create_input_binding(
        self,
        input_name: str | None = None,
        mode: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
    ) -> PortDataReference:
        """Return the output as an input.

        Args:
            input_name: The input's name. None: the output's.
            mode: ``"mount"`` or ``"download"``. None: mounted if it is large, as `mount` is read-only.
            path_on_compute: The path in the step. None: a path is chosen.
            overwrite: Accepted as in v1 and ignored.

        """
        chosen = reading_mode(mode)
        return PortDataReference(self._step_run, input_name or self.name, self.ref, chosen, path_on_compute or "")

    @override
    def consumed(self) -> Consumed:
        """Return the place as an input."""
        return Consumed(
            name=self.name,
            origin=DatastorePath(self.ref.datastore, self.ref.key),
            mode=self._mode,
            path_on_compute=self._path_on_compute,
        )

    @override
    def __repr__(self) -> str:
        return f"PortDataReference({self.name!r}, {self.ref.datastore}/{self.ref.key})"

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.name}"
