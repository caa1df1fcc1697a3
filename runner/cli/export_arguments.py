"""The arguments of ``runner export``."""

from __future__ import annotations

from argparse import ArgumentParser


def describe(parser: ArgumentParser) -> None:
    """Add the tools and their options."""
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True)
    mlflow = tools.add_parser("mlflow", help="write a run and its steps to an MLflow tracking server")
    mlflow.add_argument("--tracking-uri", default="", metavar="URL", help="the address of the server")
    mlflow.add_argument("--experiment", default="", metavar="NAME", help="the experiment there (default: the run's)")
    mlflow.add_argument("--username", default="", metavar="NAME", help="the user name")
    mlflow.add_argument("--password", default="", metavar="'${SECRET}'", help="the secret that is the password")
    _token(mlflow)
    spans = tools.add_parser("opentelemetry", help="send a run as one trace by OTLP over HTTP")
    spans.add_argument("--endpoint", default="", metavar="URL", help="the address of the collector")
    header = "a header of each request; ${SECRET} in it stands for a secret of runner.yaml; repeatable"
    spans.add_argument("--header", dest="headers", action="append", default=[], metavar="NAME=VALUE", help=header)
    lineage = tools.add_parser("openlineage", help="send the events of a run and its steps, or add them to a file")
    place = lineage.add_mutually_exclusive_group()
    place.add_argument("--url", default="", metavar="URL", help="the address of the server")
    place.add_argument("--file", default="", metavar="FILE", help="the file; events that it has are not added again")
    lineage.add_argument("--namespace", default="", metavar="NAME", help="the namespace of jobs")
    _token(lineage)
    for tool in (mlflow, spans, lineage):
        tool.add_argument("run", nargs="?", default="latest", metavar="RUN", help="the run (default: the newest one)")
        tool.add_argument("--json", action="store_true", help="print one JSON document")
        help_ = "the compute target whose store to use (default: `target:` of runner.yaml, or this machine)"
        tool.add_argument("--target", default="", metavar="NAME", help=help_)


def _token(parser: ArgumentParser) -> None:
    parser.add_argument("--token", default="", metavar="'${SECRET}'", help="the secret that is the bearer token")
