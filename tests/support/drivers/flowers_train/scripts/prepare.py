import argparse
import csv
import os

print("In prepare.py")
parser = argparse.ArgumentParser("prepare")
parser.add_argument("--input_data", type=str, help="input data")
parser.add_argument("--output_prepared", type=str, help="prepared directory")
args = parser.parse_args()

print("Argument 1: %s" % args.input_data)
print("Argument 2: %s" % args.output_prepared)

with open(os.path.join(args.input_data, "petals.csv")) as f:
    rows = list(csv.DictReader(f))

if not (args.output_prepared is None):
    os.makedirs(args.output_prepared, exist_ok=True)
    print("%s created" % args.output_prepared)

with open(os.path.join(args.output_prepared, "rows.csv"), "w") as f:
    for row in rows:
        f.write("%s,%d\n" % (row["length"], row["kind"] == "large"))
