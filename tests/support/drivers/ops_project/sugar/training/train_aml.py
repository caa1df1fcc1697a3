import argparse
import json
import os

import numpy as np
from azureml.core import Dataset, Datastore, Workspace
from azureml.core.run import Run


def register_dataset(ws: Workspace, name: str, datastore_name: str, file_path: str) -> Dataset:
    datastore = Datastore.get(ws, datastore_name)
    dataset = Dataset.Tabular.from_delimited_files(path=(datastore, file_path))
    return dataset.register(workspace=ws, name=name, create_new_version=True)


def main():
    run = Run.get_context()
    parser = argparse.ArgumentParser("train")
    parser.add_argument("--model_name", type=str)
    parser.add_argument("--step_output", type=str)
    parser.add_argument("--dataset_version", type=str)
    parser.add_argument("--data_file_path", type=str)
    parser.add_argument("--caller_run_id", type=str)
    parser.add_argument("--dataset_name", type=str)
    args = parser.parse_args()
    for name, value in vars(args).items():
        print("Argument [%s]: %s" % (name, value))

    with open("parameters.json") as f:
        pars = json.load(f)
    for k, v in pars["training"].items():
        run.log(k, v)
        run.parent.log(k, v)

    if args.dataset_name:
        if args.data_file_path == "none":
            dataset = Dataset.get_by_name(run.experiment.workspace, args.dataset_name, args.dataset_version)
        else:
            dataset = register_dataset(
                run.experiment.workspace, args.dataset_name, os.environ.get("DATASTORE_NAME"), args.data_file_path
            )
    else:
        raise Exception("No dataset provided")

    # Link dataset to the step run so it is trackable in the UI
    run.input_datasets["training_data"] = dataset
    run.parent.tag("dataset_id", value=dataset.id)

    frame = dataset.to_pandas_dataframe()
    slope, intercept = np.polyfit(frame["dose"], frame["sugar"], 1)
    mse = float(((slope * frame["dose"] + intercept - frame["sugar"]) ** 2).mean())
    run.log("mse", round(mse, 6))
    run.parent.log("mse", round(mse, 6))

    os.makedirs(args.step_output, exist_ok=True)
    model_output_path = os.path.join(args.step_output, args.model_name)
    with open(model_output_path, "w") as f:
        json.dump({"slope": slope, "intercept": intercept}, f)
    os.makedirs("outputs", exist_ok=True)
    with open(os.path.join("outputs", args.model_name), "w") as f:
        json.dump({"slope": slope, "intercept": intercept}, f)
    run.tag("run_type", value="train")
    print(f"tags now present for run: {run.tags}")
    run.complete()


if __name__ == "__main__":
    main()
