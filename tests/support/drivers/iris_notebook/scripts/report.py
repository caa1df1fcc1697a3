import sys

from azureml.core import Run

Run.get_context().log("model", open(sys.argv[1] + "/model.txt").read())
