import argparse
import os
import pickle

import numpy as np
import pandas as pd
from azureml.core import Run

parser = argparse.ArgumentParser("train")
parser.add_argument("--train", type=str)
parser.add_argument("--model", type=str)
args = parser.parse_args()
frame = pd.read_csv(os.path.join(args.train, "part.csv"))
slope, intercept = np.polyfit(frame["area"], frame["price"], 1)
run = Run.get_context()
run.log("slope", float(round(slope, 6)))
os.makedirs(os.path.dirname(args.model), exist_ok=True)
with open(args.model, "wb") as f:
    pickle.dump((slope, intercept), f)
