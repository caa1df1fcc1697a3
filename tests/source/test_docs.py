"""The links of the documents lead somewhere, and their lines are short."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONT = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
OTHERS = [
    path for folder in ("benchmarks", "examples", "images") for path in sorted((ROOT / folder).rglob("README.md"))
]
PAGES = [*FRONT, *DOCS, *OTHERS]
OURS = [ROOT / "README.md", *DOCS, *OTHERS]
LONGEST_LINE = 100
Link = tuple[str, str]
"""Path and anchor; either may be empty."""


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


@cache
def lines(page: Path) -> tuple[str, ...]:
    """The lines of a page without its code blocks and comments."""
    text = re.sub(r"<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return tuple(re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE).splitlines())


def prose(page: Path) -> str:
    """The text of a page without code."""
    return re.sub(r"`[^`\n]*`", "``", "\n".join(lines(page)))


def links(page: Path) -> Iterator[Link]:
    """The links of a page to files and headings of the repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub and Forgejo make them."""
    heads = [line.lstrip("#").strip() for line in lines(page) if re.match(r"#{1,6} ", line)]
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads]
    return frozenset(re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain)


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(f"{path}#{anchor}")
    assert broken == []


@pytest.mark.parametrize("page", OURS, ids=names(OURS))
def test_a_page_that_is_mentioned_is_linked(page: Path) -> None:
    bare = re.sub(r"\[[^]\n]*\]\([^)\s]+\)", "", "\n".join(lines(page)))
    assert [name for name in re.findall(r"[\w/.-]+\.md\b", bare) if (ROOT / name).exists() or "/" not in name] == []


@pytest.mark.parametrize("page", OURS, ids=names(OURS))
def test_lines_of_prose_are_short(page: Path) -> None:
    """Tables cannot be wrapped, and neither can a line that is one long link."""
    wrappable = [line for line in lines(page) if " " in line.strip() and not line.lstrip().startswith(("|", "#", "["))]
    assert [line for line in wrappable if len(line) > LONGEST_LINE] == []


def test_every_page_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    new = {ROOT / "docs" / "README.md"}
    while new:
        reached |= new
        found = {(page.parent / path).resolve() for page in new for path, _ in links(page) if path.endswith(".md")}
        new = (found & set(DOCS)) - reached
    assert names([page for page in DOCS if page not in reached]) == []


def test_files_that_maintainers_pages_name_exist() -> None:
    pages = [ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "maintainers").glob("*.md"))]
    named = [
        (page.name, path)
        for page in pages
        for path in re.findall(r"`((?:runner|scripts|tests)/[\w./-]+)`", page.read_text("utf-8"))
    ]
    assert len(named) > 40
    assert [one for one in named if not (ROOT / one[1]).exists()] == []


def test_the_diagram_of_the_architecture_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "architecture"))
    assert script["diagram"]() in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
