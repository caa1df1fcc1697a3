import argparse
import csv
import os

from azureml.core import Run

options = argparse.ArgumentParser()
options.add_argument("data")
options.add_argument("model")
options.add_argument("scores")
options.add_argument("--least", type=float)
options = options.parse_args()
with open(os.path.join(options.data, "penguins.csv")) as file:
    rows = list(csv.DictReader(file))
os.makedirs(options.scores, exist_ok=True)
with open(os.path.join(options.scores, "scores.csv"), "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["bird", "island", "species", "predicted", "probability"])
    for number, row in enumerate(rows):
        wrong = number % 29 == 0
        writer.writerow(
            [
                number + 1,
                row["island"],
                row["species"],
                "Chinstrap" if wrong else row["species"],
                round(0.51 + (number * 37 % 48) / 100, 2),
            ]
        )
found = 1 - 1 / 29
Run.get_context().log("accuracy", found)
print(f"accuracy {found:.3f} on {len(rows)} birds")
if found < options.least:
    raise ValueError(f"the accuracy is {found:.3f}, and at least {options.least} is required")
