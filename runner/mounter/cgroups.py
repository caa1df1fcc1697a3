"""Control groups of the rclones, outside of the plugin's pod, so that they outlive it.

The container runtime kills what is in a container's own groups when the container ends.
https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

GROUP = "runner-mounter"
MEMORY = 512 << 20
"""Bytes of memory that one rclone may use. It needs 15 MB, and about 1 kB per file that was listed."""
_INHERITED = ("cpuset.cpus", "cpuset.mems")
"""Settings of version 1 without which a new group takes no process."""


class ControlGroups:
    """The groups below one mounted hierarchy of the node."""

    def __init__(self, root: Path) -> None:
        """Keep the place.

        Args:
            root: The node's ``/sys/fs/cgroup``, as the plugin sees it.
        """
        self._root = root

    def move(self, pid: int, volume_id: str) -> None:
        """Move a process to the group of its volume. Raises OSError if it stays in a group of the plugin's pod."""
        for hierarchy in self._hierarchies():
            group = hierarchy / GROUP / volume_id
            _make(hierarchy, group)
            (group / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def remove(self, volume_id: str) -> None:
        """Remove the group of a volume, unless a process in it is still ending: then `sweep` does it later."""
        for hierarchy in self._hierarchies():
            with suppress(OSError):
                (hierarchy / GROUP / volume_id).rmdir()

    def sweep(self, kept: Collection[str]) -> None:
        """Remove the empty groups of volumes that are not among these."""
        for hierarchy in self._hierarchies():
            for group in (hierarchy / GROUP).glob("*/"):
                if group.name not in kept:
                    self.remove(group.name)

    def _hierarchies(self) -> Iterator[Path]:
        if (self._root / "cgroup.controllers").exists():
            yield self._root
            return
        for folder in sorted(self._root.iterdir()) if self._root.is_dir() else ():
            if not folder.is_symlink() and (folder / "cgroup.procs").exists():
                yield folder


def _make(hierarchy: Path, group: Path) -> None:
    for folder in (group.parent, group):
        folder.mkdir(exist_ok=True)
        for name in _INHERITED:
            _copy(folder.parent / name, folder / name)
    if (hierarchy / "cgroup.controllers").exists():
        with suppress(OSError):  # a node without the memory controller
            (group.parent / "cgroup.subtree_control").write_text("+memory", encoding="ascii")
    for name in ("memory.max", "memory.limit_in_bytes"):
        if (group / name).exists():
            with suppress(OSError):
                (group / name).write_text(str(MEMORY), encoding="ascii")


def _copy(source: Path, target: Path) -> None:
    if target.exists() and not target.read_text(encoding="ascii").strip():
        value = source.read_text(encoding="ascii").strip()
        if value:
            target.write_text(value, encoding="ascii")
