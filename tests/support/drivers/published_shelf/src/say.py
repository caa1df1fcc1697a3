import sys

from azureml.core import Run

Run.get_context().log("rounds", int(sys.argv[1]))
