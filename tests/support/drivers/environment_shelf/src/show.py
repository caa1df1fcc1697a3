import os
import sys

import yaml
from azureml.core import Run

run = Run.get_context()
run.log("flavour", os.environ.get("FLAVOUR", "plain"))
run.log("yaml", yaml.__name__)
run.log("unbuffered", os.environ.get("PYTHONUNBUFFERED", ""))
print(sys.version)
