"""The program of a search step: it reads what the trials logged, and makes the outputs of the search.

Its process is ``python -m``, this module under the private name of the step bundle, with the work (see `work.Work`),
and pairs of an output's name and its path. It reads the journal and the reports of its own run.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...model.document import to_document
from ...model.search import Search
from ...model.status import STEP_ENDS
from ...model.task import TaskId
from ...operations.trials import Trial, ranked, search_of, trials_of
from ...operations.values import RunView
from ...runs.records import shown_attempt
from ..base.step_folder import step_context, step_folder
from ..base.step_session import StepSession, open_in_step
from ..runs.reports import METRICS, Reports, metric_line
from ..runs.run_files import StoredFiles
from .facts import Facts
from .picture import number, parallel_coordinates, table
from .work import FACTS, Made, work_from

if TYPE_CHECKING:
    from ...ports import ObjectStore

_PATIENCE = 300.0
"""Seconds to wait for the journal to tell of the last trial's end, which may be written after this step's start."""
_FOLDER = "outputs/"
"""The files of a trial from which a model is taken if no file is named."""


class NoResult(Exception):
    """The search has no result. The text says why."""


def main(arguments: Sequence[str]) -> int:
    """Summarize the search of this step, and return the exit code.

    Args:
        arguments: The work, then names and paths of outputs.

    """
    context, session = step_context(), open_in_step()
    paths = dict(zip(arguments[1::2], arguments[2::2]))
    try:
        view = _ended(session, context.run, context.key)
        trials = trials_of(session.store, view, context.key)
        search = search_of(view, context.key)
        best = best_trial(search, trials)
        print(*report(search, trials, best), sep="\n")
        _keep_facts(search, trials, best)
        _log_best(search, best)
        for name, made in work_from(arguments[0]).outputs.items():
            if made.type == "Metrics":
                write_metrics(trials, Path(paths[name]))
            else:
                chosen = chosen_trial(search, trials, best, made)
                write_model(session.store, _attempt(session, view, chosen), chosen, made.file, Path(paths[name]))
    except NoResult as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def best_trial(search: Search, trials: Sequence[Trial], metric: str = "") -> Trial:
    """Return the best trial that succeeded.

    Args:
        search: The search.
        trials: Its trials.
        metric: The metric that decides. Default: empty, the primary metric.

    Raises:
        NoResult: None succeeded, or none of those logged a number under the metric's name.

    """
    wanted = metric or search.metric
    succeeded = [trial for trial in trials if trial.succeeded]
    found = ranked(succeeded, wanted, search.goal)
    if found:
        return found[0]
    if not succeeded:
        raise NoResult(f"no trial succeeded: {_counts(trials)}; look at a trial's log for the reason")
    logged = sorted({name for trial in succeeded for name in trial.metrics})
    raise NoResult(
        f"no trial that succeeded has logged a number under the metric's name {wanted!r} "
        f"(they logged: {', '.join(logged) or 'nothing'}); correct primary_metric_name, or log it in the script: "
        f"run.log({wanted!r}, value)"
    )


def chosen_trial(search: Search, trials: Sequence[Trial], best: Trial, made: Made) -> Trial:
    """Return the trial whose model an output gets.

    Args:
        search: The search.
        trials: Its trials.
        best: The best one.
        made: The output.

    Raises:
        NoResult: There is no such trial.

    """
    if made.iteration is not None:
        found = next((trial for trial in trials if trial.number == made.iteration + 1), None)
        if found is None:
            raise NoResult(f"there is no trial of iteration {made.iteration}: the search has {len(trials)}, from 0")
        return found
    return best_trial(search, trials, made.metric) if made.metric else best


def report(search: Search, trials: Sequence[Trial], best: Trial) -> list[str]:
    """Return the lines of the log.

    Args:
        search: The search.
        trials: Its trials.
        best: The best one that succeeded.

    """
    values = " ".join(f"{name} {number(value)}" for name, value in best.values.items())
    found = number(best.best(search.metric, search.goal))
    head = f"{len(trials)} trials ({_counts(trials)}), {search.sampling.value} sampling, seed {search.seed}"
    shown = trials if len(trials) > 1 else ()
    return [
        head,
        f"best {search.metric} {found} ({search.goal.value}): {best.name} with {values}",
        "",
        *table(search, trials, best.key),
        "",
        *(parallel_coordinates(search, shown, best.key) if shown else ()),
    ]


def write_metrics(trials: Sequence[Trial], path: Path) -> None:
    """Write v1's document of all metrics: ``{run id: {metric: [values]}}``.

    Args:
        trials: The trials.
        path: The file; in a folder it is ``metrics.json``.

    """
    document = {trial.run: {name: list(values) for name, values in trial.metrics.items()} for trial in trials}
    target = path / "metrics.json" if path.is_dir() else path
    target.write_text(json.dumps(document), encoding="utf-8")


def write_model(store: ObjectStore, attempt: TaskId, trial: Trial, file: str, path: Path) -> None:
    """Copy a file of a trial, or a folder of its files.

    Args:
        store: The workspace store.
        attempt: The attempt of the trial that counts.
        trial: The trial.
        file: The file among those of its run; or a folder; empty: all of ``outputs/``.
        path: The file to write, or the folder.

    Raises:
        NoResult: The trial has no such file.

    """
    kept = StoredFiles(store, attempt.artifacts)
    names = kept.names()
    if file in names:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept.fetch(file, path / Path(file).name if path.is_dir() else path)
        return
    folder = f"{file.strip('/')}/" if file else _FOLDER
    below = [name for name in names if name.startswith(folder)]
    if not below:
        raise NoResult(
            f"the trial {trial.name} has no file {file or folder!r} (it has: {', '.join(names) or 'none'}); "
            "write it below outputs/ in the script, or correct model_file of the TrainingOutput"
        )
    for name in below:
        target = path / name[len(folder) :]
        target.parent.mkdir(parents=True, exist_ok=True)
        kept.fetch(name, target)


def _ended(session: StepSession, run: str, key: str) -> RunView:
    """Return the run as soon as its journal tells of the end of all trials."""
    limit = time.monotonic() + _PATIENCE
    view = session.view(run)
    while any(view.state.steps[trial].status not in STEP_ENDS for trial in search_of(view, key).trials):
        if time.monotonic() > limit:
            raise NoResult(f"the journal of run {run} does not tell of the end of all trials")
        view = session.wait(run, after=view.state.number, seconds=1.0)
    return view


def _attempt(session: StepSession, view: RunView, trial: Trial) -> TaskId:
    """Return the attempt of a trial that counts; of a trial that a retry took over, the original's."""
    return shown_attempt(session.store, view.state, trial.key) or TaskId(view.state.run, trial.key)


def _keep_facts(search: Search, trials: Sequence[Trial], best: Trial) -> None:
    """Write the facts for the run of the search among its own files."""
    path = Path(FACTS)
    path.parent.mkdir(exist_ok=True)
    facts = Facts(metric=search.metric, goal=search.goal, best=best.run, trials=tuple(trials))
    path.write_text(json.dumps(to_document(facts)), encoding="utf-8")


def _log_best(search: Search, best: Trial) -> None:
    """Log v1's table of the best child as a metric of the search."""
    row = {"metric_name": search.metric, "run_id": best.run, "metric_value": best.best(search.metric, search.goal)}
    line = metric_line("best_child_by_primary_metric", {**row, "final": True}, "row")
    Reports(step_folder() / "reports").append(METRICS, line)


def _counts(trials: Sequence[Trial]) -> str:
    found: Mapping[str, int] = Counter(trial.status.value for trial in trials)
    return ", ".join(f"{count} {status}" for status, count in found.items()) or "none started"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
