# Modules: a script published once with its ports, used in several places of a graph
import os
import uuid

from azureml.core import Datastore, Experiment, Workspace
from azureml.pipeline.core import Module, Pipeline, PipelineData
from azureml.pipeline.core.graph import InputPortDef, OutputPortDef, PipelineParameter
from azureml.pipeline.core.module import ModuleVersion
from azureml.pipeline.steps import ModuleStep

ws = Workspace.from_config()
datastore = Datastore(ws, name="workspaceblobstore")
name = "Adder-" + uuid.uuid4().hex[:6]
module = Module.create(ws, name=name, description="adds two numbers")

first = module.publish_python_script(
    "add.py",
    "adds, numbers are optional",
    inputs=[
        InputPortDef(name="file_num1", default_datastore_mode="mount", is_optional=True, label="first"),
        InputPortDef(name="file_num2", default_datastore_mode="mount", is_optional=True, label="second"),
    ],
    outputs=[OutputPortDef(name="output_sum", default_datastore_name=datastore.name, default_datastore_mode="mount")],
    params={"initialNum": 12},
    version="1",
    source_directory="./calc",
    is_default=True,
)
assert isinstance(first, ModuleVersion), first

a = PipelineData("a", datastore=datastore)
b = PipelineData("b", datastore=datastore)
total = PipelineData("total", datastore=datastore, pipeline_output_name="answer")

start = ModuleStep(module=module, inputs_map={}, outputs_map={"output_sum": a}, compute_target="cpu",
                   arguments=["--output_sum", a], name="start")  # fmt: skip
other = ModuleStep(module=module, version="1", outputs_map={"output_sum": b}, compute_target="cpu",
                   arguments=["--output_sum", b, "--sign", PipelineParameter("sign", -1)], name="other")  # fmt: skip
last = ModuleStep(
    module_version=module.resolve("1"),
    inputs_map={"file_num1": a, "file_num2": b},
    outputs_map={"output_sum": total},
    compute_target="cpu",
    arguments=["--file_num1", a, "--file_num2", b, "--output_sum", total],
)
pipeline = Pipeline(workspace=ws, steps=[start, other, last])
run = Experiment(ws, "modules").submit(pipeline)
run.wait_for_completion(show_output=False)


def check():
    port = run.get_pipeline_output("answer")
    port.download("local")
    assert open(os.path.join("local", port.path_on_datastore)).read() == "40"
    found = Module.get(ws, name=name)
    assert found.id == module.id and found.description == "adds two numbers"
    assert found.resolve("no such version").version == "1"
    assert len(list(run.get_steps())) == 3


check()
