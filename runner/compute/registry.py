"""The types of compute targets. To add one: write its package, and add its line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from ..config.target import TargetConfig
from ..model.document import Document, from_document, to_document
from ..override import override

TYPES = {
    "process": ".process.config:ProcessConfig",
    "kubernetes": ".kubernetes.config:KubernetesConfig",
}
"""``type:`` in the configuration, to the module and class that implement `TargetConfig`."""


class _Registry(Mapping[str, type[TargetConfig]]):
    """The classes of `TYPES`, each imported when it is first used."""

    @override
    def __getitem__(self, kind: str) -> type[TargetConfig]:
        module, _, name = TYPES[kind].partition(":")
        found: type[TargetConfig] = getattr(import_module(module, __package__), name)
        return found

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(TYPES)

    @override
    def __len__(self) -> int:
        return len(TYPES)


TARGETS = _Registry()


def to_entry(config: TargetConfig) -> Document:
    """Return the settings of a target as a document, with their ``type``."""
    kind = next(kind for kind in TARGETS if type(config) is TARGETS[kind])
    return {"type": kind, **to_document(config)}


def from_entry(entry: Document, where: str) -> TargetConfig:
    """Return the settings that `to_entry` made a document of. Raises BadInput. `where` names the document."""
    fields = {name: value for name, value in entry.items() if name != "type"}
    return from_document(TARGETS[entry["type"]], fields, where)
