"""From the short forms that people write to the full form of a pipeline file, node by node (pure).

The full form is what `model.document` writes of a `PipelineFile`, so the one reader of documents takes it. Each node
keeps its place. A value of a wrong type stays as it is: the reader refuses it. Problems are added here where the
reader cannot know them: a field that the short form does not have, a name that the file does not define.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..documents.decoding import Findings
from ..model.environment import EnvironmentSpec, NamedEnvironment
from ..model.nodes import Items, Leaf, Node, Place, Table, is_null
from ..model.pip_line import anchored
from ..model.policy import RunPolicy, StepPolicy
from .full_parts import empty, entries, fields, keys, leaf, texts
from .full_search import RULE_FIELDS, SEARCH_FIELDS
from .full_step import INPUT_FIELDS, OUTPUT_FIELDS, STEP_FIELDS, Step, names_of
from .full_workers import WORKERS_FIELDS

DEFAULT_ENVIRONMENT = "default"
"""The name of the environment of a file that has none."""
_FILE = (
    *("continue_on_step_failure", "regenerate_outputs", "policy", "parameters", "node_parameters"),
    *("environments", "steps"),
)
FILE_FIELDS = ("experiment", "description", "tags", *_FILE)
ENVIRONMENT_FIELDS = ("name", *names_of(EnvironmentSpec), *names_of(NamedEnvironment, "name", "spec"))
_RUN_POLICY = names_of(RunPolicy)
_OF_PLAN = ("description", "parameters", "node_parameters")


def full_form(node: Node, base: str, findings: Findings) -> tuple[Table, Table] | None:
    """Return the full form of a pipeline file.

    Args:
        node: The file.
        base: The folder of the file: its paths are relative to it.
        findings: Takes all problems.

    Returns:
        A `PipelineFile`, and the `StepPolicy` of steps that state none; None if the file is no mapping.
    """
    given = None if is_null(node) else fields(node, FILE_FIELDS, findings)
    if given is None:
        if is_null(node):
            findings.wrong(node.place, "expected a mapping, found nothing", "write its steps below 'steps:'")
        return None
    if "steps" not in given:
        findings.wrong(node.place, "field 'steps' is missing", "add 'steps:'")
    policy: dict[str, Node] = (
        fields(given.get("policy") or empty(node), (*_RUN_POLICY, *names_of(StepPolicy)), findings) or {}
    )
    plan = {
        **{key: given[key] for key in _OF_PLAN if key in given},
        "environments": _environments(given.get("environments"), base, node.place, findings),
        "steps": Items(_steps(given, base, findings), node.place),
        "policy": Table({key: each for key, each in policy.items() if key in _RUN_POLICY}, node.place),
    }
    own = {key: each for key, each in given.items() if key not in (*_OF_PLAN, "environments", "steps", "policy")}
    own.update({key: texts(each) for key, each in own.items() if key == "tags"})
    rest = {key: each for key, each in policy.items() if key not in _RUN_POLICY}
    return Table({**own, "plan": Table(plan, node.place)}, node.place), Table(rest, node.place)


def _steps(given: Table, base: str, findings: Findings) -> Iterator[Table]:
    steps, environments = given.get("steps"), given.get("environments")
    own = steps if isinstance(steps, Table) else {}
    made = {key: keys(each.get("outputs")) for key, each in own.items() if isinstance(each, Table)}
    names = {
        "step": keys(steps),
        "environment": (DEFAULT_ENVIRONMENT,) if environments is None else keys(environments),
        "parameter": keys(given.get("parameters")),
    }

    def step(key: str, node: Node) -> Table | None:
        own = node if isinstance(node, Table) else empty(node)
        inner = {**names, "input": keys(own.get("inputs")), "output": keys(own.get("outputs"))}
        return Step(key, base, inner, made, findings).full(node)

    yield from (each for _, each in entries(steps, step, findings))


def _environments(node: Node | None, base: str, place: Place, findings: Findings) -> Table:
    if node is None:
        default: dict[str, Node] = {"name": leaf(DEFAULT_ENVIRONMENT, place), "spec": Table({}, place)}
        return Table({DEFAULT_ENVIRONMENT: Table(default, place)}, place)

    def environment(key: str, node: Node) -> Table | None:
        given = fields(node, ENVIRONMENT_FIELDS, findings)
        if given is None:
            return None
        own: dict[str, Node] = {"name": given.pop("name", leaf(key, node.place))}
        if isinstance(listed := given.get("pip"), Items):
            given["pip"] = Items([_anchored(line, base) for line in listed], listed.place)
        if "variables" in given:
            own["variables"] = texts(given.pop("variables"))
        return Table({**own, "spec": given}, node.place)

    return Table(entries(node, environment, findings), node.place)


def _anchored(line: Node, base: str) -> Node:
    """Return a line of pip with the absolute path of the local wheel that it names."""
    return leaf(anchored(line.text, base), line.place) if isinstance(line, Leaf) and not is_null(line) else line


def known_fields() -> tuple[tuple[str, ...], ...]:
    """Return the fields of the file, a step, an input, an output, an environment, workers, a search and its rule."""
    known = (FILE_FIELDS, STEP_FIELDS, INPUT_FIELDS, OUTPUT_FIELDS, ENVIRONMENT_FIELDS)
    return *known, WORKERS_FIELDS, SEARCH_FIELDS, RULE_FIELDS
