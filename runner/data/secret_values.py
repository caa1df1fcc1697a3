"""Read the values of secrets where they are needed; keep them nowhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..documents import files
from ..errors import BadInput, Problem
from ..model.secret import SecretSource

SHORTEST_MASKED = 4
"""Characters: masking shorter values would make logs unreadable and hide nothing."""


def value_of(name: str, sources: Mapping[str, SecretSource], environ: Mapping[str, str] = os.environ) -> str:
    """Return the value of a configured secret. Raises BadInput, which never holds a value."""
    source = sources.get(name)
    if source is None:
        raise unknown(name, sources)
    if source.file:
        problems = tuple(file_problems({name: source}))
        if problems:
            raise BadInput(problems)
        return (files.private_text(_path(source)) or "").rstrip("\r\n")
    if source.env not in environ:
        raise BadInput(
            f"secret '{name}' has no value: the environment variable {source.env} is not set",
            remedy=f"export {source.env} where `runner run` is called",
        )
    return environ[source.env]


def available(sources: Mapping[str, SecretSource], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the values of the secrets that have one now. Raises BadInput for files that cannot be used."""
    return {
        name: value_of(name, sources, environ)
        for name, source in sources.items()
        if source.file or source.env in environ
    }


def file_problems(sources: Mapping[str, SecretSource]) -> Iterator[Problem]:
    """Yield the secret files that cannot be read, or that others can read."""
    for name, source in sources.items():
        if source.file:
            path, where = _path(source), f"secrets.{name}"
            what = f"the file {path} of secret '{name}' cannot be used"
            try:
                found = files.private_text(path)
            except BadInput as error:
                (problem,) = error.problems
                yield Problem(f"{what}: {problem.what}", where, problem.remedy)
                continue
            if found is None:
                yield Problem(f"{what}: there is no such file", where, "correct the path")


def unknown(name: str, known: Iterable[str]) -> BadInput:
    """Return the error for an unknown secret."""
    listed = ", ".join(sorted(known)) or "none"
    return BadInput(
        f"there is no secret '{name}' (known: {listed})",
        remedy=f"add it to runner.yaml: secrets: {{{name}: {{env: VARIABLE}}}}, or {{file: /path/of/a/0600/file}}",
    )


def readable(sources: Mapping[str, SecretSource], environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the values that can be read now; a secret that cannot be read cannot be printed either."""
    found: list[str] = []
    for name, source in sources.items():
        try:
            found.extend(available({name: source}, environ).values())
        except BadInput:
            continue
    return found


def masks(values: Iterable[str]) -> tuple[bytes, ...]:
    """Return the byte strings to mask (see `masking`), longest first.

    They are each line of each value, since logs are shipped by the line: as it is, as JSON and Python (`repr`) write
    it, and as `sdk.runs.files` makes a file's name of it. Lines shorter than `SHORTEST_MASKED` are left out.
    """
    lines = {line.strip() for value in values for line in value.splitlines()}
    forms = {
        form.encode("utf-8", "surrogatepass") for line in lines if len(line) >= SHORTEST_MASKED for form in _forms(line)
    }
    return tuple(sorted(forms, key=len, reverse=True))


def _forms(line: str) -> tuple[str, ...]:
    quoted = (json.dumps(line), json.dumps(line, ensure_ascii=False), repr(line), ascii(line))
    return line, line.replace("\\", "/"), *(form[1:-1] for form in quoted)


def _path(source: SecretSource) -> Path:
    return Path(source.file).expanduser()
