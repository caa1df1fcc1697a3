"""``runner serve``: the REST server of the workspace. It also fires schedules, where no cluster does."""

from __future__ import annotations

import ipaddress
import logging
import os
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...config.serve import ServeConfig
from ...errors import BadInput
from ...wiring import OpenWorkspace, SystemClock, open_session
from ..exits import DONE
from ..output import warn

if TYPE_CHECKING:
    from ...server.audit import AuditLog
    from ...server.context import Context
    from ...server.firing import ScheduleThread
    from ...server.metrics import Metrics

_PACKAGES = ("starlette", "uvicorn", "prometheus_client", "h11", "anyio")
_AUDIT_SECONDS = 5.0
"""The most seconds that the end of the server waits for the reader of the audit log."""
_log = logging.getLogger("runner.workspace")


def run(options: Namespace) -> int:
    """Serve until a signal.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: Packages are missing, or the address or the TLS files cannot be used.

    """
    try:
        from ...server import process
        from ...server.audit import AuditLog
        from ...server.metrics import Metrics
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        what = f"runner serve needs a package that is not installed: {error.name}"
        raise BadInput(what, remedy="pip install 'kube-runner[serve]'") from error

    session = _opened(options.target)
    settings = _settings(session.config.serve, options)
    encryption = process.Encryption(options.tls_cert, options.tls_key)
    encryption.check(settings)
    with process.bound(settings) as listening:
        settings = replace(settings, port=listening.getsockname()[1])
        if encryption.certificate and not settings.url:
            settings = replace(settings, url=f"https://{_shown(settings.host)}:{settings.port}")
        _log_to_standard_error()
        _make_machine_token(session, settings)
        metrics = Metrics()
        audit = AuditLog(_write_line)
        context = _context(session, settings, options.target, audit)
        schedules = _schedules(session, options, metrics)
        try:
            process.serve(context, metrics, listening, encryption, lambda: _say(settings, fires=schedules is not None))
        finally:
            if schedules is not None:
                schedules.stop(process.GRACE_SECONDS)
            audit.close(_AUDIT_SECONDS)
    return DONE


def _opened(target: str) -> OpenWorkspace:
    session = open_session(Path.cwd(), target)
    session.notify = lambda line: _log.info("%s", line)
    return session


def _settings(configured: ServeConfig, options: Namespace) -> ServeConfig:
    """Return the settings with those of the command line. Raise BadInput."""
    from ...config import serve_rules

    wrong = serve_rules.address(options.host) if options.host else None
    if wrong:
        raise BadInput(wrong[0], f"--host {options.host}", wrong[1])
    port = configured.port if options.port is None else options.port
    return replace(configured, host=options.host or configured.host, port=port)


def _context(session: OpenWorkspace, settings: ServeConfig, target: str, audit: AuditLog) -> Context:
    from ...operations.tokens import Verifier
    from ...server.authorization import Authorization
    from ...server.context import Context, Workspaces

    clock = SystemClock()
    return Context(
        workspaces=Workspaces(lambda: _opened(target)),
        settings=settings,
        authenticate=Authorization(Verifier(session.store, clock), settings, clock),
        clock=clock,
        audit=audit.add,
    )


def _schedules(session: OpenWorkspace, options: Namespace, metrics: Metrics) -> ScheduleThread | None:
    """Return the running thread that fires schedules; None where CronJobs do it, or nobody wants it."""
    from ...wiring.detached import controllers_of

    if options.no_schedules or session.config.detach or controllers_of(session) is not None:
        return None
    from ...server.firing import ScheduleThread

    made = ScheduleThread(lambda: _opened(options.target), metrics)
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
    schedules = "schedules are fired" if fires else "schedules are not fired by this process"
    warn(f"runner serves {settings.public_url} ({schedules}); stop it with Ctrl-C")


def _write_line(text: str) -> None:
    """Write to standard output, past Python's buffer: its lock would be held while a reader lets the writer wait."""
    data = text.encode()
    while data:
        data = data[os.write(1, data) :]


def _log_to_standard_error() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("uvicorn.error", "httpx", "urllib3", "kubernetes"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
