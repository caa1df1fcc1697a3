"""`override`, checked by mypy on every Python we support; `typing` has it from 3.12 on only."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing_extensions import override
else:
    Method = TypeVar("Method")

    def override(method: Method) -> Method:
        """Say that the method replaces its base class's."""
        return method


__all__ = ["override"]
