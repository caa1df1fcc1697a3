import argparse
import json
import os
import random
import time

from azureml.core import Run

options = argparse.ArgumentParser()
options.add_argument("data")
options.add_argument("model")
options.add_argument("--rate", type=float)
options.add_argument("--seed", type=int)
options.add_argument("--pause", type=float)
options = options.parse_args()
run = Run.get_context()
drawn = random.Random(options.seed)
loss = 1.0
for epoch in range(40):
    loss = 0.08 + 0.92 * (1 - options.rate) ** epoch + drawn.uniform(0, 0.02)
    accuracy = 0.98 - 0.6 * loss
    run.log("loss", loss)
    run.log("accuracy", accuracy)
    colour = 32 if accuracy > 0.8 else 33
    print(f"epoch {epoch + 1:2d} of 40  loss {loss:.4f}  \x1b[{colour}maccuracy {accuracy:.4f}\x1b[0m", flush=True)
    time.sleep(options.pause)
names = ["Adelie", "Chinstrap", "Gentoo"]
matrix = [[44, 1, 0], [2, 18, 0], [0, 0, 38]]
run.log_confusion_matrix(
    "species",
    {"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": {"class_labels": names, "matrix": matrix}},
)
run.log_table(
    "importance", {"feature": ["bill length", "bill depth", "flipper", "mass"], "weight": [0.41, 0.22, 0.25, 0.12]}
)
os.makedirs(options.model, exist_ok=True)
with open(os.path.join(options.model, "model.json"), "w") as file:
    json.dump({"rate": options.rate, "classes": names, "weights": [[0.1, 0.2], [0.3, 0.4]]}, file)
