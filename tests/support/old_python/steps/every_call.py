"""Use every call of v1 that the script of a step can use, and check what it gives."""

import argparse
import io
import os
import sys
from datetime import datetime

import numpy as np
import pandas as pd
from azureml.core import Dataset, Model, Run
from azureml.data.dataset_factory import DataType

p = argparse.ArgumentParser()
for name in ("mounted", "downloaded", "made", "folder", "model"):
    p.add_argument("--" + name)
a = p.parse_args()
run = Run.get_context()
ws = run.experiment.workspace


class Plot:
    """What log_image needs of matplotlib."""

    @staticmethod
    def savefig(path):
        with open(path, "wb") as f:
            f.write(b"\x89PNG")


# metrics
run.log("python", sys.version_info[0])
run.log("python", sys.version_info[1])
run.log("pandas", pd.__version__)
for loss in (np.float64(0.5), np.float32(0.25)):
    run.log("losses", loss, description="of an epoch")
run.log_list("list", np.array([1, 2, 3]))
run.log_row("rows", x=np.int64(1), y=1.5)
run.log_row("rows", x=2, y=2.5)
run.log_table("table", {"n": pd.Series([1, 2]), "m": ["a", "b"]})
Plot.savefig("plot.png")
run.log_image("picture", path="plot.png")
run.log_image("figure", plot=Plot)
matrix = {"schema_type": "confusion_matrix", "schema_version": "1.0.0"}
matrix["data"] = {"class_labels": ["0", "1"], "matrix": [[3, 1], [0, 4]]}
run.log_confusion_matrix("matrix", matrix)
for kind in ("accuracy_table", "residuals", "predictions"):
    getattr(run, "log_" + kind)(kind, {"schema_type": kind, "schema_version": "1.0.0", "data": {}})
run.flush()
metrics = run.get_metrics()
assert metrics["losses"] == [0.5, 0.25] and metrics["picture"] and metrics["figure"] and metrics["matrix"], metrics
assert run.get_metrics("list") == {"list": [1, 2, 3]}
run.parent.log("of step", 1)

# tags and properties
run.tag("kind", "new")
run.set_tags({"kind": "old", "gone": "yes"})
run.remove_tags("gone")
run.add_properties({"author": "me"})
assert run.get_tags()["kind"] == "old" and run.tags["kind"] == "old" and "gone" not in run.get_tags()
assert run.get_properties()["author"] == "me" == run.properties["author"]

# files
os.makedirs("outputs", exist_ok=True)
os.makedirs("local/sub", exist_ok=True)
for path in ("outputs/model.txt", "local/one.txt", "local/sub/three.txt"):
    with open(path, "w") as f:
        f.write("text of " + path)
run.upload_file("up/one.txt", "local/one.txt")
run.upload_file("up/stream.txt", io.BytesIO(b"stream"))
run.upload_files(["up/two.txt"], ["local/one.txt"])
run.upload_folder("all", "local")
run.download_file("up/one.txt", output_file_path="again/")
with open("again/one.txt") as f:
    assert f.read() == "text of local/one.txt"
run.download_files("all", output_directory="back")
assert os.path.isfile("back/all/sub/three.txt") and "all/one.txt" in run.get_file_names()

