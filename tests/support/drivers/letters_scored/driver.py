"""A batch of files is scored by a registered model; the rows are read back with pandas."""
import os

import pandas as pd
from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.model import Model
from azureml.core.runconfig import DEFAULT_CPU_IMAGE
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep

ws = Workspace.from_config()
store = ws.get_default_datastore()

compute_name = os.environ.get("AML_COMPUTE_CLUSTER_NAME", "cpu-cluster")
try:
    compute = ComputeTarget(workspace=ws, name=compute_name)
except ComputeTargetException:
    config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=4)
    compute = ComputeTarget.create(ws, compute_name, config)

os.makedirs("letters", exist_ok=True)
for number in range(23):
    with open("letters/%02d.txt" % number, "w") as file:
        file.write("abc"[number % 3] * (number + 1))
store.upload(src_dir="letters", target_path="letters", overwrite=True, show_progress=False)
with open("weights.txt", "w") as file:
    file.write("a=1 b=10 c=100")
Model.register(ws, model_path="weights.txt", model_name="weights")

letters = Dataset.File.from_files(path=store.path("letters/*.txt"))
output_dir = PipelineData(name="inferences", datastore=store)

batch_env = Environment(name="batch_environment")
batch_env.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-core"])
batch_env.docker.enabled = True
batch_env.docker.base_image = DEFAULT_CPU_IMAGE

parallel_run_config = ParallelRunConfig(
    source_directory="scoring",
    entry_script="score.py",
    mini_batch_size="5",
    error_threshold=10,
    output_action="append_row",
    environment=batch_env,
    compute_target=compute,
    node_count=2,
    process_count_per_node=2,
)
step = ParallelRunStep(
    name="score-letters",
    parallel_run_config=parallel_run_config,
    inputs=[letters.as_named_input("letters")],
    output=output_dir,
    arguments=["--model_name", "weights", "--factor", 2],
    allow_reuse=True,
)
pipeline = Pipeline(workspace=ws, steps=[step])
run = Experiment(ws, "letters").submit(pipeline)
run.wait_for_completion(show_output=True)


def rows_of(pipeline_run):
    data = pipeline_run.find_step_run(step.name)[0].get_output_data("inferences")
    data.download(local_path="inferences-" + pipeline_run.id)
    for root, _, files in os.walk("inferences-" + pipeline_run.id):
        for file in files:
            if file.endswith("parallel_run_step.txt"):
                return pd.read_csv(os.path.join(root, file), delimiter=":", header=None)


def check():
    df = rows_of(run)
    df.columns = ["Filename", "Score"]
    weights = {"a": 1, "b": 10, "c": 100}
    expected = {"%02d.txt" % number: 2 * (number + 1) * weights["abc"[number % 3]] for number in range(23)}
    # v1 does not promise the order of rows; here it is that of the files
    assert list(df["Filename"]) == sorted(expected), list(df["Filename"])
    assert dict(zip(df["Filename"], df["Score"])) == expected, df
    child = run.find_step_run("score-letters")[0]
    names = child.get_file_names()
    logs = [name for name in names if name.startswith("logs/user/")]
    assert logs, names
    told = []
    for number, name in enumerate(logs):
        child.download_file(name, "log-%d.txt" % number)
        with open("log-%d.txt" % number) as file:
            told.append(file.read())
    told = "\n".join(told)
    assert told.count("scored 5 letters") == 4 and told.count("scored 3 letters") == 1, told

    again = Experiment(ws, "letters").submit(pipeline)
    again.wait_for_completion(show_output=False)
    assert again.find_step_run("score-letters")[0].get_properties()["azureml.reusedrunid"] == child.id
    assert rows_of(again).equals(rows_of(run))


check()
