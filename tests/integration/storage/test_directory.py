from __future__ import annotations

import errno
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner.errors import StoreDenied, StoreError, StoreUnreachable
from runner.storage import directory
from runner.storage.atomic import claim
from runner.storage.directory import DirectoryStore


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "store", durable=False)


def test_an_object_lies_where_its_key_says(store: DirectoryStore, tmp_path: Path) -> None:
    store.put("a/b.txt", b"1")
    assert store.path("a/b.txt") == tmp_path / "store" / "a" / "b.txt"
    assert store.path("a/b.txt").read_bytes() == b"1"
    with pytest.raises(ValueError):
        store.path("../b")


def test_what_is_written_in_place_is_an_object(store: DirectoryStore) -> None:
    place = store.path("out/model.bin")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"weights")
    store.upload("out/model.bin", place)
    assert store.get("out/model.bin") == b"weights"
    assert [info.key for info in store.list("")] == ["out/model.bin"]


def test_other_bytes_of_the_same_size_and_mtime_are_told_by_the_etag(store: DirectoryStore) -> None:
    store.put("a", b"right")
    path, right = store.path("a"), store.stat("a")
    facts = path.stat()
    time.sleep(0.02)  # the kernel's clock ticks every 1 to 10 ms
    path.write_bytes(b"wrong")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    wrong = store.stat("a")
    assert right is not None
    assert wrong is not None
    assert (right.size, right.modified) == (wrong.size, wrong.modified)
    assert right.etag != wrong.etag


def test_reading_makes_no_folder(store: DirectoryStore, tmp_path: Path) -> None:
    assert list(store.list("")) == []
    assert store.stat("a") is None
    store.delete("a")
    assert list(tmp_path.iterdir()) == []


def test_whether_it_can_be_written_is_known_without_writing(store: DirectoryStore, tmp_path: Path) -> None:
    store.check_writable()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        DirectoryStore(tmp_path / "file" / "store").check_writable()


def test_nothing_unfinished_stays(store: DirectoryStore, tmp_path: Path) -> None:
    store.put("a", b"")
    store.put_if_absent("a", b"")
    with pytest.raises(StoreError):
        store.upload("b", tmp_path / "absent")
    assert list((tmp_path / "store" / ".tmp").iterdir()) == []


def test_leftovers_of_the_dead_are_swept(store: DirectoryStore, tmp_path: Path) -> None:
    unfinished = tmp_path / "store" / ".tmp"
    unfinished.mkdir(parents=True)
    for name, age in (("old", 90_000), ("young", 100)):
        (unfinished / name).write_bytes(b"")
        os.utime(unfinished / name, (time.time() - age,) * 2)
    store.put("a", b"")
    assert [path.name for path in unfinished.iterdir()] == ["young"]


def test_the_hidden_folder_may_vanish(store: DirectoryStore, tmp_path: Path) -> None:
    store.put("a", b"")
    (tmp_path / "store" / ".tmp").rmdir()
    store.put("b", b"")
    assert store.get("b") == b""


