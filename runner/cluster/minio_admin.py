"""Administration of a MinIO server through the ``minio`` package: buckets, and users confined to one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..dataclass import dataclass, field
from ..errors import BadInput, StoreDenied, StoreError, StoreUnreachable

if TYPE_CHECKING:
    from minio import Minio, MinioAdmin
    from urllib3 import PoolManager

_DENIED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch")
_OURS_ALREADY = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
_ATTACHED_ALREADY = "XMinioAdminPolicyChangeAlreadyApplied"
_SECONDS = 10.0


@dataclass(frozen=True)
class KeyPair:
    """A user of the server."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


def ensure_bucket(endpoint: str, access_key: str, secret_key: str, bucket: str) -> None:
    """Create the bucket unless it is there. Asks once; raises StoreError, StoreUnreachable, StoreDenied."""
    from minio.error import S3Error

    with _failures(endpoint):
        client = _client(endpoint, KeyPair(access_key, secret_key))
        try:
            if not client.bucket_exists(bucket_name=bucket):
                client.make_bucket(bucket_name=bucket)
        except S3Error as error:
            if error.code not in _OURS_ALREADY:
                raise


def ensure_bucket_user(
    endpoint: str,
    root_access: str,
    root_secret: str,
    *,
    bucket: str,
    user_access: str,
    user_secret: str,
) -> None:
    """Make a user who may use this bucket and nothing else; one that is there gets the secret and the policy.

    Asks once; raises StoreError, StoreUnreachable, StoreDenied.
    """
    from minio.error import MinioAdminException

    name = f"runner-{bucket}"
    with _failures(endpoint):
        admin = _admin(endpoint, KeyPair(root_access, root_secret))
        admin.policy_add(policy_name=name, policy=bucket_policy(bucket))
        admin.user_add(access_key=user_access, secret_key=user_secret)
        try:
            admin.attach_policy(policies=[name], user=user_access)
        except MinioAdminException as error:
            if _ATTACHED_ALREADY not in str(error):
                raise


def bucket_policy(bucket: str) -> dict[str, object]:
    """The rights of a step and a controller: objects of one bucket, no other bucket and no administration.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    """
    of_bucket = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    of_objects = [
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    ]
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": of_bucket, "Resource": [arn]},
            {"Effect": "Allow", "Action": of_objects, "Resource": [f"{arn}/*"]},
        ],
    }


def _client(endpoint: str, key: KeyPair) -> Minio:
    from minio import Minio

    host, secure = _address(endpoint)
    return Minio(
        endpoint=host, access_key=key.access_key, secret_key=key.secret_key, secure=secure, http_client=_connections()
    )


def _admin(endpoint: str, key: KeyPair) -> MinioAdmin:
    from minio import MinioAdmin
    from minio.credentials.providers import StaticProvider

    host, secure = _address(endpoint)
    provider = StaticProvider(access_key=key.access_key, secret_key=key.secret_key)
    return MinioAdmin(endpoint=host, credentials=provider, secure=secure, http_client=_connections())


def _connections() -> PoolManager:
    """Without the package's own retries, five with growing waits: waiting is the caller's business."""
    from urllib3 import PoolManager, Timeout

    return PoolManager(retries=False, timeout=Timeout(connect=_SECONDS, read=_SECONDS))


def _address(endpoint: str) -> tuple[str, bool]:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        shown = repr(endpoint) if "@" not in endpoint else "it holds a user or a password"
        raise BadInput(f"not an S3 endpoint: {shown}", remedy="write http://host:port or https://host")
    return parts.netloc, parts.scheme == "https"


@contextmanager
def _failures(endpoint: str) -> Iterator[None]:
    """Turn the package's errors into ours."""
    from minio.error import MinioAdminException, MinioException, S3Error
    from urllib3.exceptions import HTTPError

    try:
        yield
    except HTTPError as error:
        raise StoreUnreachable(f"no answer from MinIO at {endpoint}: {error}; is it running and reachable?") from error
    except S3Error as error:
        kind = StoreDenied if error.code in _DENIED else StoreError
        raise kind(f"MinIO at {endpoint} refused ({error.code}): {error.message}") from error
    except (MinioException, MinioAdminException) as error:
        kind = StoreDenied if any(code in str(error) for code in _DENIED) else StoreError
        raise kind(f"MinIO at {endpoint} refused: {error}") from error
    except ValueError as error:  # the package's answer to a malformed name or endpoint
        raise BadInput(f"MinIO at {endpoint}: {error}", remedy="check the names in the store's settings") from error
