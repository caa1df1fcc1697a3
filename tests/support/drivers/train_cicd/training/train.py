import argparse
import json
import os

from azureml.core.run import Run

parser = argparse.ArgumentParser("train")
parser.add_argument("--model_name")
parser.add_argument("--step_output")
parser.add_argument("--alpha", type=float)
parser.add_argument("--caller_run_id")
args = parser.parse_args()

run = Run.get_context()
run.log("alpha", args.alpha)
run.log("name", args.model_name)
run.log("caller", args.caller_run_id)
os.makedirs(args.step_output, exist_ok=True)
with open(os.path.join(args.step_output, args.model_name + ".json"), "w") as f:
    json.dump({"alpha": args.alpha}, f)
