"""What people see of a run, of a step and of a plan: golden files in tests/golden/cli."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from runner.cli.board import Screen, board
from runner.cli.commands.list import listing
from runner.cli.paint import Paint
from runner.cli.planview import plan_view
from runner.cli.progress import lines_of, name_width
from runner.cli.stepview import step_view
from runner.cli.summary import summary
from runner.model import events as e
from runner.model.data import DataRef
from runner.model.plan import Plan
from runner.model.state import begin
from runner.operations.detail import detail
from runner.operations.preview import PlannedEnvironment, PlannedInput, PlannedStep, Preview, Upload
from runner.operations.report import report, step_report
from runner.operations.run_pages import RunFilter, page
from runner.operations.values import RunView
from tests.support import builders
from tests.support import sample_run as sample

Golden = Callable[[str, Sequence[str]], None]
WIDE = Screen(100, 30)


def locate(ref: DataRef) -> str:
    return f"/home/ada/project/.runner/{ref.key}"


def nowhere(_ref: DataRef) -> str:
    return ""


def test_lines_of_an_environment_that_is_being_made() -> None:
    plan = builders.plan(builders.step("x"))
    key, environment = next(iter(plan.environments.items()))
    making = [e.EnvironmentBuilding(key, "t", line) for line in ("", "Collecting a")]
    entry = builders.entry(2, *making, e.EnvironmentUnavailable(key, "t", "no\n  do: something"))
    lines = [line.split("  ", 1)[1] for line in lines_of(entry, plan, Paint(), name_width(plan))]
    assert lines == [
        f"{environment.name}  making     environment",
        f"{environment.name}  making     environment: Collecting a",
        f"{environment.name}  failed     environment: no",
    ]


def test_lines_of_a_run(golden: Golden) -> None:
    lines = [
        line for entry in sample.entries() for line in lines_of(entry, sample.PLAN, Paint(), name_width(sample.PLAN))
    ]
    golden("lines.txt", lines)


@pytest.mark.parametrize("count", [2, 5, 8, 10])
def test_board_of_a_run_as_it_grows(count: int, golden: Golden) -> None:
    golden(f"board-{count}.txt", board(sample.view(count), sample.at(9), WIDE, Paint()))


def test_board_in_colour(golden: Golden) -> None:
    golden("board-colour.txt", [repr(line) for line in board(sample.view(8), sample.at(7), WIDE, Paint(on=True))])


def test_board_never_outgrows_the_screen() -> None:
    plan = Plan(steps=tuple(sample.step(f"s-{number}", f"step {number}") for number in range(300)))
    shown = board(RunView(begin(sample.RUN, plan), plan), sample.BEGIN, Screen(40, 12), Paint())
    assert len(shown) <= 12
    assert all(len(line) <= 40 for line in shown)


def test_summary_of_a_run_in_a_folder(golden: Golden) -> None:
    told = report(sample.stored(), sample.view(), locate, sample.at(20))
    golden("summary-folder.txt", summary(told, Paint(), "", "/home/ada/project"))


def test_summary_of_a_run_in_a_bucket(golden: Golden) -> None:
    told = report(sample.stored(), sample.view(8), nowhere, sample.at(7))
    golden("summary-bucket.txt", summary(told, Paint(), " --target kind", "/home/ada/project"))


@pytest.mark.parametrize("key", ["prep-1", "train-1", "evaluate-1"])
def test_one_step(key: str, golden: Golden) -> None:
    store, view = sample.stored(), sample.view()
    step = step_report(store, view, key, locate=locate, now=sample.at(20))
    golden(f"step-{key}.txt", step_view(detail(store, view, step), Paint(), "/home/ada/project"))


def test_list_of_runs(golden: Golden) -> None:
    golden("list.txt", listing(page(sample.stored(), RunFilter(), limit=5).runs, Paint()))


def planned_input(name: str, source: str, mode: str, delivery: str, size: int | None, reason: str) -> PlannedInput:
    return PlannedInput(name=name, source=source, mode=mode, delivery=delivery, bytes=size, reason=reason)


def test_plan(golden: Golden) -> None:
    steps = (
        PlannedStep(
            key="prep-1",
            name="prep data",
            script="prep.py",
            source="/home/ada/project/steps",
            compute="cpu",
            target="kind",
            environment="sk",
            waits_for=(),
            inputs=(),
            outputs=("made",),
            always=False,
            workers="",
            trial_of="",
            search="",
            resources={},
            policy={"retries": 2, "run_timeout": "2h"},
        ),
        PlannedStep(
            key="train-1",
            name="train",
            script="train.py",
            source="/home/ada/project/steps",
            compute="cpu",
            target="kind",
            environment="sk",
            waits_for=("prep-1",),
            inputs=(
                planned_input("made", "output 'made' of prep-1", "auto", "download", None, "unless it is large"),
                planned_input("images", "lake/images", "mount", "mount", 40 << 30, "as asked"),
                planned_input(
                    "labels", "labels (version 2)", "direct", "direct", 9000, "the script reads the table by itself"
                ),
            ),
            outputs=(),
            always=False,
            workers="4 workers, 2 processes each",
            trial_of="",
            search="",
            resources={"memory": "4Gi"},
            policy={},
        ),
    )
    environments = (
        PlannedEnvironment("sk", "kind", "", ("image python:3.11-slim", "scikit-learn==1.3.2", "pandas==2.0.3")),
        PlannedEnvironment("base", "kind", "python:3.11-slim", ("image python:3.11-slim",)),
    )
    uploads = (
        Upload("/home/ada/project/steps", "snapshots/5.zip", 3400),
        *(Upload(f"data/{number:02}.csv", f"data/{number:02}.csv", 1000) for number in range(20)),
    )
    found = Preview(
        experiment="penguins",
        parameters={"rows": 10},
        steps=steps,
        environments=environments,
        uploads=uploads,
        policy={"deadline": "4h"},
    )
    golden("plan.txt", plan_view(found, Paint(), "/home/ada/project"))


def test_plan_that_uploads_nothing() -> None:
    step = PlannedStep(
        key="a-1",
        name="a",
        script="a.py",
        source="/s",
        compute="",
        target="local",
        environment="e",
        waits_for=(),
        inputs=(),
        outputs=(),
        always=False,
        workers="",
        trial_of="",
        search="",
        resources={},
        policy={},
    )
    lines = plan_view(
        Preview(experiment="e", parameters={}, steps=(step,), environments=(), uploads=(), policy={}), Paint(), "/"
    )
    assert "  nothing: the store has it all" in lines
    assert "parameters" not in lines
