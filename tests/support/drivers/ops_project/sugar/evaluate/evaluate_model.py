import argparse

from azureml.core import Model, Run

run = Run.get_context()
ws = run.experiment.workspace
run_id = run.parent.id

parser = argparse.ArgumentParser("evaluate")
parser.add_argument("--model_name", type=str)
parser.add_argument("--allow_run_cancel", type=str, default="true")
args = parser.parse_args()

models = Model.list(ws, name=args.model_name, tags=[["experiment_name", run.experiment.name]], latest=True)
new = float(run.parent.get_metrics().get("mse"))
if models:
    old = float(models[0].tags.get("mse"))
    print("Current Production model mse: {}, New trained model mse: {}".format(old, new))
    if new < old:
        print("New trained model performs better, thus it should be registered")
    else:
        print("New trained model metric is worse than or equal to production model so skipping model registration.")
        if args.allow_run_cancel.lower() == "true":
            run.parent.cancel()
else:
    print("This is the first model, thus it should be registered", run_id)
