from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from runner.cli.commands import doctor
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.doctor import kubeconfig_of
from runner.config import TargetContext
from runner.datastores import BucketConfig
from runner.errors import BadInput
from runner.model.access import Access
from runner.runs import store_format
from runner.wiring import OpenWorkspace
from runner.wiring.configuration import load
from tests.support.canary import CANARY, tells
from tests.support.scripted_server import Reply, Seen, error, scripted_server

BUCKET = BucketConfig(bucket="b", endpoint="http://h")


@pytest.mark.parametrize(
    ("written", "environ", "meant"),
    [
        ("/own", {"KUBECONFIG": "/other"}, Path("/own")),
        ("", {"KUBECONFIG": "/one:/two"}, Path("/one")),
        ("", {}, Path.home() / ".kube" / "config"),
    ],
)
def test_a_target_without_a_kubeconfig_takes_the_usual_one(written: str, environ: dict[str, str], meant: Path) -> None:
    assert kubeconfig_of(KubernetesConfig(store=BUCKET, kubeconfig=written), environ) == meant


CONFIGURATION = """
targets:
  team:
    type: kubernetes
    kubeconfig: {folder}/kubeconfig
    registry: 127.0.0.1:9/team
    store: {{bucket: bkt, endpoint: "{server}", credentials: {folder}/keys.json}}
datastores:
  lake: {{type: bucket, bucket: lake, endpoint: "{server}", credentials: {folder}/keys.json}}
secrets: {{db: {{file: {folder}/db.txt}}, api: {{env: MY_API}}}}
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
users: [{{name: u, user: {{token: {canary}-4}}}}]
"""


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("known", [False, True], ids=["turned away", "known to the cluster"])
def test_what_the_doctor_says_holds_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, as_json: bool, known: bool
) -> None:
    """Server and store repeat what they were sent."""
    sent: list[str] = []

    def refuse(seen: Seen) -> Reply:
        sent.append(seen.headers["authorization"])
        if "kind=" not in seen.target and seen.headers["authorization"].startswith("Bearer"):
            return Reply(200, b'{"gitVersion": "v1.34.0"}') if known else Reply(401, b'{"message": "Unauthorized"}')
        return error(403, "SignatureDoesNotMatch", f"{seen.headers['authorization']} {CANARY}")

    with scripted_server(refuse) as server:
        words = {"folder": tmp_path, "server": server.endpoint, "canary": CANARY}
        (tmp_path / "runner.yaml").write_text(CONFIGURATION.format(**words))
        (tmp_path / "kubeconfig").write_text(KUBECONFIG.format(**words))
        (tmp_path / "keys.json").write_text(json.dumps({"access_key": f"{CANARY}-1", "secret_key": f"{CANARY}-2"}))
        (tmp_path / "keys.json").chmod(0o600)
        (tmp_path / "db.txt").write_text(f"{CANARY}-3")
        (tmp_path / "db.txt").chmod(0o600)
        monkeypatch.setenv("MY_API", f"{CANARY}-5")
        monkeypatch.chdir(tmp_path)
        assert doctor.run(Namespace(target="team", json=as_json, image="")) != 0
    assert any(tells(header) for header in sent), "keys were used at all"
    said = "".join(capsys.readouterr())
    assert "SignatureDoesNotMatch" in said
    assert not tells(said)


def test_an_image_is_for_one_target() -> None:
    with pytest.raises(BadInput, match="for one target") as caught:
        doctor.run(Namespace(target="", json=False, image="python:3"))
    assert [problem.remedy for problem in caught.value.problems] == ["runner doctor TARGET --image IMAGE"]


def test_the_pod_that_tries_a_store_gets_no_key_but_the_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"folder": tmp_path, "server": "http://127.0.0.1:9", "canary": CANARY}
    (tmp_path / "runner.yaml").write_text(CONFIGURATION.format(**words))
    (tmp_path / "keys.json").write_text(json.dumps({"access_key": "ours", "secret_key": "also ours"}))
    (tmp_path / "keys.json").chmod(0o600)
    told: list[TargetContext] = []
    monkeypatch.setattr(KubernetesConfig, "build", lambda _self, context: told.append(context))
    monkeypatch.setattr(store_format, "check", lambda _store, _place: "")
    session = OpenWorkspace(config=load(tmp_path, {}), override="team")
    session.trial_target("team")
    (context,) = told
    stores = context.step_stores()
    assert stores.workspace.credentials.access_key == "ours"
    assert (stores.datastores, stores.secrets) == ({}, {}), "neither the datastore nor the secrets of the configuration"
    assert tuple(context.accesses("any run")) == (Access(),)
    assert context.store_id() == "doctor", "no run's objects have this label"
