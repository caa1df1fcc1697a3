"""Puts all files of a folder into one file, which is itself the output."""
import argparse
import glob
import os

parser = argparse.ArgumentParser()
parser.add_argument("--raw")
parser.add_argument("--all_sales")
args = parser.parse_args()

os.makedirs(os.path.dirname(args.all_sales), exist_ok=True)
assert not os.path.isdir(args.all_sales), "the output is to be a file"
with open(args.all_sales, "w") as out:
    for path in sorted(glob.glob(args.raw + "/*.csv")):
        out.writelines(open(path).readlines()[1:])
