from __future__ import annotations

import base64

from runner.cluster import store_keys


def test_keys_are_within_what_minio_takes_and_out_of_sight() -> None:
    made = store_keys.random_keys("runner", lambda size: "ab" * size)
    assert made == store_keys.StoreKeys("runner-abababababab", "ab" * 20)
    assert 3 <= len(made.access_key) <= 20
    assert 8 <= len(made.secret_key) <= 40
    assert made.secret_key not in repr(made)


def test_keys_survive_their_secret() -> None:
    made = store_keys.StoreKeys("a", "b")
    secret = store_keys.secret_manifest("minio-root", made)
    stored = {name: base64.b64encode(value.encode()).decode() for name, value in secret["stringData"].items()}
    assert store_keys.keys_in({"data": stored}) == made
