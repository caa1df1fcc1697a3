"""Rows of a table are scored in parts; each part returns a data frame."""
import os

import pandas as pd
from azureml.core import Dataset, Datastore, Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.pipeline.core import Pipeline
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep

ws = Workspace.from_config()
store = Datastore.get(ws, "workspaceblobstore")

os.makedirs("trips", exist_ok=True)
lines = ["trip,miles,minutes,zone"]
for number in range(500):
    lines.append("%d,%s,%d,zone %d" % (number, number / 4, number % 60 + 1, number % 7))
lines[490] = "489,,10,zone 6"
with open("trips/trips.csv", "w") as file:
    file.write("\n".join(lines) + "\n")
store.upload_files(["trips/trips.csv"], target_path="trips", overwrite=True)
trips = Dataset.Tabular.from_delimited_files(path=(store, "trips/trips.csv"))
trips = trips.register(ws, "trips", create_new_version=True)

env = Environment(name="predict")
env.python.conda_dependencies = CondaDependencies.create(
    pip_packages=["azureml-core", "azureml-dataset-runtime[pandas]"]
)
output = OutputFileDatasetConfig(name="speeds", destination=(store, "speeds/{run-id}"))
config = ParallelRunConfig(
    source_directory="code",
    entry_script="speed.py",
    mini_batch_size="1KB",
    error_threshold=0,
    output_action="append_row",
    append_row_file_name="speeds.txt",
    environment=env,
    compute_target="trip-cluster",
    node_count=1,
    process_count_per_node=2,
    run_invocation_timeout=600,
)
step = ParallelRunStep(
    name="speeds",
    parallel_run_config=config,
    inputs=[trips.as_named_input("trips")],
    output=output,
    allow_reuse=False,
)
run = Experiment(ws, "trips").submit(Pipeline(ws, [step]))
run.wait_for_completion(show_output=False)


def check():
    count = store.download(target_path="down", prefix="speeds/" + run.find_step_run("speeds")[0].id)
    found = [os.path.join(root, name) for root, _, names in os.walk("down") for name in names]
    assert count == 1 and os.path.basename(found[0]) == "speeds.txt", (count, found)
    frame = pd.read_csv(found[0], delimiter=" ", header=None)
    frame.columns = ["trip", "miles", "minutes", "zone", "speed", "batch_rows"]
    assert len(frame) == 500 and list(frame["trip"]) == list(range(500))
    assert set(frame["zone"]) == {"zone %d" % number for number in range(7)}
    whole = trips.to_pandas_dataframe()
    assert list(whole["miles"].fillna(-1)) == list(frame["miles"].fillna(-1))
    expected = (whole["miles"] / whole["minutes"] * 60).fillna(-1)
    assert (abs(frame["speed"].fillna(-1) - expected) < 1e-9).all()
    assert frame["batch_rows"].max() < 100, "the table was not cut"


check()
