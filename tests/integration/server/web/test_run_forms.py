from __future__ import annotations

from pathlib import Path

import pytest

from runner.data import registry
from runner.model import events as e
from runner.model.data import DatastorePath
from runner.model.status import RunStatus
from runner.operations import run_tags
from runner.runs import journal
from tests.support import served_workspace
from tests.support.browsing import Browser, Web, field_of
from tests.support.served_run import DONE, GOING, PIPELINE, served
from tests.support.served_workspace import IDLE, TRAIN

FORM = f"/registry/pipelines/{TRAIN}/run"


def logged_in(web: Web, *scopes: str) -> Browser:
    browser = web.browser()
    assert browser.log_in(web.token(*scopes)).status_code == 303
    return browser


@pytest.fixture
def small() -> Web:
    workspace = served()
    return Web(lambda: workspace, workspace.store)


@pytest.fixture
def whole(tmp_path: Path) -> tuple[served_workspace.ServedWorkspace, Web]:
    workspace = served_workspace.ServedWorkspace(tmp_path / "w")
    return workspace, Web(workspace.opened, workspace.store)


def failed_run(workspace: served_workspace.ServedWorkspace, browser: Browser) -> str:
    """Submit a run, and let its step fail."""
    page = browser.get(FORM).text
    address = browser.post(FORM, experiment="nightly", key=field_of(page, "key")).headers["location"]
    run = address.rpartition("/")[2]
    session = workspace.opened()
    number = session.view(run).state.number
    now = session.view(run).state.created
    assert now is not None
    events: list[e.Event] = [e.StepCanceled("a", ""), e.RunEnded(RunStatus.FAILED)]
    journal.Writer(workspace.store, run, "c", number).append(events, now)
    return run


def test_cancel_is_asked_for_and_may_be_repeated(small: Web) -> None:
    browser = logged_in(small)
    for _ in range(2):
        assert browser.post(f"/runs/{GOING}/cancel").headers["location"] == f"/runs/{GOING}"
    assert browser.post(f"/runs/{DONE}/cancel").status_code == 303


@pytest.mark.parametrize("path", ["cancel", "retry", "tags"])
def test_a_caller_without_submit_is_refused_in_words(small: Web, path: str) -> None:
    refused = logged_in(small, "read").post(f"/runs/{DONE}/{path}", key="k")
    assert refused.status_code == 403
    assert "does not have the scope" in refused.text


@pytest.mark.parametrize("path", ["retry", "tags"])
def test_a_form_is_refused_to_a_caller_without_submit(small: Web, path: str) -> None:
    assert logged_in(small, "read").get(f"/runs/{DONE}/{path}").status_code == 403


@pytest.mark.parametrize("path", ["cancel", "retry", "tags"])
def test_nobody_else_may_do_anything(small: Web, path: str) -> None:
    assert small.browser().post(f"/runs/{GOING}/{path}", key="k").status_code == 401


def test_tags_are_added_changed_and_removed(small: Web) -> None:
    browser = logged_in(small)
    rows = {"name.0": "model", "value.0": "xgb", "name.1": "note", "value.1": "<b>", "name.2": "", "value.2": ""}
    assert browser.post(f"/runs/{DONE}/tags", **rows).status_code == 303
    page = browser.get(f"/runs/{DONE}/tags").text
    assert field_of(page, "value.0") == "xgb"
    assert "<b>" not in page
    rows = {"name.0": "model", "old.0": "xgb", "value.0": "lgb", "name.1": "note", "old.1": "<b>", "value.1": "<b>"}
    rows["remove.1"] = "yes"
    small.clock.advance(1)
    browser.post(f"/runs/{DONE}/tags", **rows)
    workspace = small.opened()
    view = workspace.view(DONE)  # type: ignore[attr-defined]
    assert run_tags.tags_of(small.store, view) == {"model": "lgb"}
    assert "model=lgb" in browser.get("/runs?tag=model%3Dlgb").text


