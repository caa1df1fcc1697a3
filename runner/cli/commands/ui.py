"""``runner ui [RUN]``: the web pages of the workspace, for the user of this machine."""

from __future__ import annotations

import html
import os
import secrets
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlencode

from ...config.serve import ServeConfig
from .. import serving
from ..exits import DONE
from ..output import show, warn
from ..reports import find_run


def run(options: Namespace) -> int:
    """Show the pages until Ctrl-C.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: Packages are missing, the address cannot be used, or there is no such run.

    """
    with serving.packages_of("runner ui", "web"):
        from ...pages.rendering import environment
        from ...server import process
        from ...server.metrics import Metrics
        from ...server.sessions import OneTime

        environment()  # which needs jinja2

    session = serving.opened(options.target)
    path = f"/runs/{quote(find_run(session, options.run))}" if options.run else ""
    with ExitStack() as stack:
        place = stack.enter_context(serving.place(settings_of(session.config.serve, options), options, alone=True))
        settings = place.settings
        if not settings.url:
            settings = replace(settings, url=f"http://{serving.shown(settings.host)}:{settings.port}")
        serving.log_to_standard_error()
        once = OneTime(secrets.token_urlsafe(24), session.submitter().user)
        context = serving.context_of(session, settings, options.target, once=once)
        address = address_of(settings, once.text, path)

        def begun() -> None:
            show(f"the pages of this workspace: {address}")
            warn("this address opens one session in one browser; stop with Ctrl-C")
            if not options.no_browser and has_browser(os.environ, sys.platform, sys.stderr.isatty()):
                _open(address, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="runner-ui-"))))

        process.serve(context, Metrics(), place.listening, place.encryption, begun)
    return DONE


def settings_of(configured: ServeConfig, options: Namespace) -> ServeConfig:
    """Return the settings of the server: of this machine alone, whatever those of `runner serve` say.

    Args:
        configured: The section ``serve:``.
        options: The command line.

    """
    alone = replace(configured, url="", host="127.0.0.1", behind_proxy=False, trusted_proxy=None)
    return replace(alone, port=0 if options.port is None else options.port)


def address_of(settings: ServeConfig, once: str, path: str = "") -> str:
    """Return the address that opens the session.

    Args:
        settings: The settings.
        once: The one-time token.
        path: The page to show then. Default: empty, the list of runs.

    """
    return f"{settings.public_url}/login?{urlencode({'once': once, **({'next': path} if path else {})})}"


def has_browser(environ: Mapping[str, str], platform: str, terminal: bool) -> bool:
    """Return True if a browser can be opened in front of the user.

    Args:
        environ: The environment variables.
        platform: As `sys.platform`.
        terminal: True if a person reads the output.

    """
    if not terminal or environ.get("SSH_CONNECTION"):
        return False
    return platform == "darwin" or any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _open(address: str, folder: Path) -> None:
    """Open the browser by a file that only this user can read: others see the arguments of a browser's process."""
    import webbrowser

    file = folder / "open.html"
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><title>runner</title>'
        f'<meta http-equiv="refresh" content="0; url={html.escape(address)}">'
        f'<p><a href="{html.escape(address)}">runner ui</a></p>\n',
        encoding="utf-8",
    )
    file.chmod(0o600)
    try:
        webbrowser.open(file.as_uri())
    except webbrowser.Error as error:
        warn(f"note: no browser could be opened: {error}")
