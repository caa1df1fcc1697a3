"""Which datastores pods of a target cannot mount."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from runner.compute.kubernetes.build import unmountable
from runner.model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from runner.model.store_endpoint import BucketEndpoint, OtherEndpoint, StepStores

PATH = BucketEndpoint(bucket="own", endpoint="http://store")
HOST = replace(PATH, host_style=True)


@pytest.mark.parametrize(
    ("workspace", "claim", "names"),
    [
        (PATH, False, {"blobs", "host"}),
        (HOST, False, {"blobs", "host", DEFAULT_DATASTORE, FILE_DATASTORE}),
        (PATH, True, {"blobs", "host", "path"}),
    ],
)
def test_what_no_mounter_can_address_is_left_out(workspace: BucketEndpoint, names: set[str], *, claim: bool) -> None:
    stores = StepStores(workspace, {"path": PATH, "host": HOST, "blobs": OtherEndpoint(kind="azure_blob")})
    context: Any = SimpleNamespace(step_stores=lambda: stores)
    assert unmountable(context, claim=claim) == names