def test_the_page_of_a_run_shows_a_new_tag_at_once(small: Web) -> None:
    """What the page has read a moment ago, and its copy in the browser, are out of date then."""
    browser = logged_in(small)
    before = browser.get(f"/runs/{DONE}")
    browser.post(f"/runs/{DONE}/tags", **{"name.0": "stage", "value.0": "prod"})
    after = browser.get(f"/runs/{DONE}")
    assert "stage=prod" not in before.text
    assert "stage=prod" in after.text
    assert before.headers["etag"] != after.headers["etag"]


def test_wrong_tags_are_told_beside_what_was_written(small: Web) -> None:
    browser = logged_in(small)
    answer = browser.post(f"/runs/{DONE}/tags", **{"name.0": "a" * 300, "value.0": "x" * 9000})
    assert answer.status_code == 400
    assert answer.text.count('class="problem"') == 2
    assert "x" * 9000 in answer.text


def test_a_run_that_goes_on_is_not_run_again(small: Web) -> None:
    browser = logged_in(small)
    assert "has not ended" in browser.get(f"/runs/{GOING}/retry").text


def test_a_failed_run_is_run_again_once_however_often_the_button_is_pressed(
    whole: tuple[served_workspace.ServedWorkspace, Web],
) -> None:
    workspace, web = whole
    browser = logged_in(web)
    run = failed_run(workspace, browser)
    page = browser.get(f"/runs/{run}/retry").text
    key = field_of(page, "key")
    answers = [browser.post(f"/runs/{run}/retry", scope="failed", key=key) for _ in range(3)]
    assert {one.status_code for one in answers} == {303}
    (address,) = {one.headers["location"] for one in answers}
    new = address.rpartition("/")[2]
    made = workspace.submissions()
    assert set(made) == {run, new}
    assert made[new].origin == run
    assert new in workspace.started


def test_a_run_is_run_again_from_a_step(whole: tuple[served_workspace.ServedWorkspace, Web]) -> None:
    workspace, web = whole
    browser = logged_in(web)
    run = failed_run(workspace, browser)
    unclear = browser.post(f"/runs/{run}/retry", scope="from", key="k1")
    assert (unclear.status_code, "no step is chosen" in unclear.text) == (400, True)
    made = browser.post(f"/runs/{run}/retry", scope="from", step="a", key="k2")
    assert made.status_code == 303
    assert workspace.submissions()[made.headers["location"].rpartition("/")[2]].forced == ("a",)
    assert browser.post(f"/runs/{run}/retry", scope="from", step="nope", key="k3").status_code == 404
    other = browser.post(f"/runs/{run}/retry", scope="only", step="a", key="k2")
    assert (other.status_code, "has started run" in other.text) == (409, True)
    assert field_of(other.text, "key") != "k2"


def test_the_form_of_a_pipeline_has_its_parameters_and_defaults(
    whole: tuple[served_workspace.ServedWorkspace, Web],
) -> None:
    page = logged_in(whole[1]).get(FORM).text
    assert (field_of(page, "p.epochs"), field_of(page, "p.rate"), field_of(page, "p.name")) == ("3", "0.5", "x")
    assert (field_of(page, "d.where"), field_of(page, "p.where")) == ("workspaceblobstore", "raw/1")
    assert field_of(page, "p.table") == ""
    assert '<option value="rows">' in page


