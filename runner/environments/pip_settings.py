"""pip's settings of this machine, as variables of uv: uv does not read them itself.

The places and the order are those of https://pip.pypa.io/en/stable/topics/configuration/: files of the machine, of the
user, of the interpreter, the file in PIP_CONFIG_FILE, and variables. Later ones precede.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

OF_MACHINE = Path("/etc/pip.conf")
_SECTIONS = ("global", "install")
_SWITCHED_OFF = {"", "0", "false", "no", "off", "n", "f"}
_UV: Mapping[str, tuple[str, str]] = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", ""),
    "client-cert": ("SSL_CLIENT_CERT", ""),
    "timeout": ("UV_HTTP_TIMEOUT", ""),
    "default-timeout": ("UV_HTTP_TIMEOUT", ""),
    "proxy": ("ALL_PROXY", ""),
}
"""pip's settings: uv's variable of the same meaning, and the separator of several values (empty: it has one value)."""


def read_settings(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return pip's settings by name, like ``index-url``.

    Args:
        environ: The variables. Default: those of this process.

    """
    variables = os.environ if environ is None else environ
    settings: dict[str, str] = {}
    for path in config_files(variables):
        settings.update(_of_file(path))
    prefix = "PIP_"
    for name, value in variables.items():
        if name.startswith(prefix) and name != "PIP_CONFIG_FILE" and value:
            settings[name[len(prefix) :].lower().replace("_", "-")] = value
    return settings


def uv_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of uv that mean the same as settings of pip (pure).

    https://docs.astral.sh/uv/reference/environment/ lists them.
    """
    found = {}
    for name, value in settings.items():
        if name in _UV and value.strip():
            variable, separator = _UV[name]
            found[variable] = separator.join(value.split()) if separator else value.strip()
    if settings.get("no-index", "").strip().lower() not in _SWITCHED_OFF:
        found["UV_NO_INDEX"] = "1"
    if "ALL_PROXY" in found:  # uv prefers the variables for one scheme
        found.update(HTTP_PROXY=found["ALL_PROXY"], HTTPS_PROXY=found["ALL_PROXY"])
    return found


def config_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the places of pip's files, in the order in which they are read. Most do not exist."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return ()
    places = [*_machine(environ), *_user(environ), Path(environ.get("VIRTUAL_ENV") or sys.prefix, "pip.conf")]
    return (*places, *([Path(named)] if named else []))


def _machine(environ: Mapping[str, str]) -> Iterable[Path]:
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
    folders = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    for folder in reversed(folders.split(os.pathsep)):
        yield Path(folder, "pip", "pip.conf")
    yield OF_MACHINE


def _user(environ: Mapping[str, str]) -> Iterable[Path]:
    home = Path(environ.get("HOME") or Path.home())
    yield home / ".pip" / "pip.conf"
    of_mac = home / "Library" / "Application Support" / "pip"
    if sys.platform == "darwin" and of_mac.is_dir():
        yield of_mac / "pip.conf"
    else:
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")


def _of_file(path: Path) -> dict[str, str]:
    """Return the settings of a file; those of pip's command `install` precede. An unreadable file has none."""
    if not path.is_file():
        return {}
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for section in _SECTIONS:
        if parser.has_section(section):
            found.update((name.replace("_", "-"), value) for name, value in parser.items(section))
    return found
