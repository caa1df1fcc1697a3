"""Documents in the registry, and what keeps the runs and digests that they name.

Published pipelines and drafts name a plan, and their runs will need all that it names. Records that change count by
their newest revision. Those of disabled and archived pipelines count too, since they can be enabled again; a deleted
draft does not. The history of a schedule is a log: its runs are kept no longer than others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ...model.names import PUBLISHED, REGISTRY, SCHEDULE_CURSORS, SCHEDULE_RUNS
from ...ports import ObjectStore
from ...runs import plans
from . import mentions
from .mentions import Mentions
from .reading import Contents

_MODELS = f"{REGISTRY}models/"
_WITH_PLANS = (f"{PUBLISHED}pipelines/", f"{PUBLISHED}drafts/")


def references(store: ObjectStore, read: Contents) -> Iterator[tuple[str, Mentions]]:
    """Yield what the registry of a workspace refers to, with its noun. Raises StoreError.

    Args:
        store: The workspace store.
        read: Reads several of its objects.

    """
    keys = document_keys(store)
    published = [key for key in keys if key.startswith(PUBLISHED)]
    others = [key for key in keys if not key.startswith(PUBLISHED)]
    yield "a registered dataset, model or module", _said(read, others)
    records = _live(read, _newest(published))
    found = _said(read, records)
    named = _plans_named(read, [key for key in records if key.startswith(_WITH_PLANS)])
    yield "a published pipeline, draft or schedule", found | _said(read, named)


def document_keys(store: ObjectStore) -> list[str]:
    """Return the keys of the documents in the registry, without the files of models."""
    return [info.key for info in store.list(REGISTRY) if _is_document(info.key)]


def _newest(keys: Sequence[str]) -> list[str]:
    """Return the newest revision of each record; the keys are sorted."""
    return list({key.rpartition("/")[0]: key for key in keys}.values())


def _said(read: Contents, keys: Sequence[str]) -> Mentions:
    return mentions.in_documents(data for data in read(keys) if data)


def _live(read: Contents, keys: Sequence[str]) -> list[str]:
    """Return the keys of the records that are not deleted."""
    return [key for key, data in zip(keys, read(keys), strict=True) if data and not _is_deleted(data)]


def _plans_named(read: Contents, keys: Sequence[str]) -> list[str]:
    """Return the keys of the plans that records name: any digest may be one, in documents of every version."""
    return [plans.plan_key(digest) for digest in sorted(_said(read, keys).digests)]


def _is_deleted(data: bytes) -> bool:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("deleted") is True


def _is_document(key: str) -> bool:
    if key.startswith(_MODELS):
        return key.count("/") == 3
    return key.endswith(".json") and not key.startswith((SCHEDULE_RUNS, SCHEDULE_CURSORS))
