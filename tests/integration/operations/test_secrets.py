"""Values of variables named like secrets are stored nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.model.environment import secret_names

CANARY = "canary-9d1f0c"
FILE = f"""
from azureml.core import Workspace
from azureml.core.environment import Environment
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

config = RunConfiguration()
config.environment = Environment("mine")
config.environment.environment_variables = {{"API_TOKEN": "{CANARY}-1", "PLAIN": "x"}}
config.environment_variables = {{"db_password": "{CANARY}-2"}}
step = PythonScriptStep("step.py", name="one", source_directory="steps", runconfig=config)
pipeline = Pipeline(Workspace.from_config(), [step])
"""


@pytest.mark.parametrize(
    "name",
    ["API_KEY", "AWS_SECRET_ACCESS_KEY", "token", "dbPassword", "MY_CREDENTIALS", "STORE_CONNECTION_STRING", "apiKey",
     "APIKEY", "APIKey2", "GITHUBTOKEN", "PGPASSWORD", "ConnectionString", "client-secret", "SSH_KEYS"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert secret_names({name: "x"}) == (name,)


@pytest.mark.parametrize(
    "name",
    ["PATH", "TOKENIZERS_PARALLELISM", "KEYBOARD", "AML_PARAMETER_sort_key", "AZUREML_RUN_TOKEN_EXPIRY", "MONKEY",
     "TURKEY_ROWS", "KEYWORDS", "MAX_TOKENS", "SECRETARY", "monkey"],
)  # fmt: skip
def test_names_of_others(name: str) -> None:
    assert secret_names({name: "x"}) == ()


def test_an_empty_value_is_no_secret() -> None:
    assert secret_names({"TOKEN": ""}) == ()


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_a_secret_is_refused_and_left_nowhere(command: str, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "steps").mkdir(parents=True)
    (work / "steps" / "step.py").write_text("print('hello')\n")
    (work / "pipeline.py").write_text(FILE)
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "RUNNER_CONFIG": str(tmp_path / "none.yaml")}
    environ["PYTHONPATH"] = str(Path(__file__).parents[3])
    argv = [sys.executable, "-m", "runner", command, "pipeline.py"]
    done = subprocess.run(argv, cwd=work, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "'API_TOKEN'" in done.stderr
    assert "environment 'mine'" in done.stderr
    assert "'db_password'" in done.stderr
    assert "step 'one'" in done.stderr
    assert CANARY not in done.stdout + done.stderr
    left = [path for path in tmp_path.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert left == [work / "pipeline.py"]
