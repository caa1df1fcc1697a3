"""A step that names no environment has the packages that v1's default environment had."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import a_desk

pytestmark = pytest.mark.kind
DRIVER = """
from azureml.core import Dataset, Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
store.upload_files(["pens.csv"], target_path="pens")
pens = Dataset.Tabular.from_delimited_files((store, "pens/pens.csv")).as_named_input("pens")
step = PythonScriptStep("look.py", name="look", source_directory="scripts", inputs=[pens], compute_target="cpu")
Experiment(ws, "default").submit(Pipeline(ws, steps=[step])).wait_for_completion(raise_on_error=True)
"""
SCRIPT = """
from azureml.core import Run

frame = Run.get_context().input_datasets["pens"].to_pandas_dataframe()
print("rows", len(frame), "of", list(frame.columns))
"""


def test_a_step_without_an_environment_reads_a_table_as_a_frame(tmp_path: Path, kind_cluster: KindCluster) -> None:
    desk = a_desk(tmp_path, kind_cluster)
    desk.write("pens.csv", "colour,length\nred,3\nblue,4\n")
    desk.write("driver.py", DRIVER)
    desk.write("scripts/look.py", SCRIPT)
    done = desk.runner("run", "driver.py", "--target", "kind", seconds=600).ok()
    assert "WARNING" not in done.text
    logs = desk.runner("logs", "look", "--target", "kind").ok()
    assert "rows 2 of ['colour', 'length']" in logs.out, logs.text
    desk.delete()
