"""Keep the birds with complete measurements."""

import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--out_folder", required=True)
args = parser.parse_args()

run = Run.get_context()
raw = run.input_datasets["raw_data"].to_pandas_dataframe()
print(f"{len(raw)} birds, {len(raw.columns)} columns")

columns = ["species", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
prepped = raw[columns].dropna().sort_values(columns)

os.makedirs(args.out_folder, exist_ok=True)
# A fixed number format and line ending give the same bytes on every machine.
prepped.to_csv(os.path.join(args.out_folder, "prepped_data.csv"), index=False, float_format="%.1f", lineterminator="\n")
run.log("birds", len(prepped))
print(f"{len(prepped)} birds kept")
