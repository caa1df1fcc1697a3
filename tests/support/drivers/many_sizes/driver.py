"""One parallel step whose sizes are pipeline parameters; a failing item; a published pipeline of it."""
import os

from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.exceptions import ActivityFailedException
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, PublishedPipeline
from azureml.contrib.pipeline.steps import ParallelRunConfig, ParallelRunStep  # where they were first

ws = Workspace.from_config()
store = ws.get_default_datastore()
os.makedirs("numbers", exist_ok=True)
for number in range(12):
    with open("numbers/%02d.txt" % number, "w") as file:
        file.write("oops" if number == 7 else str(number))
store.upload("numbers", "numbers", overwrite=True, show_progress=False)
numbers = Dataset.File.from_files((store, "numbers")).register(ws, "numbers")

config = ParallelRunConfig(
    environment=Environment("sizes"),
    entry_script="square.py",
    source_directory="src",
    error_threshold=1,
    output_action="append_row",
    compute_target="cpu",
    mini_batch_size=PipelineParameter(name="batch_size_param", default_value="3"),
    node_count=PipelineParameter(name="node_count_param", default_value=1),
    process_count_per_node=PipelineParameter(name="process_param", default_value=2),
    run_invocation_timeout=PipelineParameter(name="timeout_param", default_value=60),
    run_max_try=PipelineParameter(name="try_param", default_value=1),
    logging_level=PipelineParameter(name="log_param", default_value="DEBUG"),
)
config.save_to_yaml("config.yml")
read = ParallelRunConfig.load_yaml(ws, "config.yml")
assert (read.mini_batch_size, read.node_count, read.entry_script) == (3, 1, "square.py"), vars(read)

squares = PipelineData("squares", datastore=store)
step = ParallelRunStep("square", config, inputs=[numbers.as_named_input("numbers")], output=squares)
pipeline = Pipeline(ws, [step])
experiment = Experiment(ws, "sizes")


def lines(run):
    data = run.find_step_run("square")[0].get_output_data("squares")
    data.download(run.id)
    with open(os.path.join(run.id, data.path_on_datastore, "parallel_run_step.txt")) as file:
        return file.read().splitlines()


def check():
    run = experiment.submit(pipeline)
    run.wait_for_completion(show_output=False)
    assert lines(run) == ["%d of 3" % (n * n) for n in range(12) if n != 7], lines(run)

    larger = experiment.submit(
        pipeline, pipeline_parameters={"batch_size_param": 6, "node_count_param": "2", "process_param": 1}
    )
    larger.wait_for_completion(show_output=False)
    assert lines(larger) == ["%d of 6" % (n * n) for n in range(12) if n != 7], lines(larger)

    published = pipeline.publish(name="squares", version="1")
    again = PublishedPipeline.get(ws, published.id).submit(ws, "sizes", {"batch_size_param": "4"})
    again.wait_for_completion(show_output=False)
    assert lines(again) == ["%d of 4" % (n * n) for n in range(12) if n != 7], lines(again)

    config.error_threshold = 0
    strict = ParallelRunStep("square", config, [numbers.as_named_input("numbers")], squares)
    failing = experiment.submit(Pipeline(ws, [strict]))
    try:
        failing.wait_for_completion(show_output=False)
    except ActivityFailedException as error:
        assert "error_threshold=0" in error.message and "returned 2 elements for 3 items" in error.message, error.message
    else:
        raise AssertionError("one item failed, and none may")
    try:
        ParallelRunStep("square", config, [numbers.as_named_input("numbers")], squares, arguments=["--output", "x"])
    except ValueError as error:
        assert "--output" in str(error)
    else:
        raise AssertionError("--output is reserved")
    print("\nchecked")


check()
