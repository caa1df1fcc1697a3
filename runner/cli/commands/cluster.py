"""``runner cluster up | down``: the local Kubernetes cluster."""

from __future__ import annotations

import os
from argparse import Namespace

from ...cluster.options import ClusterOptions
from ...config import machine_file
from ..exits import DONE
from ..output import show


def run(options: Namespace) -> int:
    """Make or delete the local cluster, and print each action.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
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
        ),
        show,
    )
    return DONE
