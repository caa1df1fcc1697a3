"""Compute names that a driver has registered: ``registry/computes/<name>.json`` in the workspace store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Mapping

from ..backports import without_suffix
from ..dataclass import dataclass, field
from ..errors import BadInput, ObjectMissing
from ..model.compute import ComputeSettings, VmSize
from ..model.digest import canonical_json
from ..model.names import REGISTRY
from ..model.plan import Plan
from ..model.resources import Resources
from ..model.step import StepSpec
from ..ports import ObjectStore

_PREFIX = f"{REGISTRY}computes/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,62}")
Document = Mapping[str, object]
"""The arguments of `ComputeTarget.create`: ``type``, ``vm_size``, ``min_nodes``, ``max_nodes`` …"""


@dataclass(frozen=True)
class Named:
    """The settings of the compute names in one plan. Unknown names are absent."""

    settings: Mapping[str, ComputeSettings] = field(default_factory=dict)
    created: frozenset[str] = frozenset()
    """The names that `ComputeTarget.create` was called with."""

    @property
    def limits(self) -> dict[str, int]:
        """Return the maximum of parallel steps by compute name."""
        return {name: one.max_nodes for name, one in self.settings.items() if one.max_nodes}


def is_name(name: str) -> bool:
    """Return True if a driver may register the name."""
    return _NAME.fullmatch(name) is not None


def keep(store: ObjectStore, name: str, document: Document) -> None:
    """Register the name, or replace its registration."""
    store.put(_key(name), canonical_json(dict(document)))


def forget(store: ObjectStore, name: str) -> None:
    """Delete the registration of a name. An unknown name is no error."""
    store.delete(_key(name))


def created(store: ObjectStore) -> Iterator[str]:
    """Yield every registered name, sorted."""
    return (without_suffix(info.key[len(_PREFIX) :], ".json") for info in store.list(_PREFIX))


def document_of(store: ObjectStore, name: str) -> Document | None:
    """Return the registration of a name; None if there is none. Raise BadInput if it is damaged."""
    if not is_name(name):
        return None
    try:
        document = json.loads(store.get(_key(name)))
    except ObjectMissing:
        return None
    except (ValueError, RecursionError) as error:
        raise _damaged(name) from error
    if not isinstance(document, dict):
        raise _damaged(name)
    return document


def named(store: ObjectStore, configured: Mapping[str, ComputeSettings], plan: Plan) -> Named:
    """Return the settings of the plan's compute names. Configured ones take precedence over the driver's."""
    settings: dict[str, ComputeSettings] = {}
    made: set[str] = set()
    for name in dict.fromkeys(step.compute for step in plan.steps if step.compute):
        document = document_of(store, name)
        if document is not None:
            made.add(name)
        if document is not None or name in configured:
            settings[name] = _merged(configured.get(name, ComputeSettings()), document or {})
    return Named(settings, frozenset(made))


def with_resources(plan: Plan, known: Named, sizes: Mapping[str, VmSize]) -> Plan:
    """Return the plan with the resources of its compute names, for the steps that request none themselves."""
    if not known.settings:
        return plan
    from ..model.vm_sizes import resources_of

    wished = {name: resources_of(one, sizes) for name, one in known.settings.items()}
    return replace(plan, steps=tuple(_wishing(step, wished.get(step.compute)) for step in plan.steps))


def announce_sizes(known: Named, sizes: Mapping[str, VmSize], notify: Callable[[str], None]) -> None:
    """Report each VM size that is used in another way than its name suggests."""
    if not known.settings:
        return
    from ..model.vm_sizes import size_note

    for name, settings in known.settings.items():
        note = size_note(name, settings, sizes)
        if note:
            notify(note)


def _wishing(step: StepSpec, wish: Resources | None) -> StepSpec:
    """Return the step with the resources of its compute. A request for shared memory alone leaves the rest open."""
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
