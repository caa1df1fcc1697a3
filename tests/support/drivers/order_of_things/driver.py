# %% [markdown]
# Steps with no data between them: the order is said in words.
# %%
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, StepSequence
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
exp = Experiment(workspace=ws, name="order")


# %%
def make(word, compute="cpu"):
    return PythonScriptStep(
        name=word, script_name="stamp.py", arguments=[word], compute_target=compute, source_directory="work",
        allow_reuse=False,
    )


extract, left, right, join, report, late = [make(w) for w in ["extract", "left", "right", "join", "report", "late"]]
sequence = StepSequence(steps=[extract, [left, right], join])
report.run_after(join)
late.run_after(report)

# %% only the last ones are named; what they wait for comes along
pipeline = Pipeline(workspace=ws, steps=[sequence, late])
assert pipeline.validate() == []
run = exp.submit(pipeline, tags={"purpose": "order", "team": "a"})
run.set_tags({"extra": "1"})
assert run.wait_for_completion() == "Finished"

# %%
steps = list(run.get_steps())
names = [s.name for s in steps]
time_of = {s.name: s.get_metrics() for s in steps}


def before(a, b):
    return time_of[a]["ended"] <= time_of[b]["begun"]


def check():
    assert sorted(names) == ["extract", "join", "late", "left", "report", "right"]
    assert names[0] == "late" and names[-1] == "extract", names  # newest first
    assert [s.name for s in run.get_children()] == names
    for pair in ["extract left", "extract right", "left join", "right join", "join report", "report late"]:
        a, b = pair.split()
        assert before(a, b), pair
    assert time_of["left"]["word"] == "left"
    assert run.find_step_run("left")[0].tags["word"] == "left"
    tags = run.get_tags()
    assert tags["purpose"] == "order" and tags["team"] == "a" and tags["extra"] == "1", tags
    assert tags["seen_join"] == "yes", tags
    found = list(exp.get_runs(tags={"purpose": "order"}))
    assert [r.id for r in found] == [run.id]
    assert list(exp.get_runs(tags={"purpose": "nothing"})) == []
    assert run.find_step_run("nobody") == []


check()
