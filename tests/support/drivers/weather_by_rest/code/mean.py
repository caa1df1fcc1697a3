import argparse
import glob
import os
import time

from azureml.core import Run

p = argparse.ArgumentParser()
p.add_argument("--arg1")
p.add_argument("--arg2")
args = p.parse_args()
assert os.path.isdir(args.arg1) and os.path.isabs(args.arg1)
values = [float(l.split(",")[1]) for f in glob.glob(args.arg1 + "/**/*.csv", recursive=True) for l in open(f)]
Run.get_context().log("mean", sum(values) / len(values))
Run.get_context().log("what", args.arg2)
print("done at", time.strftime("%H:%M"))
