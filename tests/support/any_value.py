"""Any value of any type that has a written form, for property tests of the codecs."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from runner.data.input_changes import Watched
from runner.data.named_datastores import NamedDatastore
from runner.data.registered_models import ModelRecord
from runner.data.registry import Registration
from runner.environments.lock import Lock
from runner.images.base_image import BaseImage
from runner.model import batches
from runner.model import events as e
from runner.model.context import StepContext
from runner.model.data import DataRef, DatasetDefinition, Manifest
from runner.model.environment import NamedEnvironment
from runner.model.extra_outputs import ExtraOutputs
from runner.model.firing import Firing
from runner.model.plan import Plan, Submission
from runner.model.record import AttemptRecord, CommitRecord
from runner.model.run_request import AcceptedRequest, RequestAnswer, RunRequest
from runner.model.secret import SecretSource
from runner.model.shapes import fields_of
from runner.model.step import InputSpec, StepSpec
from runner.model.store_endpoint import StepStores
from runner.model.task import Task
from runner.operations.after_run import Outcome
from runner.operations.published.triggers import Cursor
from runner.runs.batch_board import Aborted
from runner.runs.head import Head
from runner.runs.index import IndexEntry
from runner.runs.state_snapshot import StateSnapshot
from runner.sdk.hyperdrive.facts import Facts
from runner.sdk.hyperdrive.work import Work
from runner.sdk.runs.logged_store import LoggedRecord
from runner.sdk.steps.module_registry import ModuleRecord, VersionRecord
from runner.server.idempotency import Claim
from runner.wiring.controller_spec import ControllerSpec

WRITTEN: tuple[type, ...] = (
    Plan,
    StepSpec,
    InputSpec,
    Submission,
    Task,
    AttemptRecord,
    CommitRecord,
    Manifest,
    DatasetDefinition,
    NamedEnvironment,
    StepContext,
    ExtraOutputs,
    StepStores,
    Lock,
    BaseImage,
    DataRef,
    e.JournalEntry,
    Head,
    IndexEntry,
    StateSnapshot,
    Registration,
    NamedDatastore,
    ControllerSpec,
    LoggedRecord,
    ModelRecord,
    Outcome,
    ModuleRecord,
    VersionRecord,
    Watched,
    AcceptedRequest,
    RequestAnswer,
    RunRequest,
    Claim,
    Cursor,
    Firing,
    SecretSource,
    Facts,
    Work,
    batches.BatchPlan,
    batches.BatchProgress,
    batches.Beat,
    batches.Claim,
    batches.ClaimResult,
    batches.Takeover,
    Aborted,
)
"""Every shape that is stored, or handed from one process to another."""


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
SCALARS: Mapping[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    object: JSON,
    type(None): st.none(),
    datetime: st.integers(0, 4 * 10**12).map(lambda ms: EPOCH + timedelta(milliseconds=ms)),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that the codec knows."""
    if hint in SCALARS:
        return SCALARS[hint]
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(values, arms))
    if origin is tuple and arms[-1] is Ellipsis:
        return st.lists(values(arms[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arms))
    if origin in (dict, Mapping):
        return st.dictionaries(TEXT, values(arms[1]), max_size=2)
    if issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    hints = typing.get_type_hints(hint)
    whole = {field.name: values(hints[field.name]) for field in dataclasses.fields(hint)}
    return st.fixed_dictionaries(whole).map(lambda found: hint(**found))


def parts_of(hint: Any) -> Iterator[type]:
    """All dataclasses that a type is made of, itself among them; some come twice."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield hint
        hints = typing.get_type_hints(hint)
        for field in dataclasses.fields(hint):
            yield from parts_of(hints[field.name])
    for arm in typing.get_args(hint):
        yield from parts_of(arm)


def smallest(hint: Any) -> Any:
    """The simplest value of a type."""
    if hint in _SMALLEST:
        return _SMALLEST[hint]
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return smallest(arms[0])
    if origin is tuple:
        return () if arms[-1] is Ellipsis else tuple(map(smallest, arms))
    if origin in (dict, Mapping):
        return {}
    if issubclass(hint, enum.Enum):
        return next(iter(hint))
    hints = typing.get_type_hints(hint)
    needed = [field.name for field in fields_of(hint) if field.required]
    return hint(**{name: smallest(hints[name]) for name in needed})


_SMALLEST: Mapping[object, Any] = {
    str: "",
    bool: False,
    int: 0,
    float: 0.0,
    object: None,
    type(None): None,
    datetime: EPOCH,
}
