from azureml.core import Run

run = Run.get_context()
window = run.input_datasets["window"].to_pandas_dataframe()
run.log("rows", len(window))
run.log("first", str(window["time"].min()))
run.log("stamps", " ".join(str(c) for c in run.input_datasets["window"].timestamp_columns))
