import argparse
import os

from azureml.core import Model
from azureml.core.run import Run

parser = argparse.ArgumentParser("register")
parser.add_argument("--model_name")
parser.add_argument("--step_input")
args = parser.parse_args()

run = Run.get_context()
path = os.path.join(args.step_input, args.model_name + ".json")
model = Model.register(
    workspace=run.experiment.workspace, model_path=path, model_name=args.model_name, tags={"build": "by pipeline"}
)
print("registered", model.name, model.version)
