"""PipelineStep: what every step kind has alike."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...dataclass import dataclass, field
from ...model.policy import StepPolicy
from ...model.stated import NOTHING
from ...override import override
from ..caller import caller

if TYPE_CHECKING:
    from ...model.environment import NamedEnvironment
    from ..environment import Environment
    from ..parameter import PipelineParameter

_serials = itertools.count(1)


@dataclass(frozen=True)
class Settings:
    """How a step's process is set up, whatever its kind."""

    compute: str = ""
    environment: Environment | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    source_directory: str = ""
    """Empty: the pipeline's default, else the current directory."""
    script: str = ""
    """Must exist below the source directory; empty: nothing to check."""
    reuse: bool = True
    version: str = ""
    """Another version is another step to reuse."""
    node_parameters: tuple[PipelineParameter, ...] = ()
    """Parameters that v1 sets node counts by (`runconfig_pipeline_params`); only 1 is possible."""
    snapshot: str = ""
    """The digest of a stored snapshot, in place of a source directory."""
    shared_memory: str = ""
    """The most that ``/dev/shm`` may hold, as a Kubernetes quantity; empty: the default."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    """What v1's settings say: a time limit."""
    stored_environment: NamedEnvironment | None = None
    """An environment as it was stored with a published module, in place of `environment`."""


class PipelineStep:
    """One step of a pipeline while it is being written. Lists given to it are copied, never changed."""

    def __init__(
        self,
        name: str,
        inputs: Sequence[object] | None,
        outputs: Sequence[object] | None,
        *,
        arguments: Sequence[object] | None = None,
        params: Mapping[str, object] | None = None,
        settings: Settings | None = None,
    ) -> None:
        from ..bindings import Bindings

        self.where = caller()
        self.serial = next(_serials)
        """Order of construction: keys and listings follow it, so the order in `steps=` does not matter."""
        self.name = str(name)
        self.inputs = _copied(inputs, "inputs", name)
        self.outputs = _copied(outputs, "outputs", name)
        self.arguments = _copied(arguments, "arguments", name)
        self.params = dict(params or {})
        self.settings = settings or Settings()
        self.stated = NOTHING
        """What `runner.configure` was told."""
        self.after: list[PipelineStep] = []
        for output in Bindings(self).outputs.values():
            output.producers.append(self)

    def run_after(self, step: PipelineStep | Sequence[PipelineStep]) -> None:
        """Start only when `step` has ended, though no data flow between them. Raises ValueError for what is none."""
        for other in step if isinstance(step, (list, tuple)) else [step]:
            if not isinstance(other, PipelineStep):
                what = f"step {self.name!r}: run_after takes a step, not a {type(other).__name__}"
                raise ValueError(what)  # noqa: TRY004 - as v1
            self.after.append(other)

    def command(self) -> list[object]:
        """What the process is called with: text, placeholders and `Interpreter`."""
        raise NotImplementedError

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def note_hash_paths(paths: Sequence[str] | None) -> None:
    """Say that v1's `hash_paths` means nothing: the whole source directory counts for reuse."""
    if paths:
        warnings.warn(
            "hash_paths is deprecated and ignored: every file of source_directory counts, but for those in .amlignore",
            DeprecationWarning,
            stacklevel=3,
        )


def _copied(items: Sequence[object] | None, what: str, name: str) -> list[object]:
    if items is None:
        return []
    if isinstance(items, (str, bytes)) or not isinstance(items, (list, tuple)):
        raise ValueError(f"step {name!r}: {what} must be a list, not a {type(items).__name__}")  # noqa: TRY004 - as v1
    return list(items)
