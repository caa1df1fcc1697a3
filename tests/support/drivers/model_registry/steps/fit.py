import argparse
import json
import os

from azureml.core import Run

p = argparse.ArgumentParser()
p.add_argument("--model_name")
p.add_argument("--model_dir")
p.add_argument("--weight", type=float)
a = p.parse_args()
run = Run.get_context()
os.makedirs("outputs", exist_ok=True)
os.makedirs(a.model_dir, exist_ok=True)
for path in ("outputs/weights.json", a.model_dir + "/weights.json"):
    with open(path, "w") as f:
        json.dump({"weight": a.weight}, f)
run.upload_file("outputs/weights.json", "outputs/weights.json")
model = run.register_model(
    model_name=a.model_name, model_path="outputs/weights.json", tags={"from": "step"}, properties={"w": str(a.weight)},
    description="weights",
)  # fmt: skip
print(model.name, model.version)
run.log("version", model.version)