@pytest.mark.parametrize("keys", [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b"), ("a/b", "a/b/c/d")])
def test_a_folder_is_no_object(store: DirectoryStore, keys: tuple[str, str]) -> None:
    first, second = keys
    store.put(first, b"1")
    for write in (store.put, store.put_if_absent):
        with pytest.raises(StoreError, match="rename one"):
            write(second, b"2")
    assert [info.key for info in store.list("")] == [first]


def test_an_empty_folder_gives_way(store: DirectoryStore) -> None:
    for write in (store.put, store.put_if_absent):
        store.put("a/b/c", b"")
        store.delete("a/b/c")
        write("a", b"1")
        assert store.get("a") == b"1"
        store.delete("a")


def test_links_are_read_but_circles_are_not_followed(store: DirectoryStore) -> None:
    store.put("a/one", b"1")
    store.path("a/link").symlink_to("one")
    store.path("a/broken").symlink_to("nowhere")
    store.path("a/circle").symlink_to(store.path("a"))
    assert [info.key for info in store.list("")] == ["a/link", "a/one"]
    assert store.get("a/link") == b"1"


def test_what_is_no_file_is_told(store: DirectoryStore) -> None:
    store.put("a/one", b"1")
    store.path("a/broken").symlink_to("nowhere")
    store.path("a/self").symlink_to("self")
    with pytest.raises(StoreError, match="rename one"):
        store.put_if_absent("a/broken", b"2")
    with pytest.raises(StoreError, match="cannot use"):
        store.get("a/self")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_denied(store: DirectoryStore, tmp_path: Path) -> None:
    store.put("a/b", b"")
    store.path("a").chmod(0o500)
    with pytest.raises(StoreDenied, match="owner and mode"):
        store.put("a/c", b"")
    store.path("a").chmod(0o700)


def test_a_root_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError):
        DirectoryStore(tmp_path / "file").put("a", b"")


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_claim_works_without_links(tmp_path: Path, code: int) -> None:
    def no_links(_finished: str, _final: str) -> None:
        raise OSError(code, "no links here")

    finished, final = tmp_path / "finished", tmp_path / "final"
    finished.write_bytes(b"1" * 3_000_000)
    claim(str(finished), str(final), no_links)
    assert final.read_bytes() == finished.read_bytes()
    with pytest.raises(FileExistsError):
        claim(str(finished), str(final), no_links)


def test_a_claim_that_fails_midway_leaves_nothing(tmp_path: Path) -> None:
    def no_links(_finished: str, _final: str) -> None:
        raise OSError(errno.EPERM, "no links here")

    with pytest.raises(OSError):
        claim(str(tmp_path), str(tmp_path / "final"), no_links)  # a folder cannot be read
    assert list(tmp_path.iterdir()) == []


def test_a_long_listing_reads_only_where_its_prefix_leads(store: DirectoryStore, tmp_path: Path) -> None:
    store.put("a/b/c", b"")
    store.put("z/c", b"")
    (tmp_path / "store" / "z").chmod(0)  # would be refused, had it to be read (not to root)
    assert [info.key for info in store.list("a/b/")] == ["a/b/c"]
    (tmp_path / "store" / "z").chmod(0o700)


def test_an_object_whose_content_a_power_failure_took_counts_as_absent(store: DirectoryStore) -> None:
    store.put("plans/x.json", b"")
    assert not store.put_if_absent("plans/x.json", b"{}"), "it may be in the making"
    os.utime(store.path("plans/x.json"), (0, 0))
    assert not store.put_if_absent("plans/x.json", b""), "an empty object is what was asked for"
    assert store.put_if_absent("plans/x.json", b"{}")
    assert not store.put_if_absent("plans/x.json", b"[]")
    assert store.get("plans/x.json") == b"{}"


def test_of_many_who_repair_an_object_one_wins(store: DirectoryStore) -> None:
    for round_ in range(20):
        key = f"journal/{round_}"
        store.put(key, b"")
        os.utime(store.path(key), (0, 0))
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda name: store.put_if_absent(key, name), [b"a", b"b", b"c"] * 8)) == 1  # noqa: B023


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_trouble_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    store = DirectoryStore(tmp_path)
    store.put("one", b"before")

    def full(_descriptor: int, _data: bytes) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(directory, "write_all", full)
        for write in (store.put, store.put_if_absent):
            with pytest.raises(StoreUnreachable, match="make room"):
                write("two", b"x")
    assert store.get("one") == b"before"
    assert store.stat("two") is None
    assert store.put_if_absent("two", b"x")


