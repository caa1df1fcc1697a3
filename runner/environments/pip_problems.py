"""Lines of pip that cannot be installed on another machine, or that hold a secret in clear text (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ..errors import Problem
from ..model.pip_line import file_line
from ..model.redaction import holds_login, redacted

_FILES = re.compile(r"(?:-c|--constraint|-r|--requirement)\b.*")
_FOLDER = re.compile(r"(?:-f|--find-links)(?:\s+|\s*=\s*)(?!\w[\w+.-]*://|\$\{)(?P<path>\S.*)")
_BUILD = "build a wheel of it (`pip wheel --no-deps .`) and name the wheel; or put the code into the source directory"


def problems(pip: Sequence[str], channels: Iterable[str], where: str) -> Iterator[Problem]:
    """Yield the problems of an environment's lines.

    Args:
        pip: Lines of pip, without local wheels.
        channels: Conda's channels.
        where: The environment, for messages.

    """
    local = [line for line in pip if (named := file_line(line)) and not named.is_wheel]
    if local:
        yield Problem(f"folders and source archives cannot be installed elsewhere: {', '.join(local)}", where, _BUILD)
    wheels = [line for line in pip if (named := file_line(line)) and named.is_wheel]
    if wheels:
        what = f"these wheels are files of another machine, or are not stored: {', '.join(wheels)}"
        yield Problem(what, where, "name a file of this machine, or an address of Environment.add_private_pip_wheel")
    for line in pip:
        if _FILES.fullmatch(line):
            yield Problem(
                f"a line names a file, whose lines are not known here: {line}", where, "list the lines themselves"
            )
        elif _FOLDER.fullmatch(line):
            what = f"a folder of this machine cannot be searched elsewhere: {line}"
            yield Problem(what, where, "name the wheels themselves by their paths: ./wheels/mine-1.0-py3-none-any.whl")
    shown = [redacted(line) for line in (*pip, *channels) if holds_login(line)]
    if shown:
        what = f"an address holds credentials, which would be readable in the plan: {', '.join(shown)}"
        remedy = (
            "name a secret in their place: https://${NAME}@host/simple or https://user:${NAME}@host/simple, with "
            "secrets: {NAME: {env: VARIABLE}} in runner.yaml"
        )
        yield Problem(what, where, remedy)
