"""Compute names that a driver has made known: ``registry/computes/<name>.json`` in the workspace store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ..config import Config
from ..dataclass import dataclass, field
from ..errors import BadInput, ObjectMissing
from ..model.compute import ComputeSettings
from ..model.digest import canonical_json
from ..model.names import REGISTRY
from ..model.plan import Plan
from ..model.resources import Resources
from ..model.step import StepSpec
from ..ports import ObjectStore

_PREFIX = f"{REGISTRY}computes/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,62}")
Document = Mapping[str, object]
"""What `ComputeTarget.create` was told: ``type``, ``vm_size``, ``min_nodes``, ``max_nodes`` …"""


@dataclass(frozen=True)
class Named:
    """What the compute names of one plan stand for; a name that nobody knows is missing."""

    settings: Mapping[str, ComputeSettings] = field(default_factory=dict)
    created: frozenset[str] = frozenset()
    """Names that `ComputeTarget.create` was called with."""

    @property
    def limits(self) -> dict[str, int]:
        """The most steps at a time by compute name."""
        return {name: one.max_nodes for name, one in self.settings.items() if one.max_nodes}


def is_name(name: str) -> bool:
    """Whether a driver may make it known."""
    return _NAME.fullmatch(name) is not None


def keep(store: ObjectStore, name: str, document: Document) -> None:
    """Make the name known, or known anew."""
    store.put(_key(name), canonical_json(dict(document)))


def forget(store: ObjectStore, name: str) -> None:
    """Make the name unknown; an unknown one stays so."""
    store.delete(_key(name))


def created(store: ObjectStore) -> Iterator[str]:
    """Every created name, sorted."""
    return (info.key[len(_PREFIX) :].removesuffix(".json") for info in store.list(_PREFIX))


def document_of(store: ObjectStore, name: str) -> Document | None:
    """What the name was created with; None: it never was. Raises BadInput for a damaged record."""
    if not is_name(name):
        return None
    try:
        document = json.loads(store.get(_key(name)))
    except ObjectMissing:
        return None
    except ValueError as error:
        raise _damaged(name) from error
    if not isinstance(document, dict):
        raise _damaged(name)
    return document


def named(store: ObjectStore, config: Config, plan: Plan) -> Named:
    """What the plan's compute names stand for: the configuration's word goes before the driver's."""
    settings: dict[str, ComputeSettings] = {}
    made: set[str] = set()
    for name in dict.fromkeys(step.compute for step in plan.steps if step.compute):
        document = document_of(store, name)
        if document is not None:
            made.add(name)
        if document is not None or name in config.computes:
            settings[name] = _merged(config.computes.get(name, ComputeSettings()), document or {})
    return Named(settings, frozenset(made))


def with_resources(plan: Plan, known: Named, config: Config) -> Plan:
    """The plan whose steps ask for what their compute names stand for, unless they ask for something themselves."""
    if not known.settings:
        return plan
    from ..model.vm_sizes import resources_of

    wished = {name: resources_of(one, config.vm_sizes) for name, one in known.settings.items()}
    return replace(plan, steps=tuple(_wishing(step, wished.get(step.compute)) for step in plan.steps))


def announce_sizes(known: Named, config: Config, say: Callable[[str], None]) -> None:
    """Say in one line each how sizes are taken that need saying."""
    if not known.settings:
        return
    from ..model.vm_sizes import size_note

    for name, settings in known.settings.items():
        note = size_note(name, settings, config.vm_sizes)
        if note:
            say(note)


def _wishing(step: StepSpec, wish: Resources | None) -> StepSpec:
    """What a step says of its shared memory alone says nothing of the rest."""
    shared = step.resources.shared_memory
    if wish is None or step.resources != Resources(shared_memory=shared):
        return step
    return replace(step, resources=replace(wish, shared_memory=shared))


def _merged(configured: ComputeSettings, document: Document) -> ComputeSettings:
    size, most = document.get("vm_size"), document.get("max_nodes")
    return replace(
        configured,
        vm_size=configured.vm_size or (size if isinstance(size, str) else ""),
        max_nodes=configured.max_nodes or (most if isinstance(most, int) else None),
    )


def _key(name: str) -> str:
    return f"{_PREFIX}{name}.json"


def _damaged(name: str) -> BadInput:
    return BadInput(f"the record of compute '{name}' is damaged", _key(name), "create it again")
