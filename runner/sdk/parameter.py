"""PipelineParameter: a value given when the pipeline is submitted."""

from __future__ import annotations

from ..override import override
from .caller import caller
from .data import DataPath
from .dataset_base import AbstractDataset
from .flow import Placeholder
from .plain_values import plain_scalar

_SCALARS = (int, str, bool, float, type(None))


class PipelineParameter:
    """A named value with a default. Beyond v1, None and the empty string are good defaults."""

    def __init__(self, name: str, default_value: object) -> None:
        self.where = caller()
        self.name = name
        self.default_value = default_value
        if not isinstance(self.default_value, (*_SCALARS, DataPath, AbstractDataset, Placeholder)):
            raise ValueError(  # noqa: TRY004 - what v1 raises
                f"PipelineParameter {name!r}: a default of type {type(default_value).__name__} is not possible; "
                "give an int, str, bool, float, None, DataPath or Dataset"
            )

    @property
    def default_value(self) -> object:
        """The value without another one at submit; a number of numpy is Python's own here."""
        return self._default_value

    @default_value.setter
    def default_value(self, value: object) -> None:
        self._default_value = plain_scalar(value)

    @property
    def scalar(self) -> bool:
        """Whether it stands for a plain value, and not for data."""
        return isinstance(self.default_value, _SCALARS)

    @override
    def __str__(self) -> str:
        return f"PipelineParameter_Name:{self.name}_Default:{self.default_value}"

    @override
    def __repr__(self) -> str:
        return f"PipelineParameter({self.name!r}, {self.default_value!r})"
