from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runner.override import override
from runner.sdk import Dataset
from runner.sdk.exceptions import UserErrorException
from runner.sdk.web_file import web_key
from tests.support.fake_session import FakeSession


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
    assert "upload the file to workspaceblobstore as web/127.0.0.1/" in str(caught.value)
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
