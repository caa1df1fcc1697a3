"""The mini-batches of a step's inputs: how many there are, and the data of one.

Worker 0 looks at the inputs once (`prepare`); every worker makes the same batches of what it has found; a process opens
one batch at a time and reads only its part of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...model.context import StepContext
from ..base.exceptions import UserErrorException
from . import file_batches
from .batch_input import BatchInput
from .mini_batch import MiniBatch
from .settings import Settings

if TYPE_CHECKING:
    from ..datasets.file_dataset import FileDataset
    from ..datasets.tabular import TabularDataset
    from .table_batches import Table


def prepare(settings: Settings, context: StepContext) -> object:
    """Return what must be found out once about the inputs. For tables, that reads all rows.

    Args:
        settings: The step's settings.
        context: The step as its process sees it.

    Returns:
        A document of JSON values.

    Raises:
        UserErrorException: An input cannot be cut.

    """
    inputs = [BatchInput(source, context) for source in settings.inputs]
    if any(source.kind == "tabular" for source in settings.inputs):
        from . import table_batches  # with pandas, which files do not need

        return {"tables": [table_batches.prepare(one, settings) for one in inputs]}
    return {"files": [file_batches.prepare(one) for one in inputs]}


class MiniBatches:
    """The mini-batches of a step, in the order of the inputs and of their data.

    Args:
        settings: The step's settings.
        context: The step as its process sees it.
        prepared: The result of `prepare`, from worker 0.

    """

    def __init__(self, settings: Settings, context: StepContext, prepared: object) -> None:
        self._settings = settings
        self._inputs = [BatchInput(source, context) for source in settings.inputs]
        self._prepared: Mapping[str, Sequence[object]] = prepared if isinstance(prepared, Mapping) else {}
        self._tables: dict[int, Table] = {}

    def cut(self) -> Sequence[MiniBatch]:
        """Return all mini-batches: the same ones on every worker.

        Raises:
            UserErrorException: An input cannot be cut, or is another one here than on worker 0.

        """
        found: list[MiniBatch] = []
        for number, source in enumerate(self._inputs):
            if source.kind == "tabular":
                from . import table_batches

                found += table_batches.cut(number, source.name, self._prepared["tables"][number])
            else:
                found += file_batches.cut(number, source, self._settings, self._prepared["files"][number])
        return found

    def open(self, spec: object) -> tuple[object, int]:
        """Return what ``run()`` gets for a batch, and the number of its items.

        Args:
            spec: The batch's `MiniBatch.spec`.

        Returns:
            A list of paths, or a data frame.

        Raises:
            UserErrorException: The data cannot be read.

        """
        number, document = _checked(spec)
        source = self._inputs[number]
        if source.kind == "tabular":
            return self._table(number).opened(document)
        paths = source.paths(document)
        return paths, len(paths)

    def dataset(self, spec: object) -> FileDataset | TabularDataset:
        """Return a batch as a dataset (v1's ``mini_batch_context.dataset``).

        Args:
            spec: The batch's `MiniBatch.spec`.

        """
        number, document = _checked(spec)
        return self._inputs[number].part(document)

    def _table(self, number: int) -> Table:
        from .table_batches import Table

        if number not in self._tables:
            self._tables[number] = Table(self._inputs[number], self._prepared["tables"][number], self._settings)
        return self._tables[number]


def _checked(spec: object) -> tuple[int, Mapping[str, object]]:
    if not isinstance(spec, Mapping) or not isinstance(spec.get("input"), int):
        raise UserErrorException(f"{spec!r} describes no mini-batch")
    return int(spec["input"]), spec
