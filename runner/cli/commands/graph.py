"""``runner graph FILE | RUN``: the dependencies of the steps, as a drawing or for other programs."""

from __future__ import annotations

import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ...errors import BadInput
from ...model.document import to_document
from ...operations.graph import Graph, graph_of, without_trials
from ...plan.validate import validate
from ..capture import FileFailed
from ..exits import DONE, FAILED
from ..output import show_all, warn
from ..paint import paint_for
from ..subject import subject

_NO_WIDTH = 0
"""Lines of a file are not cut."""


def run(options: Namespace) -> int:
    """Print the graph, or write it to the file of ``-o``.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: The pipeline cannot run (the exception has every problem), or the file cannot be written.

    """
    try:
        found = subject(options)
    except FileFailed:
        return FAILED
    if problems := validate(found.plan):
        raise BadInput(problems)
    lines = written(graph_of(found.plan, found.state), options)
    if not options.output:
        show_all(lines)
        return DONE
    try:
        Path(options.output).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"cannot write {options.output}: {error.strerror}", remedy="give another path with -o"
        ) from error
    warn(f"{options.output} written")
    return DONE


def written(graph: Graph, options: Namespace) -> Sequence[str]:
    """Return the lines of the graph in the requested format.

    Args:
        graph: The graph.
        options: The command line.

    """
    if options.format == "json":
        return [json.dumps(to_document(graph), indent=2, ensure_ascii=False)]
    graph = graph if options.every else without_trials(graph)
    if options.format in ("mermaid", "dot"):
        from .. import graphformats

        return list(getattr(graphformats, options.format)(graph))
    from ..graphview import graph_view, plain
    from ..paint import Paint

    if options.output:
        return graph_view(graph, Paint(), _NO_WIDTH, every=options.every)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _NO_WIDTH
    lines = graph_view(graph, paint_for(sys.stdout), width, every=options.every)
    return lines if _draws(sys.stdout.encoding) else plain(lines)


def _draws(encoding: str) -> bool:
    try:
        "●│✓".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
