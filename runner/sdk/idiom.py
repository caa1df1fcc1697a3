"""v1's idiom for things that may not exist yet: ``try`` to find, on an exception ``create``.

Where nothing is configured every compute name is good, so looking one up need not fail; but a file that says
what to create in that case is to be heard: its ``create`` tells how many nodes there may be.
"""

from __future__ import annotations

import ast
import linecache
from types import FrameType

_NAMES = frozenset({"create", "attach"})


def says_what_to_create(frame: FrameType, failures: frozenset[str]) -> bool:
    """Whether the frame's line stands in a ``try`` with a handler for one of `failures` that calls ``create``."""
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return any(
        isinstance(node, ast.Try)
        and node.body[0].lineno <= frame.f_lineno <= (node.body[-1].end_lineno or 0)
        and any(_catches(handler, failures) and _creates(handler) for handler in node.handlers)
        for node in ast.walk(tree)
    )


def _catches(handler: ast.ExceptHandler, failures: frozenset[str]) -> bool:
    return handler.type is None or any(name in failures for name in _words(handler.type))


def _creates(handler: ast.ExceptHandler) -> bool:
    return any(
        isinstance(node, ast.Call) and not _NAMES.isdisjoint(_words(node.func))
        for statement in handler.body
        for node in ast.walk(statement)
    )


def _words(node: ast.expr) -> set[str]:
    """Names and attributes in an expression."""
    named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return named | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
