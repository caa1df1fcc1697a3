import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser("prep")
parser.add_argument("--train", type=str, required=True)
parser.add_argument("--test", type=str, required=True)
parser.add_argument("--fraction", type=float, default=0.5)
args = parser.parse_args()
run = Run.get_context()
frame = run.input_datasets["houses"].to_pandas_dataframe()
frame["town"] = frame["town"].astype("category").cat.codes
cut = int(len(frame) * args.fraction)
for folder, part in ((args.train, frame[:cut]), (args.test, frame[cut:])):
    os.makedirs(folder, exist_ok=True)
    part.to_csv(os.path.join(folder, "part.csv"), index=False)
run.log("train_rows", cut)
