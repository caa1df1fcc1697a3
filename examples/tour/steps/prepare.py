import csv
import os
import sys

from azureml.core import Run

source, target = sys.argv[1:3]
if os.path.isdir(source):
    source = os.path.join(source, "penguins.csv")
with open(source) as file:
    rows = [row for row in csv.DictReader(file) if all(value not in ("", "NA") for value in row.values())]
os.makedirs(target, exist_ok=True)
with open(os.path.join(target, "penguins.csv"), "w", newline="") as file:
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
Run.get_context().log("birds", len(rows))
print(f"{len(rows)} birds are whole")
