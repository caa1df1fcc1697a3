import argparse
import glob
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--pictures", dest="pictures")
parser.add_argument("--labels")
parser.add_argument("--fixed")
parser.add_argument("--count")
args = parser.parse_args()
run = Run.get_context()
found = sorted(glob.glob(os.path.join(args.pictures, "**", "*.pgm"), recursive=True))
print("\n".join(found))
run.log("found", len(found))
run.log("folders", ",".join(sorted({os.path.basename(os.path.dirname(f)) for f in found})))
# a dataset of one file comes as that file's own path
run.log("label", open(args.labels).read().strip())
run.log("fixed", sorted(os.listdir(args.fixed))[0])
assert run.input_datasets["pictures"] == args.pictures
modes = dict(item.split(":") for item in os.environ["AZUREML_DATASET_ENVIRONMENT_VARS"].split(","))
run.log("modes", " ".join(sorted(k + "=" + v.lower() for k, v in modes.items())))
with open(os.path.join(args.count), "w") as f:
    f.write(str(len(found)))
