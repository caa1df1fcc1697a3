"""An image with a private wheel and a package of a private index, built by Docker: nothing keeps the secret."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from runner.environments import wheels
from runner.environments.credentials import Credentials
from runner.environments.locks import Locks
from runner.environments.sources import PackageSources
from runner.images.docker import DockerBuilder
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.secret import SecretSource
from tests.support.image_stores import recipes
from tests.support.leaked import SECRET, leaked, unpacked
from tests.support.memory_store import MemoryStore
from tests.support.package_index import serving
from tests.support.wheel_files import wheel_bytes, write_wheel


@pytest.mark.docker
def test_an_image_has_private_packages_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKAGES_TOKEN", SECRET)
    mark, builder = uuid.uuid4().hex, DockerBuilder()
    store, heard = MemoryStore(), list[str]()
    path = write_wheel(tmp_path / "dist", "privatewheel", code=f"MARK = {mark!r}\n")
    wheel = wheels.take(path)
    wheels.keep(store, wheel, path)
    credentials = Credentials({"TOKEN": SecretSource(env="PACKAGES_TOKEN")})
    locks = Locks(store, sources=PackageSources(store, tmp_path / "cache", credentials))
    own = {"privatepackage-1.0-py3-none-any.whl": wheel_bytes("privatepackage", code=f"MARK = {mark!r}\n")}
    with serving(own, SECRET) as index:
        lines = (f"--index-url {index.url('build:${TOKEN}')}", "privatepackage")
        environment = NamedEnvironment("private", EnvironmentSpec(pip=lines, wheels=(wheel,)))
        tag = recipes(store, builder, locks).build(environment, heard.append).tag
    client = builder.engine.client
    try:
        program = "import privatewheel, privatepackage; print(privatewheel.MARK, privatepackage.MARK)"
        printed = client.containers.run(tag, ["python3", "-c", program], network_disabled=True, remove=True)
        assert printed.decode().split() == [mark, mark]
        image = client.images.get(tag)
        saved = b"".join(image.save(named=True))
        assert any(mark.encode() in part for part in unpacked(saved)), "the search does not see the files of layers"
        assert not leaked(saved)
        assert not leaked(repr((image.history(), image.attrs)).encode())
    finally:
        client.images.remove(tag, force=True)
    assert not [key for key, data in store.objects.items() if leaked(key.encode()) or leaked(data)]
    assert not leaked("\n".join(heard).encode())
