import os
import sys

from azureml.core import Run

os.makedirs(sys.argv[1], exist_ok=True)
open(os.path.join(sys.argv[1], "half.txt"), "w").close()
os.makedirs("outputs", exist_ok=True)
with open("outputs/why.txt", "w") as f:
    f.write("because")
Run.get_context().log("rows", 17)
print("about to divide", flush=True)
raise ValueError("the divisor of row 17 is zero")
