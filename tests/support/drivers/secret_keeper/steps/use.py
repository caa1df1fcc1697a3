import hashlib
import os

from azureml.core import Run

run = Run.get_context()
secret = run.get_secret(name="db-password")
assert secret not in " ".join(os.environ.values())
run.log("digest", hashlib.sha256(secret.encode()).hexdigest())
run.log("both", ",".join(sorted(run.get_secrets(["db-password"]))))
run.log("workspace", run.experiment.workspace.name)
run.log("experiment", run.experiment.name)
run.log("subscription", os.environ["AZUREML_ARM_SUBSCRIPTION"])
run.log("group", os.environ["AZUREML_ARM_RESOURCEGROUP"])
run.log("name", os.environ["AZUREML_ARM_WORKSPACE_NAME"])
run.log("project", os.environ["AZUREML_ARM_PROJECT_NAME"])
run.log("same", os.environ["AZUREML_RUN_ID"] == run.id)
run.log("parent", run.parent.id)
run.set_tags({"used": "yes"})
