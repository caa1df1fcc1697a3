"""RScriptStep: the command, the image with R packages, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.model.step import InputPath, OutputPath
from runner.sdk.environments.environment import Environment
from runner.sdk.environments.sections import RCranPackage, RGitHubPackage, RSection
from runner.sdk.outputs.pipeline_data import PipelineData
from runner.sdk.pipelines.pipeline import Pipeline
from runner.sdk.runconfig.run_configuration import RunConfiguration
from runner.sdk.steps.python_script import PythonScriptStep
from runner.sdk.steps.r_script import RScriptStep, with_r
from runner.sdk.workspaces.workspace import Workspace

INSTALLED = (
    r'RUN ["Rscript", "-e", "remotes::install_version(\"dplyr\", version=\"1.1.0\"); '
    r'stopifnot(requireNamespace(\"dplyr\"))"]'
)
pytestmark = pytest.mark.filterwarnings("ignore:RScriptStep is deprecated")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "fit.R"):
        Path(name).touch()


def with_image(image: str = "rocker/r-ver:4.4") -> RunConfiguration:
    config = RunConfiguration()
    config.environment = Environment("r")
    config.environment.docker.base_image = image
    return config


def test_the_command(ws: Workspace) -> None:
    rows, made = PipelineData("rows"), PipelineData("made")
    first = PythonScriptStep("a.py", outputs=[rows], compute_target="local")
    step = RScriptStep("fit.R", arguments=["--in", rows, made], inputs=[rows], outputs=[made], compute_target="local",
                       runconfig=with_image(), version="2", allow_reuse=False)  # fmt: skip
    _, spec = Pipeline(ws, [first, step]).plan.steps
    assert spec.command == ("Rscript", "fit.R", "--in", InputPath("rows"), OutputPath("made"))
    assert (spec.name, spec.script, spec.version, spec.reuse) == ("fit.R", "fit.R", "2", False)


def test_an_image_is_used_as_it_is(ws: Workspace) -> None:
    config = with_image()
    step = RScriptStep("fit.R", runconfig=config, compute_target="local")
    (environment,) = Pipeline(ws, [step]).plan.environments.values()
    assert (environment.spec.image, environment.spec.ready) == ("rocker/r-ver:4.4", True)
    assert not config.environment.python.user_managed_dependencies  # the caller's own stays as it is


def test_packages_are_installed_on_top_of_the_image() -> None:
    environment = with_image().environment
    environment.docker.base_image_registry.address = "registry.local"
    environment.r = RSection()
    environment.r.cran_packages = [RCranPackage("dplyr", "1.1.0"), "readr"]
    more = RSection()
    more.github_packages = [RGitHubPackage("me/tools@v1")]
    made = with_r(environment, "", more)
    assert (made.docker.base_dockerfile or "").splitlines() == [
        "FROM registry.local/rocker/r-ver:4.4",
        r'RUN ["Rscript", "-e", "install.packages(\"remotes\"); stopifnot(requireNamespace(\"remotes\"))"]',
        INSTALLED,
        r'RUN ["Rscript", "-e", "install.packages(\"readr\"); stopifnot(requireNamespace(\"readr\"))"]',
        r'RUN ["Rscript", "-e", "install.packages(\"remotes\"); stopifnot(requireNamespace(\"remotes\"))"]',
        r'RUN ["Rscript", "-e", "remotes::install_github(\"me/tools@v1\")"]',
    ]
    assert made.docker.base_image is None
    assert environment.docker.base_dockerfile is None


def test_a_dockerfile_is_extended() -> None:
    environment = Environment.from_dockerfile("r", "FROM a\nUSER 5\n")
    more = RSection()
    more.custom_url_packages = ["file:///x.tar.gz"]
    text = with_r(environment, "", more).docker.base_dockerfile
    line = r'RUN ["Rscript", "-e", "options(warn=2); install.packages(\"file:///x.tar.gz\", repos=NULL)"]'
    assert text == f"FROM a\nUSER 5\n{line}\n"


def test_what_is_refused() -> None:
    config = with_image()
    token = RGitHubPackage("a/b", "token")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"script_name": ""}, "script_name is required"),
        ({"cran_packages": ["dplyr"]}, "none is named"),
        ({"runconfig": config, "cran_packages": ['x"); q("no']}, "not the name of a CRAN package"),
        ({"runconfig": config, "github_packages": ["tools"]}, "not the name of a GitHub package"),
        ({"runconfig": config, "github_packages": [token]}, "auth_token of a GitHub package"),
    ]
    for options, words in cases:
        with pytest.raises(ValueError, match=words):
            RScriptStep(**{"script_name": "fit.R", **options})


def test_it_is_deprecated_as_in_v1() -> None:
    with pytest.warns(DeprecationWarning, match="use CommandStep"):
        RScriptStep("fit.R")
