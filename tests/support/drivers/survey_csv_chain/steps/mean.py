from azureml.core import Run

run = Run.get_context()
frame = run.input_datasets["answers"].to_pandas_dataframe()
run.log_list("means", [float(m) for m in frame.groupby("year")["score"].mean()])
run.log("columns", ",".join(sorted(frame.columns)))
