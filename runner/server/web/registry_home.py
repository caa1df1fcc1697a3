"""The overview of the registry, and all of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from starlette.responses import Response

from ...dataclass import dataclass
from ...operations import catalog
from ...operations.catalog import Kind
from ...operations.lineage import Memory
from ...operations.lineage_products import ModelMemory
from ...operations.published import due_texts, pages
from ...operations.published.pages import Wanted
from ...pages import registry as shown
from ...pages.registry import ALL, ENDPOINTS, ENVIRONMENTS, MODELS, PIPELINES, SCHEDULES, Section
from ...ports import ObjectStore
from ..operation import Call, Operation
from . import registry, registry_published, registry_status
from .page import page
from .routes import shown_page

_NEVER = datetime.min.replace(tzinfo=timezone.utc)
_ITEMS = 6
"""Objects of each kind."""


@dataclass(frozen=True)
class Item:
    """A registered object in a few words."""

    text: str
    href: str
    note: str


@dataclass(frozen=True)
class Card:
    """A kind of registered objects, with some of them."""

    section: Section
    items: tuple[Item, ...]
    count: str
    """The number of objects in words; empty: it is not known."""


def operations() -> tuple[Operation, ...]:
    """Return the operations of the registry's pages."""
    memory, models = Memory(), ModelMemory()
    published = registry_published.Pages(memory)

    def home(call: Call) -> Response:
        with call.context.workspaces.borrow() as workspace:
            cards = [*_named(workspace.store), *_published(workspace.store, published)]
        return page(
            call,
            "registry.html",
            title="Registry",
            section=registry.SECTION,
            cards=cards,
            kind_sections=ALL,
        )

    return (
        shown_page(shown.HOME, "page_registry", "What is registered", home),
        *registry.Pages(memory, models).operations(),
        *published.operations(),
        *registry_status.operations(),
    )


def _named(store: ObjectStore) -> Iterator[Card]:
    for section in (shown.DATASETS, MODELS, ENVIRONMENTS):
        found = catalog.page(store, Kind(section.folder), limit=500)
        newest = sorted(found.names, key=lambda known: known.newest.written or _NEVER, reverse=True)[:_ITEMS]
        items = tuple(Item(each.name, section.of(each.name), f"version {each.newest.number}") for each in newest)
        number = len(found.names)
        yield Card(section, items, f"{number}{'+' if found.cursor else ''}" if number else "")


def _published(store: ObjectStore, known: registry_published.Pages) -> Iterator[Card]:
    wanted = Wanted(limit=_ITEMS)
    pipelines = tuple(
        Item(one.name, PIPELINES.of(one.id), one.version) for one in pages.of_pipelines(store, wanted).items
    )
    yield Card(PIPELINES, pipelines, "")
    endpoints = tuple(
        Item(one.name, ENDPOINTS.of(one.id), f"default version {one.default}")
        for one in known.endpoints(store, wanted).items
    )
    yield Card(ENDPOINTS, endpoints, "")
    schedules = tuple(
        Item(one.name, SCHEDULES.of(one.id), due_texts.when(one)) for one in known.schedules(store, wanted).items
    )
    yield Card(SCHEDULES, schedules, "")