# datasets
assert run.input_datasets["mounted"] == a.mounted and os.path.isfile(os.path.join(a.mounted, "deep", "b.txt"))
assert run.input_datasets["downloaded"] == a.downloaded and os.path.isfile(os.path.join(a.downloaded, "a.txt"))
table = run.input_datasets["table"]
frame = table.to_pandas_dataframe()
assert list(frame.columns) == ["id", "price", "name", "sold", "when", "Column6"], list(frame.columns)
kinds = [str(kind) for kind in frame.dtypes]
assert kinds == ["int64", "float64", "object", "bool", "datetime64[ns]", "float64"], kinds
assert frame["name"].tolist()[:2] == ["pen", 'a, "b"\nc'] and frame["name"].isna().tolist() == [False, False, True]
assert frame["Column6"].tolist()[1] == 9 and frame["Column6"].isna().sum() == 2
assert frame["when"].dt.day.tolist() == [1, 2, 3] and np.isnan(frame["price"][2])
assert len(table.filter(table["price"] > 1).to_pandas_dataframe()) == 1
assert list(table.keep_columns(["id", "name"]).take(2).to_pandas_dataframe().columns) == ["id", "name"]
assert len(table.skip(1).to_pandas_dataframe()) == 2
times = table.with_timestamp_columns("when")
assert times.time_before(datetime(2020, 7, 2), include_boundary=False).to_pandas_dataframe()["id"].tolist() == [1]
first, second = table.random_split(0.5, seed=1)
assert len(first.to_pandas_dataframe()) + len(second.to_pandas_dataframe()) == 3
lines = run.input_datasets["lines"].to_pandas_dataframe()
assert lines["n"].tolist() == [1, 2] and lines["t"].tolist() == ["a", "b"] and str(lines["n"].dtype) == "int64"
frames = run.input_datasets["frames"].to_pandas_dataframe()
assert frames["n"].tolist() == [1, 2] and str(frames["when"].dtype) == "datetime64[ns]", frames
assert frames["text"].tolist() == ["a", None] and frames["kind"].tolist() == ["x", "y"], frames
store = ws.get_default_datastore()
kept = Dataset.Tabular.register_pandas_dataframe(frame[["id", "name"]], (store, a.model), a.model)
assert kept.to_pandas_dataframe()["id"].tolist() == [1, 2, 3]
found = Dataset.get_by_name(ws, a.model)
assert found.version == kept.version
same = Dataset.File.from_files((store, "old/files/a.txt")).download("one", overwrite=True)
assert [os.path.basename(path) for path in same] == ["a.txt"]
kept.partition_by(["id"], (store, a.model + "-parts"), name=a.model + "-parts")
types = {"id": DataType.to_float(), "name": DataType.to_string()}
parts = Dataset.Tabular.from_parquet_files(
    (store, a.model + "-parts/**/*.parquet"), partition_format="/{id}/{part}.parquet", set_column_types=types
).drop_columns("part")
assert sorted(parts.to_pandas_dataframe()["id"]) == [1.0, 2.0, 3.0], parts.to_pandas_dataframe()
with Dataset.File.from_files((store, "old/files")).mount() as mount:
    assert os.path.isfile(os.path.join(mount.mount_point, "deep", "b.txt"))

# models
model = run.register_model(a.model, model_path="outputs/model.txt", tags={"of": "step"}, properties={"p": "1"})
with open(Model.get_model_path(a.model, _workspace=ws)) as f:
    assert f.read() == "text of outputs/model.txt"
assert Model(ws, a.model).version == model.version and Model(ws, a.model).tags["of"] == "step"

# child runs
child = run.child_run(name="child")
child.log("of child", 3)
child.complete()
two = run.create_children(count=2)
for number, one in enumerate(two):
    with one:
        one.log("number", number)
run.parent.log("seen", 1)
assert len(list(run.get_children())) == 3
assert {each.get_status() for each in run.get_children()} == {"Completed"}
run.log("of parent", 7)

# secrets, parameters, outputs
assert run.get_secret(name="vault") == "swordfish" == run.get_secrets(["vault"])["vault"]
assert ws.get_default_keyvault().get_secret("vault") == "swordfish"
assert os.environ["AML_PARAMETER_level"] == "high" and os.environ["COLOUR"] == "red"
for folder in (a.made, a.folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "out.txt"), "w") as f:
        f.write("made")
assert run.output_datasets["made"] == a.made, run.output_datasets
assert run.get_details()["runId"] == run.id and run.parent.id and run.get_environment().name == "july-2020"
