"""Pictures are painted into an output folder of the script's own; a step joins them. Palettes are a side input."""
import os
import uuid

from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep, PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
for name in range(14):
    os.makedirs("frames", exist_ok=True)
    with open("frames/frame-%03d.pgm" % name, "w") as file:
        file.write("P2 2 1 9\n%d %d\n" % (name % 10, 9 - name % 10))
store.upload("frames", target_path="frames", overwrite=True, show_progress=False)
os.makedirs("palettes", exist_ok=True)
for style, colors in (("mosaic", "0123456789"), ("candy", "9876543210")):
    with open("palettes/%s.txt" % style, "w") as file:
        file.write(colors)
store.upload("palettes", target_path="palettes", overwrite=True, show_progress=False)

palettes = Dataset.File.from_files((store, "palettes")).as_named_input("palettes")
palettes = palettes.as_mount("/tmp/" + str(uuid.uuid4()))
split_frames = PipelineData("split_frames", datastore=store).as_dataset()
painted = PipelineData("painted", datastore=store, output_mode="upload")
film = PipelineData("film", datastore=store, pipeline_output_name="film")
style = PipelineParameter(name="style", default_value="mosaic")

split = PythonScriptStep(
    script_name="split.py", name="split", source_directory="paint", compute_target="cpu",
    arguments=["--frames", Dataset.File.from_files((store, "frames")).as_named_input("frames").as_mount(),
               "--out", split_frames],
    outputs=[split_frames],
)  # fmt: skip
config = ParallelRunConfig(
    environment=Environment("paint"),
    entry_script="transform.py",
    mini_batch_size="1",
    error_threshold=1,
    source_directory="paint",
    output_action="summary_only",
    compute_target="cpu",
    node_count=3,
    process_count_per_node=1,
)
distributed = ParallelRunStep(
    name="paint",
    parallel_run_config=config,
    inputs=[split_frames],
    output=painted,
    side_inputs=[palettes],
    arguments=["--style", style, "--palettes", palettes],
    allow_reuse=False,
)
join = PythonScriptStep(
    script_name="join.py", name="join", source_directory="paint", compute_target="cpu", runconfig=RunConfiguration(),
    arguments=["--painted", painted, "--film", film], inputs=[painted], outputs=[film],
)  # fmt: skip
pipeline = Pipeline(ws, steps=[join])


def filmed(parameters):
    run = Experiment(ws, "painting").submit(pipeline, pipeline_parameters=parameters)
    run.wait_for_completion(show_output=False)
    data = run.get_pipeline_output("film")
    data.download(run.id)
    with open(os.path.join(run.id, data.path_on_datastore)) as file:
        return run, file.read().splitlines()


def check():
    run, lines = filmed({})
    assert lines == ["frame-%03d.pgm %d %d" % (n, n % 10, 9 - n % 10) for n in range(14)], lines
    _, candy = filmed({"style": "candy"})
    assert candy == ["frame-%03d.pgm %d %d" % (n, 9 - n % 10, n % 10) for n in range(14)], candy
    out = run.find_step_run("paint")[0].get_output_data("painted")
    assert out.download("painted", show_progress=False) == 14


check()
