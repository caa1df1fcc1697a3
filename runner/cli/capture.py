"""Running a pipeline file without effect: writes go to an overlay, and the first submit ends it."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import BadInput, StoreError, TargetError
from ..model.data import DEFAULT_DATASTORE
from ..model.plan import Plan
from ..model.published import PublishedRecord
from ..operations.local_wheels import SealedPlan
from ..operations.published.pipelines import PublishOptions
from ..operations.values import Request
from ..override import override
from ..ports import ObjectStore
from ..runs.store_format import STORE_KEY
from ..sdk.base.session import Captured, use
from ..storage.overlay import OverlayStore
from ..wiring import OpenWorkspace, cache_folder, open_session
from .documents import only_documents
from .driver import check_file, complain, execute, is_file_name, not_python, restart_under_private_name
from .driving import submit_unsubmitted, unusable
from .policy_arguments import overrides
from .subject import again, view_of
from .yamlfile import is_yaml, load, refuse_yaml_options


class FileFailed(Exception):
    """The pipeline file raised; its traceback has been shown."""


@dataclass(kw_only=True)
class DryWorkspace(OpenWorkspace):
    """An open workspace that keeps all writes to itself."""

    captured: Captured | None = None
    _overlays: dict[str, OverlayStore] = field(default_factory=dict)

    @cached_property
    def overlay(self) -> OverlayStore:
        """The store with the writes that would be made."""
        return OverlayStore(self.base_store)

    @property
    @override
    def store(self) -> OverlayStore:
        """The workspace store with the overlay on it."""
        return self.overlay

    @override
    def datastore(self, name: str) -> ObjectStore:
        """Any other datastore, with an overlay as well."""
        if name == DEFAULT_DATASTORE:
            return self.overlay
        if name not in self._overlays:
            self._overlays[name] = OverlayStore(super().datastore(name))
        return self._overlays[name]

    @override
    def submit(self, plan: Plan, request: Request) -> str:
        """Raise `Captured`, and keep it as well: a bare ``except:`` in the file must not hide it."""
        self.captured = self.captured or Captured(plan, request)
        raise self.captured

    @override
    def publish(self, plan: Plan, options: PublishOptions) -> PublishedRecord:
        """Raise `Captured` as `submit` does; the experiment is the name of the pipeline."""
        self.captured = self.captured or Captured(plan, Request(experiment=options.name))
        raise self.captured

    @override
    def submit_sealed(self, made: SealedPlan, request: Request, *, run: str = "") -> str:  # noqa: ARG002 - none is made
        """Raise `Captured` for a published pipeline."""
        self.captured = self.captured or Captured(made.plan, request)
        raise self.captured

    @override
    def refuses_overwrite(self) -> bool:
        """Taken for granted: trying it would write. The store is read, so as to know that it answers."""
        self.base_store.stat(STORE_KEY)
        return True


def capture(options: Namespace) -> tuple[DryWorkspace, Captured]:
    """The plan that the file would submit first, and the workspace as it would be then.

    What the file prints goes to standard error. Raises BadInput; FileFailed when the file raises anything else.
    """
    if not is_file_name(options.file):
        return _of_run(options)
    path = check_file(options.file)
    if is_yaml(path):
        opened = open_session(Path.cwd(), options.target)
        return _dry(opened, options), Captured(*load(opened, path, options))
    refuse_yaml_options(path, options)
    restart_under_private_name(path, options.argv, cache_folder())
    session = _dry(open_session(Path.cwd(), options.target), options)
    use(session)
    with only_documents(wanted=True):
        _execute(session, path, options)
    if session.captured is None:
        raise BadInput(
            f"{path} submits nothing, and has no pipeline named `pipeline`",
            remedy="submit one: Experiment(workspace, 'name').submit(pipeline)",
        )
    return session, session.captured


def _of_run(options: Namespace) -> tuple[DryWorkspace, Captured]:
    """Return the workspace and the submission that would make the run once more."""
    opened = open_session(Path.cwd(), options.target)
    return _dry(opened, options), Captured(*again(view_of(opened, options.file)))


def _dry(opened: OpenWorkspace, options: Namespace) -> DryWorkspace:
    return DryWorkspace(config=opened.config, override=opened.override, overrides=overrides(options))


def _execute(session: DryWorkspace, path: Path, options: Namespace) -> None:
    try:
        submit_unsubmitted(session, path, execute(path, options.arguments))
    except (Captured, SystemExit):
        return
    except BadInput:
        if session.captured is None:
            raise
    except (StoreError, TargetError) as error:
        if session.captured is None:
            raise unusable(session, error) from error
    except Exception as error:
        if session.captured is None:
            if isinstance(error, SyntaxError):  # in a module that the file imports
                raise BadInput([not_python(error)]) from error
            complain(error)
            raise FileFailed from error
