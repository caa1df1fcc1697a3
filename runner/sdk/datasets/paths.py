"""The paths of a dataset as a user gives them: tuples, DataPaths, references, addresses, or a list of those."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import BadInput
from ...model.data import DEFAULT_DATASTORE, DatastorePath
from ...model.names import is_reserved
from ..base.exceptions import NotOffered, UserErrorException
from ..base.session import current
from ..datastores.data_paths import DataPath, DataReference, pair_of, plain_path
from .files import as_user_error

_WEB = ("http://", "https://")


def places_of(path: object, *, validate: bool) -> tuple[DatastorePath, ...]:
    """Return the places of a dataset's files.

    Args:
        path: The paths as a user gives them.
        validate: True: it is an error if nothing lies there.

    Raises:
        UserErrorException: A path is invalid or reserved, or nothing lies there.

    """
    items = path if isinstance(path, list) else [path]
    places = tuple(_place(item) for item in items)
    if not places:
        raise UserErrorException("a dataset needs at least one path")
    stores = sorted({place.datastore for place in places})
    if len(stores) > 1:
        raise UserErrorException(
            f"the dataset's paths lie in several datastores: {', '.join(stores)}",
            remedy="use one datastore per dataset",
        )
    for place in places:
        if place.datastore == DEFAULT_DATASTORE and is_reserved(place.path):
            raise UserErrorException(
                f"a dataset cannot lie at {place.path!r}: that is reserved for runner's own records",
                remedy="upload the data to another place, such as data/…",
            )
    if validate:
        _check_present(places)
    return places


def _place(item: object) -> DatastorePath:
    if isinstance(item, DataPath):
        return item.place()
    if isinstance(item, DataReference):
        return DatastorePath(item.datastore.name, plain_path(item.path_on_datastore))
    if isinstance(item, DatastorePath):
        return item
    if isinstance(item, str):
        return _address(item)
    pair = pair_of(item)
    if pair and (pair[1] is None or isinstance(pair[1], str)):
        return DatastorePath(str(getattr(pair[0], "name", pair[0])), plain_path(pair[1]))
    raise UserErrorException(f"a dataset's path cannot be a {type(item).__name__}: give (datastore, path)")


def _address(text: str) -> DatastorePath:
    if text.startswith(_WEB):
        from .web_file import fetched

        return fetched(text)
    if "://" in text:
        raise NotOffered(
            f"a dataset cannot be defined by the address {text!r}: runner does not reach that storage",
            remedy="upload the file to a datastore and give (datastore, path)",
        )
    raise UserErrorException(
        f"a dataset's path cannot be the local path {text!r}",
        remedy="upload it (datastore.upload or Dataset.File.upload_directory) and give (datastore, path)",
    )


def _check_present(places: Sequence[DatastorePath]) -> None:
    from ...data.dataset import found_at

    for place in places:
        try:
            store = current().datastore(place.datastore)
        except BadInput as error:
            raise as_user_error(error) from error
        if next(found_at(store, place), None) is None:
            raise UserErrorException(
                f"nothing lies at {place.path!r} of datastore {place.datastore!r}",
                remedy="upload the data first, or pass validate=False",
            )
