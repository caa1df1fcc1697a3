"""A filter between a local script and its log: the values of secrets leave it as ``***``.

It runs beside the script, in its session, and only where secrets are configured. What it is called with are names
and places; it reads the values itself. A line leaves it as soon as it is whole. It ends with the script's output; a
process that the script has left behind writes to nobody once the script has ended.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ...data.masking import Masking
from ...data.secret_values import masks, readable
from ...model.document import from_document, to_document
from ...model.secret import SecretSource

_IDLE = 0.2
"""Seconds without output after which an unfinished line is let through."""
_PIPE = 1 << 20
"""The most bytes that wait in a pipe (pipe(7), ``/proc/sys/fs/pipe-max-size``): all else is another process's."""
_PACKAGE = Path(__file__).parents[2]
_CODE = f"import sys; sys.path[0] = sys.argv.pop(1); from {__name__} import main; main()"


def command(sources: Mapping[str, SecretSource], state: Path) -> tuple[str, ...]:
    """Return the command line of the filter, in which nothing is secret.

    Args:
        sources: Where the values are read.
        state: The attempt's file that has a line ``ended`` once the script has ended.

    """
    given = json.dumps({name: to_document(source) for name, source in sources.items()})
    return (sys.executable, "-E", "-S", "-c", _CODE, str(_PACKAGE.parent), given, str(state))


def main() -> None:
    """Copy standard input to standard output."""
    sources = from_document(dict[str, SecretSource], json.loads(sys.argv[1]))
    state = Path(sys.argv[2])
    copy(Masking(masks(readable(sources))), _write, lambda: _has_ended(state))


def copy(masking: Masking, write: Callable[[bytes], None], over: Callable[[], bool], source: int = 0) -> None:
    """Copy the file descriptor `source` to its end; once `over`, only what lies in the pipe by then."""
    ended, left = False, _PIPE
    while left > 0:
        ended = ended or over()
        ready, _, _ = select.select([source], [], [], 0 if ended else _IDLE)
        if ready:
            data = os.read(source, 1 << 16)
            left -= len(data) if ended else 0
            if not data:
                break
            write(masking.add(data))
        elif ended:
            break
        else:
            write(masking.idle())
    write(masking.rest())


def _has_ended(state: Path) -> bool:
    try:
        return b"\nended " in state.read_bytes()
    except OSError:
        return False


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]
