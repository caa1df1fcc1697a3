"""What a user gives as a dataset's path: tuples, DataPaths, references, addresses, or a list of those."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import BadInput
from ..model.data import DEFAULT_DATASTORE
from ..model.data import DataPath as Place
from ..model.names import is_reserved
from .data import DataPath, DataReference, plain_path
from .dataset_files import told
from .exceptions import NotOffered, UserErrorException
from .session import current

_WEB = ("http://", "https://")


def places_of(path: object, *, validate: bool) -> tuple[Place, ...]:
    """Where a dataset's files are. Raises UserErrorException; with `validate` also where nothing lies."""
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


def _place(item: object) -> Place:
    match item:
        case DataPath():
            return item.place()
        case DataReference():
            return Place(item.datastore.name, plain_path(item.path_on_datastore))
        case Place():
            return item
        case (datastore, str() | None as below):
            return Place(str(getattr(datastore, "name", datastore)), plain_path(below))
        case str():
            return _address(item)
        case _:
            raise UserErrorException(f"a dataset's path cannot be a {type(item).__name__}: give (datastore, path)")


def _address(text: str) -> Place:
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


def _check_present(places: Sequence[Place]) -> None:
    from ..data.dataset import found_at

    for place in places:
        try:
            store = current().datastore(place.datastore)
        except BadInput as error:
            raise told(error) from error
        if next(found_at(store, place), None) is None:
            raise UserErrorException(
                f"nothing lies at {place.path!r} of datastore {place.datastore!r}",
                remedy="upload the data first, or pass validate=False",
            )
