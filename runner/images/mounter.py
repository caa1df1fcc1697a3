"""The image of the mounter: the CSI node plugin with rclone, named by its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from ..errors import EnvironmentFailed
from ..model.digest import digest_of_bytes
from .docker import DockerBuilder, archive
from .kind_nodes import KindNodes

REPOSITORY = "runner-mounter"
"""The name of the image in every registry."""
_PACKAGE = Path(__file__).parents[1]
_PLACE = Path("images", "mounter", "Dockerfile")
_NAME = "runner"
_PARTS = (
    "__init__.py",
    "dataclass.py",
    "model/__init__.py",
    "model/credentials.py",
    "storage/__init__.py",
    "storage/s3/__init__.py",
    "storage/s3/sign.py",
    "mounter/*.py",
)
"""All that the plugin imports. The image is made again only when one of these changes."""


class MounterImage:
    """Build of the mounter's image by the local engine, and its transfer to the nodes of a kind cluster."""

    def __init__(self, builder: DockerBuilder | None = None) -> None:
        self._builder = builder or DockerBuilder()

    def on_kind(self, cluster: str, notify: Callable[[str], None]) -> str:
        """Return the image after loading it to every node of a kind cluster. Raises EnvironmentFailed."""
        image, nodes = tag(), KindNodes(cluster, self._builder.engine)
        if nodes.hold(image):
            return image
        if not self._builder.exists(image):
            notify(f"building image {image}, which mounts buckets into steps")
            what = "the image of the mounter could not be built"
            self._builder.build(image, build_context(), notify, what=what)
        nodes.load(image, notify)
        return image


@lru_cache(maxsize=1)
def tag() -> str:
    """Return ``runner-mounter:<16 hex digits>``, a digest of its content."""
    return f"{REPOSITORY}:{digest_of_bytes(archive(build_context()).getvalue())[:16]}"


@lru_cache(maxsize=1)
def build_context() -> Mapping[str, bytes]:
    """Return the Dockerfile and the sources of the plugin, by name, from the installed package."""
    found = {"Dockerfile": _dockerfile().read_bytes()}
    for pattern in _PARTS:
        for path in sorted(_PACKAGE.glob(pattern)):
            found[f"{_NAME}/{path.relative_to(_PACKAGE).as_posix()}"] = path.read_bytes()
    return found


def _dockerfile() -> Path:
    """Return the Dockerfile. It is below ``_manifests`` in an installed package, else at the top of the repository."""
    for folder in (_PACKAGE / "_manifests", _PACKAGE.parent):
        if (folder / _PLACE).is_file():
            return folder / _PLACE
    raise EnvironmentFailed(f"{_PLACE} is not part of this installation; install the package again")
