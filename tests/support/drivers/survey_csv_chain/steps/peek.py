import os

from azureml.core import Run

run = Run.get_context()
folder = run.input_datasets["raw"]
run.log_list("files", (os.path.relpath(os.path.join(f, n), folder) for f, _, ns in sorted(os.walk(folder)) for n in ns))
