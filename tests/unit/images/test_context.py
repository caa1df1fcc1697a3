from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.images.context import build_context, default_base, dockerfile, notes, problems, ready_image, tag
from runner.images.packages import Packages, read
from runner.model.environment import EnvironmentSpec, NamedEnvironment

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "dockerfiles"

SPECS = {
    "pip": EnvironmentSpec(pip=("pandas==2.2.2", "scikit-learn==1.5.0")),
    "python": EnvironmentSpec(pip=("six",), python="3.12.4"),
    "base-image": EnvironmentSpec(pip=("six",), image="registry.example/team/base:7"),
    "interpreter": EnvironmentSpec(pip=("six",), image="conda:1", interpreter="/opt/my conda/bin/python"),
    "user-dockerfile": EnvironmentSpec(pip=("six",), dockerfile="FROM debian:12\nRUN apt-get install python3-pip\n\n"),
    "user-dockerfile-alone": EnvironmentSpec(dockerfile="FROM debian:12\n"),
}


@pytest.mark.parametrize("name", SPECS)
def test_dockerfiles_are_as_agreed(name: str) -> None:
    assert dockerfile(SPECS[name]) == (GOLDEN / f"{name}.Dockerfile").read_text()


@pytest.mark.parametrize("name", SPECS)
def test_the_classic_builder_understands_them(name: str) -> None:
    assert not re.search(r"--mount|^#\s*syntax|<<", dockerfile(SPECS[name]), re.MULTILINE)


def test_the_context_holds_the_dockerfile_and_the_requirements() -> None:
    context = build_context(SPECS["pip"])
    assert sorted(context) == ["Dockerfile", "requirements.txt"]
    assert context["requirements.txt"] == b"pandas==2.2.2\nscikit-learn==1.5.0\n"
    assert list(build_context(SPECS["user-dockerfile-alone"])) == ["Dockerfile"]


@pytest.mark.parametrize(
    ("python", "base"),
    [
        ("", "python:3.11-slim"),
        ("3.12", "python:3.12-slim"),
        ("3.10.18", "python:3.10-slim"),
        ("3.6.2", "python:3.11-slim"),
    ],
)
def test_the_base_is_the_python_asked_for_if_a_step_can_run_in_it(python: str, base: str) -> None:
    assert default_base(EnvironmentSpec(python=python)) == base


def test_the_shipped_base_is_the_default_base() -> None:
    text = (ROOT / "images" / "step" / "Dockerfile").read_text()
    version = re.search(r"^ARG PYTHON=(.+)$", text, re.MULTILINE)
    source = re.search(r"^FROM (.+)$", text, re.MULTILINE)
    assert version
    assert source
    assert source[1].replace("${PYTHON}", version[1]) == default_base(EnvironmentSpec())


@pytest.mark.parametrize(
    ("spec", "image"),
    [
        (EnvironmentSpec(), "python:3.11-slim"),
        (EnvironmentSpec(image="a:1"), "a:1"),
        (EnvironmentSpec(image="a:1", ready=True, pip=("six",)), "a:1"),
        (EnvironmentSpec(pip=("azureml-core",)), "python:3.11-slim"),
        (EnvironmentSpec(pip=("six",)), ""),
        (EnvironmentSpec(dockerfile="FROM a:1"), ""),
    ],
)
def test_nothing_is_built_where_nothing_is_added(spec: EnvironmentSpec, image: str) -> None:
    assert ready_image(spec) == image


def test_a_tag_is_the_content() -> None:
    same = EnvironmentSpec(pip=("six", "azureml-core"), channels=("defaults",), python="3.11.4")
    assert tag(EnvironmentSpec(pip=("six",))) == tag(same)
    assert re.fullmatch(r"runner-env:[0-9a-f]{16}", tag(same))
    others = [SPECS["python"], SPECS["base-image"], EnvironmentSpec(pip=("six==1",)), SPECS["user-dockerfile"]]
    assert len({tag(spec) for spec in [same, *others]}) == 5


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (EnvironmentSpec(python="3.6.2", pip=("six",)), "too old for a step; 3.11 is used"),
        (EnvironmentSpec(python="3.12", image="a:1", pip=("six",)), "the base image brings its own"),
    ],
)
def test_a_python_that_is_not_the_one_asked_for_is_said(spec: EnvironmentSpec, words: str) -> None:
    (note,) = notes(NamedEnvironment("env", spec), Packages())
    assert words in note


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("COPY . /app", "COPY has no folder"),
        ("  copy a b", "COPY has no folder"),
        ("ADD a.tgz /", "ADD has no folder"),
        ("RUN --mount=type=cache,target=/root pip install six", "BuildKit"),
    ],
)
def test_instructions_that_cannot_work_are_problems_with_their_line(line: str, words: str) -> None:
    environment = NamedEnvironment("env", EnvironmentSpec(dockerfile=f"FROM a:1\n{line}\n"))
    (problem,) = problems(environment, Packages())
    assert words in problem.what
    assert "line 2" in problem.where


@pytest.mark.parametrize(
    "line", ["COPY --from=build /a /a", "ADD https://host/a /a", "RUN echo COPY this", "# COPY that"]
)
def test_instructions_that_work_are_none(line: str) -> None:
    assert problems(NamedEnvironment("env", EnvironmentSpec(dockerfile=f"FROM a\n{line}")), Packages()) == ()


def test_a_ready_image_has_no_package_problems() -> None:
    environment = NamedEnvironment("env", EnvironmentSpec(image="a:1", ready=True, conda=("openjdk",)))
    assert problems(environment, read(environment)) == ()
