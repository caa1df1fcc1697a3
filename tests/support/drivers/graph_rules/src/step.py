import os
import sys

from azureml.core import Run

seen = [a for a in sys.argv[1:] if a != "--out"]
Run.get_context().log("arguments", len(seen))
for path in seen[-1:]:
    if os.path.isabs(path):
        os.makedirs(path, exist_ok=True)
        open(os.path.join(path, "f"), "w").close()
