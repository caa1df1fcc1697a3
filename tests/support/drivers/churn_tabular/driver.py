from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.exceptions import UserErrorException
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
datastore = ws.get_default_datastore()
name = "customers ds"

try:
    dataset = Dataset.get_by_name(ws, name)
    raise SystemExit("nobody can have registered it")
except UserErrorException as e:
    print("not registered yet:", e.message)

datastore.upload_files(files=["data/customers.csv"], target_path="churn/", overwrite=True)
dataset = Dataset.Tabular.from_delimited_files(path=(datastore, "churn/customers.csv"))
dataset = dataset.register(workspace=ws, name=name, description="customers", tags={"format": "CSV"})
assert dataset.version == 1

datastore.upload_files(files=["data/new.csv"], target_path="churn/", overwrite=True)
both = Dataset.Tabular.from_delimited_files(path=[(datastore, "churn/customers.csv"), (datastore, "churn/new.csv")])
both = both.register(workspace=ws, name=name, create_new_version=True)
assert both.version == 2

env = Environment(name="churn-env")
env.python.conda_dependencies = CondaDependencies.create(pip_packages=["pandas", "azureml-defaults"])
env.register(workspace=ws)
run_config = RunConfiguration()
run_config.environment = Environment.get(ws, "churn-env")

newest = Dataset.get_by_name(ws, name)
oslo = newest.filter(newest["city"] == "Oslo").keep_columns(["customer", "age"])
features = PythonScriptStep(
    name="features",
    script_name="features.py",
    arguments=[newest.as_named_input("customers")],
    inputs=[oslo.as_named_input("oslo")],
    compute_target="cpu-cluster",
    runconfig=run_config,
    source_directory="train",
)
run = Experiment(ws, "churn").submit(Pipeline(ws, steps=features))
run.wait_for_completion(show_output=True)


def check():
    step = run.find_step_run("features")[0]
    metrics = step.get_metrics()
    assert metrics["rows"] == 6
    assert metrics["columns"] == "customer,age,since,active,spent,city"
    assert (metrics["oldest"], metrics["missing"], metrics["active"], metrics["first_year"]) == (61, 1, 4, 2015)
    assert metrics["oslo"] == {"customer": ["c001", "c003", "c005", "c006"], "age": [31, 28, 39, 50]}
    step.download_file("outputs/describe.csv", "describe.csv")
    assert open("describe.csv").readline().startswith(",age")

    used = step.get_details()["inputDatasets"]
    assert {item["dataset"].name for item in used} >= {name}

    old = Dataset.get_by_name(ws, name, version=1)
    assert len(old.to_pandas_dataframe()) == 5
    assert old.description == "customers" and old.tags == {"format": "CSV"}
    assert Dataset.get_by_id(ws, both.id).name == name
    assert set(Dataset.get_all(ws)) == {name} and name in ws.datasets
    first = both.take(2).drop_columns(["city", "since"]).to_pandas_dataframe()
    assert list(first.columns) == ["customer", "age", "active", "spent"] and len(first) == 2
    assert list(both.skip(4).to_pandas_dataframe()["customer"]) == ["c005", "c006"]
    left, right = both.random_split(0.5, seed=3)
    parts = list(left.to_pandas_dataframe()["customer"]) + list(right.to_pandas_dataframe()["customer"])
    assert sorted(parts) == ["c00%d" % i for i in range(1, 7)]
    assert run.find_step_run("features")[0].get_environment().name == "churn-env"


check()
