"""Packages that only conda has are installed by the base image's own conda, below the packages of the lock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.environments.requirements import read
from runner.images.base_image import BaseImage
from runner.images.build_context import Recipe, base_name, dockerfile, own_dockerfile, problems, ready_image, user_tag
from runner.images.conda_layer import conda_layer
from runner.images.registry_images import RegistryImages
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from tests.support.fake_builder import FakeBuilder
from tests.support.image_stores import FixedLocks, a_lock, recipes
from tests.support.memory_store import MemoryStore

GOLDEN = Path(__file__).parents[3] / "tests" / "golden" / "dockerfiles" / "conda-only.Dockerfile"
SPEC = EnvironmentSpec(
    conda=("ffmpeg>=4,<6", "pandas=2.2.2", "r-base=4.1"),
    channels=("conda-forge", "https://conda.example.org/team"),
    python="3.10",
    image="team/conda:1",
)
LOCK = a_lock("pandas==2.2.2")
BASE = BaseImage(python="3.10.2", interpreter="/opt/conda/bin/python3")


def test_the_dockerfile_is_as_agreed() -> None:
    assert dockerfile(Recipe(BASE, LOCK, own_dockerfile(SPEC)), buildkit=False) == GOLDEN.read_text()


def test_a_dockerfile_of_the_user_comes_first() -> None:
    text = own_dockerfile(replace(SPEC, image="", dockerfile="FROM debian:12\nRUN install-conda\n"))
    assert text.startswith("FROM debian:12\nRUN install-conda\nUSER root\n")
    assert "'ffmpeg>=4,<6' r-base=4.1 &&" in text


def test_packages_that_pip_has_need_no_conda() -> None:
    plain = replace(SPEC, conda=("pandas=2.2.2",))
    assert (own_dockerfile(plain), base_name(plain)) == ("", "team/conda:1")


def test_packages_of_conda_alone_are_built() -> None:
    alone = replace(SPEC, conda=("ffmpeg",))
    assert (ready_image(alone), base_name(alone)) == ("", "")
    assert dockerfile(Recipe(BaseImage(), None, own_dockerfile(alone)), buildkit=False).endswith("\nUSER 10001:10001\n")


def test_the_tags_are_of_packages_and_channels() -> None:
    others = [replace(SPEC, conda=("ffmpeg",)), replace(SPEC, channels=("conda-forge",))]
    specs = [SPEC, *others]
    assert len({user_tag(spec) for spec in specs}) == 3
    assert len({Recipe(BASE, LOCK, own_dockerfile(spec)).tag for spec in specs}) == 3


@pytest.mark.parametrize(
    ("channels", "options"),
    [
        ((), "--channel conda-forge "),
        (("b", "a c"), "--channel b --channel 'a c' "),
        (("a", "nodefaults"), "--override-channels --channel a "),
    ],
)
def test_channels_are_asked_in_their_order(channels: tuple[str, ...], options: str) -> None:
    assert f"install --yes {options}" in conda_layer(("ffmpeg",), channels, "3.11")[3]


@pytest.mark.parametrize(("image", "text", "count"), [("a:1", "", 0), ("", "FROM a:1", 0), ("", "", 1)])
def test_without_a_base_image_they_are_a_problem(image: str, text: str, count: int) -> None:
    environment = NamedEnvironment("env", replace(SPEC, image=image, dockerfile=text))
    found = problems(environment, read(environment), buildkit=False)
    assert len(found) == count
    assert all("ffmpeg>=4,<6, r-base=4.1" in each.what for each in found)


def test_the_lock_is_made_for_the_python_that_conda_leaves() -> None:
    builder = FakeBuilder(python="3.10.2 x86_64 2.31 /opt/conda/bin/python3")
    images = RegistryImages("host/team/", recipes(MemoryStore(), builder, FixedLocks(LOCK)))
    environment = NamedEnvironment("env", SPEC)
    assert images.problems(environment) == ()
    images.ensure(environment, lambda _: None)
    assert [line.split()[:2] for line in builder.done][:2] == [["build", user_tag(SPEC)], ["look", user_tag(SPEC)]]
    assert f"build {Recipe(BASE, LOCK, own_dockerfile(SPEC)).tag}" in "\n".join(builder.done)
