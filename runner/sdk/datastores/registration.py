"""v1's ``Datastore.register_*``: names for datastores that are configured."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn

from ...data import named_datastores
from ...data.named_datastores import NamedDatastore
from ...errors import BadInput
from ...storage.azure_blob.address import Container
from ..base.exceptions import UserErrorException
from ..base.refused import refusing
from ..base.session import current

if TYPE_CHECKING:
    from ...operations.values import DatastoreFacts

_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")


def named_after(name: str, container: Container, *, overwrite: bool, tried: bool) -> None:
    """Make a name stand for the configured datastore of an account and container, else for the container in Azure.

    Args:
        name: The name.
        container: The container. Its key is used only if no datastore is configured for it.
        overwrite: True: the name may have meant another datastore.
        tried: False: a container in Azure is not read before.

    Raises:
        UserErrorException: The container can neither be read nor is configured (the message has the lines to add), or
            the name is taken.

    """
    if not _NAME.fullmatch(name):
        raise UserErrorException(f"{name!r} cannot name a datastore", remedy="use letters, digits and underscores")
    known = current().datastore_facts()
    account = container.account
    meant = _meant(known, name, container.container, account)
    if meant == name:
        return
    wanted = NamedDatastore(meant, account, container.container)
    if not meant:
        wanted = NamedDatastore(name, account, container.container, container.endpoint)
    taken = known.get(name)
    if taken is not None and not (taken.configured and (overwrite or _same(taken, wanted))):
        raise _taken(name, taken)
    if not meant:
        _admit(name, container, tried=tried)
    if named_datastores.remembered(current().store).named.get(name) != wanted:
        named_datastores.give_name(current().store, name, wanted)


def _same(taken: DatastoreFacts, wanted: NamedDatastore) -> bool:
    """Return True if a registered name means what it is to mean."""
    if wanted.endpoint:
        return (taken.account, taken.container) == (wanted.account, wanted.container)
    return taken.configured == wanted.datastore


def _admit(name: str, container: Container, *, tried: bool) -> None:
    """Keep the key of a container in Azure. Raise UserErrorException, whose words hold no key."""
    try:
        current().admit_container(container, tried=tried)
    except BadInput as error:
        reason = "; ".join(problem.what for problem in error.problems)
        raise UserErrorException(
            f"datastore {name!r} (container {container.container!r} of account {container.account!r}) is not "
            f"configured here, and cannot be read in Azure: {reason}",
            remedy="pass a sas_token or account_key that may read and list it, or say in runner.yaml where its data "
            f"lie:\n{snippet(name, container.container, container.account)}",
        ) from error


def container_of(account: str, container: str, protocol: str | None, endpoint: str | None) -> Container:
    """Return the address of a container in Azure.

    Args:
        account: The account.
        container: The container.
        protocol: ``"https"`` or ``"http"``. None: https.
        endpoint: The domain of the cloud, or the URL of a Blob service. None: ``core.windows.net``.

    """
    domain = endpoint or "core.windows.net"
    url = domain.rstrip("/") if "://" in domain else f"{protocol or 'https'}://{account}.blob.{domain}"
    return Container(account=account, container=container, endpoint=url)


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
        "    # type: azure_blob        # read in Azure",
        '    # credentials: FILE.json    # {"sas_token": …} or {"account_key": …}, mode 0600',
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
