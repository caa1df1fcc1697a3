"""``runner report RUN``: a run as one HTML file, which needs no server and no network."""

from __future__ import annotations

import os
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from ...errors import BadInput
from ...operations.report_contents import Limits, contents
from ...wiring import open_session
from ..exits import DONE
from ..formatting import size
from ..output import warn, write_exactly
from ..reports import find_run
from ..serving import packages_of

_STANDARD_OUTPUT = "-"
_HEAD = 4096


def run(options: Namespace) -> int:
    """Write the report of a run, and tell its place and size.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: There is no such run, a package is missing, or the file cannot be written.

    """
    with packages_of("runner report", "web"):
        from ...pages.rendering import environment
        from ...pages.report import report_html

        environment(alone=True)
    session = open_session(Path.cwd(), options.target)
    run_id = find_run(session, options.run)
    place = Path() if options.output == _STANDARD_OUTPUT else _place(options.output, run_id)
    if options.output != _STANDARD_OUTPUT and not options.force:
        _refuse_other_file(place)
    view = session.view(run_id)
    limits = Limits(options.preview_limit, options.previews_limit)
    text = report_html(contents(session.store, view, session.datastore, limits)).encode(errors="replace")
    if options.output == _STANDARD_OUTPUT:
        write_exactly(text.decode())
    else:
        _write(place, text)
    going = "" if view.state.over else "; the run had not ended"
    where = "standard output" if options.output == _STANDARD_OUTPUT else place
    warn(f"report of run {run_id}: {where} ({size(len(text))}){going}")
    return DONE


def _place(output: str, run: str) -> Path:
    given = Path(output)
    return given / f"{run}.html" if not output or given.is_dir() else given


def _refuse_other_file(place: Path) -> None:
    """Raise BadInput if a file would be lost that is no report."""
    from ...pages.report import is_report

    try:
        with place.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadInput(f"cannot write {place}: {error.strerror}", remedy="give another path with -o") from error
    if head and not is_report(head):
        raise BadInput(
            f"{place} exists, and is no report", remedy="give another path with -o, or overwrite it: --force"
        )


def _write(place: Path, text: bytes) -> None:
    """Write the file as a whole, or not at all."""
    draft = place.with_name(f".{place.name}-{os.getpid()}")
    try:
        draft.write_bytes(text)
        draft.replace(place)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise BadInput(f"cannot write {place}: {error.strerror}", remedy="give another path with -o") from error
