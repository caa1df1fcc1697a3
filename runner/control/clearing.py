"""Nothing that was made for an ended run stays on its targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..errors import StoreUnreachable, TargetError, TargetUnreachable
from ..model.state import RunState, fold
from ..ports import ComputeTarget, ObjectStore
from ..runs import journal

Say = Callable[[str], None]


def clear(targets: Iterable[ComputeTarget], run: str, say: Say) -> None:
    """Have each target delete what it has made; one that refuses must not keep the run from its end.

    Raises TargetUnreachable: one that cannot be asked now is asked again.
    """
    for target in targets:
        try:
            target.finish(run)
        except TargetUnreachable:
            raise
        except TargetError as error:
            say(f"what was made for the run on '{target.name}' stays there: {error}")


def clear_if_over(
    store: ObjectStore, known: RunState, targets: Sequence[ComputeTarget], say: Say, pauses: Iterable[float]
) -> None:
    """`clear`, if whoever took the run over has ended it: nobody else looks at what was made here meanwhile.

    It is tried again after each of `pauses`, in seconds.
    """
    for pause in pauses:
        try:
            if fold(known, journal.read(store, known.run, known.number)).over:
                clear(targets, known.run, say)
        except (StoreUnreachable, TargetUnreachable):
            targets[0].wait(pause)
        else:
            return
