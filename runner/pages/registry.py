"""Texts, links and rows of the pages of the registry (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, urlencode

from ..dataclass import dataclass
from ..model.data import DatasetDefinition
from ..model.document import to_document
from ..operations.lineage import DatasetUse, RunFacts, RunsFound
from .shell import Link

HOME = "/registry"
_STEPS = 3
"""The most steps of a run that a row names."""


@dataclass(frozen=True)
class Section:
    """A kind of registered objects."""

    folder: str
    """The last part of its address."""
    title: str
    noun: str
    how: str
    """The way to make the first."""

    @property
    def href(self) -> str:
        """The address of its list."""
        return f"{HOME}/{self.folder}"

    def of(self, name: str, **query: object) -> str:
        """Return the address of one object.

        Args:
            name: Its name or id.
            **query: The query; values that are empty are left out.

        """
        return address(f"{self.href}/{quote(name, safe='')}", **query)


DATASETS = Section("datasets", "Datasets", "dataset", "Scripts register them: dataset.register(workspace, name).")
MODELS = Section("models", "Models", "model", "Scripts register them: run.register_model(name, path).")
ENVIRONMENTS = Section(
    "environments", "Environments", "environment", "Scripts register them: environment.register(workspace)."
)
PIPELINES = Section(
    "pipelines", "Published pipelines", "published pipeline", "Publish one: runner publish FILE --name NAME."
)
ENDPOINTS = Section(
    "endpoints", "Endpoints", "pipeline endpoint", "Scripts make them: PipelineEndpoint.publish(workspace, name, …)."
)
SCHEDULES = Section(
    "schedules", "Schedules", "schedule", "Scripts make them: Schedule.create(workspace, name, pipeline_id, …)."
)
ALL = (DATASETS, MODELS, ENVIRONMENTS, PIPELINES, ENDPOINTS, SCHEDULES)
"""In the order in which they are shown."""


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run that names a registration."""

    facts: RunFacts
    state: str
    inputs: str
    """The steps and inputs that read it, in a few words; empty: that is not the question."""
    versions: tuple[int, ...]
    """The versions that it reads."""


@dataclass(frozen=True, kw_only=True)
class RunRows:
    """The runs that name a registration, as far as runs were looked at."""

    rows: tuple[RunRow, ...]
    said: str
    """The extent of the search, in a sentence."""
    older: str
    """The address that goes on with older runs; empty: there are none."""
    first: str
    """The address of the newest ones; empty: these are they."""


def address(path: str, **query: object) -> str:
    """Return an address.

    Args:
        path: The path, quoted.
        **query: The query; values that are empty, zero or False are left out.

    """
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def crumbs(section: Section, name: str = "") -> tuple[Link, ...]:
    """Return the breadcrumbs of a list, or of one object.

    Args:
        section: The kind.
        name: The object's name. Default: empty, the list.

    """
    home = Link("Registry", HOME)
    return (home, Link(section.title, section.href), Link(name)) if name else (home, Link(section.title))


def run_rows(
    found: RunsFound, states: Mapping[str, str], path: str, query: Mapping[str, object], *, name: str = ""
) -> RunRows:
    """Return the rows of the runs that a search has found.

    Args:
        found: The result of the search.
        states: The states of its runs.
        path: The address of the page.
        query: The query of the page; ``after`` is the cursor of the search.
        name: The dataset that was asked for. Default: empty, none.

    """
    rows = []
    for facts in found.runs:
        uses = [use for use in facts.plan.reads if use.name == name] if name else []
        versions = tuple(sorted({use.version for use in uses}, reverse=True))
        rows.append(RunRow(facts=facts, state=states[facts.run], inputs=inputs_text(uses), versions=versions))
    kept = {key: value for key, value in query.items() if key != "after"}
    return RunRows(
        rows=tuple(rows),
        said=search_text(found, begun=not query.get("after")),
        older=address(path, **kept, after=found.cursor) if found.cursor else "",
        first=address(path, **kept) if query.get("after") else "",
    )


def inputs_text(uses: Sequence[DatasetUse]) -> str:
    """Return the steps and inputs that read a dataset.

    Args:
        uses: The inputs.

    """
    texts = [f"{use.step_name}: {use.input}" for use in uses[:_STEPS]]
    more = len(uses) - _STEPS
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")


def search_text(found: RunsFound, *, begun: bool) -> str:
    """Return how far a search has looked, in a sentence.

    Args:
        found: The result of the search.
        begun: True: it began with the newest run.

    """
    if not found.looked:
        return "There are no runs yet." if begun else "There are no older runs."
    runs = "1 run" if found.looked == 1 else f"{found.looked:,} runs"
    unread = f" The records of {found.unreadable:,} of them cannot be read." if found.unreadable else ""
    if not found.cursor and begun:
        return f"Looked through all {runs}.{unread}"
    which = "the newest " if begun else ""
    back = f", back to {found.since:%Y-%m-%d %H:%M} UTC" if found.since else ""
    more = "" if found.cursor else " There are no older ones."
    return f"Looked through {which}{runs}{back}.{more}{unread}"


def definition_facts(definition: DatasetDefinition) -> list[tuple[str, str]]:
    """Return the facts of a dataset's definition, as labels and texts.

    Args:
        definition: The dataset.

    """
    options = to_document(dict(definition.options))
    return [
        ("Kind", definition.kind),
        ("Format", definition.format),
        ("Options", _listed(options) if isinstance(options, dict) else ""),
        ("Transforms", ", ".join(type(each).__name__ for each in definition.transforms)),
        ("Id", definition.id),
    ]


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items() if value is not None)


def values_text(values: Iterable[tuple[str, object]]) -> str:
    """Return names and values in one line.

    Args:
        values: The pairs.

    """
    return ", ".join(f"{name}={value}" for name, value in values)
