import os
import sys

from azureml.core import Run

total = 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        total += sum(int(line) for line in open(os.path.join(folder, name)))
Run.get_context().log("total", total)
Run.get_context().log("single", open(sys.argv[2]).read().strip())
