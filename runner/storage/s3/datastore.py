"""A bucket as a datastore."""

from __future__ import annotations

import dataclasses

from ...config import rules as general
from ...dataclass import dataclass
from ...datastores import BucketConfig
from ...model.reading import Checks
from ...model.store_endpoint import BucketEndpoint
from ...ports import ObjectStore


@dataclass(frozen=True, kw_only=True)
class BucketDatastore(BucketConfig):
    """A bucket of an S3 store."""

    @classmethod
    def rules(cls) -> Checks:
        """Return the rules of the fields beyond their types: those of a target's bucket."""
        return {(cls, name): rule for (shape, name), rule in general.CHECKS.items() if shape is BucketConfig}

    @classmethod
    def paths(cls) -> tuple[str, ...]:
        """Return the names of the fields that hold paths."""
        return ("credentials",)

    @classmethod
    def of(cls, bucket: BucketConfig) -> BucketDatastore:
        """Return the bucket with these settings."""
        return cls(**{each.name: getattr(bucket, each.name) for each in dataclasses.fields(BucketConfig)})

    @property
    def account(self) -> str:
        """Empty: a bucket has no account."""
        return ""

    @property
    def container(self) -> str:
        """The bucket."""
        return self.bucket

    @property
    def place(self) -> str:
        """The bucket with its prefix and endpoint, for messages."""
        shown = "/".join(part for part in (self.bucket, self.prefix.strip("/")) if part)
        return f"{shown} at {self.endpoint}"

    @property
    def folder(self) -> str:
        """Empty: a bucket is no folder."""
        return ""

    def open(self, where: str) -> ObjectStore:
        """Return the store in the bucket, as this machine reaches it. Raises BadInput for unusable credentials."""
        return open_bucket(self, where)

    def for_steps(self, where: str, *, here: bool) -> BucketEndpoint:
        """Return the bucket as steps reach it. Raises BadInput for unusable credentials."""
        from .web_identity import configured_endpoints

        near, cluster = configured_endpoints(self, where)
        return near if here else cluster


def open_bucket(bucket: BucketConfig, where: str) -> ObjectStore:
    """Return the store in a bucket, as this machine reaches it.

    Args:
        bucket: The settings.
        where: The place of the settings, for messages.

    Raises:
        BadInput: The credentials are unusable.
        StoreUnreachable: The server that makes keys for a web identity does not answer now.

    """
    from .store import BucketStore
    from .web_identity import configured_endpoints

    near, _ = configured_endpoints(bucket, where)
    return BucketStore(near, renew=lambda: configured_endpoints(bucket, where)[0])
