"""Reports of an open workspace's runs, and how commands reach the same workspace again."""

from __future__ import annotations

from ..model.data import DataRef
from ..operations.report import RunReport, StepReport, report, step_report
from ..operations.values import RunView
from ..runs import index
from ..wiring import OpenWorkspace


def hint(session: OpenWorkspace) -> str:
    """What must be added to a command for it to find the same store."""
    override = session.override
    return f" --target {override}" if override and override != session.config.target else ""


def find_run(session: OpenWorkspace, text: str) -> str:
    """The run that `text` means. Raises BadInput."""
    return index.find(session.store, text)


def report_of(session: OpenWorkspace, view: RunView) -> RunReport:
    """The whole run."""
    return report(session.store, view, lambda ref: local_path(session, ref), session.store.now())


def report_of_step(session: OpenWorkspace, view: RunView, key: str) -> StepReport:
    """One step of a run."""
    now = session.store.now()
    return step_report(session.store, view, key, locate=lambda ref: local_path(session, ref), now=now)


def local_path(session: OpenWorkspace, ref: DataRef) -> str:
    """Where the data lie on this machine; empty for a bucket's."""
    locate = getattr(session.datastore(ref.datastore), "path", None)
    return str(locate(ref.key)) if locate is not None else ""
