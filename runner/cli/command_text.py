"""The command of a step for people: what the author wrote, without the program of ours that runs it (pure)."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ..sdk.parallel_run.settings import Settings

_POOL = "_runner_step.sdk.parallel_run.program"
_RANKS = "_runner_step.step.ranks"
_SEARCH = "_runner_step.sdk.hyperdrive.summary"
_TOLD = ("entry_script", "inputs", "output")
"""Settings of a parallel step that stand elsewhere in its view."""


def command_text(command: Sequence[str]) -> str:
    """Return a command as one line; empty for that of a search, whose trials have the author's script.

    Args:
        command: The texts of the command; ``<input data>`` and the like stand for what is known later.

    """
    program, rest = _program(command)
    if program == _SEARCH:
        return ""
    if program == _RANKS and len(rest) > 1:
        return _line(rest[2:])  # a document and the number of parameter servers come first
    given = _settings(command)
    if given is not None:
        return _line([str(given["entry_script"]), *rest[rest.index("--") + 1 :]])
    return _line(command)


def batches_text(command: Sequence[str]) -> str:
    """Return how a parallel step cuts and runs its mini-batches: ``of images, mini_batch_size 5``; empty: it is none.

    Args:
        command: The texts of the command, as for `command_text`.

    """
    given = _settings(command)
    if given is None:
        return ""
    defaults = {field.name: field.default for field in fields(Settings)}
    names = ", ".join(str(one.get("name", "")) for one in given["inputs"])
    others = (
        f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in given.items()
        if name not in _TOLD and value != defaults.get(name) and value != []
    )
    return ", ".join([f"of {names}", *others])


def _program(command: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the module that a command runs, and its arguments; empty if it runs none."""
    return (command[2], command[3:]) if len(command) > 2 and command[1] == "-m" else ("", ())


def _settings(command: Sequence[str]) -> dict[str, Any] | None:
    """Return the settings of a parallel step, with those that parameters give; None: it is none, or a newer one."""
    program, rest = _program(command)
    if program != _POOL or "--" not in rest:
        return None
    try:
        found = json.loads(rest[0])
    except ValueError:
        return None
    if not isinstance(found, dict) or not {"entry_script", "inputs"} <= found.keys():
        return None
    pairs = rest[1 : rest.index("--")]
    return {**found, **dict(zip(pairs[::2], pairs[1::2], strict=False))}


def _line(command: Sequence[str]) -> str:
    return " ".join(one if one.startswith("<") else shlex.quote(one) for one in command)
