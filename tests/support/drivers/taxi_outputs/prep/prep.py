import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser("prep")
parser.add_argument("--prepped", type=str)
parser.add_argument("--log_dir", type=str)
args = parser.parse_args()

run = Run.get_context()
raw = run.input_datasets["raw_green"].to_pandas_dataframe()
raw = raw[raw["distance"] > 0]
os.makedirs(args.prepped, exist_ok=True)
raw.to_csv(os.path.join(args.prepped, "part-1.csv"), index=False)
raw.to_csv(os.path.join(args.prepped, "part-2.csv"), index=False)
assert set(os.environ["AZUREML_DATASET_FILE_OUTPUTS"].split(";")) == {"prepped", "log_dir"}, os.environ
assert os.environ["prepped"] == args.prepped
os.makedirs(args.log_dir, exist_ok=True)
open(os.path.join(args.log_dir, "skip.tmp"), "w").close()
with open(os.path.join(args.log_dir, "prep.log"), "w") as f:
    f.write("kept %d\n" % len(raw))
