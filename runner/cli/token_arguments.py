"""The arguments of ``runner token``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta

from ..model.duration import seconds_of

NEVER = "never"
_LONGEST = timedelta(days=3650)


def describe(parser: ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a token and print it; it is never shown again")
    create.add_argument("name", metavar="NAME", help="the name of the token, for people")
    scope = "read: see everything; submit: submit everything and cancel runs; submit:NAME: submit this published "
    scope += "pipeline or endpoint (a name or an id) and cancel its runs; repeatable"
    create.add_argument("--scope", dest="scopes", action="append", default=[], metavar="SCOPE", help=scope)
    expires = f"the time until it expires, such as 90d or 12h, or {NEVER} (default: 90d)"
    create.add_argument("--expires", type=_lifetime, default="90d", metavar="TIME", help=expires)
    save = "write it into the file from which drivers and get_authentication_header() of this machine take it, in "
    save += "place of printing it"
    create.add_argument("--save", action="store_true", help=save)
    listing = actions.add_parser("list", help="list the tokens; nothing of their text is known")
    listing.add_argument("--all", dest="every", action="store_true", help="also expired and revoked ones")
    listing.add_argument("--json", action="store_true", help="print one JSON document")
    revoke = actions.add_parser("revoke", help="revoke a token, or all tokens of a name")
    revoke.add_argument("token", metavar="NAME|ID", help="the name or the id of the token")
    for action in (create, listing, revoke):
        help_ = "the compute target whose store to use (default: `target:` of runner.yaml, or this machine)"
        action.add_argument("--target", default="", metavar="NAME", help=help_)


def _lifetime(text: str) -> timedelta | None:
    """Return the lifetime that a text means; None for no end."""
    if text == NEVER:
        return None
    seconds = seconds_of(text)
    if not seconds or seconds > _LONGEST.total_seconds():
        raise ArgumentTypeError(f"{text!r} is no time up to {_LONGEST.days}d: write it like 90d, 12h, or {NEVER}")
    return timedelta(seconds=seconds)
