"""The parameters of the registry's pages."""

from __future__ import annotations

from ..operation import Parameter
from ..read_published import ID
from ..run_access import RUN

__all__ = ["ID"]
NAME = Parameter(name="name", about="The registered name.", in_path=True)
VERSION = Parameter(
    name="version",
    about="The version. Default: the newest.",
    schema={"type": "integer", "minimum": 1, "maximum": 99_999_999},
)
EVERY = Parameter(name="all", about="Show all of them.", schema={"type": "boolean"})
AFTER = Parameter(name="after", about="Look through runs before this one.", schema=RUN.schema)
CURSOR = Parameter(
    name="cursor", about="The place behind which the page begins.", schema={"type": "string", "maxLength": 400}
)
BEFORE = Parameter(
    name="before",
    about="Only due times before this one, as the link of the page has it.",
    schema={"type": "string", "pattern": "^[0-9]{15}$", "maxLength": 15},
)
