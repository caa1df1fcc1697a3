import os
import sys

from azureml.core import Run

assert sys.argv[1] == "--top" and sys.argv[3] == "--title", sys.argv
lines = open(os.path.join(sys.argv[2], "top.txt")).read().split()
run = Run.get_context()
run.log("most", lines[1])
run.log("times", int(lines[0]))
run.log("title", sys.argv[4])
run.log("count", len(lines) // 2)
