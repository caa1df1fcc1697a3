from __future__ import annotations

from runner.errors import TargetError
from runner.model.data_access import DataAccess
from runner.operations.scoped_stores import announce_whole_stores


def test_each_target_whose_steps_get_a_whole_store_is_told_once() -> None:
    def access(name: str) -> DataAccess:
        if name == "away":
            raise TargetError("it does not answer")
        return DataAccess(warning="WARNING: all of it" if name == "open" else "")

    said: list[str] = []
    announce_whole_stores(["open", "away", "scoped", "open"], access, said.append)
    assert said == ["target 'open': WARNING: all of it"]
