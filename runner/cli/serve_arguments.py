"""The arguments of ``runner serve`` and ``runner ui``."""

from __future__ import annotations

from argparse import ArgumentParser

from .numbers import whole

_PORTS = 65535


def describe(parser: ArgumentParser) -> None:
    """Add the options of ``runner serve``."""
    host = "the IP address to listen at (default: `serve: {host: …}` of runner.yaml, or 127.0.0.1)"
    port = "the port to listen at; 0: any free one (default: `serve: {port: …}` of runner.yaml, or 8270)"
    _address(parser, host, port)
    schedules = "do not fire schedules; several servers of one workspace may fire them: a run is started once"
    parser.add_argument("--no-schedules", action="store_true", help=schedules)


def describe_ui(parser: ArgumentParser) -> None:
    """Add the options of ``runner ui``."""
    run = "show the page of a run first: its id, or the beginning or end of it, or latest (default: the list of runs)"
    parser.add_argument("run", nargs="?", default="", metavar="RUN", help=run)
    _address(parser, "the IP address to listen at (default: 127.0.0.1)", "the port to listen at (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address, and open no browser")


def _address(parser: ArgumentParser, host: str, port: str) -> None:
    parser.add_argument("--host", default="", metavar="ADDRESS", help=host)
    parser.add_argument("--port", type=whole(0, _PORTS), metavar="PORT", help=port)
    parser.add_argument("--tls-cert", default="", metavar="FILE", help="the certificate for TLS, in PEM format")
    parser.add_argument("--tls-key", default="", metavar="FILE", help="the private key of the certificate")
