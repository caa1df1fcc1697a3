"""A compute target is one package and one line: a toy target is added here so, and runs a pipeline."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path

import pytest

from runner.cli.commands import doctor
from runner.compute import registry
from runner.config import Config, TargetConfig
from runner.controller import drive
from runner.errors import BadInput
from runner.model.plan import Plan
from runner.model.policy import StepPolicy
from runner.model.status import RunStatus
from runner.operations.values import Request
from runner.override import override
from runner.ports import ComputeTarget
from runner.wiring.configuration import load
from runner.wiring.workspace import OpenWorkspace
from tests.support import builders as b
from tests.support import toy_target

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATION = "targets: {box: {type: toy, slots: 3, policy: {retries: 4}}}"


class Here(OpenWorkspace):
    """Drives its runs in this process."""

    @override
    def start_controller(self, run: str) -> None:
        drive(self, run)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    toy_target.register(monkeypatch.setitem)


def configured(folder: Path, text: str = CONFIGURATION) -> Config:
    (folder / "runner.yaml").write_text(text)
    return load(folder, {"RUNNER_CONFIG": str(folder / "none")})


def a_plan(folder: Path) -> Plan:
    folder.mkdir()
    parts = {"source": str(folder), "snapshot": "", "compute": "box", "script": ""}
    return b.plan(b.step("a", **parts), b.step("b", "a", **parts))


def test_its_settings_are_read_with_its_own_rules(tmp_path: Path) -> None:
    found: TargetConfig = configured(tmp_path).get("box")
    assert found == toy_target.ToyConfig(slots=3, policy=StepPolicy(retries=4))
    with pytest.raises(BadInput) as refused:
        configured(tmp_path, "targets: {box: {type: toy, slots: 6}}")
    assert "targets.box.slots" in refused.value.problems[0].where
    with pytest.raises(BadInput, match="one of process, kubernetes, toy"):
        configured(tmp_path, "targets: {box: {type: robot}}")


def test_it_runs_a_pipeline(tmp_path: Path) -> None:
    session = Here(config=configured(tmp_path), notify=lambda _line: None)
    run = session.submit(a_plan(tmp_path / "code"), Request(experiment="e"))
    view = session.view(run)
    assert view.state.status is RunStatus.SUCCEEDED
    assert view.state.submission is not None
    assert set(view.state.submission.targets.values()) == {"box"}
    assert {step.policy.retries for step in view.plan.steps} == {4}
    world = toy_target.world_of(session.store)
    assert {task.key: count for task, count in world.executions.items()} == {"a": 1, "b": 1}


def test_its_store_rules_hold(tmp_path: Path) -> None:
    bucket = "targets: {box: {type: toy, store: {bucket: bkt, endpoint: 'http://h:1'}}}"
    session = Here(config=configured(tmp_path, bucket), notify=lambda _line: None)
    with pytest.raises(BadInput, match="target 'box' has another store than this workspace"):
        session.submit(a_plan(tmp_path / "code"), Request(experiment="e"))


def test_the_doctor_asks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none"))
    assert doctor.run(Namespace(target="box", json=False, image="")) != 0
    shown = capsys.readouterr().out
    assert "ok  toy box: open" in shown
    assert "NO  toys: none in box\n      do: mend box" in shown


def rows_to_add() -> dict[str, tuple[str, str]]:
    """Return the table of ARCHITECTURE.md: what is new, to what to write and what to touch."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.partition("| new | write | touch |\n")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[1:]]
    assert all(len(row) == 3 for row in cells)
    return {new.strip("| "): (write, touch) for new, write, touch in cells}


def files_in(cell: str) -> list[str]:
    return [name for name in re.findall(r"`([^`]+)`", cell) if "/" in name]


def test_the_architecture_names_files_that_exist() -> None:
    rows = rows_to_add()
    assert len(rows) >= 5
    named = {name for row in rows.values() for cell in row for name in files_in(cell) if "<" not in name}
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_architecture_says_how_the_toy_is_added() -> None:
    write, touch = rows_to_add()["a compute target"]
    assert files_in(write)[:2] == ["runner/compute/<name>/", "runner/config/target.py"]
    assert files_in(touch) == ["runner/compute/registry.py", "tests/contract/test_compute_target.py"]
    assert registry.TYPES.items() >= toy_target.LINE.items()
    assert len(toy_target.LINE) == 1


def test_every_target_is_named_in_its_package_and_the_registry_alone() -> None:
    """No other module asks for the type of a target's settings."""
    found = set()
    for kind, place in registry.TYPES.items():
        name = place.partition(":")[2]
        for path in (ROOT / "runner").rglob("*.py"):
            if f"runner/compute/{kind}/" not in path.as_posix() and re.search(rf"\b{name}\b", path.read_text()):
                found.add(path.relative_to(ROOT).as_posix())
    assert found == {"runner/compute/registry.py"}


def test_a_target_is_built_anew_over_the_same_world(tmp_path: Path) -> None:
    session = Here(config=configured(tmp_path), notify=lambda _line: None)
    first: ComputeTarget = session.candidate("box")
    assert first is not session.candidate("box")
    assert session.target("box") is session.target("box")
