"""Stops the pipeline when nothing has changed since the last model was registered."""
import argparse
from datetime import datetime, timezone

from azureml.core import Dataset, Model, Run

parser = argparse.ArgumentParser("check_data")
parser.add_argument("--ds_name", help="input dataset name")
parser.add_argument("--model_name", help="name of the deployed model")
args = parser.parse_args()

run = Run.get_context()
ws = run.experiment.workspace
print("Argument 1(ds_name): %s" % args.ds_name)

try:
    model = Model(ws, args.model_name)
    last_train_time = model.created_time
    print("Model was last trained on {0}.".format(last_train_time))
except Exception as e:
    print("Could not get last model train time:", e)
    last_train_time = datetime.min.replace(tzinfo=timezone.utc)

dataset = Dataset.get_by_name(ws, args.ds_name)
dataset_changed_time = dataset.data_changed_time
print("Dataset was last changed on {0}.".format(dataset_changed_time))
if not dataset_changed_time > last_train_time:
    print("Cancelling run since there is no new data.")
    run.parent.cancel()
else:
    print("Dataset was last updated on {0}. Retraining...".format(dataset_changed_time))
