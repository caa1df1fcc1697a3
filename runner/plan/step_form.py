"""How a step is written in a pipeline file (pure)."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..model.step import (
    Argument,
    Interpreter,
    StepSpec,
)
from ..override import override
from .forms import TEXT, UNREAD, Document, Form, Maybe, Named, Several
from .nodes import Items, Leaf, Node, Reading, Table
from .policy_form import PolicyForm, ResourcesForm
from .port_forms import ArgumentForm, CommandForm, InputForm, OutputsForm, mapping_of
from .record_form import Keyed, Record


class ParametersForm(Named):
    """A list of pipeline parameters, or a mapping from other names that the process sees to them."""

    def __init__(self) -> None:
        super().__init__(TEXT)

    @override
    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A dict."""
        found: object
        if isinstance(node, Items):
            names = Several(TEXT).read(node, path, reading)
            found = {str(name): name for name in names} if isinstance(names, tuple) else UNREAD
        else:
            found = super().read(node, path, reading)
        for name in mapping_of(found).values():
            if name is not UNREAD:
                reading.knows("parameter", str(name), node.line, path)
        return found

    @override
    def write(self, value: object) -> Document:
        """A list where no name differs."""
        names = mapping_of(value)
        return list(names) if all(name == parameter for name, parameter in names.items()) else dict(names)


class StepForm(Record):
    """A step; its key stands before it."""

    def __init__(self) -> None:
        super().__init__(StepSpec)
        plain = {name: form for name, form in self.forms.items() if name != "key"}
        special: dict[str, Form] = {
            "name": TEXT,
            "source": Maybe(TEXT),
            "snapshot": TEXT,
            "script": TEXT,
            "arguments": Several(ArgumentForm()),
            "command": CommandForm(),
            "environment": TEXT,
            "compute": TEXT,
            "inputs": Keyed(InputForm(), "name"),
            "outputs": OutputsForm(),
            "parameters": ParametersForm(),
            "resources": ResourcesForm(),
            "policy": PolicyForm(),
        }
        self.forms = special | {name: form for name, form in plain.items() if name not in special}
        self.defaults |= dict.fromkeys(("script", "command", "environment", "compute", "arguments"), "")
        self.draft_only = frozenset({"source"})
        self.locked_only = frozenset({"snapshot"})

    @override
    def read_with(self, node: Node, path: str, reading: Reading, given: Mapping[str, object]) -> object:
        """A StepSpec; its arguments may name its own inputs and outputs only."""
        reading.locked = "snapshot" in names_in(node)
        reading.define(input=names_in(node, "inputs"), output=names_in(node, "outputs"))
        return super().read_with(node, path, reading, given)

    @override
    def make(self, values: dict[str, object], node: Table, path: str, reading: Reading) -> object:
        """A StepSpec."""
        values.setdefault("name", values["key"])
        values["source"] = self._source(values, reading)
        values["environment"] = self._environment(values, node, path, reading)
        values["command"] = self._command(values, node, path, reading)
        values.pop("arguments", None)
        after = values.get("after")
        for each in after if isinstance(after, tuple) else ():
            reading.knows("step", each, node.line, f"{path}.after")
        return super().make(values, node, path, reading)

    @override
    def parts(self, value: object) -> dict[str, object]:
        """What differs from the defaults; the script with its arguments where the command is just that."""
        out = super().parts(value)
        if not isinstance(value, StepSpec):
            return out
        if value.name == value.key:
            out.pop("name", None)
        if value.script and value.command[:2] == (Interpreter(), value.script):
            del out["command"]
            out["arguments"] = value.command[2:]
        if not out.get("arguments"):
            out.pop("arguments", None)
        if value.source == os.curdir:
            del out["source"]
        elif not value.source and not value.snapshot:
            out["source"] = None
        return {name: out[name] for name in self.forms if name in out}

    @staticmethod
    def _source(values: Mapping[str, object], reading: Reading) -> object:
        if reading.locked:
            return ""
        source = values.get("source", os.curdir)
        return "" if source is None else source if source is UNREAD else reading.beside(str(source))

    @staticmethod
    def _environment(values: Mapping[str, object], node: Table, path: str, reading: Reading) -> object:
        known = reading.names.get("environment", {})
        if "environment" not in values and len(known) == 1:
            return next(iter(known))
        name = values.get("environment", "")
        if name == "":
            reading.wrong(node.line, path, "'environment' is missing", f"say which: {', '.join(known)}")
        elif name is not UNREAD:
            reading.knows("environment", str(name), node.line, f"{path}.environment")
        return name

    @staticmethod
    def _command(values: Mapping[str, object], node: Table, path: str, reading: Reading) -> object:
        script, arguments, command = (values.get(name) for name in ("script", "arguments", "command"))
        if command is None and not script:
            reading.wrong(node.line, path, "it has neither a script nor a command", "add one")
        elif command is not None and arguments is not None:
            reading.wrong(node.line, path, "'arguments' go with a script alone", "put them into the command")
        elif command is None:
            rest: tuple[Argument, ...] = arguments if isinstance(arguments, tuple) else ()
            return UNREAD if UNREAD in (script, arguments) else (Interpreter(), script, *rest)
        return command


def names_in(node: Node, *path: str) -> tuple[str, ...]:
    """The names that a list or a mapping below `node` says, before anything of it is read."""
    for name in path:
        found = [entry.node for entry in node.entries if entry.key == name] if isinstance(node, Table) else []
        if not found:
            return ()
        node = found[0]
    match node:
        case Table():
            return tuple(entry.key for entry in node.entries)
        case Items():
            return tuple(item.text for item in node.items if isinstance(item, Leaf))
        case Leaf():
            return ()
