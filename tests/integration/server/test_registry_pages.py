"""The pages of the registry: what is registered, and what names it."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from runner.data import registered_models
from runner.data.registered_models import ModelRecord
from runner.model import events as e
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.firing import Firing, FiringState
from runner.model.names import new_run_id
from runner.model.schedule import Frequency, Recurrence, ScheduleRecord
from runner.model.step import InputSpec
from runner.operations.published import endpoints, schedule_history, schedules
from runner.runs import index, journal, plans
from tests.support import builders as b
from tests.support.served_workspace import IDLE, TRAIN, ServedWorkspace
from tests.support.serving import URL, Client, client_of, context_of

EVIL = "<script>alert(1)</script>"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": URL}
SCHEDULE = "33333333-3333-4333-8333-333333333333"
ROWS = DatasetDefinition(
    kind="tabular", paths=(DatastorePath("workspaceblobstore", "raw/2"),), name="rows", version=1, id="x"
)


@pytest.fixture
def workspace(tmp_path: Path) -> ServedWorkspace:
    made = ServedWorkspace(tmp_path)
    record = ModelRecord(
        name="net", version=3, created=b.T0, run=f"{run(1)}.a", files=("net/w.txt",), description=EVIL,
        datasets=(("training", made.dataset),), tags={EVIL: EVIL},
    )  # fmt: skip
    made.store.put(registered_models.key_of("net", 3), canonical_json(to_document(record)))
    made.store.put(f"{registered_models.folder_of('net', 3)}/net/w.txt", b"123")
    made.store.put("registry/environments/slim/00000001.json", b'{"conda": {"dependencies": ["pip"]}, "variables": {}}')
    schedules.create(
        made.store,
        ScheduleRecord(
            id=SCHEDULE, name="nightly", pipeline=TRAIN, experiment="x", active_since=b.T0, created=b.T0,
            recurrence=Recurrence(frequency=Frequency.DAY, interval=1, start="2026-01-01T02:30:00"),
        ),
    )  # fmt: skip
    return made


def run(number: int) -> str:
    return new_run_id(b.at(number), number.to_bytes(10, "big"))


def submitted(workspace: ServedWorkspace, number: int, **said: object) -> str:
    """Store a run that reads the dataset `rows`."""
    store, identity = workspace.store, run(number)
    plan = b.plan(b.step("a", inputs=(InputSpec(name="table", source=ROWS),)))
    index.add(store, index.IndexEntry(run=identity, created=b.at(number), experiment="x"))
    plans.save(store, plan)
    said = {"experiment": "x"} | said
    journal.Writer(store, identity, "c", 0).append([e.RunSubmitted(b.submission(plan, **said))], b.at(number))
    return identity


@pytest.fixture
def client(workspace: ServedWorkspace) -> Client:
    return client_of(context_of(workspace.opened))


def shown(client: Client, path: str, status: int = 200) -> str:
    found = client.get(path)
    assert found.status_code == status, found.text
    assert found.headers["content-type"].startswith("text/html")
    return found.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", ("rows", "net", "slim", "train", "Nightly one", "nightly")),
        ("/datasets", ("rows", "workspaceblobstore/raw/2")),
        ("/models", ("net", html.escape(EVIL))),
        ("/environments", ("slim",)),
        ("/pipelines", ("train",)),
        ("/pipelines?all=true", ("train", "idle", "disabled")),
        ("/endpoints", ("Nightly one",)),
        ("/schedules", ("nightly", "every day")),
        ("/environments/slim", ("pip", "There are no runs yet.")),
        (f"/pipelines/{IDLE}", ("disabled", "epochs", "Nightly one", "as version 1")),
        (f"/pipelines/{TRAIN}", ("/registry/schedules/", "rate", "0.5")),
    ],
)
def test_pages_show_what_is_registered(client: Client, path: str, said: tuple[str, ...]) -> None:
    text = shown(client, f"/registry{path}")
    for each in said:
        assert each in text
    assert EVIL not in text


def test_an_empty_registry_tells_how_to_begin(tmp_path: Path) -> None:
    workspace = ServedWorkspace(tmp_path)
    client = client_of(context_of(workspace.opened))
    assert "run.register_model" in shown(client, "/registry/models")
    assert "no schedules yet" in shown(client, "/registry/schedules").lower()


def test_the_page_of_a_dataset_leads_to_its_runs_and_models(workspace: ServedWorkspace, client: Client) -> None:
    mine = submitted(workspace, 1)
    text = shown(client, "/registry/datasets/rows")
    assert f"/runs/{mine}" in text
    assert "a: table" in text
    assert "Looked through all 1 run." in text
    assert "/registry/models/net?version=3" in text


def test_the_page_of_a_model_leads_to_the_step_that_made_it_and_its_inputs(
    workspace: ServedWorkspace, client: Client
) -> None:
    mine = submitted(workspace, 1)
    text = shown(client, "/registry/models/net?version=3")
    assert f"/runs/{mine}/steps/a" in text
    assert text.count("/registry/datasets/rows?version=1") == 2  # what the step read, and the scenario
    assert "net/w.txt" in text
    assert EVIL not in text


def test_the_pages_of_a_pipeline_and_an_endpoint_show_their_runs(workspace: ServedWorkspace, client: Client) -> None:
    mine, other = submitted(workspace, 1, published=TRAIN), submitted(workspace, 2)
    for path in (f"/pipelines/{TRAIN}", f"/endpoints/{workspace.endpoint.id}"):
        text = shown(client, f"/registry{path}")
        assert mine in text
        assert other not in text


def test_an_endpoint_shows_its_versions(workspace: ServedWorkspace, client: Client) -> None:
    endpoints.set_default_version(workspace.store, workspace.endpoint.id, "1")
    text = shown(client, f"/registry/endpoints/{workspace.endpoint.id}")
    assert f"/registry/pipelines/{IDLE}" in text
    assert '1 <span class="tag">default</span>' in text


def test_the_page_of_a_schedule_shows_its_history_in_pages(workspace: ServedWorkspace, client: Client) -> None:
    mine = submitted(workspace, 1, published=TRAIN, schedule=SCHEDULE)
    for number in range(60):
        state = FiringState.SUBMITTED if number == 0 else FiringState.REFUSED
        fired = Firing(due=b.at(-number), state=state, run=mine, decided=b.T0, why=f"reason {number}.")
        schedule_history.claim(workspace.store, SCHEDULE, fired)
    text = shown(client, f"/registry/schedules/{SCHEDULE}")
    assert f"/runs/{mine}" in text
    assert "reason 49." in text
    assert "reason 50." not in text
    (older,) = [part.partition('"')[0] for part in text.split('href="') if "before=" in part]
    rest = shown(client, html.unescape(older))
    assert "reason 50." in rest
    assert "reason 59." in rest


def test_a_page_of_runs_goes_on_with_older_ones(workspace: ServedWorkspace, client: Client) -> None:
    for number in range(1, 60):
        submitted(workspace, number)
    text = shown(client, "/registry/datasets/rows")
    assert text.count('<th scope="row">') == 50
    assert "Looked through the newest 50 runs" in text
    (older,) = [part.partition('"')[0] for part in text.split('href="') if "after=" in part]
    rest = shown(client, html.unescape(older))
    assert rest.count('<th scope="row">') == 9
    assert run(1) in rest


@pytest.mark.parametrize(
    "path",
    ["/datasets/nothing", "/datasets/rows?version=9", "/models/rows", "/environments/x", f"/pipelines/{SCHEDULE}",
     f"/endpoints/{TRAIN}", f"/schedules/{TRAIN}"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(client: Client, path: str) -> None:
    assert "here" in shown(client, f"/registry{path}", 404)


def test_a_wrong_cursor_is_told(client: Client) -> None:
    assert "cursor" in shown(client, "/registry/datasets?cursor=a%2Fb", 400)


def test_a_pipeline_and_an_endpoint_are_disabled_and_enabled_by_a_form(
    workspace: ServedWorkspace, client: Client
) -> None:
    for path, name in ((f"/registry/pipelines/{TRAIN}", "train"), (f"/registry/endpoints/{workspace.endpoint.id}", "")):
        assert f'action="{path}/status"' in shown(client, path)
        for status, offered in (("Disabled", "Enable"), ("Active", "Disable")):
            done = client.post(f"{path}/status", content=f"status={status}", headers=FORM)
            assert (done.status_code, done.headers["location"]) == (303, path)
            assert f">{offered}</button>" in shown(client, path)
        assert client.post(f"{path}/status", content="status=Gone", headers=FORM).status_code == 400
        assert name in shown(client, "/registry/pipelines")
    assert (
        client.post(f"/registry/pipelines/{SCHEDULE}/status", content="status=Active", headers=FORM).status_code == 404
    )


def test_who_may_not_submit_gets_no_form(workspace: ServedWorkspace) -> None:
    reader = client_of(context_of(workspace.opened), "reader")
    path = f"/registry/pipelines/{TRAIN}"
    assert "/status" not in shown(reader, path)
    assert f"{path}/run" not in shown(reader, path)
    assert reader.post(f"{path}/status", content="status=Disabled", headers=FORM).status_code == 403


def test_a_damaged_record_hides_no_others(workspace: ServedWorkspace, client: Client) -> None:
    workspace.store.put("registry/datasets/broken/00000001.json", b"{")
    workspace.store.put("registry/models/broken/00000001.json", b"[]")
    workspace.store.put("registry/environments/broken/00000001.json", b"{")
    for kind, other in (("datasets", "rows"), ("models", "net"), ("environments", "slim")):
        text = shown(client, f"/registry/{kind}")
        assert other in text
        assert "broken" in text
        assert client.get(f"/registry/{kind}/broken").status_code == 500
    assert "net" in shown(client, "/registry/datasets/rows")
