"""``runner cluster up | down | serve``: the local Kubernetes cluster, and the server of a workspace in any cluster."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

from ...cluster.options import ClusterOptions
from ...config import machine_file
from ..exits import DONE
from ..output import show, warn


def run(options: Namespace) -> int:
    """Make or delete the local cluster, and print each action; or print the manifests of a server.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    if options.action == "serve":
        return _print_manifests(options)
    if options.action == "down":
        from ...cluster.down import down

        down(ClusterOptions(configuration=machine_file(), name=options.name, target=options.target), show)
        return DONE
    from ...cluster.up import up

    image = options.minio_image or os.environ.get("RUNNER_MINIO_IMAGE", "")
    up(
        ClusterOptions(
            configuration=machine_file(),
            name=options.name,
            target=options.target,
            port=options.port,
            minio_image=image,
            mounter=not options.no_mounter,
            destinations=tuple(options.destinations),
            server_port=options.serve_port if options.serve else None,
        ),
        show,
    )
    if options.serve:
        from ...cluster.serving import install_server
        from ...wiring import open_session

        session = open_session(Path.cwd(), options.target)
        session.notify = show
        install_server(session, options.name, show)
    return DONE


def _print_manifests(options: Namespace) -> int:
    """Keep the workspace in the cluster, and print what an administrator applies."""
    from ...cluster.serving import keep_workspace, manifests_of
    from ...wiring import open_session

    session = open_session(Path.cwd(), options.target)
    session.notify = warn
    sys.stdout.write(manifests_of(keep_workspace(session)))
    return DONE
