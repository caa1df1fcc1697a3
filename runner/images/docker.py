"""Images in the local Docker engine: build, name and push."""

from __future__ import annotations

import io
import re
import tarfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import EnvironmentFailed
from ..model.redaction import redacted
from ..ports import Notify
from . import buildx
from .base_image import PROBE
from .build_failure import explain
from .engine import DockerEngine, engine_errors
from .image_reference import full_name, split_tag
from .layer_progress import LayerProgress
from .registry_errors import explain_registry, unreachable

if TYPE_CHECKING:
    from docker.models.images import Image


_KEPT = 200
"""Lines of a build's output that are kept for its error."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CHATTER = (" ---", "Removing intermediate container")
_EXIT = re.compile(r"^The command '.*' returned a (non-zero code: \d+)", re.DOTALL)


_NO_LABELS: Mapping[str, str] = MappingProxyType({})
Explain = Callable[[Sequence[str]], str]
"""Returns the message for the last lines of an action that failed."""


class DockerBuilder:
    """Requests to the engine about images. Errors are EnvironmentFailed."""

    def __init__(self, engine: DockerEngine | None = None, *, namespace: str = "", secrets: Sequence[str] = ()) -> None:
        """Remember the engine, and how a cluster's nodes pull, for the messages of a registry's errors.

        Args:
            engine: The engine. Default: that of this machine.
            namespace: The namespace of the Jobs. Default: empty, no cluster pulls the images.
            secrets: The names of its image_pull_secrets. Default: none.

        """
        self.engine = engine or DockerEngine()
        self._namespace = namespace
        self._secrets = secrets

    def exists(self, image: str) -> bool:
        """Return True if the engine has the image."""
        return self.image_id(image) is not None

    def image_id(self, image: str) -> str | None:
        """Return the ID ``sha256:…`` of the image with that name in the engine, or None."""
        held = self._held(image)
        return held.id if held else None

    def identities(self, image: str) -> frozenset[str]:
        """Return every digest of the image in the engine: its ID and those of registries. Empty: it is not there.

        An engine with the containerd store reports the manifest's digest where others report the configuration's, so
        the list of a node may match any of them.
        """
        held = self._held(image)
        if held is None:
            return frozenset()
        known = held.attrs.get("RepoDigests") or []
        return frozenset({held.id or "", *(name.partition("@")[2] for name in known)})

    def repository_digest(self, image: str) -> str:
        """Return the digest under which the engine has the image from the image's own repository; empty: none."""
        held, (repository, _) = self._held(image), split_tag(full_name(image))
        for name in held.attrs.get("RepoDigests") or [] if held else []:
            owner, _, digest = name.partition("@")
            if split_tag(full_name(owner))[0] == repository:
                return str(digest)
        return ""

    @cached_property
    def buildkit(self) -> bool:
        """True if BuildKit builds the images; False: the engine's classic builder."""
        return buildx.available()

    def build(
        self,
        image: str,
        context: Mapping[str, bytes],
        notify: Notify,
        *,
        what: str,
        labels: Mapping[str, str] = _NO_LABELS,
    ) -> None:
        """Build and name the image. A base image that the engine has is not pulled again.

        Args:
            image: Its name and tag.
            context: The files of the build context by name.
            notify: Receives each line of the build's output.
            what: The failed action, for the message of an error.
            labels: Labels of the image. Default: none.

        Raises:
            EnvironmentFailed: The build failed.

        """
        if self.buildkit:
            buildx.build(image, archive(context), labels, notify, what)
            return
        with engine_errors(what):
            answers = self.engine.client.api.build(
                fileobj=archive(context),
                custom_context=True,
                tag=image,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=None,
                labels=dict(labels),
            )
            _follow(answers, notify, lambda lines: explain(what, lines))

    def pull(self, image: str, notify: Notify) -> None:
        """Pull an image into the engine. Raises EnvironmentFailed."""
        what = f"image {image} could not be pulled"
        repository, tag = (image, None) if "@" in image else split_tag(image)
        with self._registry_errors(what, image):
            answers = self.engine.client.api.pull(repository, tag=tag, stream=True, decode=True)
            _follow(answers, notify, self._explain(what, image))

    def report(self, image: str, interpreter: str) -> str:
        """Return the output of `base_image.PROBE` in an image that the engine has. Raises EnvironmentFailed."""
        from docker.errors import APIError, ContainerError

        command = ["-c", PROBE, interpreter or "python3"]
        with engine_errors(f"image {image} could not be looked at"):
            try:
                output = self.engine.client.containers.run(
                    image, command, entrypoint="sh", network_disabled=True, remove=True
                )
            except ContainerError:
                return ""
            except APIError as error:
                if "executable file not found" in str(error.explanation):
                    return ""  # an image without a shell
                raise
        return bytes(output).decode(errors="replace")

    def push(self, image: str, name: str, notify: Notify) -> str:
        """Push an image under a registry's name. Return the digest from the registry. Raises EnvironmentFailed."""
        what = f"image {image} could not be pushed to {name}"
        repository, tag = split_tag(name)
        with self._registry_errors(what, name):
            self.engine.client.images.get(image).tag(repository, tag=tag)
            answers = self.engine.client.api.push(repository, tag=tag, stream=True, decode=True)
            seen = _follow(answers, notify, self._explain(what, name))
        if not seen:
            raise EnvironmentFailed(f"{what}: the registry named no digest")
        return seen

    def published(self, name: str) -> str | None:
        """Return the digest of the image with that name in a registry; None if there is none that it reports.

        A registry may refuse what it does not have: then the push shows the reason. Raises EnvironmentFailed if the
        registry does not answer.
        """
        from docker.errors import APIError

        what = f"the registry could not be asked for {name}"
        with self._registry_errors(what, name):
            try:
                return self.engine.quick_client.images.get_registry_data(name).id
            except APIError as error:
                if unreachable(str(error.explanation)):
                    raise
        return None

    @contextmanager
    def _registry_errors(self, what: str, image: str) -> Iterator[None]:
        """Turn the errors of a registry into EnvironmentFailed with a remedy."""
        from docker.errors import APIError

        with engine_errors(what):
            try:
                yield
            except APIError as error:
                explanation = redacted(str(error.explanation or error))
                raise EnvironmentFailed(self._explain(what, image)([explanation])) from error

    def _explain(self, what: str, image: str) -> Explain:
        return lambda lines: explain_registry(what, image, lines[-1], secrets=self._secrets, namespace=self._namespace)

    def _held(self, image: str) -> Image | None:
        from docker.errors import ImageNotFound

        with engine_errors(f"Docker could not look up image {image}"):
            try:
                return self.engine.client.images.get(image)
            except ImageNotFound:
                return None


