"""PipelineParameter: a value that is given when the pipeline is submitted."""

from __future__ import annotations

from ...override import override
from .caller import caller
from .placeholders import Placeholder
from .plain_values import plain_scalar

_SCALARS = (int, str, bool, float, type(None))


class ParameterData:
    """Data that can be the value of a PipelineParameter: the base class of datasets."""


class PipelineParameter:
    """A named value with a default, which another value at submit replaces.

    Example:
        >>> epochs = PipelineParameter("epochs", default_value=3)
        >>> step = PythonScriptStep("train.py", arguments=["--epochs", epochs], source_directory="src")
        >>> run = Pipeline(ws, [step]).submit("demo", pipeline_parameters={"epochs": 10})

    Args:
        name: The name: letters, digits, underscore; then also dash, dot and space.
        default_value: An int, str, bool, float, None, DataPath or Dataset. A value at submit must have the same type.
            (v1 refuses None.)

    Raises:
        ValueError: The default is of another type.

    """

    def __init__(self, name: str, default_value: object) -> None:
        self.where = caller()
        self.name = name
        self.default_value = default_value
        if not isinstance(self.default_value, (*_SCALARS, ParameterData, Placeholder)):
            raise ValueError(  # noqa: TRY004 - what v1 raises
                f"PipelineParameter {name!r}: a default of type {type(default_value).__name__} is not possible; "
                "give an int, str, bool, float, None, DataPath or Dataset"
            )

    @property
    def default_value(self) -> object:
        """The default. A number of numpy is converted to Python's own."""
        return self._default_value

    @default_value.setter
    def default_value(self, value: object) -> None:
        self._default_value = plain_scalar(value)

    @property
    def scalar(self) -> bool:
        """True for a plain value, False for data."""
        return isinstance(self.default_value, _SCALARS)

    @override
    def __str__(self) -> str:
        return f"PipelineParameter_Name:{self.name}_Default:{self.default_value}"

    @override
    def __repr__(self) -> str:
        return f"PipelineParameter({self.name!r}, {self.default_value!r})"
