"""The JavaScript libraries in the package are those that scripts/vendor-web took from npm."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from runner.pages import assets

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "runner" / "pages"
VENDOR = PAGES / "static" / "vendor"
LOCK = json.loads((VENDOR / "LOCK.json").read_text(encoding="utf-8"))
AXE = ROOT / "tests" / "support" / "axe"
AXE_LOCK = json.loads((AXE / "LOCK.json").read_text(encoding="utf-8"))
FREE = {"MIT", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0"}


def digest(data: bytes) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}"


@pytest.mark.parametrize("library", LOCK, ids=[one["name"] for one in LOCK])
def test_a_library_is_as_it_was_fetched_with_its_licence(library: dict[str, object]) -> None:
    files = library["files"]
    assert isinstance(files, dict)
    assert {name: digest((VENDOR / name).read_bytes()) for name in files} == files
    assert library["licence"] in FREE
    assert any("LICENSE" in name for name in files)


def test_nothing_else_lies_beside_the_libraries() -> None:
    known = {name for one in LOCK for name in one["files"]}
    assert {path.name for path in VENDOR.iterdir()} == {"LOCK.json", *known}


def test_the_script_asks_for_the_locked_versions() -> None:
    text = (ROOT / "scripts" / "vendor-web").read_text(encoding="utf-8")
    asked = re.findall(r'"([@\w/-]+)",\s+"([0-9.]+)",', text)
    assert asked == [(one["name"], one["version"]) for one in (*LOCK, *AXE_LOCK)]


def test_the_library_of_the_tests_is_as_it_was_fetched_with_its_licence() -> None:
    (axe,) = AXE_LOCK
    assert {name: digest((AXE / name).read_bytes()) for name in axe["files"]} == axe["files"]
    assert {path.name for path in AXE.iterdir()} == {"LOCK.json", *axe["files"]}
    assert axe["licence"] == "MPL-2.0"


def test_the_wheel_has_every_file_of_the_pages() -> None:
    """It has what lies below runner/ and is not ignored by git."""
    ignored = GitIgnoreSpec.from_lines((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())
    files = [path.relative_to(ROOT).as_posix() for path in PAGES.rglob("*") if path.suffix not in {".pyc", ""}]
    assert [name for name in files if "__pycache__" not in name and ignored.match_file(name)] == []


def test_every_asset_has_a_type_and_an_address() -> None:
    files = {path.relative_to(PAGES / "static").as_posix() for path in (PAGES / "static").rglob("*") if path.is_file()}
    assert files == set(assets.names())
    for name in files:
        assert assets.media_type(name)
        assert assets.address(name).endswith(f"/{name}")


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    """The Content-Security-Policy refuses them."""
    wrong = re.compile(
        r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\b(?:src=|type=\"application/json\"))", re.IGNORECASE
    )
    found = {
        path.name: wrong.findall(path.read_text(encoding="utf-8")) for path in (PAGES / "templates").glob("*.html")
    }
    assert {name: texts for name, texts in found.items() if texts and not name.startswith("report")} == {}
