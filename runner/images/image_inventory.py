"""The images of environments in the Docker engine of this machine and on the nodes of a kind cluster."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ..dataclass import dataclass
from ..errors import EnvironmentFailed
from ..ports import StoredEnvironment
from .build_context import REPOSITORY
from .engine import DockerEngine, engine_errors
from .image_reference import short_name
from .kind_nodes import KindNodes

ENGINE = "Docker engine"
Listed = Iterable[StoredEnvironment]


@dataclass(frozen=True, kw_only=True)
class HeldImage:
    """An image of an environment in one place."""

    id: str
    names: frozenset[str]
    """Tags and digests, in the short form."""
    place: str
    labels: Mapping[str, str]
    size: int = 0
    made: datetime | None = None
    busy: bool = False
    """True if a container uses it."""


class ImageInventory:
    """An `EnvironmentInventory` of the engine's images, and of those on a kind cluster's nodes or in a registry.

    A registry's images are listed and never deleted: other machines may use them.
    """

    def __init__(
        self, engine: DockerEngine, nodes: KindNodes | None = None, registry: Callable[[], Listed] = tuple
    ) -> None:
        """Remember the places. `registry` returns the images of a registry; it may raise EnvironmentFailed."""
        self._engine = engine
        self._nodes = nodes
        self._registry = registry

    def stored(self) -> tuple[StoredEnvironment, ...]:
        """Return the images, those of one name together, the newest first. Raises EnvironmentFailed."""
        return (*merged(self._held()), *self._registry())

    def remove(self, listed: StoredEnvironment) -> bool:
        """Delete an image from the engine and all nodes unless a container uses it. Raises EnvironmentFailed."""
        same = [each for each in self._held() if listed.reference in each.names]
        if any(each.busy for each in same):
            return False
        for each in same:
            if each.place == ENGINE:
                self._remove_here(each)
            elif self._nodes is not None:
                self._nodes.run(each.place, ["crictl", "rmi", each.id])
        return True

    def _held(self) -> list[HeldImage]:
        here = list(self._here())
        return [*here, *self._on_nodes({name: each for each in here for name in each.names})]

    def _here(self) -> Iterator[HeldImage]:
        if not self._engine.reachable():
            return
        with engine_errors("the images of environments could not be listed"):
            images = self._engine.client.images.list(filters={"label": "runner.environment"})
            used = {each["ImageID"] for each in self._engine.client.api.containers(all=True)}
        for image in images:
            names = own_names((*(image.attrs.get("RepoTags") or ()), *(image.attrs.get("RepoDigests") or ())))
            if names:
                yield HeldImage(
                    id=image.id or "",
                    names=names,
                    place=ENGINE,
                    labels=image.labels,
                    size=int(image.attrs.get("Size") or 0),
                    made=time_of(str(image.attrs.get("Created") or "")),
                    busy=image.id in used,
                )

    def _on_nodes(self, known: Mapping[str, HeldImage]) -> Iterator[HeldImage]:
        for node in self._nodes.names() if self._nodes else ():
            used = {each.get("imageRef") for each in self._asked(node, "ps").get("containers") or ()}
            for image in self._asked(node, "images").get("images") or ():
                digests = image.get("repoDigests") or ()
                names = own_names((*(image.get("repoTags") or ()), *digests))
                if not names:
                    continue
                same = next((known[name] for name in names if name in known), None)
                labels, made = (
                    (same.labels, same.made) if same else described(self._asked(node, "inspecti", image["id"]))
                )
                yield HeldImage(
                    id=image["id"],
                    names=names,
                    place=node,
                    labels=labels,
                    size=int(image.get("size") or 0),
                    made=made,
                    busy=not used.isdisjoint((image["id"], *digests)),
                )

    def _asked(self, node: str, *words: str) -> Mapping[str, Any]:
        """Return the JSON answer of crictl on a node."""
        if self._nodes is None:
            return {}
        command, *rest = words
        output = self._nodes.run(node, ["crictl", command, "-o", "json", *rest])
        try:
            return dict(json.loads(output))
        except (ValueError, TypeError) as error:
            raise EnvironmentFailed(f"node {node} answered crictl {command} in an unknown form") from error

    def _remove_here(self, image: HeldImage) -> None:
        from docker.errors import ImageNotFound

        for name in sorted(image.names):
            with engine_errors(f"image {name} could not be deleted"):
                try:
                    self._engine.client.images.remove(name)
                except ImageNotFound:
                    continue  # the last tag takes the digests with it


def own_names(names: Iterable[str]) -> frozenset[str]:
    """Return the names of environments' images among the names of an image, in the short form."""
    return frozenset(short_name(name) for name in names if _repository(name) == REPOSITORY)


def described(inspected: Mapping[str, Any]) -> tuple[Mapping[str, str], datetime | None]:
    """Return the labels and the time of an image as ``crictl inspecti`` describes it.

    Some versions of crictl write the details as an object, others as a text that holds its JSON.
    """
    info = inspected.get("info") or {}
    try:
        details = json.loads(info["info"]) if isinstance(info.get("info"), str) else info
    except ValueError:
        details = {}
    spec = details.get("imageSpec") or {}
    return (spec.get("config") or {}).get("Labels") or {}, time_of(str(spec.get("created") or ""))


def merged(held: Iterable[HeldImage]) -> tuple[StoredEnvironment, ...]:
    """Return one environment for the images that share a name, the newest first. Sizes are those of one copy."""
    groups: list[StoredEnvironment] = []
    for each in map(_stored, held):
        same = next((other for other in groups if not other.names.isdisjoint(each.names)), None)
        if same is None:
            groups.append(each)
        else:
            groups[groups.index(same)] = _joined(same, each)
    return tuple(sorted(groups, key=lambda each: each.made.timestamp() if each.made else 0.0, reverse=True))


def _stored(image: HeldImage) -> StoredEnvironment:
    tags = sorted((name for name in image.names if "@" not in name), key=lambda name: ("/" in name, name))
    return StoredEnvironment(
        reference=tags[0] if tags else min(image.names),
        names=image.names,
        place=image.place,
        environment=image.labels.get("runner.environment", ""),
        lock=image.labels.get("runner.lock", ""),
        base=image.labels.get("runner.base", ""),
        size=image.size,
        made=image.made,
        busy=f"a container of {image.place} uses it" if image.busy else "",
    )


def _joined(one: StoredEnvironment, other: StoredEnvironment) -> StoredEnvironment:
    return replace(
        one,
        names=one.names | other.names,
        place=f"{one.place}, {other.place}",
        size=max(one.size, other.size),
        made=one.made or other.made,
        busy=one.busy or other.busy,
    )


def time_of(text: str) -> datetime | None:
    """Return the time that Docker writes with nanoseconds, ``2026-11-28T23:22:39.123456789Z``; None for other texts."""
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _repository(name: str) -> str:
    """Return the last part of a repository's name, without tag and digest."""
    return name.partition("@")[0].rpartition("/")[2].partition(":")[0]
