"""Submission of published pipelines for the steps of a run, by the run's controller."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..model.access import Access
from ..operations.published import pipelines
from ..operations.values import Request

if TYPE_CHECKING:
    from ..config.controllers import ControllerHost
    from ..model.run_request import RunRequest
    from .workspace import OpenWorkspace


FOLDER_IN_POD = "/tmp/workspace"  # noqa: S108 - of a controller's pod, which nobody else uses
"""The place where a controller in a pod puts the files of its workspace."""


@dataclass(frozen=True)
class _InPod:
    folder: str = FOLDER_IN_POD
    server_names: tuple[str, ...] = ()


def launching_files(session: OpenWorkspace, host: ControllerHost, image: str, access: Access) -> Mapping[str, str]:
    """Return the files of a workspace in which a controller in a pod submits what steps ask for.

    The controller gets no secret and no datastore that its run does not use.

    Args:
        session: The workspace.
        host: The controllers of the target in force.
        image: The image of the controller.
        access: The secrets and datastores of the run.

    Returns:
        The contents by file name; nothing if the workspace cannot be described for pods.

    """
    from .in_cluster import only, pod_workspace

    try:
        made = pod_workspace(
            session.config, session.datastores, session.target_in_force, host, image=image, place=_InPod()
        )
    except BadInput as error:
        session.notify(f"steps of this run cannot submit published pipelines: {error}")
        return {}
    return only(made.files, access.joined(Access(secrets=session.after_run.secrets)))


def written(files: Mapping[str, str], folder: Path) -> Path:
    """Write the files of a workspace for this user alone, and return their folder.

    Args:
        files: The contents by file name.
        folder: The folder, which may exist.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    return folder


@dataclass
class Launcher:
    """The `ports.RunLauncher` of one workspace."""

    opened: Callable[[], OpenWorkspace]
    """Opens the workspace: no other thread uses the result."""

    @cached_property
    def _session(self) -> OpenWorkspace:
        return self.opened()

    def launch(self, run: str, request: RunRequest) -> None:
        """Submit a run unless it has been submitted, and see that a controller drives it.

        Args:
            run: The run's id.
            request: The published pipeline, with the options of the run.

        Raises:
            BadInput: It cannot be submitted; the exception has every problem.
            StoreUnreachable, TargetUnreachable: Not now. The run may have been submitted.
            RunnerError: It cannot be done. The run may have been submitted.

        """
        session = self._session
        record = pipelines.get(session.store, request.pipeline)
        session.submit_published(
            record,
            request.values,
            Request(
                experiment=request.experiment,
                tags=request.tags,
                parent=request.parent,
                kind=request.kind,
                source=request.source,
                regenerate_outputs=request.regenerate_outputs,
            ),
            run=run,
            continue_on_step_failure=request.continue_on_step_failure,
        )
