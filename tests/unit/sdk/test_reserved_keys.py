"""Uploads never reach the keys of runner's own records."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from runner.errors import BadInput
from runner.sdk import DataPath, Dataset, Datastore, Workspace
from runner.sdk.datastores.datastore import check_free
from tests.support.fake_session import FakeSession

RESERVED = ["runs", "./registry/datasets", "/plans/x/", "store.json"]
OUTPUTS = ["azureml", "./azureml/20260102t030405678z-aaaaaaaaaaaaaaaa.one-1/out"]


@pytest.mark.parametrize("target", RESERVED)
def test_uploads_are_refused_before_the_first(ws: Workspace, session: FakeSession, tmp_path: Path, target: str) -> None:
    store = Datastore(ws)
    with pytest.raises(BadInput, match="is reserved"):
        store.upload(str(tmp_path), target)
    with pytest.raises(BadInput, match="is reserved"):
        store.upload_files([str(tmp_path / "a.py")], target_path=target)
    with pytest.raises(BadInput, match="is reserved"):
        Dataset.File.upload_directory(str(tmp_path), DataPath(store, target))
    with pytest.raises(BadInput, match="is reserved"):
        Dataset.Tabular.register_pandas_dataframe(pd.DataFrame({"a": [1]}), (store, target), "frame")
    assert not list(session.store.list(""))


@pytest.mark.parametrize("target", OUTPUTS)
def test_uploads_never_replace_the_outputs_of_runs(
    ws: Workspace, session: FakeSession, tmp_path: Path, target: str
) -> None:
    store = Datastore(ws)
    with pytest.raises(BadInput, match="the outputs of runs lie there"):
        store.upload(str(tmp_path), target)
    with pytest.raises(BadInput, match="the outputs of runs lie there"):
        Dataset.File.upload_directory(str(tmp_path), DataPath(store, target))
    with pytest.raises(BadInput, match="the outputs of runs lie there"):
        Dataset.Tabular.register_pandas_dataframe(pd.DataFrame({"a": [1]}), (store, target), "frame")
    assert not list(session.store.list(""))


def test_other_datastores_hold_outputs_of_runs_but_no_records() -> None:
    check_free("other", ["runs/x", "store.json"])
    with pytest.raises(BadInput, match="the outputs of runs lie there"):
        check_free("other", ["data/x", "azureml/x"])


def test_a_folder_of_a_reserved_name_is_refused_whole(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "x").touch()
    with pytest.raises(BadInput, match=r"'runs/x'.*'runs/' is reserved"):
        Datastore(ws).upload(str(tmp_path))
    assert not list(session.store.list(""))


def test_dots_before_a_path_say_nothing(ws: Workspace, session: FakeSession) -> None:
    session.store.put("data/x.csv", b"a\n1\n")
    dataset = Dataset.Tabular.from_delimited_files((Datastore(ws), "./data/x.csv"))
    assert dataset.definition.paths[0].path == "data/x.csv"
    assert DataPath(Datastore(ws), "./data/").place().path == "data"
