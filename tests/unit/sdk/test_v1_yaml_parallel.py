"""A ParallelRunStep in v1's YAML form, in both of its spellings."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model.data import Mode
from runner.model.step import InputPath
from runner.sdk.base.exceptions import PipelineInvalid
from runner.sdk.datasets.dataset import Dataset
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.environments.environment import Environment
from runner.sdk.parallel_run.settings import Source, of_arguments
from runner.sdk.pipelines.pipeline import Pipeline
from runner.sdk.steps.parallel_run_config import ParallelRunConfig
from runner.sdk.workspaces.workspace import Workspace
from tests.support.fake_session import FakeSession

HEAD = """\
pipeline:
  default_compute: local
  data_references:
    rows: {dataset_name: rows}
    labels: {datastore: workspaceblobstore, path_on_datastore: labels}
  steps:
    Score:
"""
REST = """\
      parallel_run_config: prs.yml
      inputs:
        table: {source: rows}
      side_inputs:
        words: {source: labels, bind_mode: download}
      outputs:
        scores: {destination: scored, datastore: workspaceblobstore}
      arguments: ["--labels", "side_input:words"]
"""


@pytest.fixture
def ws(session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    Path("score.py").touch()
    session.store.put("rows/a.csv", b"n\n1\n")
    ws = Workspace.from_config()
    Dataset.Tabular.from_delimited_files((Datastore(ws), "rows")).register(ws, "rows")
    config = ParallelRunConfig(Environment("e"), "score.py", 1, "append_row", "cpu", 2, source_directory=".")
    config.save_to_yaml("prs.yml")
    return ws


def load(ws: Workspace, step: str) -> Pipeline:
    Path("p.yml").write_text(HEAD + step)
    return Pipeline.load_yaml(ws, "p.yml")


@pytest.mark.parametrize(
    "kind",
    [
        "      type: ParallelRunStep\n      name: score\n      allow_reuse: false\n",
        "      parallel_run_step:\n        name: score\n        allow_reuse: false\n",
    ],
)
def test_both_spellings_are_the_step(ws: Workspace, kind: str) -> None:
    (spec,) = load(ws, kind + REST).plan.steps
    assert (spec.name, spec.reuse, spec.compute, spec.workers is not None and spec.workers.nodes) == (
        "score", False, "cpu", 2
    )  # fmt: skip
    assert [(one.name, one.mode) for one in spec.inputs] == [("table", Mode.DIRECT), ("words", Mode.DOWNLOAD)]
    settings, own = of_arguments([item if isinstance(item, str) else repr(item) for item in spec.command[3:]])
    assert (settings.inputs, settings.output) == ((Source("table", "tabular"),), "scores")
    assert own == ["--labels", repr(InputPath("words"))]


def test_what_is_missing_is_told_with_its_line(ws: Workspace) -> None:
    kind = "      type: ParallelRunStep\n      name: score\n"
    for text, told in (
        (kind + REST.replace("parallel_run_config: prs.yml", "allow_reuse: true"), "has no parallel_run_config"),
        (kind + REST.replace("outputs:\n", "outputs:\n        more: {destination: m}\n"), "has several outputs"),
        (kind + REST.replace("table: {source: rows}", "table: {source: labels}"), "a DataReference cannot be an input"),
    ):
        with pytest.raises(PipelineInvalid, match=told) as refused:
            load(ws, text)
        assert refused.value.problems[0].where.startswith("p.yml:")
