"""InputPortDef and OutputPortDef: what a module's script reads and writes, before data are known."""

from __future__ import annotations

from collections.abc import Sequence

from ..override import override


class PortDef:
    """What both kinds of port have alike: in the arguments they stand for the local path."""

    name: str

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.name}"

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class InputPortDef(PortDef):
    """One named input of a module."""

    def __init__(
        self,
        name: str,
        data_types: Sequence[str] | None = None,
        default_datastore_mode: str | None = None,
        default_path_on_compute: str | None = None,
        is_optional: bool = False,
        default_overwrite: bool | None = None,
        default_data_reference_name: str | None = None,
        is_resource: bool = False,
        label: str | None = None,
    ) -> None:
        self.name = name
        self.data_types = list(data_types or ())
        self.default_datastore_mode = default_datastore_mode
        self.default_path_on_compute = default_path_on_compute
        self.is_optional = is_optional
        self.default_overwrite = default_overwrite
        self.default_data_reference_name = default_data_reference_name
        self.label = label or name


class OutputPortDef(PortDef):
    """One named output of a module."""

    def __init__(
        self,
        name: str,
        default_datastore_name: str | None = None,
        default_datastore_mode: str | None = None,
        default_path_on_compute: str | None = None,
        is_directory: bool = False,
        data_type: str | None = None,
        default_overwrite: bool | None = None,
        training_output: object = None,
        label: str | None = None,
    ) -> None:
        self.name = name
        self.default_datastore_name = default_datastore_name
        self.default_datastore_mode = default_datastore_mode
        self.default_path_on_compute = default_path_on_compute
        self.is_directory = is_directory
        self.data_type = data_type
        self.default_overwrite = default_overwrite
        self.training_output = training_output
        self.label = label or name
