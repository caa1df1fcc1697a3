"""Actions at the end of each run: the report, and exports to other tools.

Each action is a process of its own with a time limit. It begins when the run has ended, and nothing of it can change
the run: what became of it is a record in the store (`operations.after_run`). A controller that takes over an ended run
does the actions that have no final record; each of them may be repeated without doubling anything.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from socket import gethostname
from typing import Protocol

from ..config.after_run import AfterRunConfig
from ..dataclass import dataclass
from ..errors import RunnerError
from ..model.names import short
from ..model.printable import log_line
from ..operations import after_run as outcomes
from ..operations.after_run import BEGUN, DONE, FAILED, FINAL, MOST_ATTEMPTS, WAITING, Outcome
from ..ports import Clock, Notify, ObjectStore

_ROOT = __name__.rpartition(".")[0]
"""``runner.wiring``, or the same below the private name that the package is loaded under."""
_CODE = f"import sys; sys.path[0] = sys.argv.pop(1); from {_ROOT}.after_run_process import main; main()"
HINT = "hint"
"""The key of a handle with the options with which commands find the run."""
_NEVER = datetime.fromtimestamp(0, timezone.utc)
"""The time of an outcome that is not recorded yet."""
_LONGEST = 500
"""Characters of a reason."""


class EndedRuns(Protocol):
    """The place of runs that have ended, as a controller knows it."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    @property
    def after_run(self) -> AfterRunConfig:
        """The actions at the end of each run."""

    def handle(self) -> Mapping[str, str]:
        """Return what another process needs to open the same place (`after_run_process.opened`)."""


@dataclass(frozen=True)
class Action:
    """An action to do in a process of its own."""

    name: str
    run: str
    handle: Mapping[str, str]
    seconds: float
    """The time limit."""


Act = Callable[[Action], Outcome]
"""Does an action and returns its outcome; the time is not used. It raises nothing."""


def announce(place: EndedRuns, run: str, clock: Clock) -> None:
    """Record which actions will be done at the end of a run, so that nobody forgets one. Raises nothing.

    Args:
        place: The place of the run.
        run: The run's id.
        clock: Tells the times of the records.

    """
    with suppress(RunnerError, OSError):  # as `do_all`, which does what it can
        wanted, seconds = place.after_run, 0.0
        for name in wanted.actions:
            seconds += wanted.seconds(name)
            before = outcomes.read(place.store, run, name)
            if before is None or before.state not in FINAL:
                attempts = before.attempts if before else 0
                hint = place.handle().get(HINT, "")
                found = _mine(name, WAITING, clock, attempts, seconds)
                outcomes.write(place.store, run, replace(found, hint=hint))


def _mine(name: str, state: str, clock: Clock, attempts: int, seconds: float) -> Outcome:
    return Outcome(
        name=name,
        state=state,
        time=clock.now(),
        attempts=attempts,
        seconds=seconds,
        host=gethostname(),
        pid=os.getpid(),
    )


def do_all(place: EndedRuns, run: str, clock: Clock, notify: Notify, act: Act | None = None) -> None:
    """Do what is to be done at the end of a run and was not done yet. Raises nothing.

    Args:
        place: The place of the run, which has ended.
        run: The run's id.
        clock: Tells the times of the records.
        notify: Gets one line for each action.
        act: Does one action. Default: in a process of its own.

    """
    announce(place, run, clock)  # once more: another controller may have been here meanwhile
    try:
        wanted = place.after_run
        for name in wanted.actions:
            action = Action(name, run, place.handle(), wanted.seconds(name))
            outcome = _done(place.store, action, clock, act or in_process)
            if outcome is not None:
                notify(log_line(f"after the run: {outcomes.line(outcome)}"))
    except (RunnerError, OSError) as error:  # the store is away: another controller, or `runner export`, may do it
        notify(f"after the run: what is left to do waits for another controller: {error}")


def _done(store: ObjectStore, action: Action, clock: Clock, act: Act) -> Outcome | None:
    """Do an action, unless it is done, and record what became of it. Raises StoreError."""
    before = outcomes.read(store, action.run, action.name)
    if before is not None and before.state in FINAL:
        return None
    attempts = before.attempts + 1 if before else 1
    if attempts > MOST_ATTEMPTS:
        found = failed(action, f"{MOST_ATTEMPTS} controllers ended while they were at it")
    else:
        begun = _mine(action.name, BEGUN, clock, attempts, action.seconds)
        outcomes.write(store, action.run, replace(begun, hint=action.handle.get(HINT, "")))
        found = act(action)
    found = replace(found, time=clock.now(), attempts=min(attempts, MOST_ATTEMPTS))
    outcomes.write(store, action.run, found)
    return found


def in_process(action: Action) -> Outcome:
    """Do an action in a process of its own, which is killed at the time limit. Return what became of it.

    Args:
        action: The action.

    """
    told = json.dumps({"name": action.name, "run": action.run, "handle": dict(action.handle)})
    command = [sys.executable, "-c", _CODE, str(Path(__file__).parents[2])]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            code, text = _ended(process, told, action.seconds)
    except OSError as error:
        return failed(action, f"its process could not be started: {error}")
    if code is None:
        return failed(action, f"it did not end within {action.seconds:g} s", "see that the server answers")
    with suppress(ValueError, TypeError, KeyError):
        answer = json.loads(text)
        if answer["reason"]:
            return failed(action, str(answer["reason"]), str(answer["remedy"]))
        return Outcome(name=action.name, state=DONE, time=_NEVER, place=str(answer["place"]))
    return failed(action, f"its process ended with exit code {code}, and without an answer")


def _ended(process: subprocess.Popen[bytes], told: str, seconds: float) -> tuple[int | None, bytes]:
    """Return the exit code of an action's process and its answer; no code: it was killed at the time limit."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(f"{told}\n".encode())
        process.stdin.flush()  # it stays open: its end would be that of this controller
    try:
        code = process.wait(seconds)  # the answer is shorter than a pipe holds
    except subprocess.TimeoutExpired:
        process.kill()
        return None, b""
    return code, process.stdout.read()


def failed(action: Action, reason: str, remedy: str = "") -> Outcome:
    """Return the outcome of an action that failed.

    Args:
        action: The action.
        reason: The reason.
        remedy: What to do before it is repeated. Default: empty, nothing.

    """
    again = f"runner {'report' if action.name == 'report' else f'export {action.name}'} {short(action.run)}"
    again += action.handle.get(HINT, "")
    text = " ".join(reason.split())
    return Outcome(
        name=action.name,
        state=FAILED,
        time=_NEVER,
        reason=text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…",
        remedy=f"{remedy}; then: {again}" if remedy else f"repeat it: {again}",
    )
