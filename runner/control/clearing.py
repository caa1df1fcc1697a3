"""Delete everything that an ended run created on its targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import StoreUnreachable, TargetError, TargetUnreachable
from ..model.state import RunState, fold
from ..ports import ComputeTarget, Notify, ObjectStore
from ..runs import journal


def clear(targets: Iterable[ComputeTarget], run: str, notify: Notify) -> None:
    """Delete the run's objects on each target. A target that refuses does not keep the run from its end.

    Raises:
        TargetUnreachable: If a target cannot be reached now; call again later.
    """
    for target in targets:
        try:
            target.finish(run)
        except TargetUnreachable:
            raise
        except TargetError as error:
            notify(f"the run's objects on '{target.name}' stay there: {error}")


def clear_if_over(
    store: ObjectStore, known: RunState, targets: Sequence[ComputeTarget], notify: Notify, pauses: Iterable[float]
) -> None:
    """Call `clear` if another controller has taken the run over and ended it.

    No other process deletes the objects that this controller created meanwhile.

    Args:
        store: The workspace store.
        known: The state when this controller lost the run.
        targets: The run's targets.
        notify: Receives a line for each target that refuses.
        pauses: Seconds to wait before each further attempt.
    """
    for pause in pauses:
        try:
            if fold(known, journal.read(store, known.run, known.number)).over:
                clear(targets, known.run, notify)
        except (StoreUnreachable, TargetUnreachable):
            targets[0].wait(pause)
        else:
            return
