"""A program that is not there is found before anything runs."""

from __future__ import annotations

from typing import cast

import pytest

from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.step import Argument, Interpreter, StepSpec
from runner.operations.programs import program_problem, starts_program
from runner.ports import EnvironmentStore


class Images:
    """A store that does not know what its images hold."""

    def find(self, _environment: NamedEnvironment) -> None: ...
    def problems(self, _environment: NamedEnvironment) -> tuple[()]:
        return ()

    def notes(self, _environment: NamedEnvironment) -> tuple[()]:
        return ()

    def ensure(self, _environment: NamedEnvironment, _notify: object) -> None: ...


class Here(Images):
    """A store that knows the programs of its machine."""

    def has_program(self, _environment: NamedEnvironment, name: str) -> bool:
        return name == "there"


def step(*command: Argument) -> StepSpec:
    return StepSpec(key="s-1", name="s", command=command, environment="e", compute="")


def words(store: object, program: str, spec: EnvironmentSpec) -> str:
    found = program_problem(cast("EnvironmentStore", store), NamedEnvironment("e", spec), step(program))
    return found.what if found else ""


def test_which_steps_start_a_program_by_its_name() -> None:
    assert starts_program(step("Rscript", "a.R"))
    assert not starts_program(step(Interpreter(), "a.py"))
    assert not starts_program(step("/bin/sh", "-c", "true"))
    assert not starts_program(step("./run.sh"))


def test_on_this_machine() -> None:
    assert words(Here(), "there", EnvironmentSpec()) == ""
    assert (
        words(Here(), "Rscript", EnvironmentSpec(image="r"))
        == "there is no program 'Rscript' on the PATH of this machine"
    )


@pytest.mark.parametrize(
    ("program", "spec", "refused"),
    [
        ("Rscript", EnvironmentSpec(), True),
        ("Rscript", EnvironmentSpec(pip=("numpy",), conda=("readr",)), True),
        ("Rscript", EnvironmentSpec(image="rocker/r-ver:4"), False),
        ("Rscript", EnvironmentSpec(dockerfile="FROM x"), False),
        ("Rscript", EnvironmentSpec(conda=("r-base=4.3",)), False),
        ("bash", EnvironmentSpec(), False),
    ],
)
def test_in_an_image(program: str, spec: EnvironmentSpec, refused: bool) -> None:
    assert bool(words(Images(), program, spec)) is refused
