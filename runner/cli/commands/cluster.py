"""``runner cluster up | down``: the local Kubernetes cluster."""

from __future__ import annotations

import os
from argparse import Namespace

from ...cluster.options import ClusterOptions
from ...config import machine_file
from ..exits import DONE
from ..output import show


def run(options: Namespace) -> int:
    """Make or delete it, saying what is done."""
    if options.action == "down":
        from ...cluster.down import down

        down(ClusterOptions(machine_file(), options.name, options.target), show)
        return DONE
    from ...cluster.up import up

    image = options.minio_image or os.environ.get("RUNNER_MINIO_IMAGE", "")
    up(ClusterOptions(machine_file(), options.name, options.target, options.port, image), show)
    return DONE
