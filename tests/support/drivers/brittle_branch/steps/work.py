import os
import sys

from azureml.core import Run

run = Run.get_context()
run.log("inputs", len(sys.argv) - 2)
out = sys.argv[-1]
os.makedirs(out, exist_ok=True)
with open(os.path.join(out, "x.txt"), "w") as f:
    f.write("x")
