import argparse
import json
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--learning-rate", type=float)
parser.add_argument("--batch-size", type=int)
args = parser.parse_args()

run = Run.get_context()
best = round(1 - abs(args.learning_rate - 0.02) - 1 / args.batch_size, 6)
for epoch in range(args.epochs):
    run.log("Accuracy", best if epoch == 2 else best - 0.1)
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.json", "w") as f:
    json.dump({"rate": args.learning_rate, "batch": args.batch_size}, f)
