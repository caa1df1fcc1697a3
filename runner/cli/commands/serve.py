"""``runner serve``: the REST server of the workspace, and its pages. It also fires schedules, where no cluster does."""

from __future__ import annotations

import ipaddress
import os
from argparse import Namespace
from typing import TYPE_CHECKING

from ...config.serve import ServeConfig
from ...wiring import OpenWorkspace, SystemClock
from .. import serving
from ..exits import DONE
from ..output import warn

if TYPE_CHECKING:
    from ...server.firing import ScheduleThread
    from ...server.metrics import Metrics

_AUDIT_SECONDS = 5.0
"""The most seconds that the end of the server waits for the reader of the audit log."""


def run(options: Namespace) -> int:
    """Serve until a signal.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: Packages are missing, or the address or the TLS files cannot be used.

    """
    with serving.packages_of("runner serve", "serve"):
        from ...server import process
        from ...server.audit import AuditLog
        from ...server.metrics import Metrics

    session = serving.opened(options.target)
    with serving.place(session.config.serve, options) as place:
        settings = place.settings
        serving.log_to_standard_error()
        _make_machine_token(session, settings)
        metrics = Metrics()
        audit = AuditLog(_write_line)
        context = serving.context_of(session, settings, options.target, audit.add)
        schedules = _schedules(session, options, metrics)
        try:
            process.serve(
                context,
                metrics,
                place.listening,
                place.encryption,
                lambda: _say(settings, fires=schedules is not None),
            )
        finally:
            if schedules is not None:
                schedules.stop(process.GRACE_SECONDS)
            audit.close(_AUDIT_SECONDS)
    return DONE


def _schedules(session: OpenWorkspace, options: Namespace, metrics: Metrics) -> ScheduleThread | None:
    """Return the running thread that fires schedules; None where CronJobs do it, or nobody wants it."""
    from ...wiring.detached import controllers_of

    if options.no_schedules or session.config.detach or controllers_of(session) is not None:
        return None
    from ...server.firing import ScheduleThread

    made = ScheduleThread(lambda: serving.opened(options.target), metrics)
    made.start()
    return made


def _make_machine_token(session: OpenWorkspace, settings: ServeConfig) -> None:
    """Make the token of this machine, for clients on it. A pod would make another one at every start."""
    if not ipaddress.ip_address(settings.host).is_loopback:
        return
    from ...wiring.server_token import ensure, token_file

    try:
        made = ensure(session.store, session.store_id, SystemClock(), session.submitter().user)
    except OSError as error:
        warn(f"note: this machine gets no token, since its file cannot be written: {error}")
        return
    if made:
        warn(f"the token of this machine: {token_file(session.store_id)} (others: runner token create)")


def _say(settings: ServeConfig, *, fires: bool) -> None:
    from ...server.web import pages

    schedules = "schedules are fired" if fires else "schedules are not fired by this process"
    web = "" if pages.are_on() else "; without pages, which need: pip install 'kube-runner[web]'"
    warn(f"runner serves {settings.public_url} ({schedules}{web}); stop it with Ctrl-C")


def _write_line(text: str) -> None:
    """Write to standard output, past Python's buffer: its lock would be held while a reader lets the writer wait."""
    data = text.encode()
    while data:
        data = data[os.write(1, data) :]
