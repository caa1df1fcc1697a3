import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--folder")
parser.add_argument("--files")
parser.add_argument("--threshold", type=float)
args = parser.parse_args()

run = Run.get_context()
run.log("folder", ",".join(sorted(os.listdir(args.folder))))
names = sorted(n for _, _, found in os.walk(args.files) for n in found)
if os.path.isfile(args.files):
    names = [os.path.basename(args.files)]
run.log("files", ",".join(names))
run.log("rows", len(run.input_datasets["table"].to_pandas_dataframe()))
run.log("threshold", args.threshold)
