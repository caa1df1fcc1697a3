"""v1's YAML form of a pipeline (``Pipeline.load_yaml``): parameters, data references and steps.

The form is the one that Microsoft documents under "define machine learning pipelines in YAML" for v1.
Every problem has its file and line, and all are reported at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ...dataclass import dataclass
from ...documents import files, yamltext
from ...documents.decoding import Findings, table
from ...errors import BadInput
from ...model.nodes import Items, Leaf, Node, Place, Table, is_null, kind_of, plain
from ...model.reading import unknown
from ..base.exceptions import AzureMLException, PipelineInvalid
from ..base.pipeline_parameter import PipelineParameter
from ..datasets.abstract_dataset import AbstractDataset
from ..datasets.dataset import Dataset
from ..datastores.data_paths import DataPath
from ..datastores.datastore import Datastore
from ..steps.base import PipelineStep

if TYPE_CHECKING:
    from ..workspaces.workspace import Workspace

T = TypeVar("T")
_SECTION = ("name", "description", "parameters", "default_compute", "data_references", "steps")
_TYPES: Mapping[str, type] = {"string": str, "int": int, "float": float, "bool": bool}
_EMPTY: Mapping[str, object] = {"int": 0, "float": 0.0, "bool": False}
"""v1's defaults of parameters that state none."""
_SQL = ("sql_table", "sql_query", "sql_stored_procedure", "sql_stored_procedure_params")


@dataclass(frozen=True)
class PlaceReference:
    """A data reference to a path of a datastore."""

    datastore: Datastore
    path: str


@dataclass(frozen=True)
class Loaded:
    """The content of a pipeline's file."""

    steps: list[PipelineStep]
    description: str


def load(workspace: Workspace, filename: str) -> Loaded:
    """Return the steps and the description of a pipeline in v1's YAML form.

    Args:
        workspace: The workspace with the datastores, datasets and modules that the file names.
        filename: The file.

    Raises:
        PipelineInvalid: (a ValueError) There is no such file, or something in it is wrong.

    """
    from .v1_yaml_steps import Steps

    findings = Findings()
    try:
        document = _document(filename, findings)
        reading = Reading(workspace, findings)
        root = reading.fields(document, ("pipeline",), "a pipeline's file")
        section = reading.fields(root.get("pipeline", Leaf("", None, document.place)), _SECTION, "a pipeline")
        reading.read(section)
        steps = Steps(reading, reading.text(section, "default_compute")).read(section)
        findings.check()
    except PipelineInvalid:
        raise
    except BadInput as error:
        raise PipelineInvalid(list(error.problems)) from error
    return Loaded(steps, reading.text(section, "description") or reading.text(section, "name"))


