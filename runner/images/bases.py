"""Base images of environments: looked at once, and remembered in the workspace's store for everybody.

``environments/bases/<digest of the specification>/<processor>.json`` holds a `BaseImage`. A base that a registry has
is written if absent: every later build, by anybody, uses the image that the first one used. A base that only one
machine has (built there, or in a registry that nobody can reach) is looked at again when its ID there changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..errors import EnvironmentFailed, ObjectMissing
from ..model.digest import canonical_json, digest_of
from ..model.document import to_document
from ..model.environment import EnvironmentSpec
from ..model.stored_documents import read_document
from ..ports import Notify, ObjectStore
from .base_image import PROBE, BaseImage, with_report
from .docker import DockerBuilder
from .image_reference import by_digest

PREFIX = "environments/bases/"


class Bases:
    """The facts of base images, from the store and from the engine of this machine."""

    def __init__(self, builder: DockerBuilder, store: Callable[[], ObjectStore], cache: Path) -> None:
        """Remember the engine, the workspace's store, and a folder of this machine for what can be made again."""
        self._builder = builder
        self._store = store
        self._reports = cache / "image_reports"

    def here(self, spec: EnvironmentSpec, name: str) -> BaseImage | None:
        """Return the facts of an image if the engine has it. The store is neither read nor written.

        Args:
            spec: The environment.
            name: The name of the image.

        Raises:
            EnvironmentFailed: The engine does not answer.

        """
        identity = self._builder.image_id(name)
        return with_report(BaseImage(name=name), self._report(name, identity, spec)) if identity else None

    def known(self, spec: EnvironmentSpec, name: str) -> BaseImage | None:
        """Return what is known of a base image without a pull or a container.

        Args:
            spec: The environment.
            name: The name of the image. Empty: that of the user's Dockerfile.

        """
        found = self._read(spec)
        if found is None or found.name != name:
            return None
        current = found.published or not name or self._builder.image_id(name) in {None, found.digest}
        return found if current else None

    def obtain(self, spec: EnvironmentSpec, name: str, local: str, notify: Notify) -> BaseImage:
        """Return the facts of a base image; pull it and look at it unless they are known. Raises EnvironmentFailed.

        Args:
            spec: The environment.
            name: The name of the image. Empty: that of the user's Dockerfile.
            local: The name of the image in the engine: `name`, or the image that was built from the Dockerfile.
            notify: Receives lines about the pull.

        """
        found = self.known(spec, name)
        if found:
            return found
        if not self._builder.exists(local):
            notify(f"pulling base image {local}")
            self._builder.pull(local, notify)
        return self.look(spec, name, local)

    def look(self, spec: EnvironmentSpec, name: str, local: str) -> BaseImage:
        """Return the facts of an image that the engine has, and remember them. Raises EnvironmentFailed.

        An image whose Python cannot run a step is not remembered: its author may replace it under the same name.
        """
        identity = self._builder.image_id(local) or ""
        seen = with_report(self._identified(name, identity), self._report(local, identity, spec))
        data = canonical_json(to_document(seen))
        if seen.problem(""):
            return seen
        if name and not seen.published:
            self._store().put(self._key(spec), data)
        elif not self._store().put_if_absent(self._key(spec), data):
            return self.known(spec, name) or seen
        return seen

    def _report(self, local: str, identity: str, spec: EnvironmentSpec) -> str:
        """Return what the image tells of its Python. It is kept by the image's ID: to start a container takes long."""
        kept = self._reports / digest_of([identity, spec.interpreter, PROBE])[:32]
        try:
            return kept.read_text(encoding="utf-8")
        except OSError:
            report = self._builder.report(local, spec.interpreter)
        self._reports.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}")
        unfinished.write_text(report, encoding="utf-8")
        unfinished.replace(kept)
        return report

    def _identified(self, name: str, identity: str) -> BaseImage:
        """Return name and digest of an image that the engine has."""
        if not name:
            return BaseImage()
        digest = name.partition("@")[2] or self._published(name)
        return BaseImage(name=name, digest=digest or identity, published=bool(digest))

    def _published(self, name: str) -> str:
        """Return the engine's digest of an image if its registry has it under that digest, too; else empty."""
        digest = self._builder.repository_digest(name)
        try:
            return digest if digest and self._builder.published(by_digest(name, digest)) == digest else ""
        except EnvironmentFailed:
            return ""  # without the registry's answer it is an image of this machine

    def _read(self, spec: EnvironmentSpec) -> BaseImage | None:
        key = self._key(spec)
        try:
            return read_document(BaseImage, self._store().get(key), key)
        except ObjectMissing:
            return None

    def _key(self, spec: EnvironmentSpec) -> str:
        return f"{PREFIX}{spec.digest}/{self._builder.engine.architecture}.json"
