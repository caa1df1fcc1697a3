"""The nodes of a kind cluster and their images."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import EnvironmentFailed
from ..ports import Notify
from .build_failure import explain
from .engine import DockerEngine, engine_errors
from .image_reference import full_name, split_tag

if TYPE_CHECKING:
    from docker.models.containers import Container

_LABELS = ("io.x-k8s.kind.cluster", "io.x-k8s.kind.role")
"""The labels of kind's containers."""
_WITH_IMAGES = ("control-plane", "worker")
_SNAPSHOTTER = re.compile(r'^\s*snapshotter = "(\w+)"', re.MULTILINE)


class KindNodes:
    """The nodes of one kind cluster in this machine's engine. Errors are EnvironmentFailed."""

    def __init__(self, cluster: str, engine: DockerEngine) -> None:
        self.cluster = cluster
        self._engine = engine

    def names(self) -> list[str]:
        """Return the nodes' container names; empty if the engine has no such cluster."""
        return sorted(node.name or "" for node in self._nodes())

    def hold(self, image: str, identities: frozenset[str] = frozenset()) -> bool:
        """Return True if every node has the image; with `identities`, under one of these digests."""
        nodes = self._nodes()
        return bool(nodes) and all(listed(self._images(node), image, identities) for node in nodes)

    def digest(self, image: str) -> str:
        """Return the digest by which every node has pulled the image; empty if one has loaded it, or another one."""
        found = {pulled_digest(self._images(node), image) for node in self._nodes()}
        return found.pop() if len(found) == 1 else ""

    def load(self, image: str, notify: Notify) -> None:
        """Copy the image from the engine to every node without it."""
        program = shutil.which("kind")
        if program:
            self._load_by_kind(program, image, notify)
            return
        for node in self._nodes():
            notify(f"copying image {image} to node {node.name}")
            self._import(node, image)

    def run(self, name: str, command: list[str]) -> str:
        """Return what a program on one node prints."""
        with engine_errors(f"node {name} could not be found"):
            node = self._engine.client.containers.get(name)
        return self._run(node, command)

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

    def _load_by_kind(self, program: str, image: str, notify: Notify) -> None:
        notify(f"loading image {image} into kind cluster {self.cluster}")
        command = [program, "load", "docker-image", image, "--name", self.cluster]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            what = f"image {image} could not be loaded into kind cluster {self.cluster}"
            raise EnvironmentFailed(explain(what, (done.stdout + done.stderr).splitlines()))

    def _import(self, node: Container, image: str) -> None:
        """Import the image as kind does: through the standard input of ``ctr``."""
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
    """Return True if ``crictl images -o json`` lists the image; with `identities`, under one of these digests."""
    name = full_name(image)
    for entry in images:
        names = {*(entry.get("repoTags") or ()), *(entry.get("repoDigests") or ())}
        digests = {entry.get("id"), *(digest.partition("@")[2] for digest in entry.get("repoDigests") or ())}
        if name in names and (not identities or identities & digests):
            return True
    return False


def pulled_digest(images: Iterable[Mapping[str, Any]], image: str) -> str:
    """Return the digest of an image in its own repository, as ``crictl images -o json`` lists it; empty: none."""
    name = full_name(image)
    repository, _ = split_tag(name)
    for entry in images:
        if name in (entry.get("repoTags") or ()):
            pairs = (digest.partition("@") for digest in entry.get("repoDigests") or ())
            return next((digest for owner, _, digest in pairs if owner == repository), "")
    return ""


def _pipe(connection: Any, chunks: Iterator[bytes]) -> bytes:  # noqa: ANN401 - docker gives its transport's own type
    """Write all chunks, close that direction of the connection, and read the response to its end."""
    channel: socket.socket = getattr(connection, "_sock", connection)
    try:
        for chunk in chunks:
            channel.sendall(chunk)
        channel.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: channel.recv(1 << 16), b""))
    finally:
        connection.close()
