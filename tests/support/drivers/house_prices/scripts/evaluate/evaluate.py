import argparse
import os
import pickle
import shutil

import pandas as pd
from azureml.core import Model, Run

parser = argparse.ArgumentParser("evaluate")
parser.add_argument("--test", type=str)
parser.add_argument("--model", type=str)
parser.add_argument("--name", type=str)
parser.add_argument("--limit", type=float)
args = parser.parse_args()
run = Run.get_context()
slope, intercept = pickle.load(open(args.model, "rb"))
frame = pd.read_csv(os.path.join(args.test, "part.csv"))
error = float((slope * frame["area"] + intercept - frame["price"]).abs().max())
run.log("error", round(error, 3))
run.parent.log("error", round(error, 3))
if error <= args.limit:
    os.makedirs("models", exist_ok=True)
    shutil.copy(args.model, "models/house.pkl")
    model = Model.register(
        workspace=run.experiment.workspace, model_path="models/house.pkl", model_name=args.name,
        tags={"error": str(round(error, 3)), "run": run.parent.id},
    )
    run.parent.tag("model", "%s:%d" % (model.name, model.version))
