"""Translation of conda match specifications to pip requirements, where it is unambiguous.

The name stays, except for packages that PyPI names otherwise. ``=1.2`` means "any 1.2" and becomes ``==1.2.*``;
``=1.2=build`` is one exact version and becomes ``==1.2``. Comparisons stay; channel and build are dropped. Packages
that pip installs anyway are dropped. A package that is no Python package has no translation.
"""

from __future__ import annotations

import re

RENAMES = {
    "dask-core": "dask",
    "faiss": "faiss-cpu",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "psycopg2": "psycopg2-binary",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ruamel_yaml": "ruamel.yaml",
    "seaborn-base": "seaborn",
    "tensorflow-gpu": "tensorflow",
}
"""PyPI's name by conda's name."""

_WITH_WHEELS = """
    _libgcc_mutex _openmp_mutex blas ca-certificates certifi cpuonly cudatoolkit cudnn intel-openmp libblas libgcc-ng
    libgomp libopenblas libstdcxx-ng llvm-openmp mkl mkl-service nomkl openblas openssl pip pytorch-cuda pytorch-mutex
    python setuptools wheel
"""
BROUGHT_ALONG = frozenset(_WITH_WHEELS.split())
"""Packages that are part of wheels or of every image: nothing to install."""

_PROGRAMS = """
    automake binutils boost c-compiler cmake compilers cxx-compiler ffmpeg fortran-compiler gcc gdal geos git glib gxx
    hdf5 icu jpeg jq libffi libpng libxml2 make maven mpich mysql ncurses nodejs openjdk openmpi perl postgresql proj r
    readline rust scala spark sqlite tk unixodbc wget xz zlib zstd
"""
NO_PYTHON = frozenset(_PROGRAMS.split())
"""Programs and libraries that PyPI does not have (or has something else under their name)."""

_NO_PYTHON_NAME = re.compile(r"^(r-|gcc_|gxx_|gfortran_|sysroot_)|_(linux|osx|win)-(64|aarch64|arm64)$")
_SPEC = re.compile(
    r"""^(?:[\w./:-]+::)?(?P<name>[A-Za-z0-9_][\w.-]*)\s*
    (?:\[version=['"]?(?P<bracket>[^'"\]]+)['"]?\]|(?P<version>[=<>!~\ ].*|))$""",
    re.VERBOSE,
)
_VERSION = re.compile(r"^(?P<equals>={0,2})\s*(?P<number>[\w.+!]*\w)(?P<any>\.?\*)?(?:[= ]\s*(?P<build>\S+))?$")
_COMPARISON = re.compile(r"^(==|!=|<=|>=|<|>|~=)\s*[\w.+!]+(\.\*)?$")


def translate(spec: str) -> str | None:
    """Return the pip requirement of a match specification. Empty: nothing to install. None: there is none."""
    match = _SPEC.match(spec.strip())
    if match is None:
        return None
    name = match["name"].lower()
    if name in BROUGHT_ALONG:
        return ""
    version = _version((match["bracket"] or match["version"] or "").strip())
    if version is None or name in NO_PYTHON or _NO_PYTHON_NAME.search(name):
        return None
    return RENAMES.get(name, name) + version


def _version(text: str) -> str | None:
    """Return the pip specifier of conda's version part; None if pip cannot express it."""
    if text.lstrip("=") in ("", "*"):
        return ""
    match = _VERSION.match(text)
    if match:
        fuzzy = not match["build"] and (match["equals"] == "=" or match["any"])
        return f"=={match['number']}.*" if fuzzy else f"=={match['number']}"
    parts = [part.strip() for part in text.split(",")]
    return ",".join(part.replace(" ", "") for part in parts) if all(map(_COMPARISON.match, parts)) else None
