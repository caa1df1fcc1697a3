import os
import sys

from azureml.core import Run

run = Run.get_context()
run.log("prepared", open(os.path.join(sys.argv[1], "prepared.txt")).read())
run.log("mode", os.environ["MODE"])
