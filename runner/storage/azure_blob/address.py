"""The address of a container with its key: one value for this machine and for steps."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from ...dataclass import dataclass, field
from ...model.store_endpoint import OtherEndpoint
from .sign import encode_path, encode_query

KIND = "azure_blob"
"""The type in `runner.storage.registry`."""
PUBLIC = "blob.core.windows.net"
"""The domain of accounts in Azure's public cloud."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container, with an account key, a shared access signature, or neither if the public may read it."""

    account: str
    container: str
    endpoint: str
    """``https://ACCOUNT.blob.core.windows.net``; an emulator has the account in the path: ``http://HOST:PORT/ACCOUNT``."""
    prefix: str = ""
    """Prefix of every key; empty, or ends with a slash."""
    account_key: str = field(default="", repr=False)
    """In base64."""
    sas_token: str = field(default="", repr=False)
    """The query of a shared access signature, without a question mark."""

    def target(self, key: str, query: dict[str, str]) -> str:
        """Return the encoded path and query of a blob, or of the container for an empty key; without the signature."""
        path = f"{urlsplit(self.endpoint).path.rstrip('/')}/{self.container}" + (f"/{self.prefix}{key}" if key else "")
        return encode_path(path) + (f"?{encode_query(query)}" if query else "")

    @property
    def server(self) -> str:
        """The endpoint without the path of an emulator."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def place(self) -> str:
        """The container with its prefix and endpoint, for messages."""
        shown = "/".join(part for part in (self.container, self.prefix.strip("/")) if part)
        return f"{shown} at {self.endpoint}"


def to_endpoint(container: Container) -> OtherEndpoint:
    """Return the container as a step's Secret holds it."""
    settings = {name: getattr(container, name) for name in ("account", "container", "endpoint", "prefix")}
    secrets = {"account_key": container.account_key, "sas_token": container.sas_token}
    signatures = [pair for pair in container.sas_token.split("&") if pair.startswith("sig=")]
    for pair in signatures:  # a log may show it without the rest of the token, encoded or not
        secrets["signature"] = pair[len("sig=") :]
        secrets["decoded_signature"] = dict(parse_qsl(pair)).get("sig", "")
    return OtherEndpoint(
        kind=KIND,
        settings={name: value for name, value in settings.items() if value},
        secrets={name: value for name, value in secrets.items() if value},
    )


def from_endpoint(endpoint: OtherEndpoint) -> Container:
    """Return the container that `to_endpoint` described."""
    secrets = {name: endpoint.secrets.get(name, "") for name in ("account_key", "sas_token")}
    return Container(**endpoint.settings, **secrets)
