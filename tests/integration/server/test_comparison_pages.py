"""The pages that put runs side by side: comparison and experiments."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from runner.operations.comparison import MOST
from tests.support import shown_runs
from tests.support.memory_store import MemoryStore
from tests.support.served_run import ServedWorkspace
from tests.support.serving import Client, client_of, context_of


def ago(minutes: float) -> datetime:
    return datetime.now(timezone.utc) - timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def workspace() -> ServedWorkspace:
    made = ServedWorkspace()
    made.store = MemoryStore()
    for number in range(3):
        rate = {"parameters": {"rate": 0.01 * (number + 1)}}
        shown_runs.succeeded(made.store, ago(60 - number), number, 0.8 + number / 20, submitted=rate)
    shown_runs.failed(made.store, ago(20), 10)
    shown_runs.search(made.store, ago(10), many=9, number=11)
    shown_runs.hostile(made.store, ago(5), 12)
    return made


@pytest.fixture
def client(workspace: ServedWorkspace) -> Client:
    return client_of(context_of(lambda: workspace))


def runs_of(client: Client, experiment: str) -> list[str]:
    return [run["run"] for run in client.get(f"/api/v1/runs?experiment={experiment}").json()["runs"]]


def test_runs_are_shown_side_by_side(client: Client) -> None:
    one, two, three = runs_of(client, "penguins")[1:]
    text = client.get(f"/compare?run={three}&run={two}&run={one}").text
    assert '<td class="mono">0.01</td><td class="mono">0.02</td><td class="mono">0.03</td>' in text
    assert "Both run the same code." in text
    assert text.count("data-chart") == 2
    assert "runner compare" in text


def test_a_run_may_be_named_by_the_end_of_its_id(client: Client) -> None:
    one, two = runs_of(client, "penguins")[:2]
    assert client.get(f"/compare?run={one[-6:]}&run={two}").status_code == 200


def test_without_two_runs_the_page_offers_some(client: Client) -> None:
    one = runs_of(client, "penguins")[0]
    text = client.get(f"/compare?run={one}").text
    assert text.count('type="checkbox"') == 6
    assert text.count(" checked") == 1


@pytest.mark.parametrize("named", ["run={0}&run={0}", "run={0}&run=nothing", "&".join(["run={0}"] * (MOST + 1))])
def test_a_comparison_that_cannot_be_made_is_told(client: Client, named: str) -> None:
    answer = client.get(f"/compare?{named.format(runs_of(client, 'penguins')[0])}")
    assert answer.status_code in {400, 404}
    assert "<h1>" in answer.text


def test_experiments_have_their_counts_and_last_runs(client: Client) -> None:
    text = client.get("/experiments").text
    assert '<td class="number" data-label="Runs">4</td>' in text
    assert runs_of(client, "penguins")[0] in text
    assert "All 6 runs are counted." in text


def test_an_experiment_shows_a_metric_over_its_runs(client: Client) -> None:
    text = client.get("/experiments/penguins?metric=train: loss").text
    assert 'aria-current="true">train: loss</a>' in text
    assert 'id="history"' in text
    assert text.count('name="run"') == 4
    assert '<th scope="col">rate</th>' in text


def test_an_experiment_with_a_search_shows_its_trials(client: Client) -> None:
    text = client.get("/experiments/tuning").text
    assert "9 trials by accuracy" in text
    assert 'id="trials"' in text


def test_hostile_names_stay_texts(client: Client) -> None:
    run = next(run["run"] for run in client.get("/api/v1/runs").json()["runs"] if "onerror" in run["experiment"])
    other = runs_of(client, "penguins")[0]
    for path in ("/experiments", f"/compare?run={run}&run={other}", "/compare"):
        text = client.get(path).text
        assert "<img" not in text
        assert "<svg/onload" not in text
    linked = client.get("/experiments").text.partition('href="/experiments/%3C')[2].partition('"')[0]
    assert client.get(f"/experiments/%3C{linked}").status_code == 200


def test_an_unknown_experiment_is_not_found(client: Client) -> None:
    answer = client.get("/experiments/nothing")
    assert (answer.status_code, "There is no experiment" in answer.text) == (404, True)
