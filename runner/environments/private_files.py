"""Download of the packages that an index with credentials has, by their hashes, for the build of an image.

The build gets the files and no credentials.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urljoin, urlsplit

from ..errors import EnvironmentFailed
from ..model.digest import digest_of_bytes
from ..model.environment import Wheel
from ..model.redaction import LOGIN, REFERENCE
from .credentials import Opened
from .lock import Lock, LockedPackage
from .sources import PackageSources
from .wheel_tags import misfits

_SECONDS = 120
_LINK = re.compile(r"""<a\s[^>]*href=["']([^"'#]+)#sha256=([0-9a-f]{64})["']""", re.IGNORECASE)
_INDEX = re.compile(r"(?:-i|--index-url|--extra-index-url)(?:\s+|\s*=\s*)(\S+)")


def public_lines(lock: Lock) -> tuple[str, ...]:
    """Return the lines of a lock without those that name a secret: their files are part of the build context."""
    return tuple(line for line in lock.lines() if not REFERENCE.search(line))


def private_files(lock: Lock, sources: PackageSources) -> Mapping[str, bytes]:
    """Return the files of the packages that come from indexes with credentials, by file name.

    Args:
        lock: The lock.
        sources: Access to the secrets.

    Raises:
        EnvironmentFailed: A secret has no value here, or an index does not have the files of the lock.

    """
    direct = [package.name for package in lock.packages if REFERENCE.search(package.url)]
    if direct:
        raise EnvironmentFailed(
            f"packages whose address names a secret cannot be part of an image: {', '.join(direct)}\n"
            "  do:    build a wheel of each and name the wheel, or take them from an index"
        )
    indexes = [line for line in lock.options if REFERENCE.search(line) and _INDEX.fullmatch(line)]
    if not indexes:
        return {}
    opened = sources.credentials.open(indexes)
    found: dict[str, bytes] = {}
    for line in opened.lines:
        match = _INDEX.fullmatch(line)
        url = opened.filled(match[1]) if match else ""
        place = LOGIN.sub(r"\1://", url).rstrip("/")
        for package in lock.packages:
            if package.index.rstrip("/") == place:
                found.update(_files(package, url, lock, opened))
    return found


def _files(package: LockedPackage, url: str, lock: Lock, opened: Opened) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a package that fit the platform and have one of the lock's hashes."""
    place = LOGIN.sub(r"\1://", url).rstrip("/")
    page_url = f"{place}/{package.name}/"
    page = _get(page_url, url, opened).decode(errors="replace")
    major, minor = (int(part) for part in lock.python.split("."))
    some = False
    for link, digest in _LINK.findall(page):
        name = unquote(urlsplit(link).path.rpartition("/")[2])
        if f"sha256:{digest}" not in package.hashes:
            continue
        if name.endswith(".whl") and any(misfits([Wheel(name, digest)], (major, minor), lock.platform, "")):
            continue
        data = _get(urljoin(page_url, link), url, opened)
        if digest_of_bytes(data) != digest:
            raise EnvironmentFailed(f"{name} from {opened.hide(page_url)} does not have the hash of the lock")
        some = True
        yield name, data
    if not some:
        raise EnvironmentFailed(f"{opened.hide(page_url)} has no file of {package.requirement[:80]} any more")


def _get(url: str, index: str, opened: Opened) -> bytes:
    """Return the answer to a request; the login goes to the index's own host only. Raises EnvironmentFailed."""
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    request = Request(url, headers={"Accept": "text/html, */*"})  # noqa: S310 - the scheme is that of the author's index
    login = LOGIN.match(index)
    if login and urlsplit(url).netloc == urlsplit(LOGIN.sub(r"\1://", index)).netloc:
        coded = base64.b64encode(unquote(login[2]).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {coded}")
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - see above
            return bytes(answer.read())
    except (URLError, OSError, ValueError) as error:
        raise EnvironmentFailed(opened.hide(f"{url} could not be read: {error}")) from error
