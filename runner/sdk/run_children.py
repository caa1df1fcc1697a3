"""The part of a Run that has other runs below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .exceptions import UserErrorException

if TYPE_CHECKING:
    from .experiment import Experiment
    from .run import Run
    from .session import Session


class Children:
    """``run.child_run``, ``run.submit_child``, ``run.get_children`` and their family."""

    @property
    def id(self) -> str:
        """The run's id."""
        raise NotImplementedError

    @property
    def session(self) -> Session:
        """What is open."""
        raise NotImplementedError

    @property
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        raise NotImplementedError

    @property
    def list_id(self) -> str:
        """The id under which its children are listed: its own, or that of the run whose work it reuses."""
        return self.id

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Begin a run below this one, which the caller logs to and ends. Raises UserErrorException for a taken id."""
        from .logged_run import LoggedRun

        return LoggedRun.begin(self.experiment, name=name, run_id=run_id, parent=self.id, outputs=outputs)

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[object] | None = None
    ) -> list[Run]:
        """Begin `count` runs below this one, or one for each of `tag_values`, tagged with it under `tag_key`.

        Raises UserErrorException unless one way is chosen.
        """
        tagged = tag_key is not None and tag_values is not None
        if (count is None) != tagged or (tag_key is None) != (tag_values is None):
            raise UserErrorException("create_children takes either count, or tag_key and tag_values")
        if count is not None:
            return [self.child_run() for _ in range(count)]
        made = []
        for value in tag_values or ():
            child = self.child_run()
            child.tag(str(tag_key), value)
            made.append(child)
        return made

    def submit_child(self, config: object, tags: Mapping[str, object] | None = None, **kwargs: object) -> Run:
        """Submit a ScriptRunConfig or a pipeline as a run below this one."""
        return self.experiment.submit(config, tags, **{**kwargs, "parent_run_id": self.id})

    def get_children(
        self,
        recursive: bool = False,
        tags: object = None,
        properties: object = None,
        type: object = None,
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """The runs below this one that have these tags, properties and status, newest first.

        With `recursive` each is followed by those below it.
        """
        from .run_lookup import Filter

        wanted = Filter(type, tags, properties, status)
        for run in self.direct_children():
            if wanted.takes(run):
                yield run
            if recursive:
                yield from run.get_children(recursive, tags, properties, type, status)

    def direct_children(self) -> Iterator[Run]:
        """The runs right below this one, newest first."""
        from .logged_store import children
        from .run_lookup import find_run

        workspace = self.experiment.workspace
        return (find_run(workspace, run) for run in children(self.session.store, self.list_id))
