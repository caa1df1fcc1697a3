"""A run at an MLflow tracking server: a run of MLflow for the run, and nested ones for its steps.

A repeated export finds the runs by their tags and completes them, so that nothing doubles.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from ..config.after_run import MlflowConfig
from ..dataclass import dataclass
from ..errors import ExportFailed, ObjectMissing
from ..operations.ended_run import EndedRun
from ..operations.metrics import FILE, named_report
from ..operations.receipt import receipt
from ..runs import records, tags
from . import values, web
from .mlflow_files import StoredFile, chosen_files, end_of_log
from .mlflow_values import RUN_TAG, STEP_TAG, Logged, Node, Point, good_names, logged, nodes, own_tags
from .values import Exported

if TYPE_CHECKING:
    from mlflow import MlflowClient

_THREADS = 8
"""Requests at a time."""
_POINTS, _TEXTS = 900, 50
"""Values of metrics, and of parameters and of tags, in a request: MLflow takes 1000 in all."""
REPORT_BYTES = 8 << 20
"""The most bytes of what a step has logged that are read: some 80,000 values."""
_LIMIT_TAG = "runner.artifact_bytes"
"""The tag of the limit for files with which a run was written."""
_PAGE = 1000
_OWN_STORES = ("mlflow-artifacts", "http", "https")
"""Schemes of places of artifacts that go through the tracking server."""
_STATUS = re.compile(r"failed with error code (\d{3})")
_ARTIFACT = re.compile(r"[^\w.\-()+=@, ]")
_SWITCHES = {
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
}
"""Environment variables of the library: it tells its makers nothing, and credentials follow no redirection."""


def export(run: EndedRun, settings: MlflowConfig) -> Exported:
    """Write a run to a tracking server.

    Args:
        run: The run.
        settings: The server.

    Returns:
        What was written.

    Raises:
        BadInput: A secret has no value.
        ExportFailed: The server did not take it.
        StoreError: A store cannot be read.

    """
    login = {
        "MLFLOW_TRACKING_USERNAME": settings.username,
        "MLFLOW_TRACKING_PASSWORD": settings.password,
        "MLFLOW_TRACKING_TOKEN": settings.token,
    }
    given = values.filled(run.secret, {name: text for name, text in login.items() if text})
    with _variables({**_SWITCHES, **given}), values.quiet("mlflow", "urllib3"):
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        try:
            return _Export(run, settings, MlflowClient(tracking_uri=settings.tracking_uri)).done()
        except (MlflowException, requests.RequestException) as error:
            raise _told(web.place(settings.tracking_uri), error) from None


@contextmanager
def _variables(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _told(where: str, error: Exception) -> ExportFailed:
    """Return a failure of the library in words that hold nothing of what it was given."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, requests.RequestException):
            refused = cause.response is not None and web.refusal(where, cause.response.status_code)
            return refused or web.no_answer(where, cause)
        cause = cause.__cause__ or cause.__context__
    found = _STATUS.search(str(error))
    status = int(found[1]) if found else int(getattr(error, "get_http_status_code", lambda: 500)())
    return web.refusal(where, status) or ExportFailed(f"{where} refuses the data ({getattr(error, 'error_code', '')})")


@dataclass(frozen=True)
class _Written:
    """The files that were written for one node."""

    files: int
    left: int
    """Files that stay where they are."""


@dataclass(frozen=True, kw_only=True)
class _There:
    """A run of MLflow that exists."""

    id: str
    artifacts: str
    """The place of its artifacts."""
    begun: bool = False
    """True: an earlier export has begun it."""
    complete: bool = False
    """True: an earlier export has written all of it, with the same limit for files."""


