"""InputPortDef and OutputPortDef: the data that a module's script reads and writes."""

from __future__ import annotations

from collections.abc import Sequence

from ...override import override


class PortDef:
    """The base class of ports. In a module's arguments a port stands for the local path of its data."""

    name: str

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.name}"

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class InputPortDef(PortDef):
    """A named input of a module.

    Args:
        name: The port's name: letters, digits and underscore.
        data_types: Kept as in v1, not checked. None: none.
        default_datastore_mode: ``"mount"`` or ``"download"``. None: mounted if it is large.
        default_path_on_compute: The path in the step. None: a path is chosen.
        is_optional: True: a step need not give data for it. Default: False.
        label: The name for people. None: `name`.
        default_overwrite, default_data_reference_name, is_resource: Accepted as in v1 and ignored.

    """

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
    """A named output of a module.

    Args:
        name: The port's name: letters, digits and underscore.
        default_datastore_name: The datastore to write to. None: the pipeline's default.
        default_datastore_mode: ``"mount"`` or ``"upload"``. None: mount.
        default_path_on_compute: The path in the step. None: a path is chosen.
        is_directory: True: the folder is made before the script starts. Default: False.
        label: The name for people. None: `name`.
        data_type, default_overwrite, training_output: Accepted as in v1 and ignored.

    """

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
