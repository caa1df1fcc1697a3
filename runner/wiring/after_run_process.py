"""The process of one action at the end of a run.

It is told on standard input which action of which run, and where the run lies; it answers with one line of JSON. When
standard input ends, its controller is gone: it ends too, so that two controllers never do one action at once.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..config.after_run import MLFLOW, OPENLINEAGE, OPENTELEMETRY, REPORT
from ..errors import BadInput, ExportFailed, RunnerError
from ..model.redaction import redacted
from ..operations.ended_run import EndedRun
from .exporting import export

_LONGEST = 2000
"""Characters of a text of an answer."""


def main() -> None:
    """Do the action named on standard input, and write what became of it to standard output."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_WRONLY)
    for printed in (1, 2):  # what libraries print is no answer, and may hold what they were given
        os.dup2(nothing, printed)
    told = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_controller, daemon=True).start()
    answers.write(json.dumps(answer(told)))
    answers.close()
    os._exit(0)  # threads of libraries do not hold it up


def _end_with_controller() -> None:
    sys.stdin.read()
    os._exit(1)


def answer(told: Mapping[str, Any]) -> dict[str, str]:
    """Do an action and return its place, or the reason of its failure and the remedy. No text holds a secret.

    Args:
        told: The action's ``name``, the ``run``, and the ``handle`` of the place.

    """
    used: list[str] = []
    found = {"place": "", "reason": "", "remedy": ""}
    try:
        ended = opened(told["handle"], told["run"])

        def secret(name: str) -> str:
            used.append(ended.secret(name))
            return used[-1]

        found["place"] = ACTIONS[told["name"]](replace(ended, secret=secret))
    except BadInput as error:
        (problem, *_) = error.problems
        found["reason"] = f"{problem.what}{f' ({problem.where})' if problem.where else ''}"
        found["remedy"] = problem.remedy
    except ExportFailed as error:
        found["reason"], found["remedy"] = error.what, error.remedy
    except RunnerError as error:
        found["reason"] = str(error)
    except Exception as error:  # noqa: BLE001 - a library may raise anything, and its text may hold a secret
        found["reason"] = f"{type(error).__name__} in {_line_of(error)}"
    return {key: _hidden(text, used) for key, text in found.items()}


def _hidden(text: str, secrets: Iterable[str]) -> str:
    """Return a text without secrets, and no longer than `_LONGEST`."""
    for value in sorted(secrets, key=len, reverse=True):
        for form in {value, quote(value, safe=""), base64.b64encode(value.encode()).decode()} - {""}:
            text = text.replace(form, "***")
    text = redacted(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def opened(handle: Mapping[str, str], run: str) -> EndedRun:
    """Return the run at a place. Raises RunnerError.

    Args:
        handle: The spec file of a controller in a pod as ``spec``; or a workspace as ``root`` and ``target``.
        run: The run's id.

    """
    if "spec" in handle:
        from .controller_pod import take

        return take(Path(handle["spec"])).ended_run(run)
    from .workspace import open_session

    return open_session(Path(handle["root"]), handle["target"]).ended_run(run)


def _line_of(error: BaseException) -> str:
    """Return the file and line that raised an error, without the values in its text."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else "an unknown place"


def _report(ended: EndedRun) -> str:
    from ..operations.report_contents import contents
    from ..operations.stored_reports import keep
    from ..pages.report import report_html

    return keep(ended.store, ended.view.state.run, report_html(contents(ended.store, ended.view, ended.datastore)))


def _export(tool: str) -> Callable[[EndedRun], str]:
    return lambda ended: export(ended, tool).place


ACTIONS: Mapping[str, Callable[[EndedRun], str]] = {
    REPORT: _report,
    **{tool: _export(tool) for tool in (MLFLOW, OPENTELEMETRY, OPENLINEAGE)},
}
"""The actions by name. Each returns where its result is to be found: an address, or a key of the store.

It imports what it needs, and may be repeated: nothing doubles outside.
"""
