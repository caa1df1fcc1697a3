import argparse
import json

from azureml.core import Model, Run

parser = argparse.ArgumentParser()
parser.add_argument("--saved-model", dest="saved_model")
parser.add_argument("--metrics")
args = parser.parse_args()

run = Run.get_context()
with open(args.metrics) as f:
    metrics = json.load(f)
best = min(min(found["loss"]) for found in metrics.values())
run.upload_file("outputs/line.json", args.saved_model)
run.register_model("tuned-line", model_path="outputs/line.json", tags={"loss": best, "trials": len(metrics)})
