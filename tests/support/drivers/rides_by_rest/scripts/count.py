import os
import sys

from azureml.core import Run

run = Run.get_context()
rides = run.input_datasets["rides"].to_pandas_dataframe()
run.log("rides", len(rides))
run.log("km", float(rides["km"].sum()))

folder = sys.argv[sys.argv.index("--files") + 1]
assert folder == run.input_datasets["files"] == os.environ["files"]
names = [folder] if os.path.isfile(folder) else [os.path.join(folder, n) for n in sorted(os.listdir(folder))]
run.log("files", ",".join(os.path.basename(n) for n in names))
