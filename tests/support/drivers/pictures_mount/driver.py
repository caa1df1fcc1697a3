import os
import tempfile

from azureml.core import Dataset, Datastore, Experiment, Workspace
from azureml.core.dataset import Dataset as SameDataset
from azureml.data.datapath import DataPath
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

assert SameDataset is Dataset
ws = Workspace.from_config()
store = Datastore(ws)

pictures = Dataset.File.upload_directory(src_dir="pictures", target=DataPath(store, "pictures"), overwrite=True)
only = Dataset.File.from_files(path=[(store, "pictures/*/*.pgm")])
with open("label.txt", "w") as f:
    f.write("cats and dogs\n")
store.upload_files(["label.txt"], target_path="labels", show_progress=False)
store.upload_files(["label.txt"], target_path="labels", show_progress=False)  # there already: skipped
labels = Dataset.File.from_files(path=DataPath(store, "labels/label.txt"))
labels.register(ws, "labels")

work = os.path.join(tempfile.gettempdir(), "pictures-" + os.urandom(4).hex())
number = PipelineData("number", datastore=store)
count = PythonScriptStep(
    script_name="count.py",
    arguments=[
        "--pictures", only.as_named_input("pictures").as_mount(),
        "--labels", Dataset.get_by_name(ws, "labels").as_named_input("labels").as_download(),
        "--fixed", pictures.as_named_input("everything").as_mount(path_on_compute=work),
        "--count", number,
    ],
    outputs=[number],
    compute_target="cpu",
    source_directory="steps",
)  # fmt: skip
run = Experiment(ws, "pictures").submit(Pipeline(ws, [[count]]))
assert run.wait_for_completion(show_output=False) == "Finished"


def check():
    step = run.find_step_run("count.py")[0]
    metrics = step.get_metrics()
    assert metrics["found"] == 4 and metrics["folders"] == "cat,dog", metrics
    assert metrics["label"] == "cats and dogs"
    assert metrics["fixed"] == "cat"
    assert metrics["modes"] == "everything=mount labels=download pictures=mount", metrics
    assert sorted(only.to_path()) == ["/cat/1.pgm", "/cat/2.pgm", "/cat/3.pgm", "/dog/1.pgm"], only.to_path()
    assert labels.to_path() == ["/label.txt"], labels.to_path()
    got = only.download(target_path="down", overwrite=True)
    assert len(got) == 4 and all(os.path.isfile(p) for p in got), got
    assert open("down/dog/1.pgm").read() == "P5x"
    with pictures.mount() as context:
        assert sorted(os.listdir(context.mount_point)) == ["cat", "dog", "readme.txt"]
    assert len(only.take(3).to_path()) == 3 and len(only.skip(3).to_path()) == 1
    data = step.get_output_data("number")
    data.download(".")
    assert open(data.path_on_datastore).read() == "4"


check()
