import argparse
import csv
import os

parser = argparse.ArgumentParser()
parser.add_argument("--points")
parser.add_argument("--out")
args = parser.parse_args()
total = 0.0
for name in sorted(os.listdir(args.points)):
    with open(os.path.join(args.points, name)) as f:
        total += sum(float(row["x"]) for row in csv.DictReader(f))
with open(args.out, "w") as f:
    f.write(str(total))
