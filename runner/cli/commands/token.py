"""``runner token create | list | revoke``: tokens for the REST endpoint."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ...errors import RunnerError
from ...model.token import TokenRecord, why_dead
from ...operations import tokens
from ...operations.kept_records import KEPT_SECONDS
from ...wiring import OpenWorkspace, open_session
from ...wiring.server_token import VARIABLE, save, token_file
from ..documents import print_json
from ..exits import DONE
from ..formatting import day, many
from ..output import show, show_all, warn, write_exactly
from ..paint import Paint, paint_for
from ..table import Cell, table


def run(options: Namespace) -> int:
    """Make, list or revoke tokens.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    return {"create": _create, "list": _list, "revoke": _revoke}[options.action](session, options)


def _create(session: OpenWorkspace, options: Namespace) -> int:
    store_id = session.store_id
    submitter = session.submitter()
    made = tokens.create(
        session.store,
        options.name,
        options.scopes,
        lifetime=options.expires,
        now=submitter.now,
        entropy=os.urandom(40),
        user=submitter.user,
    )
    record = made.record
    until = f"until {day(record.expires)}" if record.expires else "without an end"
    warn(f"token '{record.name}' ({record.id}): {', '.join(record.scopes)}; valid {until}")
    if options.save:
        _save(made.text, token_file(store_id))
        return DONE
    write_exactly(f"{made.text}\n")
    warn("this text is not shown again; send it as: Authorization: Bearer TOKEN")
    return DONE


def _save(text: str, file: Path) -> None:
    try:
        save(text, file)
    except OSError as error:
        what = f"the token cannot be written to {file}: {error.strerror or error}"
        raise RunnerError(f"{what}; revoke it, or make one without --save and set {VARIABLE}") from error
    warn(f"written to {file}, which only this user can read")


def _list(session: OpenWorkspace, options: Namespace) -> int:
    now = session.submitter().now
    found = [one for one in tokens.all_of(session.store) if options.every or not why_dead(one, now)]
    if options.json:
        print_json({"tokens": [document(one, now) for one in found]})
    elif found:
        show_all(listing(found, now, paint_for(sys.stdout)))
    else:
        warn("no valid tokens here; see: runner token create --help")
    return DONE


def document(record: TokenRecord, now: datetime) -> dict[str, object]:
    """Return the JSON document of a token. It holds neither the text nor its digest.

    Args:
        record: The token.
        now: The time.

    """
    return {
        "id": record.id,
        "name": record.name,
        "scopes": record.scopes,
        "created": record.created,
        "expires": record.expires,
        "revoked": record.revoked,
        "valid": not why_dead(record, now),
        "user": record.user,
    }


def listing(records: Sequence[TokenRecord], now: datetime, paint: Paint) -> list[str]:
    """Return the heading and a line per token.

    Args:
        records: The tokens.
        now: The time.
        paint: The colours.

    """
    head = [Cell(text, "dim") for text in ("token", "id", "scopes", "made", "valid", "by")]
    return table([head, *(_row(one, now) for one in records)], paint, indent=0)


def _row(record: TokenRecord, now: datetime) -> list[Cell]:
    valid = f"until {day(record.expires)}" if record.expires else "without an end"
    state = "revoked" if record.revoked else "expired" if why_dead(record, now) else valid
    return [
        Cell(record.name),
        Cell(record.id),
        Cell(" ".join(record.scopes)),
        Cell(day(record.created)),
        Cell(state),
        Cell(record.user, "dim"),
    ]


def _revoke(session: OpenWorkspace, options: Namespace) -> int:
    revoked = tokens.revoke(session.store, options.token, session.submitter().now)
    if not revoked:
        show(f"'{options.token}' had expired or was revoked before")
        return DONE
    seconds = f"{KEPT_SECONDS:g} seconds"
    show(f"revoked {many(len(revoked), 'token')} of the name '{revoked[0].name}'; servers refuse it within {seconds}")
    return DONE
