import argparse
import os

from azureml.core import Dataset, Run

parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int)
parser.add_argument("--clean")
parser.add_argument("--raw")
args = parser.parse_args()
run = Run.get_context()
for folder in (args.clean, args.raw):
    os.makedirs(folder, exist_ok=True)
with open(os.path.join(args.clean, "rows.csv"), "w") as f:
    f.write("id,value,comment\n")
    f.writelines("%d,%d,none\n" % (i, i * i) for i in range(args.rows))
with open(os.path.join(args.raw, "raw.txt"), "w") as f:
    f.write("raw of %d" % args.rows)
assert os.path.samefile(str(run.output_datasets["raw"]), args.raw), run.output_datasets

# a step may register by itself also
ws = run.experiment.workspace
store = ws.get_default_datastore()
os.makedirs("extra", exist_ok=True)
with open("extra/extra.txt", "w") as f:
    f.write("extra of %d" % args.rows)
store.upload(src_dir="extra", target_path="extra", overwrite=True, show_progress=False)
Dataset.File.from_files((store, "extra/extra.txt")).register(ws, "extra", create_new_version=True)
