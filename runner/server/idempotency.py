"""Idempotency keys: one key of one token makes one run of a published pipeline, however often the call is repeated.

The first call writes a claim with the id of the run that it is about to submit. Every other call finds the claim, and
submits that run: a submission with a known id makes no second run. So nothing is lost if the server is killed between
the claim and the submission, and no server has to know of another.

A claim lies in ``serve/``, which steps with keys of their own cannot write.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime

from ..dataclass import dataclass
from ..model.digest import canonical_json
from ..model.document import to_document
from ..model.names import SERVE, computed_run_id
from ..model.stored_documents import read_document
from ..ports import ObjectStore
from .problems import Refusal

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")


class KeyUsed(Refusal):
    """The key was used with another body (422).

    Args:
        run: The id of the run of that body.
        detail: See `Refusal`.
        remedy: See `Refusal`.

    """

    def __init__(self, run: str, detail: str, remedy: str) -> None:
        super().__init__(422, detail, remedy)
        self.run = run


@dataclass(frozen=True)
class Claim:
    """The run of one key."""

    run: str
    request: str
    """The hex SHA-256 of the request's body."""


def checked_key(given: list[str]) -> str:
    """Return the key of a call; empty if it has none. Raise Refusal (400) for one that cannot be used.

    Args:
        given: The values of the header.

    """
    if not given:
        return ""
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        remedy = "send one, of 1 to 255 printable characters, such as a UUID"
        raise Refusal(400, f"the header {HEADER} cannot be used", remedy)
    return given[0]


def run_of(store: ObjectStore, now: datetime, caller: str, pipeline: str, key: str, body: bytes) -> str:
    """Return the id of the run of a key. Raise Refusal (422) if the key was used with another body.

    Args:
        store: The workspace store.
        now: The time.
        caller: The caller's id.
        pipeline: The id of the published pipeline or of the endpoint.
        key: The key.
        body: The request's body.

    """
    digest = hashlib.sha256(json.dumps((caller, pipeline, key)).encode()).hexdigest()
    place = f"{SERVE}keys/{digest}.json"
    mine = Claim(computed_run_id(now, caller, pipeline, key), hashlib.sha256(body).hexdigest())
    if store.put_if_absent(place, canonical_json(to_document(mine))):
        return mine.run
    known = read_document(Claim, store.get(place), place)
    if known.request != mine.request:
        remedy = "use a new key for another request; a repeated call has exactly the body of the first one"
        raise KeyUsed(known.run, f"the {HEADER} was used with another body", remedy)
    return known.run
