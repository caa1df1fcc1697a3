# coding: utf-8
# # Several runs of one script; the best is kept
# In[1]:
import azureml.core
from azureml.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
from azureml.core.compute import ComputeTarget
from azureml.widgets import RunDetails

ws = Workspace.from_config()
print(ws.name, ws.location, ws.resource_group, sep="\t")
exp = Experiment(workspace=ws, name="train-on-cluster")
env = Environment.from_conda_specification(name="myenv", file_path="train/local.yml")

# In[2]:
runs = []
for alpha in [0.1, 0.3, 0.5]:
    src = ScriptRunConfig(
        source_directory="./train", script="train.py", arguments=["--alpha", alpha], compute_target="cpu",
        environment=env,
    )  # fmt: skip
    run = exp.submit(config=src, tags={"alpha": str(alpha)})
    runs.append(run)
    print(run.id, run.get_status())
RunDetails(runs[-1]).show()
results = [run.wait_for_completion(show_output=False) for run in runs]

# In[3]:
best = min(exp.get_runs(), key=lambda r: r.get_metrics("mse")["mse"])


def check():
    assert all(result["status"] == "Completed" for result in results), results
    assert [run.get_status() for run in runs] == ["Completed"] * 3
    assert best.id == runs[1].id and best.tags["alpha"] == "0.3", best
    metrics = best.get_metrics()
    assert (metrics["alpha"], metrics["mse"]) == (0.3, 0.0), metrics
    assert metrics["Fibonacci numbers"] == [0, 1, 1, 2, 3, 5, 8] and metrics["squares"] == [0, 1, 4, 9]
    assert metrics["sizes"] == {"height": 1, "width": 2}
    assert metrics["cosine"] == {"angle": [0, 1, 2], "cos": [0, 2, 4]}
    assert metrics["table"] == {"x": [1, 2], "y": [3, 4]}
    assert metrics["refused"] == "UserErrorException" and "wrong" not in metrics, metrics
    assert best.get_tags()["kind"] == "trial"
    assert best.get_properties()["author"] == "me"
    names = best.get_file_names()
    assert "outputs/model_0.3.txt" in names and "notes/note.txt" in names, names
    best.download_file("outputs/model_0.3.txt")
    assert open("model_0.3.txt").read() == "alpha=0.3"
    best.download_files(prefix="notes", output_directory="all")
    assert open("all/notes/note.txt").read() == "uploaded by hand"
    details = runs[0].get_details()
    assert details["runId"] == runs[0].id and details["status"] == "Completed"
    assert details["runDefinition"]["arguments"] == ["--alpha", "0.1"], details["runDefinition"]["arguments"]
    assert Run.get(ws, runs[2].id).get_metrics("alpha") == {"alpha": 0.5}
    assert ws.get_run(runs[2].id).experiment.name == "train-on-cluster"
    assert "train-on-cluster" in ws.experiments
    assert [r.id for r in exp.get_runs()] == [r.id for r in reversed(runs)]
    assert best.get_environment().name == "myenv"
    print(best.get_portal_url())


check()
