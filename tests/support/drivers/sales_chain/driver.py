from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.exceptions import ComputeTargetException
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep
import json
import os

ws = Workspace.from_config()
ds = ws.get_default_datastore()
ds.upload(src_dir="data", target_path="sales/raw", overwrite=True, show_progress=False)

try:
    compute = ComputeTarget(workspace=ws, name="sales-cluster")
except ComputeTargetException:
    conf = AmlCompute.provisioning_configuration(vm_size="STANDARD_DS3_V2", vm_priority="lowpriority", max_nodes="2")
    compute = ComputeTarget.create(ws, "sales-cluster", conf)
    compute.wait_for_completion(show_output=True)

raw = ds.path("sales/raw").as_download()
all_sales = PipelineData("all_sales", datastore=ds, is_directory=False)
clean = PipelineData("clean", datastore=ds, is_directory=True)
rejected = PipelineData("rejected", datastore=ds, output_mode="upload", is_directory=True)
report = PipelineData("report", datastore=ds, pipeline_output_name="sales_report")

collect = PythonScriptStep(
    name="collect",
    script_name="collect.py",
    arguments=["--raw", raw, "--all_sales", all_sales],
    inputs=[raw],
    outputs=[all_sales],
    compute_target=compute,
    source_directory="steps",
)
cleaning = PythonScriptStep(
    "clean.py",
    name="clean",
    arguments=[all_sales, clean, rejected],
    inputs=[all_sales],
    outputs=[clean, rejected],
    compute_target=compute,
    source_directory="steps",
)
total = PythonScriptStep(
    name="total",
    script_name="total.py",
    arguments=["--clean", clean, "--report", report, "--top", 2],
    inputs=[clean.as_download()],
    outputs=[report],
    compute_target=compute,
    source_directory="steps",
)

pipeline = Pipeline(ws, steps=[collect, cleaning, total], description="sales of the week")
run = pipeline.submit("sales")
run.wait_for_completion(show_output=False)


def check():
    best = run.find_step_run("total")[0].get_metrics("best")["best"]
    assert best == {"shop": ["east", "north"], "amount": [9.0, 7.0]} or best["amount"] == [9.0, 7.0], best
    assert run.get_metrics()["total"] == 23.0

    outputs = run.find_step_run("clean")[0].get_outputs()
    assert sorted(outputs) == ["clean", "rejected"]
    rejects = run.find_step_run("clean")[0].get_output_data("rejected")
    count = rejects.download(local_path="local", show_progress=False)
    assert count == 1, count
    assert open(os.path.join("local", rejects.path_on_datastore, "sales.csv")).read() == "east,-1\n"

    one = run.find_step_run("collect")[0].get_output_data("all_sales")
    one.download("local")
    assert open(os.path.join("local", one.path_on_datastore)).read().count("\n") == 6

    final = run.get_pipeline_output("sales_report")
    final.download("local")
    assert json.load(open(os.path.join("local", final.path_on_datastore))) == {"north": 7, "south": 7, "east": 9}

    # the same by the datastore, which keeps the blobs' paths
    assert ds.download("again", prefix=final.path_on_datastore, show_progress=False) == 1
    assert os.path.isfile(os.path.join("again", final.path_on_datastore))


check()
