"""The identity, the status and the files of a run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ...override import override
from ..base.exceptions import RunEnvironmentException, UserErrorException
from .logging_methods import LoggingMethods

if TYPE_CHECKING:
    from ..base.session import Session
    from ..environments.environment import Environment
    from ..workspaces.experiment import Experiment
    from .run_files import FileStore, RunFiles


class RunBase(LoggingMethods):
    """The identity, the status and the files of a run. `Run` adds the access to other runs.

    Args:
        experiment: The experiment. None: none.
        run_id: The run's id.
        outputs: Accepted as in v1 and ignored.

    """

    def __init__(self, experiment: Experiment | None = None, run_id: str = "", outputs: object = None) -> None:
        self._experiment = experiment
        self._run_id = run_id

    @property
    def id(self) -> str:
        """The run's id."""
        return self._run_id

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run_id

    @property
    def is_submitted(self) -> bool:
        """True if the run belongs to a workspace."""
        return True

    @property
    def name(self) -> str:
        """A name for people."""
        return self._run_id

    @property
    def display_name(self) -> str:
        """A name for people. It can be set."""
        return self.records.facts.get("display_name") or self.name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self.records.set_fact("display_name", name)

    @property
    def description(self) -> str:
        """A text for people. It can be set."""
        return self.records.facts.get("description", "")

    @description.setter
    def description(self, text: str) -> None:
        self.records.set_fact("description", text)

    @property
    def experiment(self) -> Experiment:
        """The experiment of the run.

        Raises:
            RunEnvironmentException: The run has none.

        """
        if self._experiment is None:
            raise RunEnvironmentException(f"run {self.id} has no experiment")
        return self._experiment

    @property
    def session(self) -> Session:
        """The open session."""
        return self.experiment.workspace.session

    @property
    def status(self) -> str:
        """v1's status."""
        return self.get_status()

    @property
    def type(self) -> str:
        """v1's type of the run."""
        return "azureml.scriptrun"

    def get_status(self) -> str:
        """Return v1's status."""
        return "Running"

    def get_detailed_status(self) -> dict[str, object]:
        """Return the status and, if the run waits, the reason."""
        return {"status": self.get_status(), "details": None}

    def get_details(self) -> dict[str, object]:
        """Return v1's document of the run."""
        return {"runId": self.id, "status": self.get_status(), "properties": self.get_properties()}

    def get_details_with_logs(self) -> dict[str, object]:
        """Return v1's document of the run, with the content of log files."""
        return self.get_details()

    def get_environment(self) -> Environment:
        """Return the environment of the run.

        Raises:
            UserErrorException: The run has none of its own.

        """
        raise UserErrorException(f"run {self.id} has no environment of its own")

    def get_secret(self, name: str) -> str:
        """Return the value of a secret that the configuration names. In a step, the step must declare it.

        Args:
            name: The secret's name.

        Raises:
            UserErrorException: The secret is unknown, not declared, or has no value.

        """
        from ..base.secrets import secret_value

        return secret_value(name)

    def get_secrets(self, secrets: Sequence[str]) -> dict[str, str]:
        """Return the values of several secrets by name.

        Args:
            secrets: Their names.

        Raises:
            UserErrorException: A secret is unknown, not declared, or has no value.

        """
        return {name: self.get_secret(name) for name in secrets}

    def get_portal_url(self) -> str:
        """Return empty text: there is no portal."""
        return ""

    def start(self) -> None:
        """Do nothing: a run has started when it was made."""

    def complete(self, _set_status: bool = True) -> None:
        """Do nothing: the status of a submitted run is that of its process, as in v1."""

    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """Do nothing: the status of a submitted run is that of its process, as in v1.

        Args:
            error_details, error_code: As in v1; not used.

        """

    def cancel(self) -> None:
        """Cancel the run."""

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    @cached_property
    def file_store(self) -> FileStore:
        """The files of the run. Each kind of run has them in another place.

        Raises:
            NotImplementedError: The class is no kind of run.

        """
        raise NotImplementedError

    @cached_property
    def files(self) -> RunFiles:
        """The operations on the files of the run."""
        from .run_files import RunFiles

        return RunFiles(self.file_store, repr(self))

    def get_file_names(self) -> list[str]:
        """Return the names of the files, sorted; logs come last."""
        return self.file_store.names()

    def upload_file(self, name: str, path_or_stream: object, datastore_name: str | None = None) -> None:
        """Store a file with the run.

        Args:
            name: The name among the run's files, such as ``"outputs/model.pkl"``.
            path_or_stream: The local file, or an object with ``read()``.
            datastore_name: Accepted as in v1 and ignored: files are stored with the run.

        Raises:
            UserErrorException: The name is invalid, or there is no such file.

        """
        self.files.upload(name, path_or_stream)

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
    ) -> None:
        """Store several files with the run.

        Args:
            names: The names among the run's files.
            paths: The local files, in the same order.
            return_artifacts, timeout_seconds, datastore_name: Accepted as in v1 and ignored.

        Raises:
            UserErrorException: A file is missing (none is stored then), or a name is invalid.

        """
        self.files.upload_several(names, paths)

    def upload_folder(self, name: str, path: str, datastore_name: str | None = None) -> None:
        """Store every file of a folder with the run.

        Args:
            name: The name that the files' names begin with.
            path: The local folder.
            datastore_name: Accepted as in v1 and ignored.

        Raises:
            UserErrorException: There is no such folder.

        """
        self.files.upload_folder(name, path)

    def download_file(self, name: str, output_file_path: str | None = None, _validate_checksum: bool = False) -> None:
        """Copy a file of the run to this machine.

        Args:
            name: The name among the run's files.
            output_file_path: A path or a folder. None: the current folder.

        Raises:
            UserErrorException: The run has no such file.

        """
        self.files.download(name, str(output_file_path or ""))

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | None = None,
        output_paths: Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: int | None = None,
    ) -> None:
        """Copy files of the run to this machine.

        Args:
            prefix: The beginning of their names. None: all.
            output_directory: The folder. None: the current one.
            output_paths: A path in the folder for each file. None: the files' names.
            append_prefix: True: the prefix is part of the local paths. Default: True.
            batch_size, timeout_seconds: Accepted as in v1 and ignored.

        Raises:
            UserErrorException: The number of paths is not that of the files.

        """
        self.files.download_several(prefix or "", output_directory or ".", output_paths, keep_prefix=append_prefix)

    def get_all_logs(self, destination: str | None = None) -> list[str]:
        """Copy the logs to this machine and return their paths.

        Args:
            destination: The folder. None: the current one.

        """
        return self.files.download_logs(destination or ".")
