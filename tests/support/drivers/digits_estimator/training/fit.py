import argparse
import os

from azureml.core.run import Run

parser = argparse.ArgumentParser()
parser.add_argument("--datadir", type=str, help="data directory")
parser.add_argument("--output", type=str)
parser.add_argument("--rate", type=float)
args = parser.parse_args()
digits = [int(d) for d in open(os.path.join(args.datadir, "digits.txt")).read().split()]
run = Run.get_context()
run.log("sum", sum(digits))
run.log("rate", args.rate)
run.log("seed", os.environ["SEED"])
os.makedirs(args.output, exist_ok=True)
with open(os.path.join(args.output, "out.txt"), "w") as f:
    f.write(str(max(digits)))
