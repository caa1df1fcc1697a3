import sys

from azureml.core import Run

Run.get_context().log("said", " ".join(sys.argv[1:]))
