"""How commands, inputs and outputs of a step are written in a pipeline file, in their short forms (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.data import DEFAULT_DATASTORE, DataPath, DatasetDefinition, Transform
from ..model.step import (
    InputPath,
    InputSpec,
    Interpreter,
    OutputOf,
    OutputPath,
    OutputSpec,
    ParameterValue,
    RegisterAs,
)
from ..override import override
from .forms import TEXT, UNREAD, Anything, Document, Form, Maybe, Named, Several
from .nodes import Items, Leaf, Node, Reading, Table, kind_of
from .record_form import Keyed, Record

_SHELL = ("/bin/sh", "-c")
_PLACEHOLDERS: Mapping[str, type[InputPath | OutputPath | ParameterValue]] = {
    "input": InputPath,
    "output": OutputPath,
    "parameter": ParameterValue,
}
_PYTHON = "{environment: python}"


class ArgumentForm:
    """Text, ``{input: NAME}``, ``{output: NAME}``, ``{parameter: NAME}`` or ``{environment: python}``."""

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """An Argument."""
        match node:
            case Leaf():
                return TEXT.read(node, path, reading)
            case Table(entries=(only,)) if only.key in _PLACEHOLDERS:
                name = TEXT.read(only.node, path, reading)
                if name is UNREAD or not reading.knows(only.key, str(name), only.line, path):
                    return UNREAD
                return _PLACEHOLDERS[only.key](str(name))
            case Table(entries=(only,)) if (only.key, getattr(only.node, "text", "")) == ("environment", "python"):
                return Interpreter()
            case _:
                what = f"expected text, {{input: …}}, {{output: …}}, {{parameter: …}} or {_PYTHON}"
                reading.wrong(node.line, path, f"{what}, found {kind_of(node)}")
                return UNREAD

    def write(self, value: object) -> Document:
        """Text or a mapping of one key."""
        match value:
            case Interpreter():
                return {"environment": "python"}
            case InputPath() | OutputPath() | ParameterValue():
                return {key: value.name for key, shape in _PLACEHOLDERS.items() if type(value) is shape}
            case _:
                return TEXT.write(value)


class CommandForm:
    """A list of arguments, or one text for the shell."""

    def __init__(self) -> None:
        self.arguments = Several(ArgumentForm())

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A tuple of Arguments."""
        if isinstance(node, Leaf):
            text = TEXT.read(node, path, reading)
            return UNREAD if text is UNREAD else (*_SHELL, text, "sh")
        return self.arguments.read(node, path, reading)

    def write(self, value: object) -> Document:
        """Text where it is one for the shell."""
        match value:
            case ("/bin/sh", "-c", str(text), "sh"):
                return text
            case _:
                return self.arguments.write(value)


class PathForm(Record):
    """A place in a datastore; a text is one in the default datastore."""

    def __init__(self) -> None:
        super().__init__(DataPath, datastore=DEFAULT_DATASTORE)
        self.forms = {"path": TEXT, "datastore": TEXT}

    @override
    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A DataPath."""
        if not isinstance(node, Leaf):
            return super().read(node, path, reading)
        text = TEXT.read(node, path, reading)
        return UNREAD if text is UNREAD else DataPath(DEFAULT_DATASTORE, str(text))

    @override
    def write(self, value: object) -> Document:
        """Text for the default datastore."""
        if isinstance(value, DataPath) and value.datastore == DEFAULT_DATASTORE:
            return value.path
        return super().write(value)


class TransformForm:
    """``{take: {count: 5}}``: the operation and its arguments."""

    def __init__(self) -> None:
        self.arguments = Named(Anything())

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A Transform."""
        if not isinstance(node, Table) or len(node.entries) != 1:
            reading.wrong(node.line, path, f"expected {{operation: {{arguments}}}}, found {kind_of(node)}")
            return UNREAD
        (only,) = node.entries
        arguments = self.arguments.read(only.node, f"{path}.{only.key}", reading)
        return UNREAD if arguments is UNREAD else Transform(only.key, dict(mapping_of(arguments)))

    def write(self, value: object) -> Document:
        """A dict of one key."""
        return {value.operation: self.arguments.write(value.arguments)} if isinstance(value, Transform) else None


class DatasetForm(Record):
    """A dataset's definition."""

    def __init__(self) -> None:
        super().__init__(DatasetDefinition, kind="file", paths=())
        self.forms |= {"paths": Several(PathForm()), "transforms": Several(TransformForm())}


