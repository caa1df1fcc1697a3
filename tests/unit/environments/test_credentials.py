"""Secrets in lines of pip."""

from __future__ import annotations

import pytest

from runner.environments.credentials import Credentials
from runner.errors import EnvironmentFailed
from runner.model.secret import SecretSource

LINE = "--extra-index-url https://build:${TOKEN}@host/simple"


def credentials(monkeypatch: pytest.MonkeyPatch, value: str = "s3cr3t/t0ken") -> Credentials:
    monkeypatch.setenv("MY_TOKEN", value)
    return Credentials({"TOKEN": SecretSource(env="MY_TOKEN"), "other-name": SecretSource(env="MY_TOKEN")})


def test_the_value_is_in_the_variables_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = credentials(monkeypatch).open([LINE, "six"])
    assert opened.lines == ("--extra-index-url https://build:${RUNNER_INDEX_0}@host/simple", "six")
    assert opened.variables == {"RUNNER_INDEX_0": "s3cr3t%2Ft0ken"}
    assert opened.filled(opened.lines[0]) == "--extra-index-url https://build:s3cr3t%2Ft0ken@host/simple"
    assert "s3cr3t" not in repr(opened)


@pytest.mark.parametrize(
    ("value", "sent"), [("a%2Fb", "a%2Fb"), ("100%", "100%25"), ("a@b#c", "a%40b%23c"), ("user:pass", "user:pass")]
)
def test_a_value_is_encoded_unless_it_is_encoded_already(
    monkeypatch: pytest.MonkeyPatch, value: str, sent: str
) -> None:
    assert list(credentials(monkeypatch, value).open([LINE]).variables.values()) == [sent]


def test_outside_of_a_login_a_value_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = credentials(monkeypatch).open(["--index-url https://${TOKEN}@host/${TOKEN}/${other-name}"])
    assert opened.lines == ("--index-url https://${RUNNER_INDEX_0}@host/${RUNNER_INDEX_1}/${RUNNER_INDEX_2}",)
    assert list(opened.variables.values()) == ["s3cr3t%2Ft0ken", "s3cr3t/t0ken", "s3cr3t/t0ken"]


@pytest.mark.parametrize(
    ("value", "sent"),
    [("a/b+c=", "a%2Fb%2Bc%3D"), ("a&b#c", "a%26b%23c"), ("a%2Fb%3D", "a%2Fb%3D"), ("100%", "100%25")],
)
@pytest.mark.parametrize("before", ["?sig=", "?sv=1&sig=", "?sig=x"])
def test_a_field_of_a_query_is_encoded_unless_it_is_encoded_already(
    monkeypatch: pytest.MonkeyPatch, before: str, value: str, sent: str
) -> None:
    opened = credentials(monkeypatch, value).open([f"mine @ https://host/mine.whl{before}${{TOKEN}}"])
    assert opened.lines == (f"mine @ https://host/mine.whl{before}${{RUNNER_INDEX_0}}",)
    assert opened.variables == {"RUNNER_INDEX_0": sent}


@pytest.mark.parametrize("line", ["--find-links https://host/?${TOKEN}", "--index-url ${TOKEN}"])
def test_a_whole_query_or_address_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    value = "https://host/simple?sv=1&sig=a%2Fb"
    assert list(credentials(monkeypatch, value).open([line]).variables.values()) == [value]


@pytest.mark.parametrize("shown", ["abc%2fd%40e%25zz", "abc%2Fd@e%zz", "abc/d@e%25zz", "abc%2fd%40e%zz", "abc/d@e%zz"])
@pytest.mark.parametrize("value", ["abc/d@e%zz", "abc%2Fd%40e%zz"])
def test_every_encoding_of_a_value_is_hidden(monkeypatch: pytest.MonkeyPatch, value: str, shown: str) -> None:
    opened = credentials(monkeypatch, value).open(["mine @ https://host/mine.whl?sig=${TOKEN}"])
    for text in ("https://host/mine.whl?sig={}&x=1", "https://me:{}@host/", "sent {}."):
        assert opened.hide(text.format(shown)) == text.format("${TOKEN}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://build:s3cr3t%2Ft0ken@host/simple", "at https://build:${TOKEN}@host/simple"),
        ("password s3cr3t/t0ken refused", "password ${TOKEN} refused"),
        ("https://me:other@host/", "https://***@host/"),
        ("nothing", "nothing"),
    ],
)
def test_output_of_programs_names_the_secret(monkeypatch: pytest.MonkeyPatch, text: str, shown: str) -> None:
    assert credentials(monkeypatch).open([LINE]).hide(text) == shown


def test_a_short_value_is_hidden_in_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = credentials(monkeypatch, "abc").open([LINE])
    assert opened.hide("abc https://build:abc@host/") == "abc https://build:${TOKEN}@host/"


def test_an_unknown_secret_is_a_problem_and_one_without_a_value_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    known = credentials(monkeypatch)
    assert known.problems([LINE, "six"], "environment 'e'") == ()
    (problem,) = known.problems(["--index-url https://${NONE}@host/"], "environment 'e'")
    assert (problem.what, problem.where) == ("there is no secret 'NONE' (known: TOKEN, other-name)", "environment 'e'")
    assert known.without_value([LINE, "six"], "environment 'e'") == ()
    monkeypatch.delenv("MY_TOKEN")
    (valueless,) = known.without_value([LINE, "--find-links https://${NONE}@host/"], "environment 'e'")
    assert valueless.what == "secret 'TOKEN' has no value: the environment variable MY_TOKEN is not set"
    assert (valueless.where, valueless.remedy) == ("environment 'e'", "export MY_TOKEN where `runner run` is called")
    with pytest.raises(EnvironmentFailed, match="secret 'TOKEN' has no value: the environment variable MY_TOKEN"):
        known.open([LINE])
