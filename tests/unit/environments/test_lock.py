from __future__ import annotations

from dataclasses import replace

import pytest

from runner.environments.lock import Lock, LockedPackage
from runner.model.document import from_document, to_document

NUMPY = LockedPackage(name="numpy", version="1.20.3", hashes=("sha256:aa", "sha256:bb"), index="https://a/simple")
LOCK = Lock(
    spec="0" * 64,
    python="3.8",
    platform="x86_64-manylinux_2_28",
    date="2021-06-01",
    requirements=("--extra-index-url https://a/simple", "--pre", "numpy"),
    packages=(NUMPY,),
    uv="0.13.9",
)


def test_a_lock_is_read_as_it_was_written() -> None:
    assert from_document(Lock, to_document(LOCK)) == LOCK


def test_the_lines_are_a_requirements_file_with_the_index_and_all_hashes() -> None:
    assert LOCK.lines() == (
        "--extra-index-url https://a/simple",
        "numpy==1.20.3 --hash=sha256:aa --hash=sha256:bb",
    )
    assert LOCK.hashed


def test_a_commit_of_a_repository_is_locked_without_hashes() -> None:
    tool = LockedPackage(name="tool", url="git+https://host/tool@0123abc")
    lock = replace(LOCK, packages=(NUMPY, tool))
    assert lock.lines()[-1] == "tool @ git+https://host/tool@0123abc"
    assert not lock.hashed


def test_the_digest_is_that_of_what_is_installed() -> None:
    assert replace(LOCK, spec="1" * 64, date="2022-01-01", uv="9", notes=("moved",)).digest == LOCK.digest
    others = [
        replace(LOCK, python="3.9"),
        replace(LOCK, platform="aarch64-manylinux_2_28"),
        replace(LOCK, requirements=("numpy",)),
        replace(LOCK, requirements=("--no-binary numpy", *LOCK.requirements)),
        replace(LOCK, packages=(replace(NUMPY, hashes=("sha256:aa",)),)),
    ]
    assert len({LOCK.digest, *(other.digest for other in others)}) == 6


@pytest.mark.parametrize("option", ["--no-binary numpy", "--only-binary=:all:", "--trusted-host a"])
def test_options_that_select_files_count_at_the_installation(option: str) -> None:
    lock = replace(LOCK, requirements=(option, "--pre", "numpy"))
    assert lock.lines() == (option, NUMPY.requirement)


def test_a_wheel_that_accompanies_the_environment_is_installed_where_others_are_built() -> None:
    mine = LockedPackage(name="mine", version="1.0", hashes=("sha256:cc",), wheel="cc")
    lock = replace(LOCK, requirements=("--no-binary :all:", "numpy"), packages=(mine, NUMPY))
    assert lock.options == ("--no-binary :all:", "--only-binary mine")
    assert replace(lock, requirements=("numpy",)).options == ()
