"""Values of secrets: where they come from, and what is masked."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.data.secret_values import available, file_problems, masks, value_of
from runner.errors import BadInput
from runner.model.secret import SecretSource

CANARY = "canary-5fb0"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{CANARY}\n")
    path.chmod(0o600)
    return path


def test_from_a_variable_and_from_a_file(file: Path) -> None:
    sources = {"a": SecretSource(env="A"), "b": SecretSource(file=str(file)), "c": SecretSource(env="C")}
    environ = {"A": "1"}
    assert value_of("a", sources, environ) == "1"
    assert value_of("b", sources, environ) == CANARY
    assert available(sources, environ) == {"a": "1", "b": CANARY}
    with pytest.raises(BadInput, match="C is not set"):
        value_of("c", sources, environ)
    with pytest.raises(BadInput, match="no secret 'd' \\(known: a, b, c\\)"):
        value_of("d", sources, environ)


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o640)
    sources = {"b": SecretSource(file=str(file))}
    (problem,) = file_problems(sources)
    assert problem.remedy == f"chmod 600 {file}"
    with pytest.raises(BadInput, match="read by others") as refused:
        value_of("b", sources, {})
    assert CANARY not in str(refused.value)


def test_a_missing_or_unreadable_file_is_a_problem(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    missing = SecretSource(file=str(file.parent / "gone"))
    whats = [one.what for one in file_problems({"a": missing, "b": SecretSource(file=str(file))})]
    assert ["there is no such file" in whats[0], "not UTF-8 text" in whats[1], len(whats)] == [True, True, 2]


def test_each_line_of_some_length_is_masked_longest_first() -> None:
    assert masks(["abc", "hello", "-----BEGIN-----\nmore of it\n}"]) == (b"-----BEGIN-----", b"more of it", b"hello")


def test_a_value_is_masked_as_json_and_python_write_it_too() -> None:
    assert set(masks(['p"s\\\u00e9'])) >= {
        'p"s\\\u00e9'.encode(),
        b'p\\"s\\\\\\u00e9',
        'p\\"s\\\\\u00e9'.encode(),
        b'p"s\\\\\\xe9',
    }
