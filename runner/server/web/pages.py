"""All pages. They are on where jinja2 is installed (the extra ``web``)."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from ..operation import Operation
from . import (
    comparisons,
    experiment_pages,
    login,
    pipeline_form,
    registry_home,
    reports,
    run_forms,
    run_pages,
    runs,
    static,
    step_files,
    step_logs,
    step_pages,
)


@cache
def are_on() -> bool:
    """Return True if pages can be made here."""
    return find_spec("jinja2") is not None


def operations() -> tuple[Operation, ...]:
    """Return the operations of all pages. A module of pages adds its own here."""
    return (
        *static.operations(),
        *login.operations(),
        *pipeline_form.operations(),
        *registry_home.operations(),
        *run_forms.operations(),
        *run_pages.operations(),
        *runs.operations(),
        *step_files.operations(),
        *step_logs.operations(),
        *step_pages.operations(),
        *comparisons.operations(),
        *experiment_pages.operations(),
        *reports.operations(),
    )
