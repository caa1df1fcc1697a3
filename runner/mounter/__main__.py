"""The plugin's process: ``python3 -m runner.mounter``."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc

from . import mounts
from .cgroups import ControlGroups
from .node import Node
from .probe import check_access
from .services import PluginSettings, csi_handlers, registration_handler
from .state import VolumeFolders
from .volume import server_of, unstated_addresses

_THREADS = 32
"""Requests at the same time; each has a limit."""
_LOOK_SECONDS = 1.0
_ASK_EVERY = 10
"""Looks between two questions to every mount."""
_LOG = logging.getLogger("mounter")


def main() -> int:
    """Serve until SIGTERM. The mounts stay: the next plugin finds them."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    environ = os.environ
    endpoints = tuple(environ.get("ENDPOINTS", "").split())
    _tell_endpoints(endpoints)
    settings = PluginSettings(node=environ["NODE_NAME"], endpoints=endpoints)
    own = unstated_addresses(environ.get("HOST_IP", "").split(), endpoints)
    state = Path(environ.get("STATE_FOLDER", "/run/runner-mounter"))
    groups = ControlGroups(Path(environ.get("CGROUP_FOLDER", "/host/cgroup")))
    node = Node(VolumeFolders(state), groups, probe=partial(check_access, own=own))
    mounts.mount_fuse_control()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    servers = serve(node, settings)
    _look_after(node, stop)
    for server in servers:
        server.stop(grace=1).wait(2)
    return 0


def serve(node: Node, settings: PluginSettings) -> tuple[grpc.Server, ...]:
    """Start the services. The registration comes last: the kubelet calls at once."""
    csi = _server(settings.socket)
    csi.add_generic_rpc_handlers(csi_handlers(node, settings))
    csi.start()
    registration = _server(settings.registration)
    registration.add_generic_rpc_handlers((registration_handler(settings),))
    registration.start()
    return csi, registration


def _tell_endpoints(endpoints: Collection[str]) -> None:
    """Log what is wrong with the stated endpoints. The plugin starts all the same: each mount says so, too."""
    if not endpoints:
        _LOG.error("ENDPOINTS is empty: every mount is refused; set it to the endpoints of your stores")
    for wrong in (endpoint for endpoint in endpoints if not server_of(endpoint)):
        _LOG.error("ENDPOINTS: %r is not http://HOST:PORT or https://HOST:PORT, and allows nothing", wrong)


def _server(socket: Path) -> grpc.Server:
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    server = grpc.server(ThreadPoolExecutor(_THREADS))
    server.add_insecure_port(f"unix://{socket}")
    return server


def _look_after(node: Node, stop: threading.Event) -> None:
    looks = 0
    while not stop.is_set():
        began = time.monotonic()
        try:
            node.look_after(ask=looks % _ASK_EVERY == 0)
        except Exception:  # noqa: BLE001 - the next look may work, and mounts must not go unattended
            _LOG.exception("looking after the volumes failed")
        looks += 1
        stop.wait(max(_LOOK_SECONDS, time.monotonic() - began))


if __name__ == "__main__":
    raise SystemExit(main())
