from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runner.override import override
from runner.sdk import Dataset
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datasets.web_file import web_key
from tests.support.fake_session import FakeSession
from tests.support.memory_store import MemoryStore


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "site/demo").mkdir(parents=True)
    (tmp_path / "site/demo/people.csv").write_text("name\nann\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "site")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_of_the_web_is_copied_when_it_is_defined(
    session: FakeSession, site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = Dataset.Tabular.from_delimited_files(f"{site}/demo/people.csv?key=hush")
    assert dataset.to_pandas_dataframe()["name"].tolist() == ["ann"]
    said = capsys.readouterr().out
    assert "people.csv to workspaceblobstore/web/127.0.0.1/demo/" in said
    assert "hush" not in said
    (tmp_path / "site/demo/people.csv").write_text("name\nbob\n")
    again = Dataset.Tabular.from_delimited_files(f"{site}/demo/people.csv?key=hush")
    assert again.definition == dataset.definition
    assert again.to_pandas_dataframe()["name"].tolist() == ["bob"]
    assert len(session.store.objects) == 1


def test_an_earlier_copy_serves_where_the_web_cannot_be_reached(
    session: FakeSession, site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserErrorException, match="404") as caught:
        Dataset.File.from_files(f"{site}/none.csv?key=hush")
    assert "hush" not in str(caught.value)
    assert "upload it to workspaceblobstore as web/127.0.0.1/" in str(caught.value)
    session.store.put("web/127.0.0.1/none.csv", b"name\nkept\n")
    kept = Dataset.Tabular.from_delimited_files([f"{site}/none.csv"])
    assert kept.to_pandas_dataframe()["name"].tolist() == ["kept"]
    assert "cannot be reached" in capsys.readouterr().out


@pytest.mark.parametrize("address", ["https://example.org/*.csv", "https://example.org/"])
def test_addresses_that_name_no_single_file(session: FakeSession, address: str) -> None:
    with pytest.raises(UserErrorException, match="names no single file"):
        Dataset.File.from_files(address)


def test_where_copies_lie() -> None:
    assert web_key("https://Example.org/a/./b%20c/../x.csv") == "web/example.org/a/b c/x.csv"
    assert web_key("https://example.org/x.csv?v=1") != web_key("https://example.org/x.csv?v=2")
    assert web_key("https://example.org/x.csv?v=1").endswith("/x.csv")


@pytest.mark.parametrize("path", ["folder", "folder/*.txt"])
def test_a_folder_or_pattern_that_cannot_be_reached_is_what_was_uploaded_in_its_place(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def unreachable(*_arguments: object, **_options: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    address = f"https://contoso.blob.core.windows.net/demo/{path}"
    with pytest.raises(UserErrorException, match="upload it to workspaceblobstore as web/contoso"):
        Dataset.File.from_files([address])
    session.store.put("web/contoso.blob.core.windows.net/demo/folder/a.txt", b"hello")
    assert Dataset.File.from_files([address]).to_path() == ["/a.txt"]


def test_a_blob_address_of_a_configured_container_is_a_place_in_its_datastore(session: FakeSession) -> None:
    """Nothing is copied, and the network is not asked."""
    bucket = MemoryStore()
    session.datastores = {"green": bucket}
    bucket.put("small/2019/a.csv", b"x\n1\n")
    for path in ("small/2019/a.csv", "small/2019", "small/*/*.csv"):
        dataset = Dataset.File.from_files(f"https://acct.blob.core.windows.net/green/{path}")
        assert [name.rpartition("/")[2] for name in dataset.to_path()] == ["a.csv"]
    assert list(session.store.list("web/")) == []
