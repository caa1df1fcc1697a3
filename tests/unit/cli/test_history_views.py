"""The history of runs as people see it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from runner.cli.commands.list import listing
from runner.cli.commands.tag import changes_of
from runner.cli.comparisonview import comparison_view
from runner.cli.paint import Paint
from runner.cli.receiptview import receipt_view
from runner.cli.timelineview import timeline_view
from runner.errors import BadInput
from runner.operations.code_comparison import FileChange, FileFacts
from runner.operations.comparison import CodeChange, ComparedRun, Comparison, PairComparison, Row
from runner.operations.differences import Difference
from runner.operations.listing import ListedRun
from runner.operations.moments import moment
from runner.operations.published.comparison import Change
from runner.operations.receipt import DataReceipt, Receipt, StepReceipt
from runner.operations.report import EnvironmentReport
from runner.operations.timeline import Phase, StepTimeline, Timeline
from tests.support import builders as b

Golden = Callable[[str, Sequence[str]], None]
OTHER = "20260203t040506789z-bbbbbbbbbbbbbbbb"


def phases(*marks: tuple[str, float], end: float | None) -> tuple[Phase, ...]:
    ends = [at for _, at in marks[1:]] + [end]
    return tuple(
        Phase(name=name, began=b.at(at), ended=None if stop is None else b.at(stop), attempt=1)
        for (name, at), stop in zip(marks, ends, strict=True)
    )


def step(name: str, *marks: tuple[str, float], end: float | None, **facts: Any) -> StepTimeline:
    known = phases(*marks, end=end)
    began = next((phase.began for phase in known if phase.name != "waiting"), None)
    fields: dict[str, Any] = {"status": "succeeded", "attempts": 1, "trial_of": "", "critical": False} | facts
    return StepTimeline(
        key=name, name=name, began=began, ended=b.at(end) if end is not None else None, phases=known, **fields
    )


def line_of(*steps: StepTimeline, ended: float | None = 100, **facts: Any) -> Timeline:
    fields: dict[str, Any] = {
        "run": b.RUN,
        "status": "succeeded" if ended else "running",
        "created": b.T0,
        "ended": None if ended is None else b.at(ended),
        "now": b.at(ended or 100),
        "steps": steps,
        "critical": tuple(step.key for step in steps if step.critical),
    }
    return Timeline(**fields | facts)


PREP = step("prep data", ("waiting", 0), ("queued", 4), ("starting", 10), ("pulling", 14), ("inputs", 30),
            ("script", 34), ("outputs", 56), end=60, critical=True)  # fmt: skip
TRAIN = step("train", ("waiting", 60), ("queued", 62), ("script", 64), end=100, critical=True)
PLOTS = step("plots", ("queued", 61), ("running", 62), end=70, attempts=2)


def test_a_timeline(golden: Golden) -> None:
    old = replace(step("old", ("waiting", 0), end=1, status="reused"), began=b.at(2), ended=b.at(2), phases=())
    late = StepTimeline(key="late", name="late", status="skipped", began=None, ended=None, attempts=0, trial_of="",
                        phases=(), critical=False)  # fmt: skip
    lines = timeline_view(line_of(old, PREP, TRAIN, PLOTS, late), Paint(), 80)
    assert max(map(len, lines)) <= 80
    golden("timeline.txt", lines)


def test_a_timeline_of_a_run_that_goes_on_and_of_one_that_has_not_begun() -> None:
    goes = step("train", ("queued", 10), ("running", 20), end=None, status="running", critical=True)
    waits = step("next", ("waiting", 3), end=None, status="waiting")
    lines = timeline_view(line_of(goes, waits, ended=None), Paint(), 80)
    assert lines[0] == f"{b.RUN}  running  1 m 40 s"
    assert lines[2].rstrip().endswith("1 m 30 s  running 1 m 20 s")
    assert "  1 step has not begun" in lines
    assert timeline_view(line_of(waits, ended=None), Paint(), 80)[1] == "  no step has begun"


@pytest.mark.parametrize("count", [40, 1000])
def test_a_timeline_of_many_steps_is_bounded(count: int) -> None:
    steps = [
        step(
            f"step {n:04d}",
            ("queued", n / 10),
            ("script", n / 10 + 0.05),
            end=n / 10 + 1 + n % 7,
            critical=n % 100 == 0,
        )
        for n in range(count)
    ]
    lines = timeline_view(line_of(*steps, ended=count / 10 + 10), Paint(), 80)
    assert len(lines) <= 50
    assert all(len(line) <= 80 for line in lines)
    assert any(f"{count - 40} more of {count} steps" in line for line in lines) == (count > 40)
    assert sum(line.startswith("*") for line in lines) == -(-count // 100)
    assert len(timeline_view(line_of(*steps), Paint(), 80, every=True)) >= count
    coloured = timeline_view(line_of(*steps[:3]), Paint(on=True), 80)
    assert "\x1b[32m#" in coloured[2]


def compared(run: str, status: str = "succeeded") -> ComparedRun:
    return ComparedRun(run=run, experiment="penguins", status=status, created=b.T0, ended=b.at(9), seconds=9.0,
                       user="ada", description="", origin="")  # fmt: skip


def comparison(**parts: Any) -> Comparison:
    rows = dict.fromkeys(("parameters", "tags", "states", "seconds", "inputs", "outputs", "metrics"), ())
    pair = PairComparison(before=b.RUN, after=OTHER, steps=(), code=(), environments=())
    fields: dict[str, Any] = {"runs": (compared(b.RUN), compared(OTHER, "failed")), **rows, "pairs": (pair,)}
    return Comparison(**fields | parts)


def facts(size: int) -> FileFacts:
    return FileFacts(digest="d" * 64, bytes=size, executable=False)


CODE = CodeChange(
    steps=("train", "score"),
    files=(
        FileChange(path="train.py", kind="changed", before=facts(1), after=facts(2),
                   diff=("--- a/train.py", "+++ b/train.py", "@@ -1 +1 @@", "-rate = 1", "+rate = 2")),
        FileChange(path="model.bin", kind="added", before=None, after=facts(2), note="it is no text"),
    ),
    note="",
)  # fmt: skip
PAIR = PairComparison(
    before=b.RUN,
    after=OTHER,
    steps=(Change("train", "changed", (Difference("argument 3", "1", "2"),)), Change("score", "added")),
    code=(CODE,),
    environments=(Change("sklearn", "changed", (Difference("pandas", "2.0.3", "2.1.0"),)),),
)


def whole() -> Comparison:
    return comparison(
        parameters=(Row("rate", (0.1, 0.2)), Row("epochs", (3, 3))),
        tags=(Row("stage", ("prod", None)),),
        states=(Row("train", ("succeeded", "failed")), Row("score", ("succeeded", "skipped"))),
        seconds=(Row("train", (4.0, 61.5)), Row("score", (1.0, None))),
        metrics=(Row("train: accuracy of a model with a long name", (0.98, None)),),
        inputs=(Row("train: raw", ("1" * 64, "2" * 64)),),
        outputs=(Row("train: model", ("3" * 64, "3" * 64)),),
        pairs=(PAIR,),
    )


def test_two_runs(golden: Golden) -> None:
    lines = comparison_view(whole(), Paint(), 80)
    assert max(map(len, lines)) <= 80
    golden("compare.txt", lines)


def test_the_lines_of_code_and_what_is_the_same() -> None:
    lines = comparison_view(whole(), Paint(), 80, diff=True, every=True)
    assert "      -rate = 1" in lines
    assert "  epochs                       3          3" not in lines
    assert any(line.split() == ["epochs", "3", "3"] for line in lines)
    assert any(line.split() == ["train:", "model", "3" * 12, "3" * 12] for line in lines)


def test_equal_runs_are_told_in_one_line() -> None:
    lines = comparison_view(comparison(parameters=(Row("rate", (1, 1)),)), Paint(), 80)
    assert lines[2:] == ["", "the same: facts, parameters, steps, code, environments"]


def test_many_runs_and_many_rows_are_bounded() -> None:
    runs = tuple(compared(f"{b.RUN[:-2]}{n:02d}") for n in range(20))
    rows = tuple(Row(f"p{n}", tuple(range(20))) for n in range(50))
    pairs = tuple(replace(PAIR, after=run.run) for run in runs[1:])
    lines = comparison_view(comparison(runs=runs, parameters=rows, pairs=pairs), Paint(), 80)
    assert "  and 30 more, see --json" in lines
    assert sum(line.startswith("A → ") for line in lines) == 19


def test_a_receipt(golden: Golden) -> None:
    data = DataReceipt(name="raw", datastore="blob", key="data/raw", digest="1" * 64, files=2, bytes=3000, dataset="")
    train = StepReceipt(
        key="train-1", name="train", status="succeeded", attempt=1, origin="", trial_of="", script="train.py",
        command=("python", "train.py"), code="c" * 64, environment="sklearn", reference="registry.example/env@sha256:1",
        lock="f" * 64, fingerprint="9" * 64, python="3.11.4", host="node-7", inputs=(data,),
        outputs=(replace(data, name="model", dataset="model:3"),), seeds={"--seed": "4"},
    )  # fmt: skip
    known = EnvironmentReport(name="sklearn", target="kind", reference="registry.example/env@sha256:1", lock="f" * 64,
                              seconds=None)  # fmt: skip
    found = Receipt(
        run=b.RUN, experiment="penguins", status="succeeded", created=b.T0, ended=b.at(9), user="ada", origin="",
        published="", plan="7" * 64, parameters={"rate": 0.1, "seed": 3}, seeds={"seed": 3}, versions=("0.1.0",),
        environments=(known,), specifications={"sklearn": "e" * 64}, steps=(train,),
    )  # fmt: skip
    golden("receipt.txt", receipt_view(found, Paint()))


def test_a_list_with_tags() -> None:
    run = ListedRun(run=b.RUN, experiment="x", status="succeeded", succeeded=1, steps=1, created=b.T0, ended=None,
                    user="ada", tags={"stage": "prod", "quick": ""}, description="", origin="")  # fmt: skip
    head, line = listing([run], Paint())
    assert head.endswith("tags")
    assert line.endswith("stage=prod, quick")
    assert "tags" not in listing([replace(run, tags={})], Paint())[0]
    assert listing([replace(run, tags={"a": "x" * 99})], Paint())[1].endswith("x…")


def test_changes_of_tags() -> None:
    assert changes_of(["a=1", "b=", "c=x=y"]) == {"a": "1", "b": None, "c": "x=y"}
    with pytest.raises(BadInput) as raised:
        changes_of(["a", "=1", "b=1", "b=2"])
    assert [problem.what for problem in raised.value.problems] == [
        "'a' is no change of a tag",
        "'=1' is no change of a tag",
        "the tag 'b' is given twice",
    ]


NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-30", datetime(2026, 1, 30, tzinfo=timezone.utc)),
        ("2026-01-30T10:00Z", datetime(2026, 1, 30, 10, tzinfo=timezone.utc)),
        ("2026-01-30T10:00:00+02:00", datetime(2026, 1, 30, 8, tzinfo=timezone.utc)),
        ("90m", NOW - timedelta(minutes=90)),
        ("1d12h", NOW - timedelta(hours=36)),
    ],
)
def test_moments(text: str, at: datetime) -> None:
    assert moment(text, "--since", now=NOW, local=False) == at
    assert moment(text, "--since", now=NOW, local=True) is not None


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "5",
        "2026-13-01",
        "999999999999d",
        "1e9",
        "-1h",
        "٣",
        "2026-01-31T10:00",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(BadInput, match="is no time"):
        moment(text, "--since", now=NOW, local=False)


def test_no_moment() -> None:
    assert moment("", "--since", now=NOW, local=False) is None


def test_all_that_is_wrong_with_filters_is_told_at_once() -> None:
    from runner.cli.commands.list import _filter

    options = Namespace(since="soon", until="later", state="Failed", experiment="", tag="", user="", text="")
    with pytest.raises(BadInput) as raised:
        _filter(options, NOW)
    assert [problem.where for problem in raised.value.problems] == ["--since", "--until", "--state"]
    assert "did you mean 'failed'?" in raised.value.problems[2].remedy
