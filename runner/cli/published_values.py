"""Values of the parameters of a published pipeline, as a command line writes them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..data import registry
from ..errors import BadInput, Problem
from ..model.data import DatasetDefinition, DatastorePath
from ..model.published import Data, ParameterValues, PublishedRecord
from ..model.reading import unknown
from ..operations.published import pipelines
from ..operations.published.binding import bound
from ..plan import data_parameters
from ..runs import plans

if TYPE_CHECKING:
    from ..model.plan import Scalar
    from ..ports import ObjectStore
    from ..wiring import OpenWorkspace

_DATASET = "dataset:"
_FORMS = "write NAME=DATASTORE/PATH, or NAME=dataset:REGISTERED[:VERSION]"


def named(store: ObjectStore, options: Namespace, *, no_file: bool) -> PublishedRecord:
    """Return the published pipeline that a command line names.

    Args:
        store: The workspace store.
        options: The command line, with ``name`` and ``arguments``.
        no_file: The name may be meant as that of a file that does not exist.

    Raises:
        BadInput: There is no such pipeline, or there are arguments for it.

    """
    if options.arguments:
        said = f"-- {' '.join(options.arguments)}"
        raise BadInput("a published pipeline takes no arguments", said, "say -p NAME=VALUE")
    try:
        return pipelines.named(store, options.name)
    except BadInput as error:
        if not no_file:
            raise
        first, *rest = error.problems
        what = f"there is no file {options.name}, and no published pipeline of that name: {first.what}"
        raise BadInput([first._replace(what=what), *rest]) from error


def values_of(session: OpenWorkspace, record: PublishedRecord, given: Sequence[str]) -> ParameterValues:
    """Return the values of ``-p`` options for a published pipeline.

    Args:
        session: The workspace.
        record: The published pipeline.
        given: The texts, each ``NAME=VALUE``.

    Raises:
        BadInput: With all problems: unknown names, data that does not exist, values of another type.

    """
    plan = plans.load(session.store, record.plan)
    known = data_parameters.defaults(plan)
    scalars: dict[str, Scalar] = {}
    data: dict[str, Data] = {}
    problems: list[Problem] = []
    for text in given:
        name, equals, value = text.partition("=")
        where = f"-p {text}"
        if not equals:
            problems.append(Problem(f"'{text}' says no value", where, "write NAME=VALUE"))
        elif name in scalars or name in data:
            problems.append(Problem(f"'{name}' is given twice", where, "keep one of them"))
        elif name not in known:
            scalars[name] = value
        else:
            try:
                data[name] = _data(session, value, known[name], where)
            except BadInput as error:
                problems.extend(error.problems)
    values = ParameterValues(scalars=scalars, data=data)
    try:
        bound(plan, values, parse_texts=True)
    except BadInput as error:
        problems.extend(_at_options(error.problems, given))
    if problems:
        raise BadInput(problems)
    return values


def _at_options(problems: Sequence[Problem], given: Sequence[str]) -> Iterator[Problem]:
    """Yield the problems with the option that each is about as its place."""
    for problem in problems:
        about = [text for text in given if f"'{text.partition('=')[0]}'" in problem.what]
        yield problem._replace(where=f"-p {about[0]}") if about else problem


def _data(session: OpenWorkspace, text: str, default: Data, where: str) -> Data:
    if text.startswith(_DATASET):
        return _registered(session.store, text[len(_DATASET) :], where)
    datastore, slash, path = text.partition("/")
    names: Collection[str] = session.datastore_names()
    if not slash or not path.strip("/"):
        raise BadInput(f"'{text}' is no place of data", where, _FORMS)
    if datastore not in names:
        what, remedy = unknown("datastore", datastore, names)
        raise BadInput(what, where, remedy)
    place = DatastorePath(datastore, path.strip("/"))
    # A dataset is read as the default is: the same format and transformations.
    return place if isinstance(default, DatastorePath) else replace(default.bare, paths=(place,))


def _registered(store: ObjectStore, text: str, where: str) -> DatasetDefinition:
    name, colon, version = text.rpartition(":")
    if not colon or not version.isdecimal():
        name, version = text, ""
    found = registry.fetch(store, name, int(version)) if version else registry.latest(store, name)
    if found is not None:
        return found.definition
    known = tuple(registry.names(store))
    if name in known:
        raise BadInput(f"dataset '{name}' has no version {version}", where, "see: runner dataset list")
    what, remedy = unknown("registered dataset", name, known)
    raise BadInput(what, where, remedy)
