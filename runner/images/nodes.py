"""The nodes of a kind cluster: which images they hold, and how they get one."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import EnvironmentFailed
from .docker import Say
from .engine import DockerEngine, engine_errors
from .failure import explain
from .reference import full_name

if TYPE_CHECKING:
    from docker.models.containers import Container

_LABELS = ("io.x-k8s.kind.cluster", "io.x-k8s.kind.role")
"""What kind puts on its containers."""
_WITH_IMAGES = ("control-plane", "worker")
_SNAPSHOTTER = re.compile(r'^\s*snapshotter = "(\w+)"', re.MULTILINE)


class KindNodes:
    """The nodes of one kind cluster on this machine's engine. Errors are EnvironmentFailed."""

    def __init__(self, cluster: str, engine: DockerEngine) -> None:
        self.cluster = cluster
        self._engine = engine

    def names(self) -> list[str]:
        """The nodes' container names; empty: the engine has no such cluster."""
        return sorted(node.name or "" for node in self._nodes())

    def hold(self, image: str, identities: frozenset[str] = frozenset()) -> bool:
        """Whether every node has the image; with `identities`, under one of these digests."""
        nodes = self._nodes()
        return bool(nodes) and all(listed(self._images(node), image, identities) for node in nodes)

    def load(self, image: str, say: Say) -> None:
        """Copy the image from the engine to every node that lacks it."""
        program = shutil.which("kind")
        if program:
            self._load_by_kind(program, image, say)
            return
        for node in self._nodes():
            say(f"copying image {image} to node {node.name}")
            self._import(node, image)

    def _nodes(self) -> list[Container]:
        with engine_errors(f"the nodes of kind cluster {self.cluster!r} could not be listed"):
            found = self._engine.client.containers.list(filters={"label": f"{_LABELS[0]}={self.cluster}"})
            return [node for node in found if node.labels.get(_LABELS[1]) in _WITH_IMAGES]

    def _images(self, node: Container) -> list[Mapping[str, Any]]:
        output = self._run(node, ["crictl", "images", "-o", "json"])
        try:
            return list(json.loads(output)["images"])
        except (ValueError, KeyError, TypeError) as error:
            raise EnvironmentFailed(f"node {node.name} listed its images in an unknown form: {output[:200]}") from error

    def _run(self, node: Container, command: list[str]) -> str:
        with engine_errors(f"node {node.name} could not run {command[0]}"):
            code, output = node.exec_run(command, demux=True)
        out, err = (part.decode(errors="replace") if isinstance(part, bytes) else "" for part in output)
        if code:
            raise EnvironmentFailed(explain(f"node {node.name}: {' '.join(command)} failed", err.splitlines()))
        return out

    def _load_by_kind(self, program: str, image: str, say: Say) -> None:
        say(f"loading image {image} into kind cluster {self.cluster}")
        command = [program, "load", "docker-image", image, "--name", self.cluster]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            what = f"image {image} could not be loaded into kind cluster {self.cluster}"
            raise EnvironmentFailed(explain(what, (done.stdout + done.stderr).splitlines()))

    def _import(self, node: Container, image: str) -> None:
        """As kind does it: a saved image into ``ctr``'s standard input."""
        with engine_errors(f"the snapshotter of node {node.name} could not be read"):
            match = _SNAPSHOTTER.search(self._run(node, ["containerd", "config", "dump"]))
        flags = ["--snapshotter", match[1]] if match else []
        command = ["ctr", "-n", "k8s.io", "images", "import", "--digests", *flags, "-"]
        with engine_errors(f"image {image} could not be copied to node {node.name}"):
            api = self._engine.client.api
            job = api.exec_create(node.id, command, stdin=True)["Id"]
            output = _pipe(api.exec_start(job, socket=True), api.get_image(image))
            code = api.exec_inspect(job)["ExitCode"]
        if code:
            what = f"image {image} could not be copied to node {node.name}"
            raise EnvironmentFailed(explain(what, output.decode(errors="replace").splitlines()))


def listed(images: Iterable[Mapping[str, Any]], image: str, identities: frozenset[str] = frozenset()) -> bool:
    """Whether ``crictl images -o json`` shows the image; with `identities`, under one of these digests."""
    name = full_name(image)
    for entry in images:
        names = {*(entry.get("repoTags") or ()), *(entry.get("repoDigests") or ())}
        digests = {entry.get("id"), *(digest.partition("@")[2] for digest in entry.get("repoDigests") or ())}
        if name in names and (not identities or identities & digests):
            return True
    return False


def _pipe(connection: Any, chunks: Iterator[bytes]) -> bytes:  # noqa: ANN401 - docker gives its transport's own type
    """Write all chunks, close that half of the connection, and read the answer to its end."""
    channel: socket.socket = getattr(connection, "_sock", connection)
    try:
        for chunk in chunks:
            channel.sendall(chunk)
        channel.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: channel.recv(1 << 16), b""))
    finally:
        connection.close()
