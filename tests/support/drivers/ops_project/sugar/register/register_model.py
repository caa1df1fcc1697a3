import argparse
import os

from azureml.core import Dataset, Model, Run

run = Run.get_context()
exp = run.experiment
parser = argparse.ArgumentParser("register")
parser.add_argument("--model_name", type=str)
parser.add_argument("--step_input", type=str)
args = parser.parse_args()

model_file = os.path.join(args.step_input, args.model_name)
parent_tags = run.parent.get_tags()
build_id = parent_tags["BuildId"]
os.makedirs("registered", exist_ok=True)
with open(model_file) as source, open(os.path.join("registered", args.model_name), "w") as target:
    target.write(source.read())
model = Model.register(
    workspace=exp.workspace,
    model_name=args.model_name,
    model_path=os.path.join("registered", args.model_name),
    tags={
        "area": "sugar", "run_id": run.parent.id, "experiment_name": exp.name, "BuildId": build_id,
        "mse": str(run.parent.get_metrics()["mse"]),
    },
    datasets=[("training data", Dataset.get_by_id(exp.workspace, parent_tags["dataset_id"]))],
)
os.chdir("..")
print("Model registered: {} Model Version: {}".format(model.name, model.version))
