"""LoggedRun: a run that the user's own process logs to and ends: ``experiment.start_logging``, ``run.child_run``."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..override import override
from . import logged_store
from .exceptions import ActivityFailedException, ExperimentExecutionException, SnapshotException, UserErrorException
from .report_log import ReportLog
from .reports import FACTS, Line
from .run import Run

if TYPE_CHECKING:
    from .experiment import Experiment

_ENDED = frozenset({"Completed", "Failed", "Canceled"})
OUTPUTS = "outputs"
"""The folder that ``start_logging`` watches unless told otherwise."""
_POLL_SECONDS = 1.0


class LoggedRun(Run):
    """A run without a process of its own; all it has is in the workspace store the moment it is logged."""

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
        """A new run, Running. Raises UserErrorException for an id that is taken or cannot be one."""
        store = experiment.workspace.session.store
        chosen = run_id or str(uuid.uuid4())
        if not logged_store.is_logged_id(chosen):
            raise UserErrorException(
                f"{chosen!r} cannot be a run's id",
                remedy="use letters, digits, dash and underscore, and not the form of a submitted run's id",
            )
        record = logged_store.LoggedRecord(chosen, experiment.name, store.now(), name or "", parent, _user())
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
        """What was known when it was made. Raises UserErrorException for an unknown run."""
        found = logged_store.find(self.session.store, self.id)
        if found is None:
            raise UserErrorException(f"there is no run {self.id!r} in this workspace")
        return found

    @cached_property
    def log_store(self) -> ReportLog:
        """Its metrics, tags, properties and facts."""
        return ReportLog(self.session.store, f"{logged_store.folder(self.id)}reports/")

    @property
    @override
    def name(self) -> str:
        """The name it was given, else its id."""
        return self.record.name or self.id

    @property
    @override
    def parent(self) -> Run | None:
        """The run it is below."""
        from .run_lookup import find_run

        return find_run(self.experiment.workspace, self.record.parent) if self.record.parent else None

    @override
    def report(self, file: str, line: Mapping[str, object]) -> None:
        """Write one line to the store."""
        self.log_store.append(file, line)

    @override
    def report_lines(self, file: str) -> Sequence[Line]:
        """What was reported so far, by any process."""
        return self.log_store.lines(file)

    @override
    def flush(self, timeout_seconds: int = 300) -> None:
        """Write what was logged in the last moments."""
        self.log_store.flush()

    @override
    def get_status(self) -> str:
        """Running until somebody ends it."""
        return self.facts.get("status", "Running")

    @override
    def complete(self, _set_status: bool = True) -> None:
        """End it well."""
        self._end("Completed")

    @override
    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """End it badly."""
        if error_details or error_code:
            self.state_fact("error", ": ".join(str(part) for part in (error_code, error_details) if part))
        self._end("Failed")

    @override
    def cancel(self) -> None:
        """End it, and whatever below it has not ended."""
        for child in self.direct_children():
            if child.get_status() not in {*_ENDED, "Finished"}:
                child.cancel()
        self._end("Canceled")

    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False, raise_on_error: bool = True
    ) -> dict[str, object]:
        """Wait until somebody ends it; its details.

        Raises ActivityFailedException when it failed, unless `raise_on_error` is False;
        ExperimentExecutionException on Ctrl-C.
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
            raise ActivityFailedException(f"run {self.id} failed: {self.facts.get('error', 'no reason was given')}")
        return details

    @override
    def get_details(self) -> dict[str, object]:
        """v1's document of the run."""
        from .run_details import RunTimes, document

        facts = self.facts
        times = RunTimes(self.record.created, _as_time(facts.get("ended")))
        snapshot = {"ContentSnapshotId": facts["snapshot"]} if "snapshot" in facts else {}
        return document(self, "sdk", times, error=facts.get("error", ""), more_properties=snapshot)

    @override
    def get_file_names(self) -> list[str]:
        """The names of its files, sorted."""
        prefix = self._files
        return [info.key[len(prefix) :] for info in self.session.store.list(prefix)]

    @override
    def keep_file(self, name: str, source: Path) -> None:
        """Upload it now."""
        self.session.store.upload(self._files + name, source)

    @override
    def fetch_file(self, name: str, target: Path) -> None:
        """Download it."""
        target.unlink(missing_ok=True)
        self.session.store.download(self._files + name, target)

    @property
    def _files(self) -> str:
        return f"{logged_store.folder(self.id)}files/"

    def _end(self, status: str) -> None:
        self._keep_outputs()
        self.report(FACTS, {"key": "ended", "value": self.session.store.now().isoformat()})
        self.report(FACTS, {"key": "status", "value": status})

    def _keep_outputs(self) -> None:
        """Keep what was written below the outputs folder since the run began."""
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
    """The folder to watch, if any."""
    return Path(str(outputs)).absolute() if outputs else None


def _as_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
