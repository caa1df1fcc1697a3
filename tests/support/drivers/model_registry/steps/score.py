import json
import os
import sys

from azureml.core import Run
from azureml.core.model import Model

name, folder = sys.argv[1:3]
path = Model.get_model_path(name)
print("model at", path)
assert os.path.isfile(path) and os.path.basename(path) == "weights.json", path
assert os.path.join("azureml-models", name) in path, path
run = Run.get_context()
model = Model(run.experiment.workspace, name)
run.log("score", json.load(open(path))["weight"] * 10)
run.log("version", model.version)
run.log("same", os.path.isfile(folder + "/weights.json"))
