import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--model")
args = parser.parse_args()

version, score = open(os.path.join(args.model, "model.txt")).read().split()
run = Run.get_context()
run.log("code", version)
run.log("score", float(score))
run.parent.log("score", float(score))
