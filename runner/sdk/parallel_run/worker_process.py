"""The process that runs a user's entry script: ``init()`` once, ``run()`` for each mini-batch, ``shutdown()`` at last.

Its supervisor (`pool`) sends mini-batches through one pipe and gets results through another. What the script prints
goes to files below ``logs/user/``. The process ends when the supervisor does.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import json
import os
import select
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Callable

from ..base.step_folder import step_context
from . import rows
from .children import Pipes
from .messages import Reader, packed, send
from .script_errors import ErrorOutput, Unusable, words_of
from .settings import PLACE, Place, Settings

if TYPE_CHECKING:
    from .mini_batches import MiniBatches

_DETAIL = 4000
"""Characters of a traceback that are sent; the error file has it whole."""


class MiniBatchContext:
    """The second argument of ``run()``, if it takes one (v1's mini_batch_context).

    Args:
        index: The number of the mini-batch.
        partition: The values of the partition keys. None: there are none.
        dataset: Returns the mini-batch as a dataset.

    """

    def __init__(self, index: int, partition: Mapping[str, object] | None, dataset: Callable[[], object]) -> None:
        self.minibatch_index = index
        self.mini_batch_id = index
        self.partition_key_value = None if partition is None else dict(partition)
        self._dataset = dataset

    @property
    def dataset(self) -> object:
        """The mini-batch as a dataset of v1."""
        return self._dataset()


class Worker:
    """Runs mini-batches.

    Args:
        settings: The settings of the step.
        place: The number and the files of this process.
        results: The pipe to the supervisor.

    """

    def __init__(self, settings: Settings, place: Place, results: int) -> None:
        self._settings = settings
        self._place = place
        self._results = results
        self._output = ErrorOutput(place.stderr)
        self._context = step_context()
        self._with_context = False
        self._script = ModuleType("none")

    def init(self) -> bool:
        """Load the entry script and call its ``init()``; tell the supervisor how that went.

        Returns:
            False if it has failed.
        """
        self._output.mark()
        try:
            self._script = _loaded(self._settings.entry_script)
            self._with_context = _takes_context(self._script.run)
            if callable(init := getattr(self._script, "init", None)):
                init()
        except BaseException as error:  # noqa: BLE001 - also SystemExit: the supervisor has to know
            self._tell({"kind": "no_init", **self._described(error, "init()")})
            return False
        self._tell({"kind": "ready"})
        return True

    def run(self, number: int, spec: object, partition: Mapping[str, object] | None) -> None:
        """Run one mini-batch and send its result or its error.

        Args:
            number: Its number.
            spec: See `mini_batches.MiniBatch`.
            partition: The same.
        """
        begun, items = time.monotonic(), -1
        self._output.mark()
        try:
            batch, items = self._batches.open(spec)
            self._tell({"kind": "opened", "number": number, "items": items})
            returned = self._called(number, batch, spec, partition) if items else []
            count = rows.number_of(returned)
            data = b"" if self._settings.is_summary else rows.rows_of(returned)
        except BaseException as error:  # noqa: BLE001 - also SystemExit of the script: the batch has failed
            shown = self._described(error, f"run() of batch {number}")
            self._tell({"kind": "error", "number": number, "items": items, **shown})
            return
        seconds = round(time.monotonic() - begun, 6)
        self._tell({"kind": "end", "number": number, "items": items, "returned": count, "seconds": seconds}, data)

    def shutdown(self) -> None:
        """Call the script's ``shutdown()``, if it has one; an error of it is only told."""
        self._output.mark()
        try:
            if callable(shutdown := getattr(self._script, "shutdown", None)):
                shutdown()
        except BaseException as error:  # noqa: BLE001 - all batches have ended
            self._tell({"kind": "no_shutdown", **self._described(error, "shutdown()")})

    def _called(self, number: int, batch: object, spec: object, partition: Mapping[str, object] | None) -> object:
        if not self._with_context:
            return self._script.run(batch)
        return self._script.run(batch, MiniBatchContext(number, partition, lambda: self._batches.dataset(spec)))

    @cached_property
    def _batches(self) -> MiniBatches:
        from .mini_batches import MiniBatches

        return MiniBatches(self._settings, self._context, json.loads(Path(self._place.prepared).read_bytes()))

    def _described(self, error: BaseException, where: str) -> dict[str, str]:
        """Return the error in words, and add its traceback to the error file."""
        reason, detail = words_of(error, self._output, self._place.working_dir, __file__)
        file = Path(self._place.errors)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8", errors="replace") as out:
            out.write(f"{where}:\n{detail.rstrip()}\n\n")
        return {"reason": reason, "detail": detail[-_DETAIL:]}

    def _tell(self, document: dict[str, Any], payload: bytes = b"") -> None:
        with contextlib.suppress(BrokenPipeError):
            send(self._results, packed(document, payload))


def main(pipes: Pipes) -> int:
    """Run what comes through the pipe until it is closed.

    Args:
        pipes: The pipes.

    Returns:
        The exit code of the process.

    Raises:
        KeyError: The process has no place: no supervisor has started it.
    """
    threading.Thread(target=_end_with_supervisor, args=(pipes.life,), daemon=True).start()
    place = Place.of(os.environ)
    if place is None:
        raise KeyError(PLACE)
    sys.argv = [place.settings.entry_script, *place.arguments]
    worker = Worker(place.settings, place, pipes.results)
    if not worker.init():
        return 1
    reader = Reader(pipes.orders)
    while not reader.ended:
        for order, _ in reader.read():
            for number, spec, partition in order["batches"]:
                worker.run(number, spec, partition)
    worker.shutdown()
    return 0


def _inherited(arguments: Sequence[str]) -> Pipes:
    """Return the pipes of a new interpreter; what the script starts does not get them."""
    pipes = Pipes(*map(int, arguments))
    for descriptor in pipes:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - it takes no keyword
    return pipes


def _end_with_supervisor(life: int) -> None:
    """End this process at once when the supervisor is gone, whatever the script does."""
    poll = select.poll()
    poll.register(life, select.POLLIN)
    poll.poll()
    os._exit(1)


def _loaded(script: str) -> ModuleType:
    """Return the entry script as a module. As for a script, its folder is where its imports are looked for first."""
    path = Path(script).absolute()
    if not path.is_file():
        raise Unusable(f"the entry script {script} is not in the source directory")
    sys.path[0] = str(path.parent)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise Unusable(f"the entry script {script} cannot be imported: is it a .py file?")
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, "run", None)):
        raise Unusable(f"{script} has no function run(mini_batch)")
    return module


def _takes_context(run: Callable[..., object]) -> bool:
    """Tell if ``run()`` takes the context beside the mini-batch."""
    try:
        parameters = list(inspect.signature(run).parameters.values())
    except (TypeError, ValueError):
        return False
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return True
    return sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in parameters) > 1


if __name__ == "__main__":
    raise SystemExit(main(_inherited(sys.argv[1:])))
