"""Logins in addresses."""

from __future__ import annotations

import pytest

from runner.model.redaction import holds_login, redacted, references


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Looking in https://me:s3cret@host/simple now", "Looking in https://***@host/simple now"),
        ("https://t0ken@host/simple", "https://***@host/simple"),
        ("https://me:with@sign@host/x http://a:b@c/", "https://***@host/x http://***@c/"),
        ("git+ssh://me:s3cret@host/x.git", "git+ssh://***@host/x.git"),
        (
            "mine @ https://a.blob.core/m.whl?sv=1&sig=s3%2Bcret&se=2",
            "mine @ https://a.blob.core/m.whl?sv=1&sig=***&se=2",
        ),
        ("error for url (https://host/simple?token=s3cret)", "error for url (https://host/simple?token=***)"),
    ],
)
def test_a_login_in_clear_text_is_hidden(text: str, shown: str) -> None:
    assert holds_login(text)
    assert redacted(text) == shown
    assert not holds_login(shown)


@pytest.mark.parametrize(
    "text",
    [
        "--extra-index-url https://${TOKEN}@host/simple",
        "--extra-index-url https://${USER}:${TOKEN}@host/simple",
        "--extra-index-url https://build:${TOKEN}@host/simple",
        "mine @ git+ssh://git@github.com/team/mine.git@v1",
        "https://host/a@b",
        "mine @ https://host/mine.whl?sig=${SAS}",
        "https://host/simple?page=2&tokens=4#egg=mine",
        "name@example.org",
    ],
)
def test_references_and_addresses_without_a_secret_stay(text: str) -> None:
    assert not holds_login(text)
    assert redacted(text) == text


def test_references_are_the_names_of_secrets_each_once() -> None:
    assert references(["https://${USER}:${TOKEN}@h/", "six", "x @ https://${TOKEN}@h/x.whl"]) == ("USER", "TOKEN")
