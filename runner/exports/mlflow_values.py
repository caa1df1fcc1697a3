"""The values that MLflow gets: one of its runs for the run as a whole, and one below it for each step."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from ..dataclass import dataclass, field
from ..model.status import RunStatus, StepStatus
from ..model.times import parse_time
from ..operations.ended_run import EndedRun
from ..operations.receipt import Receipt, StepReceipt
from ..operations.run_tags import tags_of
from . import values

RUN_TAG, STEP_TAG = "runner.run", "runner.step"
"""The tags by which a repeated export finds what is there: the id of the run, and the key of the step."""
_NAME = re.compile(r"[^/\w.\- ]")
"""Characters that a name cannot have. Letters and digits of every script are taken."""
_REAL_NAME = "runner.name."
"""The beginning of a tag that tells the real name of a parameter or metric."""
_PARAMETER, _TAG = 6000, 5000
"""Characters that MLflow takes."""
_ENDS = {
    "succeeded": "FINISHED",
    "reused": "FINISHED",
    "failed": "FAILED",
    "canceled": "KILLED",
}
_TABLES = {"list", "row", "table"}
"""Kinds of metrics that are shown as tables."""
Point = tuple[str, float, int, int]
"""A value of a metric: name, value, milliseconds since the epoch, step."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One run of MLflow."""

    key: str
    """The key of the step; empty: the run as a whole."""
    parent: str | None
    """The key of the node above; None: there is none."""
    name: str
    status: str
    began: int
    """Milliseconds since the epoch."""
    ended: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Logged:
    """The values that a script logged."""

    points: tuple[Point, ...] = ()
    documents: Mapping[str, object] = field(default_factory=dict)
    """Lists, tables and other values by the name of the artifact that holds each as JSON."""
    tables: tuple[str, ...] = ()
    """Those of `documents` that MLflow shows as tables."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Tags that tell the real names of those that MLflow does not take."""


def nodes(run: EndedRun, known: Receipt) -> Iterator[Node]:
    """Yield the run and those of its steps that have begun or were reused, each after the one above it.

    Args:
        run: The run.
        known: Its receipt.

    """
    state = run.view.state
    begun, ended = state.created or run.store.now(), state.ended or state.last or run.store.now()
    yield _of_run(run, known, begun, ended)
    steps = [step for step in known.steps if _times(run, step)]
    there = {step.key for step in steps}
    for step in sorted(steps, key=lambda each: bool(each.trial_of)):
        yield _of_step(run, step, step.trial_of if step.trial_of in there else "")


def _of_run(run: EndedRun, known: Receipt, begun: datetime, ended: datetime) -> Node:
    said = run.view.state.submission
    own = own_tags(tags_of(run.store, run.view))
    facts = {
        RUN_TAG: known.run,
        STEP_TAG: "-",
        "runner.workspace": run.workspace,
        "runner.status": known.status,
        "runner.plan": known.plan,
        "runner.retry_of": known.origin,
        "runner.published_pipeline": known.published,
        "mlflow.user": known.user,
        "mlflow.source.name": known.experiment,
        "mlflow.source.type": "JOB",
        "mlflow.note.content": said.description if said else "",
    }
    return Node(
        key="",
        parent=None,
        name=known.run,
        status=_ENDS.get(RunStatus(known.status).value, "FAILED"),
        began=values.milliseconds(begun),
        ended=values.milliseconds(ended),
        parameters=_texts(known.parameters, _PARAMETER),
        tags={
            **renamed(good_names(known.parameters)),
            **_texts({**own, **{name: value for name, value in facts.items() if value}}, _TAG),
        },
    )


def _of_step(run: EndedRun, step: StepReceipt, parent: str) -> Node:
    state, times = run.view.state.steps[step.key], _times(run, step)
    assert times is not None
    said = run.view.state.submission
    parameters = {**dict(_options(step.command)), **state.sampled}
    facts = {
        RUN_TAG: run.view.state.run,
        STEP_TAG: step.key,
        "runner.status": step.status,
        "runner.attempt": str(step.attempt) if step.attempt else "",
        "runner.target": said.targets.get(step.key, "") if said else "",
        "runner.reused_from": step.origin,
        "runner.code": step.code,
        "runner.environment": step.reference,
        "runner.lock": step.lock,
        "runner.python": step.python,
        "runner.failure": state.failure.value if state.failure else "",
        "runner.reason": state.reason,
        "mlflow.user": said.user if said else "",
        "mlflow.source.name": step.script,
        "mlflow.source.type": "JOB",
        **{f"runner.output.{each.name}": f"{each.datastore}/{each.key}" for each in step.outputs},
        **{f"runner.input.{each.name}": each.dataset or f"{each.datastore}/{each.key}" for each in step.inputs},
    }
    return Node(
        key=step.key,
        parent=parent,
        name=values.text(step.name, values.SHORT),
        status=_ENDS.get(StepStatus(step.status).value, "FAILED"),
        began=values.milliseconds(times[0]),
        ended=values.milliseconds(times[1]),
        parameters=_texts(parameters, _PARAMETER),
        tags={
            **renamed(good_names(parameters)),
            **_texts({name: value for name, value in facts.items() if value}, _TAG),
        },
    )


