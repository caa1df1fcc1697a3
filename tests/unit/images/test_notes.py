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


def made(cache: Path, environment: NamedEnvironment, minor: tuple[int, int] = sys.version_info[:2]) -> str:
    """Lay down what a finished virtual environment is known by; its interpreter."""
    folder = VenvEnvironments(cache)._folder(environment.spec.pip, minor)
    python = Path(folder.python)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (python.parents[1] / "ready").write_text(str(python.parents[1]))
    (python.parents[1] / "lock.txt").write_text("pytest==1\n")
    return folder.python


def test_the_note_names_the_interpreter_that_steps_get(tmp_path: Path) -> None:
    """A package that was installed since then must not change what is said of the venv made before."""
    here, asked = VenvEnvironments(tmp_path), an_environment(pip=("pytest",))
    assert here.find(asked) == sys.executable
    python = made(tmp_path, asked)
    heard: list[str] = []
    assert here.find(asked) == here.ensure(asked, heard.append) == python
    assert (here.notes(asked), heard) == ((), [])
    assert here.lock(asked) == ("pytest==1",)


def test_a_venv_of_a_python_that_is_not_on_path_is_used_without_a_note(tmp_path: Path) -> None:
    here, asked = VenvEnvironments(tmp_path), an_environment(pip=("pytest",), python="3.99")
    assert "Python 3.99 is not on this machine" in here.notes(asked)[0]
    python = made(tmp_path, asked, (3, 99))
    assert (here.find(asked), here.notes(asked), here.lock(asked)) == (python, (), ("pytest==1",))


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
