import sys
import time

from azureml.core import Run

run = Run.get_context()
run.log("begun", time.time())
run.log("word", sys.argv[1])
run.tag("word", sys.argv[1])
run.parent.tag("seen_" + sys.argv[1], "yes")
run.log("ended", time.time())
