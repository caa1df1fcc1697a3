import pandas as pd
from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
prices = Dataset.Tabular.register_pandas_dataframe(
    pd.DataFrame({"meter": [1, 2], "price": [2.0, 4.0]}), target=(store, "prices"), name="prices", show_progress=False
)
assert prices.to_pandas_dataframe()["price"].tolist() == [2.0, 4.0]

env = Environment("energy")
env.python.conda_dependencies.add_pip_package("pandas")
env.python.conda_dependencies.add_pip_package("pyarrow")
rc = RunConfiguration()
rc.environment = env

energy = PipelineData("energy", datastore=store).as_dataset()
cost = PipelineData("cost", datastore=store).as_dataset()
cost = cost.register(name="cost_of_energy", create_new_version=True)
make = PythonScriptStep("make.py", arguments=[energy], outputs=[energy], compute_target="c", runconfig=rc,
                        source_directory="steps")  # fmt: skip
join = PythonScriptStep(
    script_name="join.py",
    arguments=[cost],
    inputs=[energy.parse_parquet_files(file_extension=".parquet").drop_columns("noise"),
            Dataset.get_by_name(ws, "prices").as_named_input("prices")],
    outputs=[cost],
    compute_target="c", runconfig=rc, source_directory="steps",
)  # fmt: skip
report = PythonScriptStep("report.py", inputs=[cost.parse_parquet_files().as_named_input("cost")], compute_target="c",
                          runconfig=rc, source_directory="steps")  # fmt: skip
run = Experiment(ws, "energy").submit(Pipeline(ws, steps=[report]))
run.wait_for_completion(show_output=False)


def check():
    joined = run.find_step_run("join.py")[0].get_metrics()
    assert joined == {"cost": (1.5 + 2.5) * 2 + (3 + 5) * 4, "columns": "meter,kwh"}, joined
    assert run.find_step_run("report.py")[0].get_metrics() == {"dearest": 20.0}
    registered = Dataset.get_by_name(ws, "cost_of_energy")
    assert registered.to_path() == ["/cost.parquet"], registered.to_path()


check()
