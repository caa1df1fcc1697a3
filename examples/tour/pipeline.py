"""The pipeline of the tour: prepare, train, evaluate and draw, on the Palmer penguins. Standard library only."""

import argparse

from azureml.core import Dataset, Experiment, Workspace
from azureml.exceptions import UserErrorException
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

options = argparse.ArgumentParser()
options.add_argument("--rate", type=float, default=0.1)
options.add_argument("--pause", type=float, default=0.02)
options.add_argument("--least", type=float, default=0.0)
options = options.parse_args()

ws = Workspace.from_config()
store = ws.get_default_datastore()
try:
    birds = Dataset.get_by_name(ws, "penguins")
except UserErrorException:
    store.upload_files(["penguins.csv"], target_path="penguins", overwrite=True, show_progress=False)
    birds = Dataset.File.from_files((store, "penguins/penguins.csv"))
    birds = birds.register(ws, "penguins", description="344 birds of the Palmer archipelago", create_new_version=True)

rate = PipelineParameter("rate", options.rate)
clean, model, scores = (PipelineData(name, datastore=store) for name in ("clean", "model", "scores"))


def step(name, script, arguments, inputs, outputs, reuse=True):
    return PythonScriptStep(
        script, name, arguments, "laptop", inputs=inputs, outputs=outputs, source_directory="steps", allow_reuse=reuse
    )


raw = birds.as_named_input("raw").as_download()
prepare = step("prepare", "prepare.py", [raw, clean], [raw], [clean])
train = step(
    "train",
    "train.py",
    [clean, model, "--rate", rate, "--seed", 7, "--pause", options.pause],
    [clean],
    [model],
    reuse=False,
)
evaluate = step(
    "evaluate", "evaluate.py", [clean, model, scores, "--least", options.least], [clean, model], [scores], reuse=False
)
draw = step("draw", "draw.py", [clean], [clean], [], reuse=False)
pipeline = Pipeline(ws, [evaluate, draw], description="Which species is this penguin?")
run = Experiment(ws, "penguins").submit(pipeline, tags={"rate": str(options.rate)})
