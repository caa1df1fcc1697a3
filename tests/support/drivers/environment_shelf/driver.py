from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.environment import CondaDependencies
from azureml.core.runconfig import DEFAULT_CPU_IMAGE, DockerConfiguration, MpiConfiguration, RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()

curated = Environment.get(workspace=ws, name="AzureML-Tutorial")
mine = curated.clone("my-tutorial")
mine.environment_variables = {"FLAVOUR": "tutorial"}

conda = Environment.from_conda_specification(name="shelf", file_path="conda.yml")
conda.docker.enabled = True
conda.docker.base_image = DEFAULT_CPU_IMAGE
conda.environment_variables = {"FLAVOUR": "conda", "PYTHONUNBUFFERED": "1"}
conda.register(ws)

pip = Environment.from_pip_requirements(name="pip", file_path="requirements.txt")

built = Environment("built")
packages = CondaDependencies.create(
    pip_packages=["pyyaml"], python_version="3.11", pin_sdk_version=False
)
packages.add_channel("conda-forge")
built.python.conda_dependencies = packages
built.python.user_managed_dependencies = True
built.environment_variables["FLAVOUR"] = "built"
packages.save_to_file(".", "written.yml")

configs = {}
for name, environment in {"conda": Environment.get(ws, "shelf"), "pip": pip, "built": built}.items():
    configs[name] = RunConfiguration(framework="python")
    configs[name].environment = environment
    configs[name].docker = DockerConfiguration(use_docker=True)
configs["pip"].environment_variables["FLAVOUR"] = "runconfig"

steps = [
    PythonScriptStep("show.py", name=name, compute_target="cpu", runconfig=config, source_directory="src")
    for name, config in configs.items()
]
run = Experiment(ws, "shelf").submit(Pipeline(ws, steps))
alone = Experiment(ws, "shelf-alone").submit(
    ScriptRunConfig("src", "show.py", compute_target="cpu", environment=built, docker_runtime_config=DockerConfiguration())
)
run.wait_for_completion()
alone.wait_for_completion(show_output=True)


def check():
    flavours = {s.name: s.get_metrics()["flavour"] for s in run.get_steps()}
    assert flavours == {"conda": "conda", "pip": "runconfig", "built": "built"}, flavours
    assert alone.get_metrics()["flavour"] == "built"
    assert run.find_step_run("conda")[0].get_metrics()["unbuffered"] == "1"
    assert {"shelf"} <= set(Environment.list(ws)) and "shelf" in ws.environments
    assert mine.name == "my-tutorial" and curated.name == "AzureML-Tutorial"
    text = conda.python.conda_dependencies.serialize_to_string()
    assert "pyyaml" in text and "conda-forge" in text, text
    assert "pyyaml" in list(CondaDependencies("written.yml").pip_packages)
    assert MpiConfiguration().process_count_per_node == 1
    assert alone.get_environment().name == "built"


check()
