"""The controller's way into the cluster: a kubeconfig with a token of its ServiceAccount."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone

from ..errors import TargetDenied
from ..model.document import Document
from .api import ClusterApi
from .manifests import collection_path
from .options import SERVICE_ACCOUNT, STEPS_NAMESPACE

LIFETIME = timedelta(days=365)
"""Asked for; a server may give less."""
RENEWAL = timedelta(days=30)
"""A token with less than this left is replaced."""


def token_kubeconfig(admin: Document, name: str, token: str) -> Document:
    """The kubeconfig of the controller's account, for the server that the administrator's one names."""
    server = admin["clusters"][0]["cluster"]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": SERVICE_ACCOUNT, "user": {"token": token}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": SERVICE_ACCOUNT, "namespace": STEPS_NAMESPACE}}
        ],
    }


def token_expiry(token: str) -> datetime | None:
    """Return the end of a ServiceAccount token (RFC 7519, claim ``exp``), or None if it states none."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(claims["exp"], timezone.utc)
    except (IndexError, ValueError, KeyError, TypeError):
        return None


def is_for_cluster(kubeconfig: Document, admin: Document) -> bool:
    """True when the written kubeconfig is for the same server and authority as the administrator's."""
    try:
        return bool(kubeconfig["clusters"][0]["cluster"] == admin["clusters"][0]["cluster"])
    except (KeyError, IndexError, TypeError):
        return False


def is_long_lived(kubeconfig: Document, now: datetime) -> bool:
    """True when the kubeconfig's token need not be replaced yet."""
    try:
        expiry = token_expiry(kubeconfig["users"][0]["user"]["token"])
    except (KeyError, IndexError, TypeError):
        return False
    return expiry is not None and expiry - now > RENEWAL


def is_accepted(kubeconfig: Document) -> bool:
    """True when the server lets the account list Jobs: the token is of this cluster's own account."""
    api = ClusterApi(kubeconfig)
    try:
        api.get(f"/apis/batch/v1/namespaces/{STEPS_NAMESPACE}/jobs", limit="1")
    except TargetDenied:
        return False
    finally:
        api.close()
    return True


def request_token(api: ClusterApi) -> str:
    """A new token of the controller's account, bound to that account's life. Raises TargetError.

    https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
    """
    accounts = collection_path("ServiceAccount", STEPS_NAMESPACE)
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": int(LIFETIME.total_seconds())},
    }
    return str(api.create(f"{accounts}/{SERVICE_ACCOUNT}/token", body)["status"]["token"])
