from azureml.core import Run

run = Run.get_context()
frame = run.input_datasets["cost"].to_pandas_dataframe()
run.log("dearest", float(frame["cost"].max()))
