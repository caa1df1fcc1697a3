"""A model of each store and brand: the table is partitioned, and a mini-batch is one combination of the keys."""
import os

import pandas as pd
from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.data.datapath import DataPath
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
os.makedirs("orders", exist_ok=True)
with open("orders/orders.csv", "w") as file:
    file.write("week,quantity,shop,brand\n")
    for week in range(12):
        for shop in (2, 5, 8):
            for brand in ("dominicks", "tropicana"):
                file.write("%d,%d,%d,%s\n" % (week, 100 * shop + week * len(brand), shop, brand))
store.upload("orders", "orders", overwrite=True, show_progress=False)
orders = Dataset.Tabular.from_delimited_files(path=store.path("orders/orders.csv"))
partitioned = orders.partition_by(
    partition_keys=["shop", "brand"], target=DataPath(store, "partitioned"), name="partitioned_orders"
)
assert partitioned.partition_keys == ["shop", "brand"], partitioned.partition_keys
assert len(partitioned.get_partition_key_values()) == 6

env = Environment("many_models")
env.python.conda_dependencies = CondaDependencies.create(
    pip_packages=["azureml-core", "azureml-dataset-runtime[pandas]"]
)
results = PipelineData("results", store)


def step(name, keys):
    config = ParallelRunConfig(
        source_directory="models", entry_script="fit.py", partition_keys=keys, error_threshold=10,
        allowed_failed_count=15, allowed_failed_percent=10, run_max_try=3, output_action="append_row",
        append_row_file_name="models.txt", environment=env, compute_target="cpu", node_count=2,
        process_count_per_node=1,
    )  # fmt: skip
    return ParallelRunStep(name, config, [partitioned.as_named_input("orders")], results, arguments=["--min_weeks", 3])


def rows(run, name):
    data = run.find_step_run(name)[0].get_output_data("results")
    data.download("down-" + name)
    path = os.path.join("down-" + name, data.path_on_datastore, "models.txt")
    return pd.read_csv(path, delimiter=" ", header=None)


def check():
    run = Experiment(ws, "orders").submit(Pipeline(ws, [step("each-brand", ["shop", "brand"])]))
    run.wait_for_completion(show_output=False)
    frame = rows(run, "each-brand")
    frame.columns = ["week", "quantity", "shop", "brand", "slope"]  # the keys come last
    assert len(frame) == 72, len(frame)
    slopes = frame.groupby("brand")["slope"].unique()
    assert [round(float(one[0]), 6) for one in slopes] == [9.0, 9.0] and all(len(one) == 1 for one in slopes), slopes
    assert list(frame[["shop", "brand"]].drop_duplicates()["shop"]) == [2, 2, 5, 5, 8, 8]

    keys = PipelineParameter(name="keys", default_value='["shop", "brand"]')
    by_shop = Experiment(ws, "orders").submit(
        Pipeline(ws, [step("each-shop", keys)]), pipeline_parameters={"keys": '["shop"]'}
    )
    by_shop.wait_for_completion(show_output=False)
    frame = rows(by_shop, "each-shop")
    assert len(frame) == 72 and frame[4].nunique() == 1, frame


check()
