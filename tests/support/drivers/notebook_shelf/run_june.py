"""Run the published notebook for another month, on a machine without the notebook."""
import json
import os

from azureml.core import Workspace
from azureml.pipeline.core import PublishedPipeline

ws = Workspace.from_config()
published = PublishedPipeline.get(ws, open("pipeline_id.txt").read())
run = published.submit(ws, "reports", pipeline_parameters={"month": "june"})
assert run.wait_for_completion(show_output=False) == "Finished"

assert run.find_step_run("send.py")[0].get_metrics() == {"summary": "june 4.5"}
assert run.find_step_run("report")[0].get_metrics() == {"mean": 4.5}
run.get_pipeline_output("notebook").download("kept", show_progress=False)
(found,) = [os.path.join(folder, n) for folder, _, names in os.walk("kept") for n in names]
cells = json.load(open(found))["cells"]
assert "month = 'june'" in "".join(cells[1]["source"]), cells[1]
assert "june: 2 prices" in json.dumps(cells[2]["outputs"]), cells[2]
