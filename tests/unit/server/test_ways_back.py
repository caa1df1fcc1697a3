from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.server.web.ways_back import way_back


@pytest.mark.parametrize("text", ["/", "/runs", "/runs?text=a%20b&cursor=1-x", "/runs/a/steps/b?tab=log#end"])
def test_an_address_of_the_server_is_kept(text: str) -> None:
    assert way_back(text) == text


@given(st.text(alphabet="/\\:.%#?@ \t\r\nab", max_size=12) | st.text(max_size=20))
def test_no_text_leads_to_another_host_or_ends_a_header(text: str) -> None:
    found = way_back(text)
    assert found in ("", text)
    if found:
        assert urlsplit(urljoin("https://here.example/login", found)).netloc == "here.example"
        assert found.isprintable()
        assert found.isascii()
        assert "\\" not in found
