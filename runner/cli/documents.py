"""Answers for programs: one JSON document on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..model.document import to_document
from ..model.printable import escape_json
from .output import write_exactly


def print_json(value: object) -> None:
    """Print the written form of `value`."""
    text = json.dumps(to_document(value), indent=2, ensure_ascii=False)
    write_exactly(f"{escape_json(text)}\n")


@contextmanager
def only_documents(*, wanted: bool) -> Iterator[None]:
    """While inside, all that is written to standard output goes to standard error, whoever writes it."""
    if not wanted:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
