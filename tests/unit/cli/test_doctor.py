from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.commands.doctor import kubeconfig_of
from runner.config import KubernetesConfig
from runner.datastores import BucketConfig

BUCKET = BucketConfig("b", "http://h")


@pytest.mark.parametrize(
    ("written", "environ", "meant"),
    [
        ("/own", {"KUBECONFIG": "/other"}, Path("/own")),
        ("", {"KUBECONFIG": "/one:/two"}, Path("/one")),
        ("", {}, Path.home() / ".kube" / "config"),
    ],
)
def test_a_target_without_a_kubeconfig_takes_the_usual_one(written: str, environ: dict[str, str], meant: Path) -> None:
    assert kubeconfig_of(KubernetesConfig(BUCKET, kubeconfig=written), environ) == meant
