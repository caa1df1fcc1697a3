import argparse

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--train")
parser.add_argument("--test")
args = parser.parse_args()
run = Run.get_context()
train = run.input_datasets["train"].to_pandas_dataframe()
test = run.input_datasets["test"].to_pandas_dataframe()
whole = run.input_datasets["whole"].to_pandas_dataframe()
run.log("rows", len(whole))
run.log("parts", len(train) + len(test))
run.log("disjoint", not set(train["id"]) & set(test["id"]))
run.log("columns", ",".join(whole.columns))