def test_an_object_shares_its_bytes_with_no_file_that_was_uploaded(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store", durable=False)
    store.put("x", b"old")
    mine = tmp_path / "mine"
    mine.hardlink_to(store.path("x"))
    store.upload("x", mine)
    mine.write_bytes(b"new")
    assert store.get("x") == b"old"


def test_a_file_whose_name_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / os.fsdecode(b"data/caf\xe9")).touch()
    with pytest.raises(StoreError, match=r"'caf\\udce9' in .*data/ is no UTF-8 text: rename the file"):
        list(DirectoryStore(tmp_path).list("data/"))


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synchronised with the disk, in order: folders by name, and files with whether `x/one` existed then."""
    found: list[str] = []

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            folders = [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]
            same = [path for path in folders if os.path.samestat(path.stat(), os.fstat(descriptor))]
            found.append(f"folder {same[0].relative_to(tmp_path)}")
        else:
            size = os.fstat(descriptor).st_size
            found.append(f"file of {size}, {'seen' if (tmp_path / 'store/x/one').exists() else 'unseen'}")

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_a_document_is_on_the_disk_before_it_appears_and_its_name_before_the_answer(
    tmp_path: Path, synced: list[str]
) -> None:
    store = DirectoryStore(tmp_path / "store")
    assert store.put_if_absent("x/one", b"content")
    assert synced == ["file of 7, unseen", "folder store/x", "folder store"]
    synced.clear()
    assert not store.put_if_absent("x/one", b"other")
    assert synced == []
    store.put("x/one", b"new")
    assert synced == ["file of 3, seen", "folder store/x"]
    synced.clear()
    assert store.put_if_absent("x/two", b"2")
    assert synced == ["file of 1, seen", "folder store/x"], "no other folder has a new name"


def test_keys_may_be_left_to_the_kernel(tmp_path: Path, synced: list[str]) -> None:
    store = DirectoryStore(tmp_path / "store", durable=lambda key: key.startswith("kept/"))
    store.put("logs/1", b"line")
    store.put_if_absent("logs/2", b"line")
    assert synced == []
    store.put("kept/1", b"line")
    assert synced == ["file of 4, unseen", "folder store/kept", "folder store"]


def test_nobody_waits_for_bulk_data(tmp_path: Path, synced: list[str]) -> None:
    store = DirectoryStore(tmp_path / "store")
    (tmp_path / "file").write_bytes(b"content")
    store.upload("x/one", tmp_path / "file")
    store.copy("x/one", "x/two")
    store.download("x/two", tmp_path / "copy")
    assert synced == []


def test_a_folder_that_cannot_be_synchronised_is_no_error_and_a_disk_that_fails_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_file_errors = [errno.EINVAL]

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(local_file_errors[0], os.strerror(local_file_errors[0]))

    monkeypatch.setattr(os, "fsync", fsync)
    store = DirectoryStore(tmp_path / "store")
    assert store.put_if_absent("x/one", b"content")
    local_file_errors[0] = errno.EIO
    with pytest.raises(StoreError, match="Input/output error"):
        store.put_if_absent("x/two", b"content")


def test_two_documents_of_one_content_share_an_inode(store: DirectoryStore) -> None:
    store.put("reuse/a", b"of an earlier run")
    assert store.put_both("runs/r/committed.json", "reuse/a", b"commit")
    assert store.get("runs/r/committed.json") == store.get("reuse/a") == b"commit"
    assert store.path("runs/r/committed.json").samefile(store.path("reuse/a"))
    store.put("reuse/a", b"newer")
    assert store.get("runs/r/committed.json") == b"commit"


def test_the_second_of_two_documents_stays_where_the_first_exists(store: DirectoryStore) -> None:
    store.put("runs/r/committed.json", b"first")
    store.put("reuse/a", b"of an earlier run")
    assert not store.put_both("runs/r/committed.json", "reuse/a", b"second")
    assert (store.get("runs/r/committed.json"), store.get("reuse/a")) == (b"first", b"of an earlier run")


def test_two_documents_of_one_content_without_hard_links(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_source: str, _target: str) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(directory, "claim", lambda finished, final: claim(finished, final, refused))
    assert store.put_both("runs/r/committed.json", "reuse/a", b"commit")
    assert store.get("runs/r/committed.json") == store.get("reuse/a") == b"commit"
