"""Texts of the registry's pages for what is stored there (pure)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..model.data import DatasetDefinition, DatastorePath
from ..model.firing import Firing, FiringState
from ..model.plan import Plan
from ..model.redaction import redacted
from ..model.step import OutputOf, StepSpec
from ..plan import data_parameters

_LONGEST = 200
"""Characters of a value."""
_PAGE = 20_000
"""Characters of a longer text."""
_SAID = {
    FiringState.CLAIMED: "its run is being submitted",
    FiringState.SUBMITTED: "submitted",
    FiringState.MISSED: "missed: nobody looked at it in time",
    FiringState.REFUSED: "refused",
}


def place_text(definition: DatasetDefinition) -> str:
    """Return where the files of a dataset lie, in one line.

    Args:
        definition: The dataset.

    """
    first = definition.paths[0] if definition.paths else None
    more = len(definition.paths) - 1
    text = f"{first.datastore}/{first.path}" if first else ""
    return f"{text} and {more} more" if more > 0 else text


def environment_facts(document: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the facts of a stored environment, as labels and texts.

    Args:
        document: The environment, as it is stored.

    """
    variables = document.get("variables")
    listed = ", ".join(f"{name}={value}" for name, value in variables.items()) if isinstance(variables, dict) else ""
    return [
        ("Base image", _text(document.get("image"))),
        ("Interpreter", _text(document.get("interpreter")) if document.get("user_managed") else ""),
        ("Variables", redacted(listed)),
        ("Packages until", _text(document.get("packages_until"))),
    ]


def environment_texts(document: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the longer texts of a stored environment with their titles.

    Args:
        document: The environment, as it is stored.

    """
    conda = document.get("conda")
    packages = json.dumps(conda, indent=2, ensure_ascii=False) if conda else ""
    dockerfile = str(document.get("dockerfile") or "")
    return [("Packages", redacted(packages[:_PAGE])), ("Dockerfile", redacted(dockerfile[:_PAGE]))]


def firing_notes(firing: Firing) -> str:
    """Return what is to be said of a firing beside its run.

    Args:
        firing: The firing.

    """
    notes = [
        "by hand" if firing.manual else "",
        firing.why.splitlines()[0] if firing.why else "",
        f"changed files: {', '.join(firing.changed[:5])}{' …' if len(firing.changed) > 5 else ''}"
        if firing.changed
        else "",
        f"{firing.missed} older due times were missed" if firing.missed else "",
    ]
    return "; ".join(filter(None, notes))


def firing_said(firing: Firing) -> str:
    """Return what became of a due time.

    Args:
        firing: The firing.

    """
    return _SAID[firing.state]


def parameter_texts(plan: Plan) -> list[tuple[str, str]]:
    """Return the parameters of a plan with their defaults as texts.

    Args:
        plan: The plan.

    """
    scalars = [(name, value_text(value)) for name, value in plan.parameters.items()]
    data = [(name, data_text(value)) for name, value in data_parameters.defaults(plan).items()]
    return scalars + data


def value_text(value: object) -> str:
    """Return a value of a parameter as text.

    Args:
        value: A scalar.

    """
    return _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def data_text(value: object) -> str:
    """Return the data of a parameter as text.

    Args:
        value: A dataset, or a path of a datastore.

    """
    if isinstance(value, DatasetDefinition):
        version = f" version {value.version}" if value.version else ""
        return _text(f"dataset {value.name}{version}" if value.name else place_text(value))
    if isinstance(value, DatastorePath):
        return _text(f"{value.datastore}/{value.path}")
    return _text(value)


def needs_text(plan: Plan, step: StepSpec) -> str:
    """Return the names of the steps that a step waits for.

    Args:
        plan: Its plan.
        step: The step.

    """
    produced = [given.source.step for given in step.inputs if isinstance(given.source, OutputOf)]
    needs = dict.fromkeys((*produced, *step.after))
    return ", ".join(plan.names.get(key, key) for key in needs)


def _text(value: object) -> str:
    text = str(value or "") if not isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
