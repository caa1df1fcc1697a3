"""Wheels that accompany an environment: by path, by content, and in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.environments import wheels
from runner.environments.local_wheels import seal, stored_line
from runner.environments.requirements import read
from runner.errors import BadInput, ObjectDamaged, ObjectMissing
from runner.model.digest import digest_of_bytes
from runner.model.environment import EnvironmentSpec, NamedEnvironment, Wheel
from runner.model.pip_line import address
from tests.support.memory_store import MemoryStore
from tests.support.wheel_files import wheel_bytes, write_wheel


def with_pip(*lines: str) -> NamedEnvironment:
    return NamedEnvironment("e", EnvironmentSpec(pip=lines))


def test_a_local_wheel_is_named_by_its_content(tmp_path: Path) -> None:
    one, two = write_wheel(tmp_path / "one"), write_wheel(tmp_path / "two")
    made = seal(with_pip("six", str(one)))
    assert made.environment.spec == EnvironmentSpec(
        pip=("six",), wheels=(Wheel(one.name, digest_of_bytes(one.read_bytes())),)
    )
    assert made.environment.spec.digest == seal(with_pip("six", str(two))).environment.spec.digest
    (wheel,) = made.environment.spec.wheels
    assert made.files == {wheel: one}
    assert seal(made.environment).environment == made.environment


def test_another_content_is_another_environment(tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    before = seal(with_pip(str(path))).environment.spec.digest
    write_wheel(tmp_path, code="VALUE = 2\n")
    assert seal(with_pip(str(path))).environment.spec.digest != before


def test_extras_stay_and_a_stored_wheel_needs_no_file(tmp_path: Path) -> None:
    wheel = wheels.take(write_wheel(tmp_path))
    made = seal(with_pip(f"mine[gpu] @ {address(wheel)}"))
    assert made.environment.spec == EnvironmentSpec(pip=("mine[gpu]",), wheels=(wheel,))
    assert made.files == {}
    assert made.problems == ()


def test_a_hash_in_the_line_is_compared(tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    right = digest_of_bytes(path.read_bytes())
    assert seal(with_pip(f"{path} --hash=sha256:{right}")).problems == ()
    (problem,) = seal(with_pip(f"{path} --hash=sha256:{'0' * 64}")).problems
    assert "another hash" in problem.what


def test_conditions_and_two_wheels_of_a_project_are_refused(tmp_path: Path) -> None:
    (one,) = seal(with_pip(f"{write_wheel(tmp_path)} ; python_version < '3.9'")).problems
    assert "a condition behind the wheel" in one.what
    (two,) = seal(with_pip(str(write_wheel(tmp_path)), str(write_wheel(tmp_path, version="2.0")))).problems
    assert "two wheels of one project: mine-1.0" in two.what


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("mine.whl", wheel_bytes(), "is no file name of a wheel"),
        ("mine-1.0-py3-none-any.whl", b"no zip", "is no wheel"),
        ("mine-1.0-py3-none-any.whl", wheel_bytes(stated="yours"), "holds yours 1.0, and not what its name says"),
        ("mine-1.0-py3-none-any.whl", wheel_bytes(version="1.1"), "holds mine 1.1, and not what its name says"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    (problem,) = seal(with_pip(str(tmp_path / name))).problems
    assert message in problem.what
    assert problem.where == "environment 'e'"
    assert problem.remedy


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine-1.0-py3-none-any.whl"
    (problem,) = seal(with_pip(str(path))).problems
    assert problem.what == f"the wheel {path} cannot be read: No such file or directory"
    path.mkdir()
    (problem,) = seal(with_pip(str(path))).problems
    assert "Is a directory" in problem.what


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-e /src/mine", "folders and source archives cannot be installed elsewhere: -e /src/mine"),
        ("/src/mine-1.0.tar.gz", "folders and source archives cannot be installed elsewhere"),
        ("--find-links ./wheels", "a folder of this machine cannot be searched elsewhere"),
        ("-c constraints.txt", "a line names a file, whose lines are not known here"),
        (
            "https://t0ken@host/mine.zip",
            "an address holds credentials, which would be readable in the plan: https://***@host",
        ),
        ("--extra-index-url https://me:s3cret@host/simple", "an address holds credentials"),
        ("/gone/mine-1.0-py3-none-any.whl", "files of another machine"),
    ],
)
def test_lines_that_cannot_be_installed_elsewhere_are_refused(line: str, message: str) -> None:
    (problem,) = read(with_pip(line)).problems
    assert message in problem.what
    assert problem.remedy
    assert "s3cret" not in str(problem)


def test_a_literal_login_is_refused_with_the_syntax_for_secrets() -> None:
    (problem,) = read(with_pip("--index-url https://me:s3cret@host/simple", "six")).problems
    assert "https://${NAME}@host/simple" in problem.remedy
    assert (
        read(with_pip("--index-url https://me:${TOKEN}@host/simple", "--find-links https://host/x", "six")).problems
        == ()
    )


def test_a_wheel_is_stored_once_healed_and_fetched(tmp_path: Path) -> None:
    store, path = MemoryStore(), write_wheel(tmp_path)
    wheel = wheels.take(path)
    key = f"environments/wheels/{wheel.digest}/{wheel.name}"
    assert [problem.what for problem in wheels.missing(store, [wheel], "")] == [
        f"the workspace's store has no wheel {wheel.name} ({wheel.digest[:12]}…)"
    ]
    wheels.keep(store, wheel, path)
    wheels.keep(store, wheel, path)
    assert store.get(key) == path.read_bytes()
    assert wheels.missing(store, [wheel], "") == ()
    fetched = wheels.fetch(store, [wheel], tmp_path / "cache")
    assert fetched[wheel].read_bytes() == path.read_bytes()
    assert list(fetched[wheel].parent.iterdir()) == [fetched[wheel]]
    fetched[wheel].write_bytes(b"damaged")
    store.put(key, b"damaged as well")
    with pytest.raises(ObjectDamaged, match="add the file again, which repairs it"):
        wheels.fetch(store, [wheel], tmp_path / "cache")
    wheels.keep(store, wheel, path)
    assert wheels.fetch(store, [wheel], tmp_path / "cache")[wheel].read_bytes() == path.read_bytes()


def test_a_file_that_changes_while_it_is_submitted_is_refused(tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    wheel = wheels.take(path)
    write_wheel(tmp_path, code="VALUE = 2\n")
    with pytest.raises(BadInput, match="was changed while it was submitted"):
        wheels.keep(MemoryStore(), wheel, path)


def test_an_unknown_wheel_cannot_be_fetched(tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing):
        wheels.fetch(MemoryStore(), [Wheel("mine-1.0-py3-none-any.whl", "0" * 64)], tmp_path)


def test_a_line_is_rewritten_to_the_address_of_the_stored_wheel(tmp_path: Path) -> None:
    store, path = MemoryStore(), write_wheel(tmp_path)
    wheel = wheels.take(path)
    assert stored_line(store, f"{path}[gpu]") == f"mine[gpu] @ {address(wheel)}"
    assert store.get(wheels.key_of(wheel)) == path.read_bytes()
    assert stored_line(store, "six==1.0") == "six==1.0"
    assert stored_line(store, address(wheel)) == address(wheel)
