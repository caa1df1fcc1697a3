# coding: utf-8
# # Logging from a notebook: interactive runs and their children
# In[1]:
import os

from azureml.core import Experiment, Run, Workspace
from azureml.core.run import Run as SameRun

ws = Workspace.from_config()
experiment = Experiment(ws, "logging-api")
assert SameRun is Run

# In[2]:
run = experiment.start_logging(snapshot_directory=None)
assert run.get_status() == "Running"
run.log("Accuracy", 0.8)
run.log("Accuracy", 0.9)
run.log(name="word", value="said", description="a text")
run.log_list("list", range(3))
run.log_row("Y over X", x=1, y=0.5)
run.tag("mode", "interactive")
run.tag("good")
run.set_tags({"mode": "by hand"})
run.add_properties({"team": "one"})
os.makedirs("made", exist_ok=True)
with open("made/a.txt", "w") as f:
    f.write("a")
run.upload_file(name="outputs/a.txt", path_or_stream="made/a.txt")
run.upload_folder(name="folder", path="made")

# In[3]: children
for i in range(3):
    with run.child_run(name="fold-%d" % i) as child:
        child.log("fold", i)
        child.log("score", 10 * i)
more = run.create_children(count=2)
for child in more:
    child.log("score", 1)
    child.complete()
failing = run.child_run("bad")
failing.fail(error_details="it did not converge")
run.complete()

# In[4]: by a with-statement
try:
    with experiment.start_logging() as broken:
        broken.log("x", 1)
        raise RuntimeError("on purpose")
except RuntimeError:
    pass


def check():
    assert run.get_status() == "Completed" and broken.get_status() == "Failed"
    assert failing.get_status() == "Failed"
    metrics = run.get_metrics()
    assert metrics == {
        "Accuracy": [0.8, 0.9], "word": "said", "list": [0, 1, 2], "Y over X": {"x": 1, "y": 0.5},
    }, metrics  # fmt: skip
    children = list(run.get_children())
    assert len(children) == 6, children
    scores = {c.id: c.get_metrics()["score"] for c in children if c.get_status() == "Completed"}
    assert sorted(scores.values()) == [0, 1, 1, 10, 20], scores
    assert {c.name for c in children} >= {"fold-0", "fold-1", "fold-2", "bad"}
    assert all(c.parent.id == run.id for c in children)
    assert run.parent is None
    again = Run(experiment, run.id)
    assert again.get_tags()["mode"] == "by hand" and "good" in again.get_tags()
    run.remove_tags(["good"])
    assert "good" not in again.get_tags()
    try:
        run.add_properties({"team": "two"})
    except Exception as e:
        print("properties are set once:", e)
    else:
        raise AssertionError("a property was changed")
    assert run.get_properties()["team"] == "one"
    assert {"outputs/a.txt", "folder/a.txt"} <= set(run.get_file_names())
    run.download_file("folder/a.txt", output_file_path="back.txt")
    assert open("back.txt").read() == "a"
    listed = [r.id for r in experiment.get_runs()]
    assert listed == [broken.id, run.id], listed
    assert len(list(experiment.get_runs(include_children=True))) == 8
    assert [r.id for r in Run.list(experiment, status="Failed")] == [broken.id]


check()
