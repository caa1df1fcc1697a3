"""The arguments of ``runner cluster``."""

from __future__ import annotations

from argparse import ArgumentParser

from .published_arguments import TARGET_HELP


def describe(parser: ArgumentParser) -> None:
    """Add the actions and their options.

    Args:
        parser: The parser of ``runner cluster``.
    """
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    up = actions.add_parser("up", help="create the cluster, or the parts of it that are missing")
    up.add_argument("--port", type=int, metavar="PORT", help="the port of the store on this machine (default: 9000)")
    image = "the MinIO image (default: $RUNNER_MINIO_IMAGE, or a pinned version)"
    up.add_argument("--minio-image", default="", metavar="IMAGE", help=image)
    mounter = "do not install the plugin that mounts buckets into steps; steps download their inputs then"
    up.add_argument("--no-mounter", action="store_true", help=mounter)
    help_ = "an address or CIDR that steps may reach beside DNS and the store; repeatable (default: any, but never the "
    help_ += "metadata service of a cloud)"
    up.add_argument("--destination", dest="destinations", action="append", default=[], metavar="CIDR", help=help_)
    help_ = "run the REST server of the current workspace in the cluster"
    up.add_argument("--serve", action="store_true", help=help_)
    help_ = "the port of the server on this machine, for a new cluster (default: 8270)"
    up.add_argument("--serve-port", type=int, default=8270, metavar="PORT", help=help_)
    help_ = "keep the current workspace in a target's namespace, and print the manifests of its REST server"
    serve = actions.add_parser("serve", help=help_)
    serve.add_argument("--target", default="", metavar="NAME", help=TARGET_HELP)
    for action in (up, actions.add_parser("down", help="delete the cluster and all its data")):
        action.add_argument(
            "--name", default="runner", metavar="NAME", help="the name of the kind cluster (default: runner)"
        )
        action.add_argument(
            "--target", default="kind", metavar="NAME", help="the name of the configured target (default: kind)"
        )
