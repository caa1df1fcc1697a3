import os
import sys

from azureml.core import Run

run = Run.get_context()
customers = run.input_datasets["customers"]
assert os.environ["customers"] == customers.id == sys.argv[1], (os.environ["customers"], customers.id, sys.argv)
frame = customers.to_pandas_dataframe()
print(frame.dtypes)
run.log("rows", len(frame))
run.log("columns", ",".join(frame.columns))
run.log("oldest", int(frame["age"].max()))
run.log("missing", int(frame["spent"].isna().sum()))
run.log("active", int(frame["active"].sum()))
run.log("first_year", int(frame["since"].min().year))  # a datetime: inferred
os.makedirs("outputs", exist_ok=True)
frame.describe().to_csv("outputs/describe.csv")
oslo = run.input_datasets["oslo"].to_pandas_dataframe()
run.log_table("oslo", {"customer": list(oslo["customer"]), "age": [int(a) for a in oslo["age"]]})