def _times(run: EndedRun, step: StepReceipt) -> tuple[datetime, datetime] | None:
    """Return the begin and the end of a step; None: it did neither run nor reuse another one's outputs."""
    state = run.view.state.steps[step.key]
    if state.status is StepStatus.SKIPPED or state.ended is None or not (state.attempt or state.origin):
        return None
    return min(state.started or state.ended, state.ended), state.ended


def _options(command: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the options of a command: ``--rate 0.1`` and ``--rate=0.1``."""
    for word, following in zip(command, (*command[1:], ""), strict=True):
        name, equals, value = word.partition("=")
        if word.startswith("--") and name.strip("-") and (equals or (following and not following.startswith("--"))):
            yield name.strip("-"), value if equals else following


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags of a run or step under names that neither MLflow nor the export uses.

    Args:
        tags: The values by name.

    """
    return {f"tag.{name}" if name.startswith(("mlflow.", "runner.")) else name: each for name, each in tags.items()}


def _texts(found: Mapping[str, object], most: int) -> dict[str, str]:
    names = good_names(found)
    return {names[name]: values.text(value, most) for name, value in found.items()}


def renamed(names: Mapping[str, str]) -> dict[str, str]:
    """Return tags that tell the real names behind those that MLflow takes.

    Args:
        names: The names that MLflow takes, by the real ones.

    """
    changed = {good: name for name, good in names.items() if good != name}
    return {f"{_REAL_NAME}{good}"[: values.SHORT]: values.text(name, _TAG) for good, name in changed.items()}


def good_names(names: Iterable[str], made: Callable[[str], str] | None = None) -> dict[str, str]:
    """Return a name that MLflow takes for each of several names; different ones stay different.

    Args:
        names: The names.
        made: Makes a good name of one. Default: `good_name`.

    """
    good = made or good_name
    wanted = {name: good(name) for name in dict.fromkeys(names)}
    found = {name: name for name in wanted if wanted[name] == name}
    taken = set(found.values())
    for name in sorted(wanted.keys() - found.keys()):
        one = wanted[name]
        if one in taken:
            one = good(f"{one[: values.SHORT - 9]}-{values.number(name, 4):08x}")
        found[name] = one
        taken.add(one)
    return found


def good_name(name: str) -> str:
    """Return a name that MLflow takes for a parameter, a metric or a tag: other characters become ``_``.

    Args:
        name: The name.

    """
    parts = [part for part in _NAME.sub("_", name).split("/") if part not in {"", ".", ".."}]
    return "/".join(parts)[: values.SHORT].rstrip("/") or "_"


def logged(lines: Iterable[Mapping[str, object]], begun: int) -> Logged:
    """Return what a script logged, as MLflow takes it.

    Args:
        lines: The lines of metrics, oldest first.
        begun: The time of lines without one, in milliseconds since the epoch.

    """
    known = list(lines)
    names = good_names(str(line["name"]) for line in known)
    points: list[Point] = []
    kept: dict[str, list[Mapping[str, object]]] = {}
    counts: dict[str, int] = {}
    for line in known:
        name, value = names[str(line["name"])], line.get("value")
        if str(line.get("kind", "scalar")) == "scalar" and isinstance(value, (int, float)):
            step, counts[name] = line.get("step"), counts.get(name, 0) + 1
            at = step if isinstance(step, int) and not isinstance(step, bool) else counts[name] - 1
            points.append((name, _float(value), _time(line.get("time"), begun), at))
        else:
            kept.setdefault(name, []).append(line)
    documents: dict[str, object] = {}
    tables: list[str] = []
    for name, found in kept.items():
        file = f"metrics/{name}.json"
        documents[file], is_table = _document(name, found)
        tables += [file] * is_table
    return Logged(
        points=tuple(dict.fromkeys(points)), documents=documents, tables=tuple(tables), renamed=renamed(names)
    )


def _document(name: str, lines: Sequence[Mapping[str, object]]) -> tuple[object, bool]:
    """Return the document of values that are no numbers, and whether it is a table in MLflow's form."""
    kinds, found = {str(line.get("kind", "scalar")) for line in lines}, [line.get("value") for line in lines]
    if not kinds <= _TABLES:
        return (found[0] if len(found) == 1 else found), False
    rows: list[Mapping[str, object]] = []
    for value in found:
        rows += _rows(name, value)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return {"columns": columns, "data": [[row.get(column) for column in columns] for row in rows]}, True


def _rows(name: str, value: object) -> Iterator[Mapping[str, object]]:
    if not isinstance(value, Mapping):
        yield from ({name: each} for each in (value if isinstance(value, list) else [value]))
        return
    lists = {str(key): each for key, each in value.items() if isinstance(each, list)}
    longest = max(map(len, lists.values()), default=1)
    for at in range(longest):
        yield {
            str(key): (each[at] if at < len(each) else None) if isinstance(each, list) else each
            for key, each in value.items()
        }


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _time(text: object, otherwise: int) -> int:
    try:
        return values.milliseconds(parse_time(str(text))) if text else otherwise
    except (ValueError, OverflowError):
        return otherwise
