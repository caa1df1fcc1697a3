import os
import sys

from azureml.core import Run

run = Run.get_context()
# unnamed: the output's own name is the key
energy = run.input_datasets["energy"].to_pandas_dataframe()
prices = run.input_datasets["prices"].to_pandas_dataframe()
both = energy.merge(prices, on="meter")
both["cost"] = both["kwh"] * both["price"]
run.log("cost", float(both["cost"].sum()))
run.log("columns", ",".join(energy.columns))
os.makedirs(sys.argv[1], exist_ok=True)
both.to_parquet(os.path.join(sys.argv[1], "cost.parquet"))
