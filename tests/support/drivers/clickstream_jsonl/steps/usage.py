from azureml.core import Run

run = Run.get_context()
events = run.input_datasets["events"].to_pandas_dataframe()
run.log("columns", ",".join(sorted(events.columns)))
for source, part in events.groupby("source"):
    run.log_row("usage", source=source, events=len(part), ms=int(part["ms"].sum()))
run.log("days", ",".join(sorted({d.strftime("%Y-%m-%d") for d in events["day"]})))
run.log("web", len(run.input_datasets["web"].to_pandas_dataframe()))
