"""One container call: what runs, on which data, where."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ..dataclass import dataclass, field
from .access import Access
from .data import DEFAULT_DATASTORE, DataPath, DatasetDefinition, Mode
from .placement import Placement
from .policy import StepPolicy
from .resources import Resources


@dataclass(frozen=True)
class Interpreter:
    """Stands in a command for the environment's Python."""


@dataclass(frozen=True)
class InputPath:
    """Stands in a command for the local path (or, in direct mode, the id) of an input."""

    name: str


@dataclass(frozen=True)
class OutputPath:
    """Stands in a command for the local path of an output."""

    name: str


@dataclass(frozen=True)
class ParameterValue:
    """Stands in a command for a pipeline parameter's value, as ``str()`` writes it."""

    name: str


Argument = str | Interpreter | InputPath | OutputPath | ParameterValue


@dataclass(frozen=True)
class OutputOf:
    """An input that another step makes: the dependency comes from this alone."""

    step: str
    """The producer's key."""
    output: str


Source = OutputOf | DatasetDefinition | DataPath
"""Where an input comes from."""


@dataclass(frozen=True)
class InputSpec:
    """One named input of a step."""

    name: str
    source: Source
    mode: Mode = Mode.MOUNT
    path_on_compute: str = ""
    """An absolute path the script expects it at; empty: anywhere."""
    view: DatasetDefinition | None = None
    """How the script sees another step's output, when as a dataset (its `paths` are empty)."""
    writable: bool = False
    """Files that the script adds or changes below it go to the datastore when it has succeeded (v1's DataReference).

    Only for a `DataPath` without wildcards, mounted or in upload mode. Where nothing lies yet, it is an empty folder.
    """
    keep_existing: bool = False
    """In upload mode: a file that the datastore has already stays as it is (v1's ``overwrite=False``)."""


@dataclass(frozen=True)
class RegisterAs:
    """A dataset that an output becomes once its step has succeeded (v1's ``register_on_complete``)."""

    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    view: DatasetDefinition = DatasetDefinition("file", ())
    """How its files are read; `paths` are empty until they are known."""
    new_version: bool = True
    """Whether another definition under a known name is a new version; else that is a fault of the step."""


@dataclass(frozen=True)
class OutputSpec:
    """One named output of a step."""

    name: str
    datastore: str = DEFAULT_DATASTORE
    mode: Mode = Mode.MOUNT
    path_on_compute: str = ""
    folder: bool = False
    """v1's ``is_directory=True``: made before the script starts. Otherwise only its parent is."""
    shown_as: str = ""
    """v1's ``pipeline_output_name``: a name for the whole pipeline."""
    destination: str = ""
    """Where it is to lie on its datastore; empty: ``azureml/<step run id>/<name>``.

    ``{run-id}`` and ``{output-name}`` are filled in (v1's OutputFileDatasetConfig). With ``{run-id}`` the attempt
    writes there itself; a fixed place is filled from the committed attempt, before any dependent starts.
    """
    register: tuple[RegisterAs, ...] = ()
    globs: tuple[str, ...] = ()
    """v1's ``source_globs``: only files below it that fit one of them belong to it; empty: all."""


@dataclass(frozen=True)
class StepSpec:
    """One container call of a plan."""

    key: str
    """Slug and ordinal: unique in the plan. Two steps may share a name."""
    name: str
    command: tuple[Argument, ...]
    environment: str
    """A key of the plan's ``environments``."""
    compute: str
    """The compute target's name as the user wrote it; may be empty."""
    source: str = ""
    """*Draft stage*: the folder of the scripts."""
    snapshot: str = ""
    """*Locked stage*: the digest of its snapshot."""
    script: str = ""
    """The entry script, relative to the folder, where there is one."""
    inputs: tuple[InputSpec, ...] = ()
    outputs: tuple[OutputSpec, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of this step's process."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What the process sees as ``AML_PARAMETER_<name>``: the name, and the pipeline parameter it holds."""
    after: tuple[str, ...] = ()
    """Keys of steps that must end first, beside those the inputs imply."""
    resources: Resources = field(default_factory=Resources)
    placement: Placement = field(default_factory=Placement)
    access: Access = field(default_factory=Access)
    """Secrets and datastores that its script opens by name."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    always: bool = False
    """It runs once all that it needs has ended, however it ended; without needs, once all other steps have.

    Not after a cancel. A step whose inputs were not made is skipped all the same.
    """
    reuse: bool = True
    """v1's ``allow_reuse``."""
    version: str = ""
    """v1's ``version`` of a step: another one is another step to reuse."""

    @cached_property
    def needs(self) -> frozenset[str]:
        """The keys of the steps this one waits for."""
        return self.feeders.union(self.after)

    @cached_property
    def feeders(self) -> frozenset[str]:
        """The keys of the steps whose outputs it reads."""
        return frozenset(spec.source.step for spec in self.inputs if isinstance(spec.source, OutputOf))
