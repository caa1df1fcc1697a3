import os
import sys

from azureml.core import Run

path = sys.argv[1]
if os.path.isdir(path):
    path = os.path.join(path, "summary.txt")
Run.get_context().log("summary", open(path).read())
