"""The script of a DataTransferStep: copy a file or a folder from the step's input to its output.

Arguments: the source, the target, and the two reference types (``file``, ``directory`` or ``any``).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

_ANY = "any"


def main(source: Path, target: Path, kinds: tuple[str, str]) -> int:
    """Copy the data, or exit with a message on a wrong reference type.

    Args:
        source: The file or folder to copy.
        target: The path to copy to.
        kinds: The reference types of source and target.

    Returns:
        The number of files copied.

    """
    found = "directory" if source.is_dir() else "file"
    expected, wanted = kinds
    if expected not in (_ANY, found):
        sys.exit(f"the source is a {found}, but source_reference_type says '{expected}'")
    if wanted == _ANY:
        wanted = found
    if found == "directory":
        source = source if wanted == "directory" else only_file(source)
    elif wanted == "directory":
        target = target / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return sum(path.is_file() for path in target.rglob("*"))
    shutil.copyfile(source, target)
    return 1


def only_file(folder: Path) -> Path:
    """Return the one file below a folder, or exit with a message if there is not exactly one.

    Args:
        folder: The folder.

    """
    files = [path for path in folder.rglob("*") if path.is_file()]
    if len(files) != 1:
        sys.exit(f"the source holds {len(files)} files, which cannot become one: destination_reference_type is 'file'")
    return files[0]


if __name__ == "__main__":
    count = main(Path(sys.argv[1]), Path(sys.argv[2]), (sys.argv[3], sys.argv[4]))
    print(f"{count} file{'' if count == 1 else 's'} copied")
