"""The full form of a step in a pipeline file (pure): see `full_form`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from ..documents.decoding import Findings
from ..model.data import DEFAULT_DATASTORE, DatasetDefinition, DatastorePath
from ..model.nodes import Items, Leaf, Node, Table, is_null, kind_of
from ..model.reading import unknown
from ..model.shapes import fields_of
from ..model.step import (
    InputPath,
    InputSpec,
    Interpreter,
    OutputOf,
    OutputPath,
    OutputSpec,
    ParameterValue,
    SampledArguments,
    StepSpec,
)
from .full_parts import dataset, empty, entries, fields, leaf, leaves, registered, tagged, texts
from .full_search import search
from .full_workers import workers

SHELL = ("/bin/sh", "-c")
PLACEHOLDERS = {"input": InputPath, "output": OutputPath, "parameter": ParameterValue}
CONSTANTS = {("environment", "python"): Interpreter, ("search", "sampled"): SampledArguments}
"""Placeholders that name nothing."""
_ARGUMENTS = "text, {input: …}, {output: …}, {parameter: …}, {environment: python} or {search: sampled}"
_SOURCES = ("from", "path", "dataset")
_STEP = (
    *("name", "source", "snapshot", "script", "arguments", "command", "environment", "compute"),
    *("inputs", "outputs", "parameters", "resources", "policy"),
)


def names_of(shape: type, *without: str) -> tuple[str, ...]:
    """Return the fields of a dataclass, except some."""
    return tuple(field.name for field in fields_of(shape) if field.name not in without)


STEP_FIELDS = (*_STEP, *names_of(StepSpec, "key", *_STEP))
INPUT_FIELDS = (*_SOURCES[:2], "datastore", "dataset", *names_of(InputSpec, "name", "source"))
OUTPUT_FIELDS = names_of(OutputSpec, "name")


class Step:
    """One step: what its file defines, and where problems go."""

    def __init__(
        self,
        key: str,
        base: str,
        names: Mapping[str, tuple[str, ...]],
        made: Mapping[str, tuple[str, ...]],
        findings: Findings,
    ) -> None:
        self.key = key
        self.base = base
        self.names = names
        """Names that the file defines: ``step``, ``environment``, ``parameter``; ``input``, ``output`` of this step."""
        self.made = made
        """Outputs by step."""
        self.findings = findings

    def full(self, node: Node) -> Table | None:
        """Return the full form of the step."""
        given = fields(node, STEP_FIELDS, self.findings)
        if given is None:
            return None
        name = leaf(self.key, node.place)
        changed: dict[str, Node] = {
            "source": self._source(node, given),
            "environment": self._environment(given),
            "command": self._command(given),
            "inputs": self._ports(given.get("inputs") or empty(node), self._input),
            "outputs": self._outputs(given.get("outputs") or empty(node)),
        }
        for key, change in (("parameters", self._parameters), ("after", self._after), ("resources", _resources)):
            if key in given:
                changed[key] = change(given[key])
        if "variables" in given:
            changed["variables"] = texts(given["variables"])
        if "search" in given:
            changed["search"] = self._search(given["search"])
        if "workers" in given:
            changed["workers"] = workers(given["workers"], self.findings, self._knows)
        if "trial_of" in given and isinstance(given["trial_of"], Leaf):
            self._knows("step", given["trial_of"])
        given.pop("arguments", None)
        return Table({"key": name, "name": name, "compute": leaf("", node.place), **given, **changed}, node.place)

    def _knows(self, kind: str, name: Leaf) -> None:
        """Add a problem if the file does not define the name."""
        if name.text not in self.names[kind]:
            self.findings.wrong(name.place, *unknown(kind, name.text, self.names[kind]))

    def _source(self, node: Node, given: Table) -> Node:
        source = given.get("source")
        if "snapshot" in given:
            if source is not None:
                self.findings.wrong(
                    source.place, "'source' is of a draft, and this step is locked: it has a snapshot", "remove it"
                )
            return leaf("", node.place)
        if source is None:
            stated = isinstance(node, Table) and "source" in node  # null: no folder
            return leaf("" if stated else self._beside(os.curdir), node.place)
        return leaf(self._beside(source.text), source.place) if isinstance(source, Leaf) else source

    def _beside(self, path: str) -> str:
        """Return a path of the file as this process reaches it."""
        return os.path.normpath(os.path.join(self.base, path))  # noqa: PTH118 - text, of no machine yet

    def _environment(self, given: Table) -> Node:
        found, known = given.get("environment"), self.names["environment"]
        if found is None and len(known) == 1:
            return leaf(known[0], given.place)
        if found is None:
            self.findings.wrong(given.place, "field 'environment' is missing", f"name one of: {', '.join(known)}")
        elif isinstance(found, Leaf):
            self._knows("environment", found)
        return found or leaf("", given.place)

    def _command(self, given: Table) -> Node:
        script, arguments, command = (given.get(name) for name in ("script", "arguments", "command"))
        if command is None and (script is None or str(script) == ""):
            self.findings.wrong(given.place, "it has neither a script nor a command", "add one")
        if command is not None and arguments is not None:
            self.findings.wrong(given.place, "'arguments' go with a script alone", "put them into the command")
        if isinstance(command, Leaf):
            return Items([leaf(text, command.place) for text in (*SHELL, command.text, "sh")], command.place)
        if isinstance(command, Items):
            return Items(map(self._argument, command), command.place)
        if command is not None:
            return command
        rest = arguments or Items([], given.place)
        if not isinstance(rest, Items):
            self.findings.wrong(rest.place, f"expected a list, found {kind_of(rest)}")
            rest = Items([], given.place)
        first = script if isinstance(script, Leaf) else leaf("", given.place)
        return Items([tagged(Interpreter, given.place), first, *map(self._argument, rest)], rest.place)

    def _argument(self, node: Node) -> Node:
        if isinstance(node, Leaf) and node.value is not None:
            return leaf(node.text, node.place)
        key, name = next(iter(node.items())) if isinstance(node, Table) and len(node) == 1 else ("", None)
        if key in PLACEHOLDERS and isinstance(name, Leaf):
            self._knows(key, name)
            return tagged(PLACEHOLDERS[key], node.place, name=name)
        if (key, str(name)) in CONSTANTS:
            return tagged(CONSTANTS[key, str(name)], node.place)
        self.findings.wrong(node.place, f"expected {_ARGUMENTS}, found {kind_of(node)}")
        return leaf("", node.place)

    def _ports(self, node: Node, read: Callable[[str, Node], Table | None]) -> Items:
        found = entries(node, read, self.findings)
        return Items((Table({"name": leaf(name, each.place), **each}, each.place) for name, each in found), node.place)

    def _input(self, _name: str, node: Node) -> Table | None:
        if isinstance(node, Leaf) and not is_null(node):
            source = self._output_of(node)
            return source and Table({"source": source}, node.place)
        given = fields(node, INPUT_FIELDS, self.findings)
        if given is None:
            return None
        ways = [way for way in _SOURCES if way in given]
        if len(ways) != 1:
            what = f"expected one of {', '.join(_SOURCES)}; found {' and '.join(ways) or 'none of them'}"
            self.findings.wrong(node.place, what)
            return None
        datastore, origin = given.pop("datastore", None), given.pop(ways[0])
        if datastore is not None and ways != ["path"]:
            self.findings.wrong(node.place, "'datastore' goes with 'path' only", "remove it")
        source = self._source_of(ways[0], origin, datastore)
        if "view" in given:
            given["view"] = dataset(given["view"], self.findings)
        return source and Table({**given, "source": source}, node.place)

    def _source_of(self, way: str, origin: Node, datastore: Node | None) -> Table | None:
        if way == "path":
            store = datastore or leaf(DEFAULT_DATASTORE, origin.place)
            return tagged(DatastorePath, origin.place, datastore=store, path=origin)
        if way == "from" and isinstance(origin, Leaf):
            return self._output_of(origin)
        found = dataset(registered(origin) if isinstance(origin, Leaf) else origin, self.findings)
        if way == "dataset" and isinstance(found, Table):
            return tagged(DatasetDefinition, origin.place, **found)
        expected = "STEP.OUTPUT" if way == "from" else "NAME, NAME:VERSION or a mapping"
        self.findings.wrong(origin.place, f"expected {expected}, found {kind_of(origin)}")
        return None

    def _output_of(self, node: Leaf) -> Table | None:
        step, dot, output = node.text.rpartition(".")
        if not (dot and step and output) or "/" in node.text:
            remedy = "write STEP.OUTPUT, or {path: …} for files of a datastore"
            self.findings.wrong(node.place, f"expected the output of a step, found '{node.text}'", remedy)
            return None
        if step not in self.names["step"]:
            self.findings.wrong(node.place, *unknown("step", step, self.names["step"]))
        elif output not in (known := self.made.get(step, ())):
            what = f"'{step}' has no output '{output}'; it has: {', '.join(known) or 'none'}"
            self.findings.wrong(node.place, what, unknown("output", output, known)[1])
        return tagged(OutputOf, node.place, step=leaf(step, node.place), output=leaf(output, node.place))

    def _outputs(self, node: Node) -> Items:
        if isinstance(node, Items):
            return Items((Table({"name": name}, name.place) for name in leaves(node, self.findings)), node.place)
        return self._ports(node, self._output)

    def _output(self, _name: str, node: Node) -> Table | None:
        given = fields(node, OUTPUT_FIELDS, self.findings)
        register = given and given.get("register")
        if given is not None and isinstance(register, Items):
            given["register"] = Items((self._registration(each) for each in register), register.place)
        return given

    def _registration(self, node: Node) -> Node:
        if not isinstance(node, Table) or "view" not in node:
            return node
        return Table({**node, "view": dataset(node["view"], self.findings)}, node.place)

    def _parameters(self, node: Node) -> Node:
        found = node
        if isinstance(node, Items):
            found = Table(((name.text, name) for name in leaves(node, self.findings)), node.place)
        for name in found.values() if isinstance(found, Table) else ():
            if isinstance(name, Leaf) and not is_null(name):
                self._knows("parameter", name)
        return found

    def _search(self, node: Node) -> Node:
        found = search(node, self.findings)
        if isinstance(found, Table) and "trials" in found:
            self._after(found["trials"])
        return found

    def _after(self, node: Node) -> Node:
        for name in node if isinstance(node, Items) else ():
            if isinstance(name, Leaf) and not is_null(name):
                self._knows("step", name)
        return node


def _resources(node: Node) -> Node:
    """Return the resources, in which the memory is the limit as well unless the file states another."""
    memory = node.get("memory") if isinstance(node, Table) else None
    return Table({"memory_limit": memory, **node}, node.place) if memory and isinstance(node, Table) else node
