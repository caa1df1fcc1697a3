"""What v1 refuses when a graph is written, and one graph written the way that people do: by a loop over lists."""
from azureml.core import Dataset, Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, StepSequence
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()


def step(name, arguments=(), inputs=(), outputs=(), **more):
    return PythonScriptStep("step.py", name=name, arguments=list(arguments), inputs=list(inputs),
                            outputs=list(outputs), compute_target="cpu", source_directory="src", **more)  # fmt: skip


def refused(kind, make):
    try:
        make()
    except kind as e:
        return str(e)
    raise AssertionError("nothing was raised")


def a_cycle():
    x, y = PipelineData("x", store), PipelineData("y", store)
    return Pipeline(ws, [step("one", [y, x], [y], [x]), step("two", [x, y], [x], [y])])


def check_refusals():  # at the step or at the pipeline
    lost = PipelineData("lost", store)
    refused(ValueError, lambda: Pipeline(ws, [step("a", [lost])]))
    refused(ValueError, lambda: Pipeline(ws, [step("a", [lost], [lost])]))
    refused(ValueError, lambda: Pipeline(ws, [step("a", [lost], [], [lost]), step("b", [lost], [], [lost])]))
    refused(ValueError, lambda: Pipeline(ws, [step("a", outputs=[PipelineData("a b", store)])]))
    refused(ValueError, lambda: Pipeline(ws, [step("a", inputs=["text"])]))
    refused(ValueError, lambda: Pipeline(ws, [step("a", inputs=[Dataset.File.from_files((store, "x"), validate=False)])]))
    message = refused(
        ValueError,
        lambda: Pipeline(ws, [PythonScriptStep("gone.py", name="nameless", compute_target="c", source_directory="src")]),
    )
    assert "gone.py" in message and "nameless" in message, message
    refused(NotImplementedError, lambda: Pipeline(ws, [(step("a"), step("b"))]))
    refused(Exception, lambda: Pipeline(
        ws, [step("a", [PipelineParameter("p", 1)]), step("b", [PipelineParameter("p", 2)])]))  # fmt: skip
    refused(ValueError, lambda: Pipeline(ws, [step("a")]).submit("rules", no_such_keyword=1))


# a chain made by a loop; the last step alone is named
previous, chain = None, []
for i in range(4):
    made = PipelineData("made_%d" % i, datastore=store, is_directory=True)
    arguments = [previous, "--out", made] if previous is not None else ["--out", made]
    chain.append(step("link %d" % i, arguments, [previous] if previous is not None else [], [made]))
    previous = made

# two steps with one name, and a list of arguments that is used twice
shared = ["--flag", 1]
twins = [
    PythonScriptStep("step.py", name="twin", arguments=shared, compute_target="cpu", source_directory="src",
                     allow_reuse=False)
    for _ in range(2)
]  # fmt: skip
# one name for an input and an output of a step
same_in = PipelineData("same", store)
first = step("first", [same_in], [], [same_in])
same_out = PipelineData("same", store)
second = step("second", [same_in, same_out], [same_in], [same_out])

pipeline = Pipeline(ws, steps=[chain[-1], StepSequence(twins), second])
run = Experiment(ws, "rules").submit(pipeline, unknown_word_is_ignored=True)
run.wait_for_completion(show_output=False)


def check():
    check_refusals()
    names = sorted(s.name for s in run.get_steps())
    assert names == ["first", "link 0", "link 1", "link 2", "link 3", "second", "twin", "twin"], names
    assert len(run.find_step_run("twin")) == 2
    assert run.find_step_run("link 3")[0].get_metrics() == {"arguments": 2}
    assert shared == ["--flag", 1], shared
    try:
        problems = a_cycle().validate()
    except Exception as e:
        problems = [str(e)]  # found earlier than v1 does
    assert len(problems) == 1, problems


check()
