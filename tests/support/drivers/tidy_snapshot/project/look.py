import os
import sys

from azureml.core import Run
from src.words import shout

run = Run.get_context()
seen = sorted(
    os.path.relpath(os.path.join(folder, name), ".")
    for folder, dirs, names in os.walk(".")
    for name in names
    if "__pycache__" not in folder
)
run.log("seen", " ".join(n for n in seen if not n.startswith(("logs", "outputs"))))
run.log("shout", shout("ready"))
run.log("first", os.path.abspath(sys.path[0]) == os.getcwd())
with open("written.txt", "w") as f:  # the folder is this step's own
    f.write("here")
