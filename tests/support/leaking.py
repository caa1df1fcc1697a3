"""A script that writes the value of the secret ``db`` wherever a step can leave words."""

from __future__ import annotations

LEAKING = """
import json, os, sys, warnings
from azureml.core import Run

run = Run.get_context()
value = run.get_secret("db")
run.log(value, value)
run.log_row("row", **{value: value})
run.log_list("list", [value, 1])
run.log_table("table", {value: [value]})
run.log_confusion_matrix("matrix", {"data": {"class_labels": [value]}}, value)
run.tag(value, value)
run.add_properties({value: value})
run.display_name = run.description = value
os.makedirs("logs/" + value, exist_ok=True)
for name in ("logs/mine.txt", "logs/" + value + "/x.txt"):
    with open(name, "w") as file:
        file.write("x" * ((1 << 20) - 5) + value + json.dumps(value))
with open(os.path.join(os.environ["RUNNER_STEP"], "reports", "by_hand.jsonl"), "a") as file:
    file.write(json.dumps({value: value}, ensure_ascii=False) + "\\n" + value)
with open("note", "w") as file:
    file.write("note")
run.upload_file(value + ".txt", "note")
os.symlink("nowhere", "outputs/" + value)
print(value, flush=True)
"""
"""Ends well. What follows it may use `run` and `value`."""

IN_THE_STORE = """
for other in (run.parent, run.child_run(name=value)):
    other.tag(value, value)
    other.add_properties({value: value})
child = next(run.get_children())
child.log(value, value)
child.upload_file("logs/" + value, "logs/mine.txt")
child.fail(error_details=value)
child.flush()
model = child.upload_file("outputs/model", "note") or child.register_model(
    "model", "outputs/model", tags={value: value}, properties={value: value}, description=value
)
model.add_tags({"more": value})
try:
    child.register_model(value, "outputs/model")
except Exception as error:
    print("refused:", error)
else:
    sys.exit("a name with a secret was taken")
"""
"""Writes to the workspace store as well."""
