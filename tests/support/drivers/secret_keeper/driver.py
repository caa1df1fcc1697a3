import hashlib
import os
import uuid

from azureml.core import Experiment, Keyvault, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
password = "p-" + uuid.uuid4().hex
with open(os.open("db-password.txt", os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:  # what the vault had, see runner.yaml
    f.write(password + "\n")
keyvault = ws.get_default_keyvault()
assert isinstance(keyvault, Keyvault)
assert keyvault.get_secret("db-password") == password
assert set(keyvault.get_secrets(["db-password"])) == {"db-password"}

step = PythonScriptStep("use.py", compute_target="cpu", source_directory="steps", allow_reuse=False)
run = Experiment(ws, "secrets").submit(Pipeline(ws, [step]), tags={"release": "1.2"})
run.wait_for_completion(show_output=True)


def check():
    step_run = run.find_step_run("use.py")[0]
    m = step_run.get_metrics()
    assert m["digest"] == hashlib.sha256(password.encode()).hexdigest()
    assert m["both"] == "db-password"
    assert (m["workspace"], m["name"]) == ("secrets-ws", "secrets-ws"), m
    assert (m["experiment"], m["project"]) == ("secrets", "secrets"), m
    assert (m["group"], m["subscription"]) == ("secrets", "03333333-2222-3333-4444-555555555555"), m
    assert m["same"] is True and m["parent"] == run.id
    assert step_run.get_tags()["used"] == "yes"
    assert run.get_tags()["release"] == "1.2"
    assert run.tags["release"] == "1.2"
    # the secret is nowhere in what the run leaves behind
    for folder, _, names in os.walk(".runner"):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                kept = os.path.join(folder, name)
                assert password.encode() not in f.read(), kept


check()
