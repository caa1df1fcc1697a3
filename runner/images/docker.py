"""Images built, named and pushed by the local Docker engine."""

from __future__ import annotations

import io
import re
import tarfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..errors import EnvironmentFailed
from .context import LOCK
from .engine import DockerEngine, engine_errors
from .failure import explain
from .reference import split_tag

if TYPE_CHECKING:
    from docker.models.images import Image

Say = Callable[[str], None]

_KEPT = 200
"""Lines of a build's output kept for its error."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CHATTER = (" ---", "Removing intermediate container")
_EXIT = re.compile(r"^The command '.*' returned a (non-zero code: \d+)", re.DOTALL)


class DockerBuilder:
    """What runner asks of the engine about images. Errors are EnvironmentFailed."""

    def __init__(self, engine: DockerEngine | None = None) -> None:
        self.engine = engine or DockerEngine()

    def exists(self, image: str) -> bool:
        """Whether the engine holds the image."""
        return self.image_id(image) is not None

    def image_id(self, image: str) -> str | None:
        """``sha256:…`` of the image the engine holds under that name, or None."""
        held = self._held(image)
        return held.id if held else None

    def identities(self, image: str) -> frozenset[str]:
        """Every digest the engine knows the image by: its id, and those of registries; empty: not held.

        An engine with the containerd store says the manifest's digest where others say the
        configuration's, so what a node lists may match any of them.
        """
        held = self._held(image)
        if held is None:
            return frozenset()
        known = held.attrs.get("RepoDigests") or []
        return frozenset({held.id or "", *(name.partition("@")[2] for name in known)})

    def build(self, image: str, context: Mapping[str, bytes], say: Say, *, what: str, python_note: str = "") -> None:
        """Build and name the image; a base that the engine holds is not pulled again."""
        with engine_errors(what):
            answers = self.engine.client.api.build(
                fileobj=archive(context),
                custom_context=True,
                tag=image,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=None,
                labels={"runner.environment": split_tag(image)[1]},
            )
            _follow(answers, say, what, python_note)

    def lock(self, image: str) -> tuple[str, ...]:
        """The exact versions in an image that runner built, as ``pip freeze`` lines."""
        with engine_errors(f"the lock of image {image} could not be read"):
            container = self.engine.client.containers.create(image, command=["true"])
            try:
                stream, _ = container.get_archive(LOCK)
                data = b"".join(stream)
            finally:
                container.remove(force=True)
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            file = tar.extractfile(LOCK.lstrip("/"))
            return tuple(file.read().decode().splitlines()) if file else ()

    def push(self, image: str, name: str, say: Say) -> str:
        """Push a held image under a registry's name; the digest that the registry gave it."""
        what = f"image {image} could not be pushed to {name}"
        repository, tag = split_tag(name)
        with engine_errors(what):
            self.engine.client.images.get(image).tag(repository, tag=tag)
            answers = self.engine.client.api.push(repository, tag=tag, stream=True, decode=True)
            seen = _follow(answers, say, what)
        if not seen:
            raise EnvironmentFailed(f"{what}: the registry named no digest")
        return seen

    def published(self, name: str) -> str | None:
        """The digest of the image that a registry holds under that name; None: none, or it does not say."""
        from docker.errors import APIError

        with engine_errors(f"the registry could not be asked for {name}"):
            try:
                return self.engine.client.images.get_registry_data(name).id
            except APIError:
                return None  # registries say "denied" for what they do not have, too; the push will tell

    def _held(self, image: str) -> Image | None:
        from docker.errors import ImageNotFound

        with engine_errors(f"Docker could not look up image {image}"):
            try:
                return self.engine.client.images.get(image)
            except ImageNotFound:
                return None


def archive(context: Mapping[str, bytes]) -> io.BytesIO:
    """A build context as the engine takes it: a tar without times or owners, so its cache holds."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in sorted(context.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    buffer.seek(0)
    return buffer


def spoken(answer: Mapping[str, object]) -> Iterator[str]:
    """The lines for people in one answer of the engine's progress stream.

    Layers report their every megabyte under an id; those are left out.
    """
    stream, status = answer.get("stream"), answer.get("status")
    if isinstance(stream, str):
        lines = (_COLOUR.sub("", line).rstrip() for line in stream.splitlines())
        yield from (line for line in lines if line and not line.startswith(_CHATTER))
    elif isinstance(status, str) and ("id" not in answer or status.startswith("Pulling from")):
        yield status


def _follow(answers: Iterable[Mapping[str, object]], say: Say, what: str, python_note: str = "") -> str:
    """Say the lines as they come; the digest of a push. Raises EnvironmentFailed on the first error."""
    last: deque[str] = deque(maxlen=_KEPT)
    digest = ""
    for answer in answers:
        for line in spoken(answer):
            last.append(line)
            say(line)
        aux = answer.get("aux")
        if isinstance(aux, dict):
            digest = str(aux.get("Digest", digest))
        if "error" in answer:
            error = _EXIT.sub(r"the command returned a \1", str(answer["error"]))
            raise EnvironmentFailed(explain(what, [*last, error], python_note=python_note))
    return digest
