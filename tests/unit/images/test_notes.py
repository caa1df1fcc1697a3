"""What is told before a run of how environments differ from what was asked for."""

from __future__ import annotations

import sys
from pathlib import Path

from runner.images.kind import KindImages
from runner.images.ready import ReadyImages
from runner.images.registry import RegistryImages
from runner.images.venv import VenvEnvironments
from runner.model.environment import EnvironmentSpec, NamedEnvironment


def an_environment(**given: object) -> NamedEnvironment:
    return NamedEnvironment("e", EnvironmentSpec(**given))  # type: ignore[arg-type] # fields as a test gives them


def test_here_every_difference_is_one_line(tmp_path: Path) -> None:
    here = VenvEnvironments(tmp_path)
    served = here.notes(an_environment(pip=("pytest",)))
    assert served == (f"environment 'e': {sys.executable} has all its packages and is used as it is",)
    assert here.notes(an_environment()) == ()
    assert here.notes(an_environment(pip=("no-such-package-1",))) == ()
    old = here.notes(an_environment(python="3.7"))
    assert len(old) == 1
    assert "Python 3.7 is too old for a step" in old[0]
    image = here.notes(an_environment(image="team/base:1", ready=True))
    assert image == ("environment 'e': image team/base:1 is not used here: steps are processes of this machine",)


def test_conda_is_said_with_what_becomes_of_it(tmp_path: Path) -> None:
    here = VenvEnvironments(tmp_path)
    asked = an_environment(conda=("pytorch=1.9", "pip"), channels=("pytorch",))
    (said,) = here.notes(asked)
    assert said.endswith(
        "conda packages are installed by pip: pytorch=1.9 as torch==1.9.*; no channel is asked (pytorch)"
    )
    assert here.notes(an_environment(conda=("no-such-package-1",)))[0].endswith("by pip: no-such-package-1")


def test_images_bring_their_own_python() -> None:
    for store in (KindImages("c"), RegistryImages("r")):
        said = store.notes(an_environment(image="team/base:1", python="3.11", pip=("a",)))
        assert said == ("environment 'e': Python 3.11 is not installed: the base image brings its own",)
        assert store.notes(an_environment(image="team/base:1", ready=True, conda=("a",))) == ()
    assert ReadyImages("t").notes(an_environment(image="x", ready=True)) == ()
