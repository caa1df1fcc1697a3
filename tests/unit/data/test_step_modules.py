from __future__ import annotations

from runner.data import step_modules

SOURCES = {
    "own/__init__.py": "",
    "own/start.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .types import T\n"
        "def f():\n    from .late import x\n"
    ),
    "own/late.py": "from . import lazy, elsewhere\nfrom other.place import y\n",
    "own/lazy/__init__.py": (
        "from importlib import import_module\nTABLE = {'Name': 'deep.module', 'data': 'table.txt'}\n"
        "def get(name):\n    return import_module(f'.{TABLE[name]}', __name__)\ndef up():\n"
        "    return import_module('..driver', __package__)\n"
    ),
    "own/lazy/table.txt": "",
    "own/lazy/other.txt": "",
    "own/lazy/deep/__init__.py": "",
    "own/lazy/deep/module.py": "",
    "own/types.py": "",
    "own/driver.py": "",
    "own/unused.py": "",
    "other/__init__.py": "",
    "other/place.py": "import own.start\n",
}


def test_what_can_be_imported_is_computed() -> None:
    found = step_modules.reachable(SOURCES, ["own/start.py"])
    absent = {"own/types.py", "own/driver.py", "own/unused.py", "own/lazy/other.txt"}
    assert set(found) == set(SOURCES) - absent


def test_docstrings_are_left_out_and_lines_keep_their_numbers() -> None:
    text = 'def f():\n    """Read\n    it: ü."""; x = "kept"\n    return x\nclass E(Exception):\n    """Own."""\n'
    found = step_modules.reachable({"a.py": text}, ["a.py"])["a.py"]
    assert found == 'def f():\n    ""; x = "kept"\n\n    return x\nclass E(Exception):\n    ""\n'