class Reading:
    """The parameters and data that steps refer to, and the ways to read a value or to report a problem.

    Args:
        workspace: The workspace.
        findings: Takes the problems.

    """

    def __init__(self, workspace: Workspace, findings: Findings) -> None:
        self.workspace = workspace
        self.findings = findings
        self.parameters: dict[str, PipelineParameter] = {}
        self.references: dict[str, PlaceReference | AbstractDataset] = {}
        self.broken: set[str] = set()
        """The names of parameters and references that have a problem: what uses them has none of its own."""

    def read(self, section: Table) -> None:
        """Read the parameters and data references of a pipeline.

        Args:
            section: The mapping below ``pipeline:``.

        """
        if not section.at("steps"):
            self.findings.wrong(section.place, "the pipeline has no steps", "list them under steps:")
        for name, node in self.entries(section, "parameters"):
            self._keep(name, self.parameters, self._parameter(name, node))
        for name, node in self.entries(section, "data_references"):
            self._keep(name, self.references, self._reference(node))

    def fields(self, node: Node, known: Iterable[str], what: str) -> Table:
        """Return a mapping, and report its keys that are not known.

        Args:
            node: The mapping.
            known: The keys that it may have.
            what: The noun for messages.

        """
        if is_null(node):
            self.findings.wrong(node.place, f"expected {what}, found nothing")
        found = table(node, self.findings, what)
        names = tuple(known)
        for key in found:
            if key not in names:
                wrong, remedy = unknown(f"key of {what}", key, names)
                self.findings.wrong(found[key].place, wrong, remedy)
        return found

    def entries(self, above: Table, key: str) -> list[tuple[str, Node]]:
        """Return the names and values of a mapping; none if it is absent.

        Args:
            above: The mapping that holds it.
            key: Its key.

        """
        node = above.at(key)
        return [] if node is None else list(table(node, self.findings).items())

    def text(self, above: Table, key: str) -> str:
        """Return a scalar as it is written; empty if it is absent.

        Args:
            above: The mapping that holds it.
            key: Its key.

        """
        node = above.at(key)
        if node is None or isinstance(node, Leaf):
            return node.text if node else ""
        self.findings.wrong(node.place, f"expected a text, found {kind_of(node)}")
        return ""

    def flag(self, above: Table, key: str, default: T) -> bool | T:
        """Return a truth value.

        Args:
            above: The mapping that holds it.
            key: Its key.
            default: The value if it is absent.

        """
        node = above.at(key)
        if node is None:
            return default
        value = plain(node)
        if not isinstance(value, bool):
            self.findings.wrong(node.place, f"expected true or false, found {kind_of(node)}")
            return default
        return value

    def texts(self, above: Table, key: str) -> list[str]:
        """Return the scalars of a list as they are written; none if it is absent.

        Args:
            above: The mapping that holds it.
            key: Its key.

        """
        node = above.at(key)
        if node is None:
            return []
        if isinstance(node, Items) and all(isinstance(item, Leaf) for item in node):
            return [str(item) for item in node]
        self.findings.wrong(node.place, f"expected a list of texts, found {kind_of(node)}")
        return []

    def tried(self, place: Place, make: Callable[[], T]) -> T | None:
        """Return what `make` returns; None, and its problems, if it raises.

        Args:
            place: The place of the problems.
            make: Makes an object of the SDK.

        """
        try:
            return make()
        except BadInput as error:
            for problem in error.problems:
                self.findings.wrong(place, problem.what, problem.remedy)
        except (AzureMLException, ValueError, TypeError) as error:
            self.findings.wrong(place, str(error))
        return None

    def _keep(self, name: str, known: dict[str, T], value: T | None) -> None:
        if value is None:
            self.broken.add(name)
        else:
            known[name] = value

    def _parameter(self, name: str, node: Node) -> PipelineParameter | None:
        fields = self.fields(node, ("type", "default"), "a parameter")
        kind, default = self.text(fields, "type"), fields.at("default")
        if kind == "datapath":
            value: object = self._data_path(fields, default)
        elif kind not in _TYPES:
            what, remedy = unknown("type of a parameter", kind, (*_TYPES, "datapath"))
            self.findings.wrong(fields.place, what if kind else "the parameter states no type", remedy)
            value = None
        elif default is None:
            value = _EMPTY.get(kind)
            if value is None:
                self.findings.wrong(fields.place, "the parameter has no default", "add default: TEXT")
        else:
            value = self._scalar(default, _TYPES[kind])
        if value is None:
            return None
        return self.tried(fields.place, lambda: PipelineParameter(name, value))

    def _scalar(self, node: Node, kind: type) -> object:
        """Return the value if it is of the type; an integer is a float as well, and every scalar is a text."""
        value = plain(node)
        if isinstance(node, Leaf) and kind is str:
            return node.text
        if type(value) is kind:
            return value
        if kind is float and type(value) is int:
            return float(value)
        self.findings.wrong(node.place, f"expected {kind.__name__}, found {kind_of(node)}")
        return None

    def _data_path(self, fields: Table, default: Node | None) -> DataPath | None:
        if default is None:
            self.findings.wrong(
                fields.place, "the parameter has no default", "add default: with a datastore and a path"
            )
            return None
        place = self.fields(default, ("datastore", "path_on_datastore", "name"), "a default with datastore and path")
        datastore = self.datastore(place)
        if "path_on_datastore" not in place:
            self.findings.wrong(place.place, "it has no path_on_datastore", "add it")
            return None
        path, name = self.text(place, "path_on_datastore"), self.text(place, "name")
        return DataPath(datastore, path, name or None) if datastore else None

    def _reference(self, node: Node) -> PlaceReference | AbstractDataset | None:
        known = ("datastore", "path_on_datastore", "dataset_name", "dataset_id", *_SQL)
        fields = self.fields(node, known, "a data reference")
        asked = [key for key in _SQL if key in fields]
        if asked:
            what = f"{asked[0]} is not offered: it needs an Azure service"
            self.findings.wrong(fields[asked[0]].place, what, "do the query in a PythonScriptStep")
            return None
        if "datastore" in fields and "path_on_datastore" in fields:
            datastore = self.datastore(fields)
            return PlaceReference(datastore, self.text(fields, "path_on_datastore")) if datastore else None
        name, identity = self.text(fields, "dataset_name"), self.text(fields, "dataset_id")
        if name:
            return self.tried(fields["dataset_name"].place, lambda: Dataset.get_by_name(self.workspace, name))
        if identity:
            return self.tried(fields["dataset_id"].place, lambda: Dataset.get_by_id(self.workspace, identity))
        remedy = "give datastore and path_on_datastore, or dataset_name, or dataset_id"
        self.findings.wrong(fields.place, "it names no data", remedy)
        return None

    def datastore(self, fields: Table) -> Datastore | None:
        """Return the datastore that the key ``datastore`` names. None: a problem was reported.

        Args:
            fields: The mapping that has the key.

        """
        name = self.text(fields, "datastore")
        if not name:
            self.findings.wrong(fields.place, "it has no datastore", "add it")
            return None
        return self.tried(fields["datastore"].place, lambda: Datastore(self.workspace, name))


def _document(filename: str, findings: Findings) -> Node:
    text = files.text(Path(filename))
    if text is None:
        raise BadInput(f"there is no file {Path(filename).absolute()}", remedy="correct the path")
    return yamltext.document(text, str(filename), findings)
