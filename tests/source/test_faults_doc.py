"""docs/maintainers/faults.md has a row for every fault, and every test that it names exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTS = (
    "replaced while the old one still terminates",
    "`backoffLimit`",
    "Default `backoffLimit`",
    "Finalizer stuck",
    "Watch ends cleanly",
    "stalls in silence",
    "410",
    "Create: 409",
    "429, 5xx",
    "Node lost",
    "Eviction, preemption, spot",
    "OOMKilled",
    "ImagePullBackOff",
    "Unschedulable for ever",
    "Quota exceeded",
    "Autoscaler",
    "Log rotation",
    "SIGTERM",
    "503 SlowDown",
    "Multipart upload left behind",
    "If-None-Match",
    "List after write",
    "Clock skew",
    "expire in a long step",
    "Disk full",
    "named by a digest",
    "Two controllers",
    "Names and sizes",
    "Zombie",
    "asleep for 8 h",
)
"""What may befall a run: the published matrix must tell of each."""


def rows() -> Iterator[tuple[str, ...]]:
    for line in (ROOT / "docs/maintainers/faults.md").read_text().splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
        if line.startswith("| ") and cells[0] not in ("fault", "---"):
            yield cells


def known_tests() -> frozenset[str]:
    files = ROOT.glob("tests/**/test_*.py")
    return frozenset(
        name for file in files for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE)
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_row(fault: str) -> None:
    assert any(fault in cells[0] for cells in rows())


def test_every_row_says_what_must_happen_and_how_that_is_tested_or_why_not() -> None:
    for cells in rows():
        assert len(cells) == 3, cells
        fault, behaviour, tested = cells
        assert fault
        assert behaviour
        assert re.search(r"(real|fakes): `test_", tested) or "Non-goal:" in behaviour, fault


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/maintainers/faults.md").read_text()))
    assert len(named) > 60
    assert named - known_tests() == set()