def test_a_pipeline_is_run_with_values_of_the_form_once(whole: tuple[served_workspace.ServedWorkspace, Web]) -> None:
    workspace, web = whole
    browser = logged_in(web)
    values = {
        "key": field_of(browser.get(FORM).text, "key"),
        "experiment": "nightly",
        "p.epochs": "7",
        "p.rate": "0.5",
        "p.name": "y",
        "d.where": "workspaceblobstore",
        "p.where": "raw/2",
        "p.table": "rows",
        "tags": "team=a\r\nprod",
        "RegenerateOutputs": "yes",
    }
    answers = [browser.post(FORM, **values) for _ in range(2)]
    (address,) = {one.headers["location"] for one in answers}
    (made,) = workspace.submissions().values()
    assert made.parameters == {"epochs": 7, "name": "y"}
    assert (made.tags, made.experiment, made.regenerate_outputs) == ({"team": "a", "prod": ""}, "nightly", True)
    assert (made.published, made.source) == (TRAIN, "UI")
    sources = {spec.name: spec.source for step in workspace.plan_of(made).steps for spec in step.inputs}
    assert sources["raw"] == DatastorePath("workspaceblobstore", "raw/2")
    assert getattr(sources["table"], "name", "") == "rows"
    run = address.rpartition("/")[2]
    again = browser.get(f"/runs/{run}/again")
    assert again.headers["location"] == f"{FORM}?run={run}"
    page = browser.get(again.headers["location"]).text
    assert (field_of(page, "p.epochs"), field_of(page, "p.where"), field_of(page, "p.table")) == (
        "7",
        "raw/2",
        f"rows:{registry.latest(workspace.store, 'rows').definition.version}",  # type: ignore[union-attr]
    )
    assert "team=a" in page


def test_wrong_values_are_told_all_at_once_and_the_form_keeps_them(
    whole: tuple[served_workspace.ServedWorkspace, Web],
) -> None:
    workspace, web = whole
    browser = logged_in(web)
    answer = browser.post(FORM, key="k", experiment="nightly", **{"p.epochs": "many", "p.rate": "<i>", "p.name": "z"})
    assert answer.status_code == 400
    assert answer.text.count('class="problem"') == 2
    assert (field_of(answer.text, "p.epochs"), field_of(answer.text, "p.rate")) == ("many", "<i>")
    missing = browser.post(FORM, key="k2", experiment="no name", **{"p.table": "nothing", "tags": "=x"})
    assert missing.text.count('class="problem"') == 2
    assert workspace.submissions() == {}


def test_a_disabled_pipeline_or_none_is_told(whole: tuple[served_workspace.ServedWorkspace, Web]) -> None:
    browser = logged_in(whole[1])
    assert browser.get(f"/registry/pipelines/{IDLE}/run").status_code == 409
    assert browser.get(f"/registry/pipelines/{'0' * 8}-0000-4000-8000-{'0' * 12}/run").status_code == 404


def test_a_token_for_one_pipeline_runs_that_one_alone(whole: tuple[served_workspace.ServedWorkspace, Web]) -> None:
    workspace, web = whole
    browser = logged_in(web, "read", f"submit:{TRAIN}")
    assert browser.get(FORM).status_code == 200
    assert browser.get(f"/registry/pipelines/{IDLE}/run").status_code == 403
    assert browser.post(f"/registry/pipelines/{IDLE}/run", key="k", experiment="e").status_code == 403
    assert browser.post(FORM, key="k", experiment="e").status_code == 303
    assert len(workspace.submissions()) == 1


def test_a_run_of_no_published_pipeline_says_how_it_is_run_again(small: Web) -> None:
    browser = logged_in(small)
    assert "runner publish" in browser.get(f"/runs/{DONE}/again").text
    published = browser.get(f"/runs/{GOING}/again").headers["location"]
    assert published == f"/registry/pipelines/{PIPELINE}/run?run={GOING}"


def test_a_body_that_is_no_form_is_refused(small: Web) -> None:
    browser = logged_in(small)
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "multipart/form-data; boundary=x"}
    assert browser.send("POST", f"/runs/{DONE}/tags", headers).status_code == 415


def tags_now(web: Web) -> dict[str, str]:
    return run_tags.tags_of(web.store, web.opened().view(DONE))  # type: ignore[attr-defined]