class _Export:
    """The export of one run."""

    def __init__(self, run: EndedRun, settings: MlflowConfig, client: MlflowClient) -> None:
        self._run, self._settings, self._client = run, settings, client
        self._there: dict[str, _There] = {}
        """The runs that exist, by the key of the step."""
        self._stored = False
        """True: the server was seen to keep artifacts."""

    def done(self) -> Exported:
        """Write the run and return what was written. Raises MlflowException, StoreError, ExportFailed."""
        experiment = self._experiment(self._settings.experiment or values.title(self._run))
        self._there = self._found(experiment)
        made = list(nodes(self._run, receipt(self._run.store, self._run.view)))
        written = [self._write(made[0], experiment)]
        with ThreadPoolExecutor(_THREADS) as pool:
            for level in _levels(made[1:]):
                written += pool.map(lambda node: self._write(node, experiment), level)
        new = [each for each in written if each is not None]
        files, left = sum(each.files for each in new), sum(each.left for each in new)
        what = f"{len(made)} runs, {len(new)} of them written now with {files} files"
        base = self._settings.tracking_uri.rstrip("/")
        place = f"{base}/#/experiments/{experiment}/runs/{self._there[''].id}"
        return Exported(f"{what}; {left} files are left where they are" if left else what, place)

    def _experiment(self, name: str) -> str:
        """Return the id of an experiment; it is made if there is none."""
        from mlflow.exceptions import MlflowException

        for _ in range(2):
            found = self._client.get_experiment_by_name(name)
            if found is not None and found.lifecycle_stage == "deleted":
                remedy = "restore it there, or name another as mlflow.experiment"
                raise ExportFailed(f"the experiment '{name}' is deleted at the tracking server", remedy)
            if found is not None:
                return str(found.experiment_id)
            try:
                return str(self._client.create_experiment(name))
            except MlflowException as error:
                if getattr(error, "error_code", "") != "RESOURCE_ALREADY_EXISTS":
                    raise
        raise ExportFailed(f"the experiment '{name}' cannot be made at the tracking server")

    def _found(self, experiment: str) -> dict[str, _There]:
        """Return what an earlier export has made, by the key of the step; the oldest of equal ones."""
        wanted, found = f"tags.`{RUN_TAG}` = '{self._run.view.state.run}'", dict[str, _There]()
        token: str | None = None
        while token != "":
            page = self._client.search_runs(
                [experiment], wanted, max_results=_PAGE, order_by=["attributes.start_time DESC"], page_token=token
            )
            for each in page:
                key = str(each.data.tags.get(STEP_TAG, ""))
                found["" if key == "-" else key] = _There(
                    id=str(each.info.run_id),
                    artifacts=str(each.info.artifact_uri),
                    begun=True,
                    complete=each.info.status != "RUNNING" and each.data.tags.get(_LIMIT_TAG) == self._limit,
                )
            token = page.token or ""
        return found

    @property
    def _limit(self) -> str:
        return str(self._settings.artifact_bytes)

    def _write(self, node: Node, experiment: str) -> _Written | None:
        """Make or complete one run of MLflow; None: it was complete."""
        known = self._there.get(node.key)
        if known is not None and known.complete and node.key:  # the run itself may have got tags since
            return None
        stated = {**self._step_tags(node), **node.tags, _LIMIT_TAG: self._limit, "mlflow.runName": node.name}
        if node.parent is not None:
            stated["mlflow.parentRunId"] = self._there[node.parent].id
        found = self._logged(node)
        stated.update(found.renamed)
        if found.tables:
            stated["mlflow.loggedArtifacts"] = json.dumps([{"path": path, "type": "table"} for path in found.tables])
        if known is None:
            made = self._client.create_run(experiment, start_time=node.began, tags=stated, run_name=node.name)
            known = _There(id=str(made.info.run_id), artifacts=str(made.info.artifact_uri))
            self._there[node.key] = known
        self._log(known, node, stated if known.begun else {}, found.points)
        written = self._artifacts(known, node, found)
        self._client.set_terminated(known.id, status=node.status, end_time=node.ended)  # last: it is complete
        return written

    def _logged(self, node: Node) -> Logged:
        state = self._run.view.state
        if not node.key:
            prefix = f"runs/{state.run}/annotations/{FILE}/"
            texts: Iterable[bytes] = (self._run.store.get(info.key) for info in self._run.store.list(prefix))
        else:
            task = records.shown_attempt(self._run.store, state, node.key)
            texts = [self._read(task.reports + FILE)] if task else []
        lines = [line for text in texts for line in text.decode(errors="replace").splitlines()]
        return logged(filter(None, map(named_report, lines)), node.began)

    def _step_tags(self, node: Node) -> dict[str, str]:
        """Return the tags that the script of a step has set."""
        task = records.shown_attempt(self._run.store, self._run.view.state, node.key) if node.key else None
        data = self._read(task.reports + tags.FILE) if task else b""
        found = own_tags(tags.fold(tags.parsed(data)))
        names = good_names(found)
        return {names[name]: values.text(value) for name, value in found.items()}

    def _read(self, key: str) -> bytes:
        """Return a file of reports, of a large one its end: a script may log any number of values."""
        info = self._run.store.stat(key)
        if info is None:
            return b""
        if info.size <= REPORT_BYTES:
            return self._run.store.get(key)
        data = self._run.store.read_range(key, info.size - REPORT_BYTES, REPORT_BYTES)
        return data.partition(b"\n")[2]

    def _log(self, there: _There, node: Node, stated: Mapping[str, str], points: Sequence[Point]) -> None:
        from mlflow.entities import Metric, Param, RunTag

        if there.begun:
            points = self._missing(there.id, points)
        parameters = [Param(name, value) for name, value in node.parameters.items()]
        new = [RunTag(name, value) for name, value in stated.items()]
        numbers = [Metric(*point) for point in points]
        count = max(-(-len(parameters) // _TEXTS), -(-len(new) // _TEXTS), -(-len(numbers) // _POINTS))
        for number in range(count):
            texts, own = slice(number * _TEXTS, (number + 1) * _TEXTS), slice(number * _POINTS, (number + 1) * _POINTS)
            self._client.log_batch(there.id, metrics=numbers[own], params=parameters[texts], tags=new[texts])

    def _missing(self, there: str, points: Sequence[Point]) -> list[Point]:
        """Return the values that an earlier export has not written."""
        known: set[tuple[str, str, int, int]] = set()
        for name in dict.fromkeys(point[0] for point in points):
            for each in self._client.get_metric_history(there, name):
                known.add((name, repr(float(each.value)), int(each.timestamp), int(each.step)))
        return [point for point in points if (point[0], repr(point[1]), point[2], point[3]) not in known]

    def _artifacts(self, there: _There, node: Node, found: Logged) -> _Written:
        """Copy documents and files of a node. An artifact store of its own is none of the tracking server's."""
        most = self._settings.artifact_bytes
        chosen = chosen_files(self._run, node.key, most) if node.key else None
        files, left = (chosen.files, chosen.left) if chosen else ((), 0)
        if not (found.documents or files or node.key):
            return _Written(0, 0)
        if urlsplit(there.artifacts).scheme not in _OWN_STORES:
            return _Written(0, len(files) + left + len(found.documents))
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            written = dict(self._written(node, found, files))
            names = good_names(written, _safe)
            count = sum(self._copy(there, root, names[name], write) for name, write in written.items())
        return _Written(count, left)

    def _written(
        self, node: Node, found: Logged, files: Iterable[StoredFile]
    ) -> Iterator[tuple[str, Callable[[Path], object]]]:
        """Yield the names of artifacts, and what writes each to a file."""
        for name, document in found.documents.items():
            yield name, partial(Path.write_bytes, data=json.dumps(document).encode())
        for file in files:
            yield file.name, partial(file.store.download, file.key)
        task = records.shown_attempt(self._run.store, self._run.view.state, node.key) if node.key else None
        if task is not None and self._settings.artifact_bytes:
            data = end_of_log(self._run.store, task)
            if data:
                yield "log.txt", partial(Path.write_bytes, data=data)

    def _copy(self, there: _There, root: Path, name: str, write: Callable[[Path], object]) -> int:
        """Copy one artifact and return 1; 0 if it is gone."""
        *folders, last = name.split("/")
        path = root / last
        try:
            write(path)
        except ObjectMissing:
            return 0
        folder = "/".join(folders)
        self._client.log_artifact(there.id, str(path), folder or None)
        path.unlink()
        if not self._stored:
            self._check_stored(there, folder, last)
        return 1

    def _check_stored(self, there: _There, folder: str, name: str) -> None:
        """Raise ExportFailed unless the server has an artifact: the library takes a redirection for success."""
        from mlflow.artifacts import list_artifacts

        place = f"{there.artifacts}/{folder}".rstrip("/")
        listed = list_artifacts(artifact_uri=place, tracking_uri=self._settings.tracking_uri)
        found = {each.path.rpartition("/")[2] for each in listed}
        if name not in found:
            where = web.place(self._settings.tracking_uri)
            raise ExportFailed(f"{where} keeps no artifacts", "see whether a proxy redirects what is uploaded to it")
        self._stored = True


def _safe(name: str) -> str:
    """Return an artifact's name with the characters that every server takes."""
    parts = [_ARTIFACT.sub("_", part)[-200:] for part in name.split("/") if part not in {"", ".", ".."}]
    return "/".join(parts) or "_"


def _levels(made: Iterable[Node]) -> Iterator[list[Node]]:
    """Yield nodes in groups, each after the group of those above it."""
    found = list(made)
    below = {node.key for node in found}
    yield [node for node in found if node.parent not in below]
    yield [node for node in found if node.parent in below]