class DatasetInputForm(DatasetForm):
    """A definition; or ``NAME``, ``NAME:VERSION`` of a registered one, which has no paths until it is looked up."""

    @override
    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A DatasetDefinition."""
        if not isinstance(node, Leaf) or node.value is None:
            return super().read(node, path, reading)
        name, colon, version = node.text.rpartition(":")
        if colon and name and version.isdecimal():
            return DatasetDefinition("file", (), name=name, version=int(version))
        return DatasetDefinition("file", (), name=node.text)


class InputForm(Record):
    """Where an input comes from: ``STEP.OUTPUT`` alone, or a mapping with ``from``, ``path`` or ``dataset``."""

    ways = ("from", "path", "dataset")

    def __init__(self) -> None:
        super().__init__(InputSpec)
        rest = {name: form for name, form in self.forms.items() if name not in ("name", "source")}
        origins: dict[str, Form] = {"from": TEXT, "path": TEXT, "datastore": TEXT, "dataset": DatasetInputForm()}
        self.forms = {**origins, **rest, "view": Maybe(DatasetForm())}
        self.defaults |= {**dict.fromkeys(self.ways), "datastore": DEFAULT_DATASTORE}

    @override
    def read_with(self, node: Node, path: str, reading: Reading, given: Mapping[str, object]) -> object:
        """An InputSpec."""
        if not isinstance(node, Leaf):
            return super().read_with(node, path, reading, given)
        source = self._output_of(node, path, reading, node.text)
        return UNREAD if source is UNREAD else InputSpec(str(given["name"]), _output(source))

    @override
    def make(self, values: dict[str, object], node: Table, path: str, reading: Reading) -> object:
        """An InputSpec of exactly one origin."""
        said = [way for way in self.ways if way in values]
        datastore = values.pop("datastore", None)
        if len(said) != 1:
            found = " and ".join(said) or "none of them"
            reading.wrong(node.line, path, f"expected one of {', '.join(self.ways)}; found {found}")
            return UNREAD
        origin = values.pop(said[0])
        if datastore is not None and said != ["path"]:
            reading.wrong(node.line, path, "'datastore' goes with 'path' only", "remove it")
        if origin is UNREAD or datastore is UNREAD:
            return UNREAD
        if said == ["from"]:
            origin = self._output_of(node, path, reading, str(origin))
        elif said == ["path"]:
            origin = DataPath(DEFAULT_DATASTORE if datastore is None else str(datastore), str(origin))
        return super().make({**values, "source": origin}, node, path, reading)

    @override
    def parts(self, value: object) -> dict[str, object]:
        """The origin, and what differs from the defaults."""
        if not isinstance(value, InputSpec):
            return {}
        rest = {name: getattr(value, name) for name in self.forms if hasattr(value, name)}
        origin: dict[str, object]
        match value.source:
            case OutputOf(step, output):
                origin = {"from": f"{step}.{output}"}
            case DataPath(datastore, path):
                origin = {"path": path}
                if datastore != DEFAULT_DATASTORE:
                    origin["datastore"] = datastore
            case DatasetDefinition():
                origin = {"dataset": value.source}
        return origin | {name: part for name, part in rest.items() if part != self.defaults[name]}

    @override
    def write(self, value: object) -> Document:
        """Text where another step's output is all there is to say."""
        parts = self.parts(value)
        return parts["from"] if parts.keys() == {"from"} else super().write(value)

    @staticmethod
    def _output_of(node: Node, path: str, reading: Reading, text: str) -> object:
        step, dot, output = text.rpartition(".")
        if not (dot and step and output) or "/" in text:
            hint = "write STEP.OUTPUT, or {path: …} for files of a datastore"
            reading.wrong(node.line, path, f"expected the output of a step, found '{text}'", hint)
        elif reading.knows("step", step, node.line, path) and reading.makes(step, output, node.line, path):
            return OutputOf(step, output)
        return UNREAD


class OutputsForm(Keyed):
    """A list of names, or a mapping from names to what else is to be said of them."""

    def __init__(self) -> None:
        register = Record(RegisterAs)
        register.forms["view"] = DatasetForm()
        output = Record(OutputSpec)
        output.forms = {**output.forms, "register": Several(register)}
        del output.forms["name"]
        super().__init__(output, "name")

    @override
    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A tuple of OutputSpecs."""
        if not isinstance(node, Items):
            return super().read(node, path, reading)
        names = Several(TEXT).read(node, path, reading)
        return tuple(OutputSpec(str(name)) for name in names) if isinstance(names, tuple) else UNREAD

    @override
    def write(self, value: object) -> Document:
        """Names where they are all."""
        written = super().write(value)
        return written if not isinstance(written, dict) or any(written.values()) else list(written)


def mapping_of(value: object) -> Mapping[str, object]:
    """`value` where it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def _output(value: object) -> OutputOf:
    if not isinstance(value, OutputOf):
        raise TypeError(f"{value!r} is no output")
    return value
