from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.environments.requirements import Requirements, read
from runner.images.base_image import BaseImage
from runner.images.build_context import (
    Recipe,
    context_files,
    default_base,
    dockerfile,
    labels,
    notes,
    problems,
    ready_image,
)
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from tests.support.image_stores import a_lock

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "dockerfiles"
LOCK = a_lock("pandas==2.2.2", "scikit-learn==1.5.0")
SLIM = BaseImage(name="python:3.11-slim", digest="sha256:ab", python="3.11.2", interpreter="/usr/local/bin/python3")
OTHER = BaseImage(
    name="team/base:7", digest="sha256:cd", published=True, python="3.9.1", interpreter="/opt/my conda/bin/python"
)
OWN = "FROM debian:12\nRUN apt-get install python3-pip\n\n"
RECIPES = {
    "pip": Recipe(SLIM, LOCK),
    "base-image": Recipe(OTHER, LOCK),
    "user-dockerfile": Recipe(BaseImage(python="3.11.2", interpreter="/usr/bin/python3"), LOCK, OWN),
    "user-dockerfile-alone": Recipe(BaseImage(), None, "FROM debian:12\n"),
}


@pytest.mark.parametrize("name", RECIPES)
def test_dockerfiles_of_the_classic_builder_are_as_agreed(name: str) -> None:
    assert dockerfile(RECIPES[name], buildkit=False) == (GOLDEN / f"{name}.Dockerfile").read_text()


def test_the_dockerfile_of_buildkit_is_as_agreed() -> None:
    assert dockerfile(RECIPES["pip"], buildkit=True) == (GOLDEN / "pip-buildkit.Dockerfile").read_text()


@pytest.mark.parametrize("name", RECIPES)
def test_the_classic_builder_understands_them(name: str) -> None:
    assert not re.search(r"--mount|^#\s*syntax|<<", dockerfile(RECIPES[name], buildkit=False), re.MULTILINE)


@pytest.mark.parametrize("buildkit", [False, True])
def test_the_context_holds_the_lock_and_its_installer(buildkit: bool) -> None:
    context = context_files(RECIPES["pip"], buildkit=buildkit)
    code = [f"runner-build/runner_build/{name}.py" for name in ("environments/pip_settings", "images/lock_installer")]
    assert sorted(context) == ["Dockerfile", "runner-build/lock.txt", *code, "runner-build/until.txt"]
    assert context["runner-build/lock.txt"].decode().splitlines() == list(LOCK.lines())
    assert list(context_files(RECIPES["user-dockerfile-alone"], buildkit=buildkit)) == ["Dockerfile"]


def test_wheels_that_no_index_has_come_along() -> None:
    context = context_files(RECIPES["pip"], buildkit=False, wheels={"mine-1.0-py3-none-any.whl": b"zip"})
    assert context["runner-build/wheels/mine-1.0-py3-none-any.whl"] == b"zip"


@pytest.mark.parametrize(
    ("python", "base"),
    [("", "python:3.11-slim"), ("3.12", "python:3.12-slim"), ("3.10.18", "python:3.10-slim")],
)
def test_the_base_is_the_python_asked_for(python: str, base: str) -> None:
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
        (EnvironmentSpec(pip=("six",)), ""),
        (EnvironmentSpec(dockerfile="FROM a:1"), ""),
    ],
)
def test_nothing_is_built_where_nothing_is_added(spec: EnvironmentSpec, image: str) -> None:
    assert ready_image(spec) == image


def test_a_tag_is_the_content() -> None:
    tag = Recipe(SLIM, LOCK).tag
    assert re.fullmatch(r"runner-env:[0-9a-f]{16}", tag)
    assert Recipe(SLIM, a_lock("pandas==2.2.2", "scikit-learn==1.5.0")).tag == tag
    moved = BaseImage(name=SLIM.name, digest="sha256:ef", python=SLIM.python, interpreter=SLIM.interpreter)
    others = [
        Recipe(moved, LOCK),
        Recipe(SLIM, a_lock("six==1")),
        *(RECIPES[name] for name in RECIPES if name != "pip"),
    ]
    assert len({tag, *(each.tag for each in others)}) == 6


def test_the_labels_tell_the_origin() -> None:
    spec = EnvironmentSpec(pip=("pandas",))
    assert labels(spec, RECIPES["pip"]) == {
        "runner.environment": spec.digest,
        "runner.lock": LOCK.digest,
        "runner.base": "python:3.11-slim@sha256:ab",
    }
    assert labels(spec, RECIPES["user-dockerfile-alone"]) == {"runner.environment": spec.digest}


def test_a_python_that_the_base_image_decides_is_reported() -> None:
    (note,) = notes(NamedEnvironment("env", EnvironmentSpec(python="3.12", image="a:1", pip=("six",))), Requirements())
    assert "the base image brings its own" in note


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
    (problem,) = problems(environment, Requirements(), buildkit=False)
    assert words in problem.what
    assert "line 2" in problem.where


@pytest.mark.parametrize(
    "line", ["COPY --from=build /a /a", "ADD https://host/a /a", "RUN echo COPY this", "# COPY that"]
)
def test_instructions_that_work_are_none(line: str) -> None:
    environment = NamedEnvironment("env", EnvironmentSpec(dockerfile=f"FROM a\n{line}"))
    assert problems(environment, Requirements(), buildkit=False) == ()


def test_buildkit_understands_mounts() -> None:
    line = "RUN --mount=type=cache,target=/root pip install six"
    environment = NamedEnvironment("env", EnvironmentSpec(dockerfile=f"FROM a\n{line}"))
    assert problems(environment, Requirements(), buildkit=True) == ()


def test_a_ready_image_has_no_package_problems() -> None:
    environment = NamedEnvironment("env", EnvironmentSpec(image="a:1", ready=True, conda=("openjdk",)))
    assert problems(environment, read(environment), buildkit=False) == ()


@pytest.mark.parametrize("ready", [True, False])
def test_a_text_that_cannot_name_an_image_is_the_one_problem_of_its_environment(ready: bool) -> None:
    environment = NamedEnvironment("own", EnvironmentSpec(image="Not/An/Image::1", ready=ready))
    (problem,) = problems(environment, Requirements(), buildkit=False)
    assert problem.what == "'Not/An/Image::1' cannot be the name of an image"
    assert problem.where == "environment 'own'"
