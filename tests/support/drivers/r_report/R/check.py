import os
import sys

from azureml.core import Run

asked = open(os.path.join(sys.argv[1], "asked.txt")).read().split("\n")
run = Run.get_context()
run.log("script", asked[0])
run.log("option", " ".join(asked[1:3:2]))
run.log("rows", len(open(os.path.join(asked[2], "flights.csv")).readlines()) if os.path.isdir(asked[2]) else 0)
