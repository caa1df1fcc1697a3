import argparse
import os

from azureml.core import Workspace
from azureml.core.run import Run, _OfflineRun

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, default=0.1)
parser.add_argument("--out", default="outputs")
args = parser.parse_args()

run = Run.get_context()
offline = isinstance(run, _OfflineRun)
if offline:
    ws = Workspace.from_config()
    assert run.id.startswith("OfflineRun_"), run.id
else:
    ws = run.experiment.workspace
    assert not run.id.startswith("OfflineRun")
assert Run.get_context() is run
assert offline == ("AZUREML_RUN_ID" not in os.environ)

run.log("loss", 1 - args.rate)
run.log_row("point", x=1, y=2)
run.tag("offline", str(offline))
os.makedirs(args.out, exist_ok=True)
with open(os.path.join(args.out, "where.txt"), "w") as f:
    f.write("%s %s" % (ws.name, offline))
run.complete()
print("trained in", ws.name)
