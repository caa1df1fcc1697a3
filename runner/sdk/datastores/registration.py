"""v1's ``Datastore.register_*``: names for datastores that are configured."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn

from ...data import named_datastores
from ...data.named_datastores import NamedDatastore
from ..base.exceptions import UserErrorException
from ..base.refused import refusing
from ..base.session import current

if TYPE_CHECKING:
    from ...operations.values import DatastoreFacts

_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")


def named_after(name: str, container: str, account: str, *, overwrite: bool) -> None:
    """Make a name stand for the configured datastore of an account and container.

    Args:
        name: The name.
        container: The container.
        account: The account.
        overwrite: True: the name may have meant another datastore.

    Raises:
        UserErrorException: No such datastore is configured (the message has the lines to add), or the name is taken.

    """
    if not _NAME.fullmatch(name):
        raise UserErrorException(f"{name!r} cannot name a datastore", remedy="use letters, digits and underscores")
    known = current().datastore_facts()
    wanted = NamedDatastore(_meant(known, name, container, account), account, container)
    if not wanted.datastore:
        raise UserErrorException(
            f"datastore {name!r} (container {container!r} of account {account!r}) is not configured here, and runner "
            "does not reach Azure",
            remedy=f"say in runner.yaml where its data lie:\n{snippet(name, container, account)}",
        )
    if wanted.datastore == name:
        return
    taken = known.get(name)
    if taken is not None and not taken.configured:
        raise _taken(name, taken)
    if taken is not None and not overwrite and taken.configured != wanted.datastore:
        raise _taken(name, taken)
    if taken is None or taken.configured != wanted.datastore:
        named_datastores.give_name(current().store, name, wanted)


def forget(name: str) -> None:
    """Remove a registered name.

    Args:
        name: The name.

    Raises:
        UserErrorException: The datastore is configured, not registered, or is the default one.

    """
    facts = current().datastore_facts()[name]
    if not facts.configured:
        raise UserErrorException(
            f"datastore {name!r} is not registered but {'configured' if facts.where else 'built in'}",
            where=facts.where,
            remedy="remove it there" if facts.where else "leave it: every workspace has it",
        )
    if next(iter(current().datastore_names())) == name:
        raise UserErrorException(f"{name!r} is the default datastore", remedy="ws.set_default_datastore(another) first")
    named_datastores.forget_name(current().store, name)


def snippet(name: str, container: str, account: str) -> str:
    """Return the lines of ``runner.yaml`` that configure a datastore.

    Args:
        name: The datastore's name.
        container: The container.
        account: The account.

    """
    lines = (
        "datastores:",
        f"  {name}:",
        "    type: folder            # for steps on this machine; for a cluster see the lines below",
        f"    path: data/{name}",
        "    # type: bucket",
        f"    # bucket: {container}",
        "    # endpoint: https://HOST:PORT",
        '    # credentials: FILE.json    # {"access_key": …, "secret_key": …}, mode 0600',
        f"    account: {account}",
        f"    container: {container}",
    )
    return "\n".join(f"      {line}" for line in lines)


def refusal(method: str, what: str) -> Callable[..., NoReturn]:
    """Return a ``register_*`` method that refuses.

    Args:
        method: The method's name.
        what: The service that cannot be reached.

    """
    remedy = "configure a bucket or a folder under 'datastores:' of runner.yaml and take Datastore(ws, name)"
    return refusing(f"Datastore.{method}", f"runner does not reach {what}", remedy)


def _meant(known: Mapping[str, DatastoreFacts], name: str, container: str, account: str) -> str:
    """Return the configured datastore of the account and container, else of the name, else of the container alone."""
    configured = {one.name: one for one in known.values() if not one.configured and one.where}
    for one in configured.values():
        if one.account and (one.account, one.container) == (account, container):
            return one.name
    own = configured.get(name)
    if own is not None and not own.account:
        return name
    alone = [one.name for one in configured.values() if not one.account and one.container == container]
    return alone[0] if len(alone) == 1 else ""


def _taken(name: str, facts: DatastoreFacts) -> UserErrorException:
    means = f"container {facts.container!r} of account {facts.account!r}" if facts.account else facts.place
    return UserErrorException(
        f"datastore {name!r} is known already and means another place: {means}",
        where=facts.where,
        remedy="pass overwrite=True" if facts.configured else "take another name, or correct runner.yaml",
    )
