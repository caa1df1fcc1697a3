"""The arguments of ``runner publish``, ``runner pipelines`` and ``runner endpoints``."""

from __future__ import annotations

from argparse import ArgumentParser

NAMED = "NAME[@VERSION]"
_NAMED_HELP = "the name of a published pipeline, with @VERSION for one of several versions; or its id"
TARGET_HELP = "the compute target to use, and with it the store (default: `target:` of runner.yaml, or this machine)"
PARAMETERS_HELP = (
    "the value of a parameter, in place of its default; repeatable. Of data: NAME=DATASTORE/PATH, "
    "or NAME=dataset:REGISTERED[:VERSION]"
)


def describe_publish(parser: ArgumentParser) -> None:
    """Add the options of a publication.

    Args:
        parser: The parser of ``runner publish``.
    """
    name = "the name of the published pipeline (default: the one in the file, or that of the experiment)"
    parser.add_argument("--name", default="", metavar="NAME", help=name)
    parser.add_argument("--version", default="", metavar="TEXT", help="its version (default: the one in the file)")
    parser.add_argument("--description", default="", metavar="TEXT", help="its description")
    parser.add_argument(
        "-p",
        dest="parameters",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="YAML pipelines: the default of a parameter, in place of the file's; repeatable",
    )
    parser.add_argument(
        "--continue-on-failure",
        action="store_true",
        help="after a failure, steps that do not need the failed one still run",
    )


def describe_pipelines(parser: ArgumentParser) -> None:
    """Add the actions on published pipelines.

    Args:
        parser: The parser of ``runner pipelines``.
    """
    from .policy_arguments import describe as describe_policies

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the active published pipelines, newest first")
    listing.add_argument("--all", dest="every", action="store_true", help="disabled and archived ones too")
    show = actions.add_parser("show", help="show the steps, parameters and environments of a published pipeline")
    run = actions.add_parser("run", help="run a published pipeline and wait until the run has ended")
    enable = actions.add_parser("enable", help="let a published pipeline be run again")
    disable = actions.add_parser("disable", help="let nobody run a published pipeline")
    archive = actions.add_parser("archive", help="let nobody run a published pipeline, and leave it out of lists")
    for action in (show, run, enable, disable, archive):
        action.add_argument("name", metavar=NAMED, help=_NAMED_HELP)
    diff = actions.add_parser("diff", help="show how two published pipelines differ")
    diff.add_argument("before", metavar="BEFORE", help=_NAMED_HELP)
    diff.add_argument("after", metavar="AFTER", help="the other one, in the same form")
    run.add_argument("--experiment", default="", metavar="NAME", help="the experiment (default: the pipeline's name)")
    run.add_argument("-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help=PARAMETERS_HELP)
    detach = "run the controller in the cluster and return at once; this machine may be turned off"
    run.add_argument("--detach", action="store_true", help=detach)
    run.add_argument("--logs", action="store_true", help="show the output of the steps while they run")
    describe_policies(run)
    for action in (listing, show, run, enable, disable, archive, diff):
        _common(action)


def describe_endpoints(parser: ArgumentParser) -> None:
    """Add the actions on pipeline endpoints.

    Args:
        parser: The parser of ``runner endpoints``.
    """
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the active pipeline endpoints, newest first")
    listing.add_argument("--all", dest="every", action="store_true", help="disabled and archived ones too")
    show = actions.add_parser("show", help="show the versions of a pipeline endpoint")
    show.add_argument("name", metavar="NAME", help="the name or id of a pipeline endpoint")
    for action in (listing, show):
        _common(action)


def _common(parser: ArgumentParser) -> None:
    parser.add_argument("--target", default="", metavar="NAME", help=TARGET_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
