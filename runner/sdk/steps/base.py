"""PipelineStep: the base class of every kind of step."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ...dataclass import dataclass, field
from ...model.policy import StepPolicy
from ...model.policy_overrides import NO_OVERRIDES
from ...override import override
from ..base.caller import caller

if TYPE_CHECKING:
    from ...model.environment import NamedEnvironment
    from ...model.workers import Workers
    from ..base.pipeline_parameter import PipelineParameter
    from ..environments.environment import Environment
    from .bindings import Bindings

_serials = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a step's process that every kind of step has."""

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
    """Parameters that v1 sets node counts by (`runconfig_pipeline_params`) of a step that has no ranks: they are 1."""
    program: tuple[object, ...] = ()
    """The beginning of the step's command: a program of ours that runs the rest. Empty: there is none."""
    workers: Workers | None = None
    """The workers that the program plays; None: one."""
    worker_parameters: tuple[PipelineParameter, ...] = ()
    """Parameters that set the number of workers and the like."""
    snapshot: str = ""
    """The digest of a stored snapshot, in place of a source directory."""
    shared_memory: str = ""
    """The most that ``/dev/shm`` may hold, as a Kubernetes quantity; empty: the default."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    """Policies that v1's settings express: a time limit."""
    stored_environment: NamedEnvironment | None = None
    """An environment as it was stored with a published module, in place of `environment`."""


class PipelineStep:
    """A step of a pipeline that is being written: the base class of every kind of step.

    Lists and dictionaries given to it are copied and never changed.

    Args:
        name: The step's name, in messages and in ``runner status``.
        inputs: Data that the step reads: PipelineData, a DataReference, ``dataset.as_named_input(...)``. None: none.
        outputs: Data that the step writes: PipelineData, OutputFileDatasetConfig. None: none.
        arguments: Items of the command line. None: none.
        params: Values for ``AML_PARAMETER_<name>`` in the process's environment. None: none.
        settings: Compute target, environment and the like. None: the defaults.

    """

    trains = False
    """True: outputs may have a `training_output`, which this kind of step makes."""

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
        self.where = caller()
        self.serial = next(_serials)
        """Order of construction. Keys and listings follow it, so the order in `steps=` does not matter."""
        self.name = str(name)
        self.inputs = _copied(inputs, "inputs", name)
        self.outputs = _copied(outputs, "outputs", name)
        self.arguments = _copied(arguments, "arguments", name)
        self.params = dict(params or {})
        self.settings = settings or Settings()
        self.overrides = NO_OVERRIDES
        """Policies set by `runner.configure`."""
        self.after: list[PipelineStep] = []
        for output in self.bindings.outputs.values():
            output.producers.append(self)

    @cached_property
    def bindings(self) -> Bindings:
        """The inputs, outputs and parameters by name, computed once: a step does not change after it was made."""
        from .bindings import Bindings

        return Bindings(self)

    def run_after(self, step: PipelineStep | Sequence[PipelineStep]) -> None:
        """Start this step only after another one has ended, though no data flow between them.

        Args:
            step: The step to wait for, or a list of them.

        Raises:
            ValueError: `step` is no step.

        """
        for other in step if isinstance(step, (list, tuple)) else [step]:
            if not isinstance(other, PipelineStep):
                what = f"step {self.name!r}: run_after takes a step, not a {type(other).__name__}"
                raise ValueError(what)  # noqa: TRY004 - as v1
            self.after.append(other)

    @property
    def value_rules(self) -> Mapping[str, Callable[[object], tuple[str, str] | None]]:
        """By the name of a PipelineParameter: returns why a value cannot be its own, and what to do; None: it can.

        Other parameters take values of their default's type.
        """
        return {}

    def command(self) -> list[object]:
        """Return the items of the process's command: text, placeholders and `Interpreter`.

        Raises:
            NotImplementedError: The class is no kind of step.

        """
        raise NotImplementedError

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def note_hash_paths(paths: Sequence[str] | None) -> None:
    """Warn that v1's `hash_paths` is ignored: the whole source directory counts for reuse.

    Args:
        paths: The value that the step was given. None or empty: no warning.

    """
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
