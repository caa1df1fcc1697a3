"""``runner doctor [TARGET]``: checks of compute targets, each with the command that repairs it."""

from __future__ import annotations

import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from ...cluster.doctor import Check, Parts, diagnose, is_well, to_lines
from ...compute.kubernetes.config import KIND_CLUSTER, KIND_TARGET
from ...config import LOCAL
from ...errors import BadInput
from ...operations.datastore_access import silent
from ...ports import ObjectStore
from ...wiring import OpenWorkspace, export_checks, open_session
from ..documents import print_json
from ..exits import DONE, FAILED
from ..output import show
from ..paint import paint_for


def run(options: Namespace) -> int:
    """Check one target, or all that are configured.

    Args:
        options: The command line.

    Returns:
        The exit code: 0 if no check failed.

    Raises:
        BadInput: ``--image`` is given without a target.

    """
    opened = open_session(Path.cwd())
    if options.image and not options.target:
        raise BadInput("--image is for one target", remedy="runner doctor TARGET --image IMAGE")
    names = [options.target] if options.target else sorted(opened.config.targets)
    found = {
        name: _diagnosed(OpenWorkspace(config=opened.config, override=_override(name)), name, options) for name in names
    }
    exports = () if options.target else tuple(export_checks.checks(opened.after_run, opened.secret))
    if options.json:
        targets = [{"target": name, "checks": [_document(each) for each in checks]} for name, checks in found.items()]
        well = all(map(is_well, (*found.values(), exports)))
        print_json({"well": well, "targets": targets, "exports": [_document(each) for each in exports]})
    else:
        paint = paint_for(sys.stdout)
        for at, (name, checks) in enumerate(found.items()):
            show(*[""] * bool(at), paint(name, "bold"), *to_lines(checks))
        if exports:
            show("", paint("at the end of each run", "bold"), *to_lines(exports))
    return DONE if all(map(is_well, (*found.values(), exports))) else FAILED


def _override(name: str) -> str:
    return "" if name == LOCAL else name


def _document(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "ok": check.ok,
        "detail": check.detail,
        "remedy": check.remedy,
        "optional": check.optional,
    }


def _diagnosed(session: OpenWorkspace, name: str, options: Namespace) -> tuple[Check, ...]:
    parts = _parts(session, name)
    if options.target:  # a pod takes its time, and asks something of the cluster: only where it was asked for
        parts = replace(parts, trial=lambda: _trial(session, name, options.image))
    return diagnose(parts)


def _trial(session: OpenWorkspace, name: str, image: str) -> tuple[Check, ...]:
    """Try the bucket of a target from one of its steps. Without pods or a bucket there is nothing to try."""
    import signal

    from ...cluster.pod_trial import Trial, image_for, try_store
    from ...wiring.clock import SystemClock

    settings = session.config.get(name)
    if settings.store is None or settings.reaches_folders:
        return ()
    target = session.trial_target(name)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing stays behind
    try:
        image = image or image_for(session.environments(name))
        return try_store(
            Trial(target=target, store=session.store, image=image, clock=SystemClock(), entropy=os.urandom)
        )
    finally:
        signal.signal(signal.SIGTERM, before)
        target.close()


def _parts(session: OpenWorkspace, name: str) -> Parts:
    if name == KIND_TARGET and name not in session.config.targets:
        return _absent_kind(session)
    settings = session.config.get(name)
    return Parts(
        python=sys.version_info[:3],
        target=name,
        checks=lambda remedy: settings.checks(session.context(name), remedy),
        problems=lambda: silent(session.datastore_names(), session.datastore),
        store=lambda: session.store,
        refuses_overwrite=_refuses_overwrite,
        now=lambda: datetime.now(timezone.utc),
        repair=settings.repair_command(name),
        requirements=settings.requirements,
    )


def _absent_kind(session: OpenWorkspace) -> Parts:
    """Return the parts of the target that `runner cluster up` would configure."""
    from ...compute.kubernetes.doctor import KindParts, kind_checks, repair_command

    def unconfigured(remedy: str) -> Iterator[Check]:
        raise BadInput(f"the cluster is there, but no target '{KIND_TARGET}' is configured", remedy=remedy)

    return Parts(
        python=sys.version_info[:3],
        target=KIND_TARGET,
        checks=unconfigured,
        problems=tuple,
        store=lambda: session.store,
        refuses_overwrite=_refuses_overwrite,
        now=lambda: datetime.now(timezone.utc),
        repair=repair_command(KIND_CLUSTER, KIND_TARGET),
        requirements=lambda remedy: kind_checks(KindParts(KIND_CLUSTER), remedy),
    )


def _refuses_overwrite(store: ObjectStore) -> bool:
    from ...storage.directory import DirectoryStore
    from ...storage.probe import refuses_overwrite

    if isinstance(store, DirectoryStore):  # honoured by link(2); probing would make the folder
        store.check_writable()
        return True
    return refuses_overwrite(store, secrets.token_hex(8))
