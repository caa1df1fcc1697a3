"""The arguments of ``runner serve``."""

from __future__ import annotations

from argparse import ArgumentParser

from .numbers import whole

_PORTS = 65535


def describe(parser: ArgumentParser) -> None:
    """Add the options."""
    host = "the IP address to listen at (default: `serve: {host: …}` of runner.yaml, or 127.0.0.1)"
    parser.add_argument("--host", default="", metavar="ADDRESS", help=host)
    port = "the port to listen at; 0: any free one (default: `serve: {port: …}` of runner.yaml, or 8270)"
    parser.add_argument("--port", type=whole(0, _PORTS), metavar="PORT", help=port)
    parser.add_argument("--tls-cert", default="", metavar="FILE", help="the certificate for TLS, in PEM format")
    parser.add_argument("--tls-key", default="", metavar="FILE", help="the private key of the certificate")
    schedules = "do not fire schedules; several servers of one workspace may fire them: a run is started once"
    parser.add_argument("--no-schedules", action="store_true", help=schedules)
