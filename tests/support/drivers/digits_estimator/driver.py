import os

from azureml.core import Datastore, Experiment, Workspace
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import EstimatorStep
from azureml.train.estimator import Estimator

ws = Workspace.from_config()
def_blob_store = Datastore(ws, "workspaceblobstore")
def_blob_store.upload_files(["data/digits.txt"], target_path="20newsgroups", overwrite=True)
input_data = DataReference(def_blob_store, data_reference_name="input_data", path_on_datastore="20newsgroups")
output = PipelineData("output", datastore=def_blob_store)

est = Estimator(
    source_directory="training", compute_target="cpu-cluster", entry_script="fit.py", pip_packages=["pyyaml"],
    environment_variables={"SEED": "42"}, use_docker=True,
)  # fmt: skip
step = EstimatorStep(
    name="Estimator_Train",
    estimator=est,
    estimator_entry_script_arguments=[
        "--datadir", input_data, "--output", output, "--rate", PipelineParameter("rate", 0.5),
    ],
    runconfig_pipeline_params=None,
    inputs=[input_data],
    outputs=[output],
    compute_target="cpu-cluster",
)  # fmt: skip
run = Experiment(ws, "Estimator_sample").submit(Pipeline(workspace=ws, steps=[step]), pipeline_parameters={"rate": 0.25})
run.wait_for_completion(show_output=False)

plain = Experiment(ws, "Estimator_alone").submit(
    Estimator(
        source_directory="training", compute_target="cpu-cluster", entry_script="fit.py",
        script_params={"--datadir": os.path.abspath("data"), "--output": "outputs", "--rate": 1.5},
        environment_variables={"SEED": "1"},
    )
)  # fmt: skip
plain.wait_for_completion()


def check():
    step_run = run.find_step_run("Estimator_Train")[0]
    metrics = step_run.get_metrics()
    assert metrics == {"sum": 39, "rate": 0.25, "seed": "42"}, metrics
    port = step_run.get_output_data("output")
    port.download("local")
    assert open(os.path.join("local", port.path_on_datastore, "out.txt")).read() == "9"
    try:
        EstimatorStep(estimator=est, compute_target="cpu-cluster")
    except ValueError:
        pass
    else:
        raise AssertionError("arguments must be given, be it as []")
    assert plain.get_metrics()["rate"] == 1.5
    assert plain.get_status() == "Completed"


check()
