"""A step: one container call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Union

from ..dataclass import dataclass, field
from .access import Access
from .data import DEFAULT_DATASTORE, DatasetDefinition, DatastorePath, Mode
from .placement import Placement
from .policy import StepPolicy
from .resources import Resources
from .search import Search
from .workers import Workers


@dataclass(frozen=True)
class Interpreter:
    """A placeholder in a command for the environment's Python."""


@dataclass(frozen=True)
class InputPath:
    """A placeholder in a command for the local path (or, in direct mode, the id) of an input."""

    name: str


@dataclass(frozen=True)
class OutputPath:
    """A placeholder in a command for the local path of an output."""

    name: str


@dataclass(frozen=True)
class ParameterValue:
    """A placeholder in a command for a pipeline parameter's value, as ``str()`` writes it."""

    name: str


@dataclass(frozen=True)
class SampledArguments:
    """A placeholder in a trial's command for its sampled hyperparameters: a name and a value, as text, of each.

    They are in the order of their names.
    """


Argument = Union[str, Interpreter, InputPath, OutputPath, ParameterValue, SampledArguments]


@dataclass(frozen=True)
class OutputOf:
    """An input that is another step's output. The dependency follows from this alone."""

    step: str
    """The producer's key."""
    output: str


Source = Union[OutputOf, DatasetDefinition, DatastorePath]
"""The source of an input."""


@dataclass(frozen=True)
class InputUse:
    """The way in which an author wants an input: see the fields of `InputSpec`."""

    mode: Mode = Mode.AUTO
    writable: bool = False
    keep_existing: bool = False


@dataclass(frozen=True, kw_only=True)
class InputSpec:
    """One named input of a step."""

    name: str
    source: Source
    mode: Mode = Mode.AUTO
    path_on_compute: str = ""
    """The absolute path at which the script expects it; empty: any path."""
    view: DatasetDefinition | None = None
    """The definition under which the script reads another step's output as a dataset (its `paths` are empty)."""
    writable: bool = False
    """Files that the script adds or changes below it go to the datastore when it has succeeded (v1's DataReference).

    Only for a `DatastorePath` without wildcards, mounted or in upload mode. If nothing exists there, it is an empty
    folder.
    """
    keep_existing: bool = False
    """In upload mode: an existing file of the datastore stays as it is (v1's ``overwrite=False``)."""
    parameter: str = ""
    """The pipeline parameter that gives `source`, which is its default until values are bound; empty: none."""
    declared: InputUse | None = None
    """With `parameter`: what its author wrote, if `source` does not permit it. Another value may."""


@dataclass(frozen=True, kw_only=True)
class RegisterAs:
    """The dataset under which an output is registered when its step has succeeded (v1's ``register_on_complete``)."""

    name: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    view: DatasetDefinition = DatasetDefinition(kind="file", paths=())
    """The definition under which its files are read; `paths` are empty until they are known."""
    new_version: bool = True
    """True: another definition under a known name is a new version. False: it is an error of the step."""


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """One named output of a step."""

    name: str
    datastore: str = DEFAULT_DATASTORE
    mode: Mode = Mode.MOUNT
    path_on_compute: str = ""
    folder: bool = False
    """v1's ``is_directory=True``: the folder is created before the script starts. Otherwise only its parent is."""
    pipeline_output_name: str = ""
    """v1's ``pipeline_output_name``: a name that is unique in the pipeline."""
    destination: str = ""
    """Its path on the datastore; empty: ``azureml/<step run id>/<name>``.

    ``{run-id}`` and ``{output-name}`` are filled in (v1's OutputFileDatasetConfig). With ``{run-id}`` the attempt
    writes to the path itself; without it, the committed output is copied there before any dependent starts.
    """
    register: tuple[RegisterAs, ...] = ()
    globs: tuple[str, ...] = ()
    """v1's ``source_globs``: only files below it that match one belong to it; empty: all."""


@dataclass(frozen=True, kw_only=True)
class StepSpec:
    """One container call of a plan."""

    key: str
    """Slug and ordinal, unique in the plan. Two steps may share a name."""
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
    """The entry script, relative to the folder, if there is one."""
    inputs: tuple[InputSpec, ...] = ()
    outputs: tuple[OutputSpec, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of this step's process."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The ``AML_PARAMETER_<name>`` variables of the process: the name, and the pipeline parameter with its value."""
    after: tuple[str, ...] = ()
    """Keys of steps that must end first, beside those that the inputs imply."""
    resources: Resources = field(default_factory=Resources)
    placement: Placement = field(default_factory=Placement)
    access: Access = field(default_factory=Access)
    """Secrets and datastores that its script opens by name."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    always: bool = False
    """True: it runs when its dependencies have ended in any way; without dependencies, when all other steps have.

    It does not run after a cancel. A step whose inputs do not exist is skipped.
    """
    reuse: bool = True
    """v1's ``allow_reuse``."""
    version: str = ""
    """v1's ``version`` of a step: steps of different versions are not equal for reuse."""
    workers: Workers | None = None
    """None: one worker, which runs the command once."""
    search: Search | None = None
    """The search that this step summarizes, after all its trials have ended in any way; None: it is no search.

    It waits for its trials without naming them in `after`. It fails if none of them has succeeded.
    """
    trial_of: str = ""
    """The key of the search step whose trial this is; empty: it is no trial."""

    @cached_property
    def needs(self) -> frozenset[str]:
        """The keys of the steps that this one waits for."""
        return self.feeders.union(self.after, self.search.trials if self.search else ())

    @cached_property
    def required(self) -> frozenset[str]:
        """The keys of the steps that must have succeeded. The others of `needs` must have ended in any way."""
        if self.always:
            return self.feeders
        return self.needs.difference(self.search.trials).union(self.feeders) if self.search else self.needs

    @cached_property
    def awaited(self) -> tuple[str, ...]:
        """The keys of the steps that must have ended in any way, beside those of `required`; a search's last first."""
        if self.search:
            return tuple(reversed(self.search.trials))
        return tuple(self.needs - self.required)

    @cached_property
    def feeders(self) -> frozenset[str]:
        """The keys of the steps whose outputs it reads."""
        return frozenset(spec.source.step for spec in self.inputs if isinstance(spec.source, OutputOf))