def test_a_form_of_tags_leaves_alone_what_others_have_changed_since(small: Web) -> None:
    browser = logged_in(small)
    view = small.opened().view(DONE)  # type: ignore[attr-defined]
    run_tags.set_tags(small.store, view, {"owner": "anna", "gone": "x", "mine": "1"})
    opened = {
        "name.0": "owner", "old.0": "anna", "value.0": "anna", "name.1": "gone", "old.1": "x", "value.1": "x",
        "name.2": "mine", "old.2": "1", "value.2": "2", "name.3": "new", "value.3": "1",
    }  # fmt: skip
    run_tags.set_tags(small.store, view, {"owner": "ben", "gone": None})
    assert browser.post(f"/runs/{DONE}/tags", **opened).status_code == 303
    assert tags_now(small) == {"owner": "ben", "mine": "2", "new": "1"}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"name.0": "owner", "old.0": "anna", "value.0": "carla"}, "its value is now &#39;ben&#39;"),
        ({"name.0": "owner", "old.0": "anna", "value.0": "anna", "remove.0": "yes"}, "its value is now &#39;ben&#39;"),
        ({"name.0": "gone", "old.0": "x", "value.0": "y"}, "it was removed"),
        ({"name.0": "owner", "value.0": "carla"}, "its value is now &#39;ben&#39;"),
    ],
)
def test_two_changes_of_one_tag_are_told_and_nothing_is_written(small: Web, row: dict[str, str], told: str) -> None:
    browser = logged_in(small)
    run_tags.set_tags(small.store, small.opened().view(DONE), {"owner": "ben"})  # type: ignore[attr-defined]
    answer = browser.post(f"/runs/{DONE}/tags", **row, **{"name.1": "other", "value.1": "1"})
    assert (answer.status_code, told in answer.text) == (409, True)
    assert tags_now(small) == {"owner": "ben"}
    assert field_of(answer.text, "old.0") == "ben"


def test_the_same_change_twice_is_no_conflict(small: Web) -> None:
    browser = logged_in(small)
    rows = {"name.0": "a", "value.0": "1"}
    assert [browser.post(f"/runs/{DONE}/tags", **rows).status_code for _ in range(2)] == [303, 303]


def test_values_with_several_lines_stay_as_they_are(small: Web) -> None:
    browser = logged_in(small)
    run_tags.set_tags(small.store, small.opened().view(DONE), {"note": "a\r\nb\nc"})  # type: ignore[attr-defined]
    sent = {"name.0": "note", "old.0": "a\r\nb\r\nc", "value.0": "a\r\nb\r\nc", "name.1": "x", "value.1": "1"}
    assert browser.post(f"/runs/{DONE}/tags", **sent).status_code == 303
    assert tags_now(small) == {"note": "a\r\nb\nc", "x": "1"}


def test_a_form_of_a_pipeline_that_was_sent_before_tells_its_run(
    whole: tuple[served_workspace.ServedWorkspace, Web],
) -> None:
    workspace, web = whole
    browser = logged_in(web)
    first = browser.post(FORM, key="k", experiment="e", **{"p.epochs": "7"}).headers["location"]
    other = browser.post(FORM, key="k", experiment="e", **{"p.epochs": "8"})
    assert (other.status_code, f'href="{first}"' in other.text) == (409, True)
    assert field_of(other.text, "p.epochs") == "8"
    again = browser.post(FORM, key=field_of(other.text, "key"), experiment="e", **{"p.epochs": "8"})
    assert again.status_code == 303
    assert len(workspace.submissions()) == 2


def test_a_refusal_tells_nothing_to_a_token_that_may_not_read(
    whole: tuple[served_workspace.ServedWorkspace, Web],
) -> None:
    workspace, web = whole
    run = failed_run(workspace, logged_in(web))
    browser = web.browser()
    browser.log_in(web.token("submit", name="only", seed=5))
    retry = browser.post(f"/runs/{run}/retry", scope="only", key="k")
    assert (retry.status_code, "no step is chosen" in retry.text, "nightly" in retry.text) == (400, True, False)
    form = browser.post(FORM, key="k", experiment="e", **{"p.epochs": "many"})
    assert (form.status_code, "epochs" in form.text, "workspaceblobstore" in form.text) == (400, True, False)
    view = workspace.opened().view(run)
    run_tags.set_tags(workspace.store, view, {"secret": "value"})
    tags = browser.post(f"/runs/{run}/tags", **{"name.0": "a" * 300, "value.0": "x"})
    assert (tags.status_code, "secret" in tags.text) == (400, False)
    assert browser.post(FORM, key="k9", experiment="e").status_code == 303
