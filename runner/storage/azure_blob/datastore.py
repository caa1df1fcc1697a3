"""A container of Azure Blob Storage as a datastore."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from ...config import rules as general
from ...dataclass import dataclass
from ...datastores import endpoint_misfit
from ...documents import files
from ...errors import BadInput
from ...model.reading import Checks, Wrong
from ...model.store_endpoint import OtherEndpoint
from ...ports import ObjectStore
from .address import PUBLIC, Container, to_endpoint

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
"""https://learn.microsoft.com/azure/storage/common/storage-account-overview"""
_CONTAINER = re.compile(r"\$root|\$web|\$logs|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata"""


@dataclass(frozen=True, kw_only=True)
class AzureBlobConfig:
    """A container of Azure Blob Storage. It is only read; steps that use it copy what they read."""

    account: str
    """The name of the storage account."""
    container: str
    """The name of the container."""
    prefix: str = ""
    """A prefix of all keys."""
    endpoint: str = ""
    """The URL of the account's Blob service. Empty: `https://ACCOUNT.blob.core.windows.net`.
    Emulators have the account in the path: `http://HOST:PORT/ACCOUNT`."""
    cluster_endpoint: str = ""
    """The URL of the service, as pods reach it. Empty: the same as `endpoint`."""
    credentials: str = ""
    """A JSON file with ``account_key`` or ``sas_token``, which needs the permissions read and list.
    Only its owner may read it (mode 0600). Empty: the public may read the container."""

    @classmethod
    def rules(cls) -> Checks:
        """Return the rules of the fields beyond their types."""
        account = general.like(
            _ACCOUNT, "is no name of a storage account", "write 3 to 24 small letters and digits", optional=False
        )
        container = general.like(
            _CONTAINER, "is no name of a container", "write 3 to 63 small letters, digits and '-'", optional=False
        )
        return {
            (cls, "account"): account,
            (cls, "container"): container,
            (cls, "prefix"): general.prefix,
            (cls, "endpoint"): _endpoint,
            (cls, "cluster_endpoint"): _endpoint,
            (cls, "credentials"): general.optional_text,
        }

    @classmethod
    def paths(cls) -> tuple[str, ...]:
        """Return the names of the fields that hold paths."""
        return ("credentials",)

    @property
    def place(self) -> str:
        """The container with its prefix and endpoint, for messages."""
        return self._at(self._url).place

    @property
    def read_only(self) -> bool:
        """True: nothing is ever written."""
        return True

    @property
    def folder(self) -> str:
        """Empty: a container is no folder."""
        return ""

    def open(self, where: str) -> ObjectStore:
        """Return the store in the container, as this machine reaches it. Raises BadInput for unusable credentials."""
        from .store import BlobStore

        return BlobStore(self._opened(self._url, where), renew=lambda: self._opened(self._url, where))

    def for_steps(self, where: str, *, here: bool) -> OtherEndpoint:
        """Return the container as steps reach it. Raises BadInput for unusable credentials."""
        return to_endpoint(self._opened(self._url if here else self.cluster_endpoint or self._url, where))

    @property
    def _url(self) -> str:
        return self.endpoint or f"https://{self.account}.{PUBLIC}"

    def _at(self, endpoint: str, key: str = "", token: str = "") -> Container:
        prefix = self.prefix.strip("/")
        return Container(
            account=self.account,
            container=self.container,
            endpoint=endpoint.rstrip("/"),
            prefix=f"{prefix}/" if prefix else "",
            account_key=key,
            sas_token=token,
        )

    def _opened(self, endpoint: str, where: str) -> Container:
        if not self.credentials:
            return self._at(endpoint)
        path = Path(self.credentials).expanduser()
        try:
            text = files.private_text(path)
        except BadInput as error:
            (problem,) = error.problems
            what = f"the credentials file {path} cannot be used: {problem.what}"
            raise BadInput(what, where, problem.remedy) from None
        remedy = 'make it a JSON file {"account_key": …} or {"sas_token": …} that only you can read'
        if text is None:
            raise BadInput(f"the credentials file {path} cannot be used: there is no such file", where, remedy)
        try:
            return self._at(endpoint, *credentials_in(text))
        except ValueError as error:
            raise BadInput(f"the credentials file {path} cannot be used: {error}", where, remedy) from None


def credentials_in(text: str) -> tuple[str, str]:
    """Return the account key and the SAS token in a credentials file, one of which is empty.

    Raises:
        ValueError: It holds neither, or one that nobody could use. The words hold no secret.

    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    found = document if isinstance(document, dict) else {}
    key, token = found.get("account_key", ""), found.get("sas_token", "")
    if not isinstance(key, str) or not isinstance(token, str) or bool(key) == bool(token):
        raise ValueError("it does not hold one of 'account_key' and 'sas_token'")
    return checked_credentials(key, token)


def checked_credentials(key: str, token: str) -> tuple[str, str]:
    """Return an account key and a SAS token without what people copy along with them.

    Raises:
        ValueError: One of them cannot be what it should be. The words hold no secret.

    """
    key, token = key.strip(), token.strip().lstrip("?")
    try:
        base64.b64decode(key, validate=True)
    except ValueError:
        raise ValueError("the account key is no base64 text") from None
    if token and ("sig=" not in token or not token.isprintable() or " " in token or not token.isascii()):
        raise ValueError("the SAS token is none: it has no signature (sig=…)")
    return key, token


def _endpoint(value: str) -> Wrong | None:
    """Refuse what is no address of a Blob service. An emulator's has the account as its path."""
    match = re.fullmatch(r"(https?://[^/?#@]+)/[a-z0-9]{3,24}/?", value)
    return endpoint_misfit(match[1] if match else value) if value else None
