import argparse
import os

from azureml.core import Run

VERSION = "first"

parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
parser.add_argument("--label")
parser.add_argument("--model")
args = parser.parse_args()

run = Run.get_context()
run.log("depth", args.depth)
run.log("label", args.label)
os.makedirs(args.model, exist_ok=True)
with open(os.path.join(args.model, "model.txt"), "w") as f:
    f.write("{} {}".format(VERSION, args.depth ** 2))
