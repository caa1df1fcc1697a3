import argparse
import os

from azureml.core import Dataset, Model, Run

parser = argparse.ArgumentParser("train")
parser.add_argument("--ds_name")
parser.add_argument("--model_name")
args = parser.parse_args()
run = Run.get_context()
ws = run.experiment.workspace
dataset = Dataset.get_by_name(ws, args.ds_name)
frame = dataset.to_pandas_dataframe()
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.txt", "w") as f:
    f.write(str(float((frame["y"] / frame["x"]).mean())))
model = Model.register(
    workspace=ws, model_path="outputs/model.txt", model_name=args.model_name,
    tags={"rows": str(len(frame))}, datasets=[(Dataset.Scenario.TRAINING, dataset)],
)
print("Registered version {0} of model {1}".format(model.version, model.name))
