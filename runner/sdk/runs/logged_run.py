"""LoggedRun: a run that the user's own process logs to and ends: ``experiment.start_logging``, ``run.child_run``."""

from __future__ import annotations

import time
import uuid
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...override import override
from ..base.exceptions import (
    ActivityFailedException,
    ExperimentExecutionException,
    SnapshotException,
    UserErrorException,
)
from . import logged_store
from .report_log import ReportLog
from .run import Run

if TYPE_CHECKING:
    from ..workspaces.experiment import Experiment
    from .run_files import StoredFiles

_ENDED = frozenset({"Completed", "Failed", "Canceled"})
OUTPUTS = "outputs"
"""The folder that ``start_logging`` keeps by default."""
_POLL_SECONDS = 1.0


class LoggedRun(Run):
    """A run without a process of its own. Everything is in the workspace store as soon as it is logged."""

    @staticmethod
    def begin(
        experiment: Experiment,
        *,
        name: str | None = None,
        run_id: str | None = None,
        parent: str = "",
        outputs: object = None,
        snapshot: str | None = None,
    ) -> LoggedRun:
        """Start a run.

        Args:
            experiment: The experiment.
            name: Its display name. None: its id.
            run_id: Its id. None: a new one.
            parent: The id of its parent. Default: empty, none.
            outputs: The folder whose new files are kept when it ends. None: none.
            snapshot: The folder to store as its snapshot. None: none.

        Returns:
            The run, which is running.

        Raises:
            UserErrorException: The id is taken or invalid.

        """
        store = experiment.workspace.session.store
        chosen = run_id or str(uuid.uuid4())
        if not logged_store.is_logged_id(chosen):
            raise UserErrorException(
                f"{chosen!r} cannot be a run's id",
                remedy="use letters, digits, dash and underscore, and not the form of a submitted run's id",
            )
        record = logged_store.LoggedRecord(
            run=chosen, experiment=experiment.name, created=store.now(), name=name or "", parent=parent, user=_user()
        )
        if not logged_store.add(store, record):
            raise UserErrorException(f"there is a run {chosen!r} already", remedy="leave run_id out")
        run = LoggedRun(experiment, chosen)
        run._outputs = _output_folder(outputs)
        run._begun = time.time()
        if snapshot is not None:
            run._snapshot(snapshot)
        return run

    _outputs: Path | None = None
    """The folder whose new files are kept when the run ends."""
    _begun = 0.0

    @cached_property
    def record(self) -> logged_store.LoggedRecord:
        """The record of its start.

        Raises:
            UserErrorException: There is no such run.

        """
        found = logged_store.find(self.session.store, self.id)
        if found is None:
            raise UserErrorException(f"there is no run {self.id!r} in this workspace")
        return found

    @cached_property
    @override
    def reports(self) -> ReportLog:
        """The metrics, tags, properties and facts."""
        return ReportLog(self.session.store, f"{logged_store.folder(self.id)}reports/")

    @property
    @override
    def name(self) -> str:
        """The given name, else the id."""
        return self.record.name or self.id

    @property
    @override
    def parent(self) -> Run | None:
        """The run that it is a child of, or None."""
        from .lookup import find_run

        return find_run(self.experiment.workspace, self.record.parent) if self.record.parent else None

    @cached_property
    @override
    def file_store(self) -> StoredFiles:
        """The files in the workspace store."""
        from .run_files import StoredFiles

        return StoredFiles(self.session.store, f"{logged_store.folder(self.id)}files/")

    @override
    def get_status(self) -> str:
        """Return v1's status: Running until a process ends the run."""
        return self.records.facts.get("status", "Running")

    @override
    def complete(self, _set_status: bool = True) -> None:
        """End the run with status Completed."""
        self._end("Completed")

    @override
    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """End the run with status Failed.

        Args:
            error_details: The message in the details of the run. None: none.
            error_code: Text before the message. None: none.

        """
        if error_details or error_code:
            self.records.set_fact("error", ": ".join(str(part) for part in (error_code, error_details) if part))
        self._end("Failed")

    @override
    def cancel(self) -> None:
        """End the run with status Canceled, and the running ones below it."""
        for child in self.direct_children():
            if child.get_status() not in {*_ENDED, "Finished"}:
                child.cancel()
        self._end("Canceled")

    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False, raise_on_error: bool = True
    ) -> dict[str, object]:
        """Wait until a process ends the run.

        Args:
            show_output: True: print id and status at the end. Default: False.
            wait_post_processing: Accepted as in v1 and ignored.
            raise_on_error: True: a failed run is an error. Default: True.

        Returns:
            v1's document of the run.

        Raises:
            ActivityFailedException: The run has failed.
            ExperimentExecutionException: Ctrl-C was pressed.

        """
        try:
            while self.get_status() not in _ENDED:
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt as error:
            raise ExperimentExecutionException(f"waiting was interrupted; run {self.id} goes on", error) from error
        details = self.get_details()
        if show_output:
            print(f"RunId: {self.id}\nStatus: {details['status']}")
        if details["status"] == "Failed" and raise_on_error:
            raise ActivityFailedException(
                f"run {self.id} failed: {self.records.facts.get('error', 'no reason was given')}"
            )
        return details

    @override
    def get_details(self) -> dict[str, object]:
        """Return v1's document of the run."""
        from .details import RunTimes, document

        facts = self.records.facts
        times = RunTimes(self.record.created, _as_time(facts.get("ended")))
        snapshot = {"ContentSnapshotId": facts["snapshot"]} if "snapshot" in facts else {}
        return document(self, "sdk", times, error=facts.get("error", ""), more_properties=snapshot)

    def _end(self, status: str) -> None:
        self._keep_outputs()
        self.records.set_fact("ended", self.session.store.now().isoformat())
        self.records.set_fact("status", status)

    def _keep_outputs(self) -> None:
        """Keep the files that were written below the outputs folder since the run began."""
        root, self._outputs = self._outputs, None
        if root is None or not root.is_dir():
            return
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.stat().st_mtime >= self._begun - 1.0:
                self.upload_file(f"{OUTPUTS}/{path.relative_to(root).as_posix()}", path)

    def _snapshot(self, folder: str) -> None:
        try:
            self.take_snapshot(folder)
        except SnapshotException as error:
            print(f"run {self.id} has no snapshot: {error}")


def _output_folder(outputs: object) -> Path | None:
    """Return the folder whose files are kept, or None."""
    return Path(str(outputs)).absolute() if outputs else None


def _as_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
