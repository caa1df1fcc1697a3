from __future__ import annotations

import pytest

from runner.model.exits import exit_words, last_exception

TRACEBACK = """\
some output
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    fit(data)
    ~~~^^^^^^
  File "train.py", line 1, in fit
    raise ValueError("no rows")
"""


@pytest.mark.parametrize(
    ("tail", "raised"),
    [
        (f"{TRACEBACK}ValueError: no rows\n", "ValueError: no rows"),
        (f"{TRACEBACK}ValueError: two\nlines of words\n", "ValueError: two"),
        (f"{TRACEBACK}KeyboardInterrupt\n", "KeyboardInterrupt"),
        (f"{TRACEBACK}my.own.Boom: bang\n\n", "my.own.Boom: bang"),
        ("ValueError: printed, not raised\n", ""),
        (f"{TRACEBACK}ValueError: caught\n  and logged\n", ""),
        ("no luck", ""),
        ("", ""),
    ],
)
def test_a_traceback_ends_with_its_exception(tail: str, raised: str) -> None:
    assert last_exception(tail) == raised


def test_long_words_are_cut() -> None:
    assert len(last_exception(f"{TRACEBACK}ValueError: {'x' * 5000}")) < 400


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "the script ended with exit code 1: ValueError: no rows"),
        (139, "the script was killed by signal 11 (SIGSEGV, exit code 139): a crash in compiled code"),
        (143, "the script was killed by signal 15 (SIGTERM, exit code 143): somebody asked it to end"),
        (135, "shm_size"),
        (165, "the script was killed by signal 37 (exit code 165)"),
        (192, "the script was killed by signal 64 (exit code 192)"),
        (193, "the script ended with exit code 193 (-63): ValueError: no rows"),
        (255, "the script ended with exit code 255 (-1): ValueError: no rows"),
        (128, "the script ended with exit code 128: ValueError: no rows"),
    ],
)
def test_the_reason_names_what_happened(code: int, words: str) -> None:
    assert words in exit_words(code, f"{TRACEBACK}ValueError: no rows\n")