def archive(context: Mapping[str, bytes]) -> io.BytesIO:
    """Return a build context as a tar file without times and owners, so that the engine's cache works."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in sorted(context.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    buffer.seek(0)
    return buffer


def progress_lines(answer: Mapping[str, object]) -> Iterator[str]:
    """Yield the lines for users in one message of the engine's progress stream, without logins.

    Messages with an ID report the progress of a layer, megabyte by megabyte: see `LayerProgress`.
    """
    stream, status = answer.get("stream"), answer.get("status")
    if isinstance(stream, str):
        lines = (redacted(_COLOUR.sub("", line)).rstrip() for line in stream.splitlines())
        yield from (line for line in lines if line and not line.startswith(_CHATTER))
    elif isinstance(status, str) and ("id" not in answer or status.startswith("Pulling from")):
        yield redacted(status)


def _follow(answers: Iterable[Mapping[str, object]], notify: Notify, message: Explain) -> str:
    """Report the lines as they arrive. Return the digest of a push. Raises EnvironmentFailed at the first error."""
    last: deque[str] = deque(maxlen=_KEPT)
    digest, layers = "", LayerProgress()
    for answer in answers:
        for line in progress_lines(answer):
            last.append(line)
            notify(line)
        if line := layers.line(answer):
            notify(line)
        aux = answer.get("aux")
        if isinstance(aux, dict):
            digest = str(aux.get("Digest", digest))
        if "error" in answer:
            error = _EXIT.sub(r"the command returned a \1", redacted(str(answer["error"])))
            raise EnvironmentFailed(message([*last, error]))
    return digest
