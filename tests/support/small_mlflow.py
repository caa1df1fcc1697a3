"""A small MLflow tracking server: as much of its REST API as an export uses, in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from tests.support.scripted_server import Reply, ScriptedServer, Seen, scripted_server

API, ARTIFACTS = "/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/artifacts/"
Answer = dict[str, Any]


@dataclass
class TrackedRun:
    """One run of MLflow."""

    id: str
    experiment: str
    tags: dict[str, str]
    start: int = 0
    end: int = 0
    status: str = "RUNNING"
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    artifacts: dict[str, bytes] = field(default_factory=dict)

    def document(self) -> Answer:
        """The run as the API shows it."""
        info = {
            "run_id": self.id, "run_uuid": self.id, "experiment_id": self.experiment, "status": self.status,
            "run_name": self.tags.get("mlflow.runName", ""), "start_time": self.start, "end_time": self.end,
            "artifact_uri": f"mlflow-artifacts:/{self.experiment}/{self.id}/artifacts", "lifecycle_stage": "active",
        }  # fmt: skip
        return {"info": info, "data": {"tags": _pairs(self.tags), "params": _pairs(self.params)}}


@dataclass
class SmallMlflow:
    """What was written to it."""

    experiments: dict[str, str] = field(default_factory=dict)
    runs: dict[str, TrackedRun] = field(default_factory=dict)
    refuse: Callable[[Seen], Reply | None] = lambda _: None
    """Returns another answer to a request; None: it is answered as usual."""
    server: ScriptedServer = field(default_factory=lambda: ScriptedServer("", []))

    def step(self, key: str) -> TrackedRun:
        """The one run of a step; ``-``: that of the run as a whole."""
        (found,) = (run for run in self.runs.values() if run.tags["runner.step"] == key)
        return found

    def answer(self, seen: Seen) -> Reply:
        """Answer a request."""
        if other := self.refuse(seen):
            return other
        path = urlsplit(seen.target)
        if path.path == ARTIFACTS.rstrip("/"):
            _, run, _, *rest = parse_qs(path.query)["path"][0].split("/", 3)
            folder = f"{rest[0]}/" if rest else ""
            names = {name.removeprefix(folder).partition("/")[0] for name in self.runs[run].artifacts}
            files = [{"path": name, "is_dir": False, "file_size": 1} for name in names]
            return Reply(body=json.dumps({"files": files}).encode())
        if path.path.startswith(ARTIFACTS):
            _, run, _, name = unquote(path.path.removeprefix(ARTIFACTS)).split("/", 3)
            self.runs[run].artifacts[name] = seen.body
            return Reply(body=b"{}")
        sent = json.loads(seen.body) if seen.body else {key: each[0] for key, each in parse_qs(path.query).items()}
        act = getattr(self, re.sub(r"\W", "_", path.path.removeprefix(API)), None)
        found = act(sent) if act else None
        if found is None:
            return Reply(404, json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": path.path}).encode())
        return Reply(body=json.dumps(found).encode(), headers={"Content-Type": "application/json"})

    def experiments_get_by_name(self, sent: Answer) -> Answer | None:
        """experiments/get-by-name."""
        name = sent["experiment_name"]
        if name not in self.experiments:
            return None
        return {"experiment": {"experiment_id": self.experiments[name], "name": name, "lifecycle_stage": "active"}}

    def experiments_create(self, sent: Answer) -> Answer:
        """experiments/create."""
        self.experiments[sent["name"]] = str(len(self.experiments) + 1)
        return {"experiment_id": self.experiments[sent["name"]]}

    def runs_search(self, sent: Answer) -> Answer:
        """runs/search: by one tag."""
        name, value = re.fullmatch(r"tags\.`(.*)` = '(.*)'", sent["filter"]).groups()  # type: ignore[union-attr]
        found = [run.document() for run in self.runs.values() if run.tags.get(name) == value]
        return {"runs": found} if found else {}

    def runs_create(self, sent: Answer) -> Answer:
        """runs/create."""
        tags = {each["key"]: each["value"] for each in sent["tags"]}
        run = TrackedRun(uuid4().hex, sent["experiment_id"], tags, int(sent["start_time"]))
        self.runs[run.id] = run
        return {"run": run.document()}

    def runs_get(self, sent: Answer) -> Answer:
        """runs/get."""
        return {"run": self.runs[sent["run_id"]].document()}

    def runs_log_batch(self, sent: Answer) -> Answer:
        """runs/log-batch."""
        run = self.runs[sent["run_id"]]
        run.tags.update({each["key"]: each["value"] for each in sent.get("tags", ())})
        run.params.update({each["key"]: each["value"] for each in sent.get("params", ())})
        run.metrics += sent.get("metrics", ())
        return {}

    def runs_set_tag(self, sent: Answer) -> Answer:
        """runs/set-tag."""
        self.runs[sent["run_id"]].tags[sent["key"]] = sent["value"]
        return {}

    def runs_update(self, sent: Answer) -> Answer:
        """runs/update."""
        run = self.runs[sent["run_id"]]
        run.status, run.end = sent.get("status", run.status), int(sent.get("end_time", run.end))
        return {"run_info": run.document()["info"]}

    def metrics_get_history(self, sent: Answer) -> Answer:
        """metrics/get-history."""
        return {"metrics": [each for each in self.runs[sent["run_id"]].metrics if each["key"] == sent["metric_key"]]}


def _pairs(found: dict[str, str]) -> list[Answer]:
    return [{"key": key, "value": value} for key, value in found.items()]


@contextmanager
def small_mlflow() -> Iterator[SmallMlflow]:
    """A tracking server without anything in it."""
    made = SmallMlflow()
    with scripted_server(made.answer) as server:
        made.server = server
        yield made
