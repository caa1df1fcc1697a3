from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.errors import EnvironmentFailed
from runner.images import controller


@pytest.fixture(autouse=True)
def _fresh() -> None:
    controller.build_context.cache_clear()
    controller.tag.cache_clear()


def test_it_holds_the_package_and_nothing_that_was_made_of_it() -> None:
    names = set(controller.build_context())
    assert {"Dockerfile", "runner/controller.py", "runner/compat/azureml/core/__init__.py"} <= names
    assert not [name for name in names if "__pycache__" in name or "_manifests" in name]


def test_it_holds_every_file_of_the_web_pages() -> None:
    names = set(controller.build_context())
    folder = Path(controller.__file__).parents[1] / "pages"
    files = {f"runner/pages/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} - names == set()


def test_the_docker_file_copies_what_is_sent() -> None:
    text = controller.build_context()["Dockerfile"].decode()
    assert re.findall(r"^COPY (\S+)", text, re.MULTILINE) == ["runner"]
    assert "USER 10001:10001" in text
    assert "://" not in text


def test_it_is_named_by_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    before = controller.tag()
    assert re.fullmatch(r"runner-controller:[0-9a-f]{16}", before)
    monkeypatch.setattr(controller, "build_context", lambda: {"Dockerfile": b"FROM other\n"})
    controller.tag.cache_clear()
    assert controller.tag() != before


def installed(folder: Path) -> Path:
    package = folder / "site-packages" / "runner"
    (package / "_manifests" / "images" / "controller").mkdir(parents=True)
    (package / "_manifests" / "images" / "controller" / "Dockerfile").write_text("FROM wheel\n")
    (package / "controller.py").write_text("")
    return package


def test_an_installed_package_brings_its_docker_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "_PACKAGE", installed(tmp_path))
    assert controller.build_context() == {"Dockerfile": b"FROM wheel\n", "runner/controller.py": b""}


def test_without_one_a_ready_image_is_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "_PACKAGE", tmp_path / "runner")
    with pytest.raises(EnvironmentFailed, match="controller_image"):
        controller.build_context()
