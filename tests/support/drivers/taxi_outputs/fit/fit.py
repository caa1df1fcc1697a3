import os
import sys

from azureml.core import Run

run = Run.get_context()
frame = run.input_datasets["prepped_rows"].to_pandas_dataframe()
run.log("rows", len(frame))
run.log("columns", ",".join(frame.columns))
slope = float((frame["cost"].iloc[1] - frame["cost"].iloc[0]) / (frame["distance"].iloc[1] - frame["distance"].iloc[0]))
run.log("slope", slope)
folder = sys.argv[1]
run.log("files", ",".join(sorted(os.listdir(folder))))
